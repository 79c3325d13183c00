// SPDX-License-Identifier: GPL-2.0

//! One instance: its power, and which domain it translates with.
//!
//! All masters of an instance share one directory, so they are one group, and the first of them
//! that is attached takes the others along. What differs between them is whether they are blocked.
//!
//! # Never fail open
//!
//! Without clock, in reset, or not enabled, this hardware lets every access through untranslated.
//! So the clock is held from the moment the first master leaves the identity domain until the last
//! one is back in it, whatever the masters' own power management does; [`Engine::power_off`]
//! refuses otherwise.

use iommu::{
    clk::{
        ClkSwitch,
        Clock, //
    },
    domain::DomainRef,
    gfp::Gfp,
    hold::EngineLock,
    live::Live,
    ops::PagingDomain,
    pm::{
        self,
        InitialState,
        PmHold,
        RuntimePm, //
    },
    prot::Prot,
    reset::{
        Exclusive,
        Reset,
        ResetSwitch, //
    },
};
use kernel::{
    device::{
        Bound,
        Core,
        Device, //
    },
    dma::Coherent,
    fmt,
    io_read,
    io_write,
    new_mutex,
    platform,
    prelude::*,
    sizes::SZ_4K,
    sync::Mutex, //
};

use crate::{
    domain::Domain,
    engine::Engine,
    variant::Variant,
    Sun50iIommu, //
};

/// Bytes of a directory.
const DIR_SIZE: usize = 0x4000;

/// What the masters of the instance are in.
enum Current {
    Identity,
    Blocked,
    Paging(DomainRef<Sun50iIommu>),
}

/// What keeps the current state in place.
struct Slot {
    current: Current,
    /// Masters that are attached to the paging domain: one bit each.
    attached: u32,
    /// Tables that the hardware may still walk although it translates with others: it has not said
    /// that it dropped them.
    lingering: KVec<DomainRef<Sun50iIommu>>,
    /// Keeps the clock running.
    power: Option<PmHold>,
    /// The hardware was found translating, and no master has been attached since.
    found: bool,
}

/// One instance of the hardware.
///
/// Fields are dropped in this order.
#[pin_data]
pub(crate) struct Hardware<'bound> {
    #[pin]
    slot: Mutex<Slot>,
    _pm: RuntimePm<'bound>,
    pub(crate) engine: Engine<'bound>,
    /// A directory without entries, for while everything is denied.
    empty: Coherent<[u8; DIR_SIZE]>,
    #[pin]
    clock: ClkSwitch,
    #[pin]
    reset: ResetSwitch,
    dev: &'bound Device<Bound>,
}

impl<'bound> Hardware<'bound> {
    /// Takes hold of everything the instance needs, and finds out what it is doing.
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
            let io = request.iomap_sized().inspect_err(|e| {
                dev_err!(dev, "registers cannot be mapped: {:?}\n", *e);
            })?;
            let clock = Clock::get(dev, None).inspect_err(|e| complain(dev, "clock", *e))?;
            let reset = Reset::<Exclusive>::get(dev, None)
                .inspect_err(|e| complain(dev, "reset line", *e))?;

            // Directory addresses have 32 bits, and so has the mask a platform device starts with.
            let empty = Coherent::zeroed(dev, GFP_KERNEL)?;

            Ok(try_pin_init!(Self {
                slot <- new_mutex!(
                    Slot {
                        current: Current::Identity,
                        attached: 0,
                        lingering: KVec::new(),
                        power: None,
                        found: false,
                    },
                    "sun50i_slot"
                ),
                _pm: RuntimePm::enable(dev, InitialState::Suspended)?,
                engine: Engine::new(io, variant, lock),
                empty,
                clock <- ClkSwitch::new(clock),
                reset <- ResetSwitch::new(reset),
                dev,
            }? Error))
        })
    }

    /// What can fail of taking the instance into use has not: look at what the hardware is doing.
    ///
    /// Hardware that a boot loader or another kernel left translating denies everything from now
    /// on, and stays powered: without power it would let through what it translated before.
    pub(crate) fn quiesce(&self) -> Result {
        let power = pm::get(self.dev)?;
        if self.engine.found_translating() {
            dev_info!(
                self.dev,
                "found translating, denying all masters until they are attached\n"
            );
            let mut slot = self.slot.lock();
            self.engine.block_all(self.empty_directory());
            slot.current = Current::Blocked;
            slot.power = Some(power.into_owned());
            slot.found = true;
        }
        Ok(())
    }

    fn empty_directory(&self) -> u32 {
        self.empty.dma_address() as u32
    }

    /// Translates the accesses of `masters` with `domain`.
    ///
    /// # Errors
    ///
    /// What the clock or reset fails with, `ETIMEDOUT` if the hardware does not take the change.
    /// Everything is as before then.
    pub(crate) fn attach(&self, masters: &[u16], domain: &DomainRef<Sun50iIommu>) -> Result {
        let mut slot = self.slot.lock();

        let same = matches!(&slot.current, Current::Paging(current) if current.is(domain));
        if !same || self.engine.is_stale() {
            slot.make_room()?;
            if let Err(e) = self.switch(&mut slot, domain) {
                slot.give_room_back();
                return Err(e);
            }
        }
        for &master in masters {
            slot.attached |= 1 << master;
            self.engine.set_blocked(master, false);
            self.engine.set_bypassed(master, false);
        }
        Ok(())
    }

    /// Makes the hardware translate with `domain`. There is room for what it leaves.
    fn switch(&self, slot: &mut Slot, domain: &DomainRef<Sun50iIommu>) -> Result {
        let power = match &slot.power {
            Some(_) => None,
            None => Some(pm::get(self.dev)?),
        };
        self.engine.translate(domain.directory())?;
        if let Some(power) = power {
            slot.power = Some(power.into_owned());
        }
        slot.become_current(Current::Paging(domain.clone()));
        slot.let_go();
        Ok(())
    }

    /// Lets the accesses of `masters` through untranslated, without letting through those of others
    /// that are attached to a paging domain.
    pub(crate) fn attach_identity(&self, masters: &[u16]) -> Result {
        let mut slot = self.slot.lock();

        for &master in masters {
            slot.attached &= !(1 << master);
        }
        if matches!(slot.current, Current::Identity) {
            for &master in masters {
                self.engine.set_blocked(master, false);
            }
            return Ok(());
        }
        if slot.attached != 0 {
            for &master in masters {
                self.engine.set_bypassed(master, true);
                self.engine.set_blocked(master, false);
            }
            return Ok(());
        }
        let dropped = self.engine.pass();
        slot.become_current(Current::Identity);
        slot.attached = 0;
        if dropped {
            slot.let_go();
        }
        slot.power = None;
        Ok(())
    }

    /// Denies the accesses of `masters`; of all, if nobody else is attached.
    pub(crate) fn attach_blocked(&self, masters: &[u16]) {
        let mut slot = self.slot.lock();

        for &master in masters {
            slot.attached &= !(1 << master);
            self.engine.set_blocked(master, true);
            self.engine.set_bypassed(master, false);
        }
        if slot.attached != 0 {
            return;
        }
        if matches!(slot.current, Current::Blocked) {
            return;
        }
        if slot.power.is_none() {
            match pm::get(self.dev) {
                Ok(power) => slot.power = Some(power.into_owned()),
                Err(e) => {
                    // The one way in which this hardware cannot be told to deny.
                    dev_err!(
                        self.dev,
                        "cannot be powered ({:?}): masters are not blocked\n",
                        e
                    );
                    return;
                }
            }
        }
        let dropped = self.engine.block_all(self.empty_directory());
        slot.become_current(Current::Blocked);
        if dropped {
            slot.let_go();
        }
    }

    /// Leaves the hardware as it is before a driver has touched it. No master is attached.
    ///
    /// Hardware that was found translating, and whose masters nobody has attached since, goes on
    /// denying, with its clock on: that is how it was found, and without it they would run untranslated.
    pub(crate) fn remove(&self) {
        let mut slot = self.slot.lock();

        if slot.found {
            dev_warn!(self.dev, "still denying what it was found translating\n");
            self.clock.leave_on();
            self.reset.leave();
            slot.power = None;
            return;
        }
        self.engine.pass();
        slot.become_current(Current::Identity);
        slot.let_go();
        if let Some(power) = slot.power.take() {
            power.put_sync();
        }
    }

    /// The machine goes down, or another kernel starts: masters that still run are denied, since
    /// nobody will keep their tables as they are.
    pub(crate) fn shutdown(&self) {
        self.engine.shut();
    }

    pub(crate) fn runtime_resume(&self) -> Result {
        self.reset.deassert()?;
        if let Err(e) = self.clock.enable() {
            let _ = self.reset.assert();
            return Err(e);
        }
        self.engine.power_on();
        Ok(())
    }

    pub(crate) fn runtime_suspend(&self) -> Result {
        self.engine.power_off()?;
        self.clock.disable();
        self.reset.assert()
    }

    /// System sleep: masters are suspended. What is translated stays so, and keeps its clock.
    pub(crate) fn suspend(&self) -> Result {
        Ok(())
    }

    /// Registers may have been lost with the power domain: everything is written again.
    pub(crate) fn resume(&self) -> Result {
        self.engine.restore()
    }

    /// Translates words of a page of its own through the debug port, and sees that they arrive, and
    /// that they no longer do when the page is unmapped.
    ///
    /// # Errors
    ///
    /// `EBUSY` unless the masters are in the identity domain, `EIO` if a word goes astray.
    pub(crate) fn selftest(
        &self,
        live: &Live<'_, Sun50iIommu>,
        gfp: Gfp,
        f: &mut fmt::Formatter<'_>,
    ) -> Result {
        // Keeps attaches away.
        let slot = self.slot.lock();
        if !matches!(slot.current, Current::Identity) {
            return Err(EBUSY);
        }
        let power = pm::get(self.dev)?;
        let domain = KBox::pin_init(Domain::new(live.walker()), GFP_KERNEL)?;
        let page: Coherent<[u32]> = Coherent::zeroed_slice(
            self.dev,
            kernel::page::PAGE_SIZE / size_of::<u32>(),
            GFP_KERNEL,
        )?;

        // Masters in the identity domain may be running: their accesses pass as before.
        self.engine.bypass_all();
        if let Err(e) = self.engine.translate(domain.directory()) {
            self.engine.pass();
            return Err(e);
        }
        let result = self.selftest_page(live, gfp, &domain, &page, f);
        // The tables go next, so the hardware must let go of them. If it does not say that it has,
        // it is at least off.
        self.engine.pass();
        power.put_sync();
        result
    }

    fn selftest_page(
        &self,
        live: &Live<'_, Sun50iIommu>,
        gfp: Gfp,
        domain: &Domain,
        page: &Coherent<[u32]>,
        f: &mut fmt::Formatter<'_>,
    ) -> Result {
        const IOVA: u32 = 0x1234_5000;
        const WORDS: [u32; 2] = [0x600d_f00d, 0x0bad_cafe];
        let range = u64::from(IOVA)..=u64::from(IOVA) + 0xfff;

        let (_, mapped) = domain.map(
            IOVA.into(),
            page.dma_address(),
            SZ_4K,
            1,
            Prot::READ_WRITE,
            gfp,
        );
        mapped?;
        domain.sync_map(&mut live.engines(), range.clone())?;

        self.engine.debug_access(IOVA + 4, Some(WORDS[0]))?;
        let written = io_read!(page, [panic: 1]);
        let _ = writeln!(
            f,
            "write through translation: {written:#010x}, {:#010x} expected",
            WORDS[0]
        );

        io_write!(page, [panic: 2], WORDS[1]);
        let read = self.engine.debug_access(IOVA + 8, None)?;
        let _ = writeln!(
            f,
            "read through translation: {read:#010x}, {:#010x} expected",
            WORDS[1]
        );

        let unmapped = domain.unmap(IOVA.into(), SZ_4K, 1);
        domain.sync(&mut live.engines(), range);
        self.engine.debug_access(IOVA + 4, Some(0))?;
        let kept = io_read!(page, [panic: 1]);
        let _ = writeln!(
            f,
            "write after unmap: {kept:#010x}, {:#010x} expected",
            WORDS[0]
        );

        if written == WORDS[0] && read == WORDS[1] && unmapped == 1 && kept == WORDS[0] {
            Ok(())
        } else {
            Err(EIO)
        }
    }
}

impl Slot {
    /// Makes room in `lingering` for the domain that is current, and for one more that may become
    /// so: leaving a domain must not fail for want of memory.
    fn make_room(&mut self) -> Result {
        self.lingering.reserve(2, GFP_KERNEL)?;
        Ok(())
    }

    /// The hardware has taken `new`. It may still walk the tables of what was before.
    fn become_current(&mut self, new: Current) {
        self.found = false;
        if let Current::Paging(old) = core::mem::replace(&mut self.current, new) {
            if let Err(e) = self.lingering.push_within_capacity(old) {
                // Not reached: `make_room` was called before `old` became current. Tables that
                // stay in memory for good would still be better than tables walked after they went.
                core::mem::forget(e);
            }
        }
    }

    /// The hardware has dropped all it knew of other tables.
    fn let_go(&mut self) {
        self.lingering.clear();
        self.give_room_back();
    }

    /// Undoes [`Self::make_room`], unless a domain is current that needs the room when it is left.
    fn give_room_back(&mut self) {
        if self.lingering.is_empty() && !matches!(self.current, Current::Paging(_)) {
            self.lingering = KVec::new();
        }
    }
}

fn complain(dev: &Device<Bound>, what: &str, e: Error) {
    if e != EPROBE_DEFER {
        dev_err!(dev, "no {}: {:?}\n", what, e);
    }
}
