// SPDX-License-Identifier: GPL-2.0

//! One instance: its power, and which domain each stream is in.

use iommu::{
    clk::{
        ClkSwitch,
        Clocks, //
    },
    domain::DomainRef,
    hold::EngineLock,
    mem_region::MemRegion,
    pgtable::Config,
    pm::{
        self,
        PmHold, //
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
    window::Window,
    AppleDart, //
};

/// The domains whose tables one stream may use.
struct Slot {
    /// The domain that it is attached to.
    domain: Option<DomainRef<AppleDart>>,
    /// The domain that it was attached to before, if invalidating its cached entries failed. There
    /// is at most one: a stream is attached to a domain only after all its cached entries were
    /// invalidated.
    lingering: Option<DomainRef<AppleDart>>,
}

impl Slot {
    const EMPTY: Self = Self {
        domain: None,
        lingering: None,
    };
}

/// The references that the current state needs.
struct Slots {
    /// One for each possible stream.
    streams: KVec<Slot>,
    /// The number of slots with a lingering domain.
    lingering: usize,
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
    pub(crate) engine: Engine<'bound>,
    /// Claims the registers, so that no other driver uses them.
    _region: MemRegion,
    #[pin]
    clocks: ClkSwitch<Clocks<'bound>>,
    params: SetOnce<Params>,
    pub(crate) variant: &'static Variant,
    pub(crate) dev: &'bound Device<Bound>,
}

impl<'bound> Hardware<'bound> {
    /// Acquires all resources of the instance.
    pub(crate) fn new(
        pdev: &'bound platform::Device<Core<'_>>,
        variant: &'static Variant,
        lock: EngineLock,
    ) -> impl PinInit<Self, Error> + 'bound {
        let pdev: &'bound platform::Device<Bound> = pdev;
        let dev: &'bound Device<Bound> = pdev.as_ref();

        pin_init::pin_init_scope(move || {
            let request = pdev.io_request_by_index(0).ok_or(EINVAL).inspect_err(|_| {
                dev_err!(dev, "no register region (reg)\n");
            })?;
            let region = MemRegion::request(pdev, 0).inspect_err(|e| {
                dev_err!(dev, "registers cannot be claimed: {:?}\n", *e);
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
            let mut streams = KVec::with_capacity(MAX_STREAMS, GFP_KERNEL)?;
            for _ in 0..MAX_STREAMS {
                streams
                    .push_within_capacity(Slot::EMPTY)
                    .map_err(|_| ENOMEM)?;
            }

            Ok(try_pin_init!(Self {
                slots <- new_mutex!(
                    Slots {
                        streams,
                        lingering: 0,
                        power: None,
                    },
                    "apple_dart_slots"
                ),
                engine: Engine::new(io, variant.layout, entries, lock),
                _region: region,
                clocks <- ClkSwitch::new(clocks),
                params: SetOnce::new(),
                variant,
                dev,
            }? Error))
        })
    }

    /// Reads the block's parameters, and denies all streams until they are attached.
    ///
    /// The power stays on from here on, because only a powered block keeps its masters from memory.
    pub(crate) fn start(&self) -> Result {
        // From here on, `remove` releases the power, also if this fails.
        self.slots.lock().power = Some(pm::get(self.dev)?.into_owned());

        let mut params = self.engine.params(self.variant);
        self.check(&params)?;
        if self.engine.is_locked() {
            self.engine.silence();
            dev_err!(self.dev, "locked until the next reset: left alone\n");
            return Err(EPERM);
        }
        self.engine.take(&params).inspect_err(|e| match *e {
            EIO => dev_err!(
                self.dev,
                "registers do not hold what is written: wrong clocks or reg\n"
            ),
            e => dev_err!(self.dev, "TLB does not answer: {:?}\n", e),
        })?;
        self.check_entries(&params)?;
        params.window = self.window(&params.table)?;
        self.engine.set_window(params.window);
        dev_info!(
            self.dev,
            "{} streams, {} KiB pages, {} to {} bits{}\n",
            params.streams,
            params.table.page_size / SZ_1K,
            params.table.ias,
            params.table.oas,
            if params.bypass { ", bypass" } else { "" }
        );
        self.params.populate(params);
        Ok(())
    }

    /// Checks the parameters, which would be wrong in a block of another kind, or at a wrong
    /// address.
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

    /// Returns the addresses that masters can use.
    fn window(&self, table: &Config) -> Result<Window> {
        const PROPERTY: &CStr = c"apple,dma-range";

        let Some(node) = self
            .dev
            .fwnode()
            .filter(|node| node.property_present(PROPERTY))
        else {
            return Ok(Window::whole(table));
        };
        node.property_read::<[u64; 2]>(PROPERTY)
            .optional()
            .ok_or(EINVAL)
            .and_then(|[first, size]| Window::new(first, size, table))
            .inspect_err(|_| {
                dev_err!(
                    self.dev,
                    "apple,dma-range: no whole pages within a border of {} bits\n",
                    table.ias
                );
            })
    }

    fn check_entries(&self, params: &Params) -> Result {
        let table = &params.table;

        if !self.variant.entries.support(table) {
            dev_err!(
                self.dev,
                "table entries cannot hold addresses of {} bits with pages of {} bytes\n",
                table.oas,
                table.page_size
            );
            return Err(EINVAL);
        }
        Ok(())
    }

    /// Returns the parameters that the block has reported.
    ///
    /// # Errors
    ///
    /// `ENODEV` before [`Self::start`] has succeeded.
    pub(crate) fn params(&self) -> Result<&Params> {
        self.params.as_ref().ok_or(ENODEV)
    }

    /// Attaches `streams` to `domain`, for whose `path` the block was prepared.
    pub(crate) fn enter(
        &self,
        index: usize,
        streams: &Streams,
        path: &Path,
        domain: &DomainRef<AppleDart>,
    ) {
        let mut slots = self.slots.lock();

        self.engine.commit(streams, path);
        self.record(&mut slots, index, streams, Some(domain), true);
    }

    /// As [`Self::enter`], and prepares the block itself.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::prepare`]; nothing is recorded then.
    pub(crate) fn switch(
        &self,
        index: usize,
        streams: &Streams,
        path: &Path,
        domain: &DomainRef<AppleDart>,
    ) -> Result {
        let mut slots = self.slots.lock();

        self.engine.switch(streams, path)?;
        self.record(&mut slots, index, streams, Some(domain), true);
        Ok(())
    }

    /// Puts `streams` on `path`, which has no tables, even if the block fails to invalidate its
    /// TLB.
    pub(crate) fn leave(&self, index: usize, streams: &Streams, path: &Path) {
        let mut slots = self.slots.lock();
        let dropped = self.engine.force(streams, path).is_ok();

        if !dropped && self.engine.has_to_log_unlocked() {
            dev_err!(
                self.dev,
                "invalidation timed out, tables that were in use are kept until one succeeds\n"
            );
        }
        self.record(&mut slots, index, streams, None, dropped);
    }

    /// Records that `streams` are attached to `domain`. `dropped` says whether the block has
    /// invalidated the entries of the former domains.
    fn record(
        &self,
        slots: &mut Slots,
        index: usize,
        streams: &Streams,
        domain: Option<&DomainRef<AppleDart>>,
        dropped: bool,
    ) {
        for id in streams.iter() {
            let Some(slot) = slots.streams.get_mut(usize::from(id)) else {
                continue;
            };
            let Some(old) = core::mem::replace(&mut slot.domain, domain.cloned()) else {
                continue;
            };
            if !domain.is_some_and(|new| new.is(&old)) {
                old.remove(index, id);
            }
            if !dropped && slot.lingering.replace(old).is_none() {
                slots.lingering += 1;
            }
        }
        if dropped && slots.lingering > 0 && self.engine.flush_all().is_ok() {
            for slot in slots.streams.iter_mut() {
                slot.lingering = None;
            }
            slots.lingering = 0;
        }
    }

    /// Whether `stream` is attached to `domain`.
    pub(crate) fn is_in(&self, stream: u16, domain: &DomainRef<AppleDart>) -> bool {
        self.slots
            .lock()
            .streams
            .get(usize::from(stream))
            .and_then(|slot| slot.domain.as_ref())
            .is_some_and(|current| current.is(domain))
    }

    /// Denies everything, and releases the power. No master is attached.
    pub(crate) fn remove(&self) {
        self.engine.shut();
        let mut slots = self.slots.lock();
        for slot in slots.streams.iter_mut() {
            *slot = Slot::EMPTY;
        }
        slots.lingering = 0;
        if let Some(power) = slots.power.take() {
            power.put_sync();
        }
    }

    /// The machine shuts down, or starts another kernel. Masters that still run are denied, since
    /// their tables are not maintained any more.
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

    /// System sleep: masters are suspended, and the interrupt is disabled. The power domain may be
    /// switched off when this returns, and registers may lose their contents.
    pub(crate) fn suspend(&self) -> Result {
        self.engine.set_powered(false);
        Ok(())
    }

    /// Writes all registers again from the driver's record.
    pub(crate) fn resume(&self) -> Result {
        self.engine.restore().inspect_err(|e| {
            dev_err!(self.dev, "cannot be set up again: {:?}\n", *e);
        })
    }
}
