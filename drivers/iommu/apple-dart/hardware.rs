// SPDX-License-Identifier: GPL-2.0

//! One instance: its power, and which domain each stream is in.

use iommu::{
    clk::{
        ClkSwitch,
        Clocks, //
    },
    domain::DomainRef,
    pm::{
        self,
        InitialState,
        PmHold,
        RuntimePm, //
    },
};
use kernel::{
    device::{
        Bound,
        Core,
        Device, //
    },
    new_mutex, platform,
    prelude::*,
    sizes::{
        SZ_16K,
        SZ_1K,
        SZ_4K, //
    },
    sync::{
        Mutex,
        SetOnce, //
    },
};

use crate::{
    engine::{
        Engine,
        Entry,
        Path, //
    },
    streams::Streams,
    variant::{
        Params,
        Variant,
        MAX_STREAMS, //
    },
    AppleDart, //
};

/// What keeps the current state in place.
struct Slots {
    /// The domain of each stream.
    domains: KVec<Option<DomainRef<AppleDart>>>,
    /// How many streams have one.
    held: usize,
    /// Tables that the hardware has not said it dropped, although no stream goes through them.
    lingering: KVec<DomainRef<AppleDart>>,
    /// Keeps the clocks running.
    power: Option<PmHold>,
}

/// One instance of the hardware.
///
/// Fields are dropped in this order.
#[pin_data]
pub(crate) struct Hardware<'bound> {
    #[pin]
    slots: Mutex<Slots>,
    _pm: RuntimePm<'bound>,
    #[pin]
    pub(crate) engine: Engine<'bound>,
    #[pin]
    clocks: ClkSwitch<Clocks>,
    params: SetOnce<Params>,
    pub(crate) variant: &'static Variant,
    dev: &'bound Device<Bound>,
}

impl<'bound> Hardware<'bound> {
    /// Takes hold of everything the instance needs.
    pub(crate) fn new(
        pdev: &'bound platform::Device<Core<'_>>,
        variant: &'static Variant,
    ) -> impl PinInit<Self, Error> + 'bound {
        let pdev: &'bound platform::Device<Bound> = pdev;
        let dev: &'bound Device<Bound> = pdev.as_ref();

        pin_init::pin_init_scope(move || {
            let request = pdev.io_request_by_index(0).ok_or(EINVAL).inspect_err(|_| {
                dev_err!(dev, "no register region (reg)\n");
            })?;
            let io = request.iomap_sized().inspect_err(|e| {
                dev_err!(dev, "registers cannot be mapped: {:?}\n", *e);
            })?;
            let clocks = Clocks::get_all(dev).inspect_err(|e| {
                if *e != EPROBE_DEFER {
                    dev_err!(dev, "clocks not available: {:?}\n", *e);
                }
            })?;
            let entries: KVec<Entry> = KVec::with_capacity(MAX_STREAMS, GFP_KERNEL)?;
            let mut domains = KVec::with_capacity(MAX_STREAMS, GFP_KERNEL)?;
            for _ in 0..MAX_STREAMS {
                domains.push_within_capacity(None).map_err(|_| ENOMEM)?;
            }

            Ok(try_pin_init!(Self {
                slots <- new_mutex!(
                    Slots {
                        domains,
                        held: 0,
                        // More is there only if the block has failed to answer before.
                        lingering: KVec::with_capacity(MAX_STREAMS, GFP_KERNEL)?,
                        power: None,
                    },
                    "apple_dart_slots"
                ),
                _pm: RuntimePm::enable(dev, InitialState::Suspended)?,
                engine <- Engine::new(io, variant.layout, entries),
                clocks <- ClkSwitch::new(clocks),
                params: SetOnce::new(),
                variant,
                dev,
            }? Error))
        })
    }

    /// Finds out what the block is, and denies all streams until they are attached.
    ///
    /// Its power stays on from here on: the block is what keeps its masters from memory.
    pub(crate) fn start(&self) -> Result {
        let power = pm::get(self.dev)?;
        let params = self.engine.params(self.variant);

        self.check(&params)?;
        if self.engine.is_locked() {
            dev_err!(self.dev, "locked until the next reset: left alone\n");
            return Err(EPERM);
        }
        self.engine.take(&params).inspect_err(|e| {
            dev_err!(self.dev, "TLB does not answer: {:?}\n", *e);
        })?;
        self.params.populate(params);
        self.slots.lock().power = Some(power.into_owned());
        dev_info!(
            self.dev,
            "{} streams, {} KiB pages, {} to {} bits{}\n",
            params.streams,
            params.table.page_size / SZ_1K,
            params.table.ias,
            params.table.oas,
            if params.bypass { ", bypass" } else { "" }
        );
        Ok(())
    }

    fn check(&self, params: &Params) -> Result {
        let size = params.table.page_size;

        if size != SZ_4K && size != SZ_16K {
            dev_err!(self.dev, "pages of {} bytes are not supported\n", size);
            return Err(EINVAL);
        }
        if params.streams == 0 || usize::from(params.streams) > MAX_STREAMS {
            dev_err!(self.dev, "{} streams are not supported\n", params.streams);
            return Err(EINVAL);
        }
        Ok(())
    }

    /// What the block has said of itself.
    ///
    /// # Errors
    ///
    /// `ENODEV` before [`Self::start`] has succeeded.
    pub(crate) fn params(&self) -> Result<&Params> {
        self.params.as_ref().ok_or(ENODEV)
    }

    /// Makes room for what so many streams may leave behind when they leave the domain they are going
    /// to: that must not fail for want of memory.
    pub(crate) fn make_room(&self, streams: usize) -> Result {
        let mut slots = self.slots.lock();
        let needed = slots.held + streams;

        slots.lingering.reserve(needed, GFP_KERNEL)?;
        Ok(())
    }

    /// The block is ready for `path`, see [`Engine::prepare`]: `streams` are in `domain` now.
    ///
    /// `dropped` says whether the block has let go of what was before.
    pub(crate) fn enter(
        &self,
        index: usize,
        streams: &Streams,
        path: &Path,
        domain: Option<&DomainRef<AppleDart>>,
        dropped: bool,
    ) {
        let mut slots = self.slots.lock();

        self.engine.commit(streams, path);
        for id in streams.iter() {
            let Some(slot) = slots.domains.get_mut(usize::from(id)) else {
                continue;
            };
            let old = core::mem::replace(slot, domain.cloned());
            slots.held += usize::from(domain.is_some());
            let Some(old) = old else {
                continue;
            };
            slots.held -= 1;
            if !domain.is_some_and(|new| new.is(&old)) {
                let mut left = Streams::NONE;
                left.insert(id);
                old.remove(index, &left);
            }
            if !dropped {
                if let Err(e) = slots.lingering.push_within_capacity(old) {
                    // Not reached: there was room made when `old` was entered. Tables that stay in
                    // memory for good would still be better than tables walked after they went.
                    core::mem::forget(e);
                }
            }
        }
        if dropped && !slots.lingering.is_empty() && self.engine.flush_all().is_ok() {
            slots.lingering.clear();
        }
    }

    /// Whether `stream` is in `domain`.
    pub(crate) fn is_in(&self, stream: u16, domain: &DomainRef<AppleDart>) -> bool {
        self.slots
            .lock()
            .domains
            .get(usize::from(stream))
            .and_then(Option::as_ref)
            .is_some_and(|current| current.is(domain))
    }

    /// Denies everything, and lets go of the power. No master is attached.
    pub(crate) fn remove(&self) {
        self.engine.shut();
        let mut slots = self.slots.lock();
        for slot in slots.domains.iter_mut() {
            *slot = None;
        }
        slots.held = 0;
        slots.lingering = KVec::new();
        if let Some(power) = slots.power.take() {
            power.put_sync();
        }
    }

    /// The machine goes down, or another kernel starts: masters that still run are denied, since
    /// nobody will keep their tables as they are.
    pub(crate) fn shutdown(&self) {
        self.engine.shut();
    }

    pub(crate) fn runtime_resume(&self) -> Result {
        self.clocks.enable()?;
        self.engine.set_powered(true);
        Ok(())
    }

    pub(crate) fn runtime_suspend(&self) -> Result {
        self.engine.set_powered(false);
        self.clocks.disable();
        Ok(())
    }

    /// System sleep: masters are suspended. The power domain may take the registers along.
    pub(crate) fn suspend(&self) -> Result {
        self.engine.set_powered(false);
        Ok(())
    }

    /// Everything is written again, from what is known here.
    pub(crate) fn resume(&self) -> Result {
        self.engine.restore().inspect_err(|e| {
            dev_err!(self.dev, "cannot be set up again: {:?}\n", *e);
        })
    }
}
