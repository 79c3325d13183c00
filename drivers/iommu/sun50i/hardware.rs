// SPDX-License-Identifier: GPL-2.0

//! One instance: its power, and the domain it translates with.
//!
//! All masters of an instance share one directory, so they are one group. Attaching the first of
//! them to another paging domain switches the directory for all translated masters. [`Ports`]
//! records the domain of each port.
//!
//! # Never fail open
//!
//! Without clock, in reset, or with ENABLE clear, this hardware lets every access pass
//! untranslated. So the driver keeps the clock running while any port is to be translated or
//! denied, independent of the masters' own power management; [`Engine::power_off`] refuses
//! otherwise.

use iommu::{
    clk::{
        ClkSwitch,
        Clock, //
    },
    domain::DomainRef,
    gfp::Gfp,
    hold::EngineLock,
    live::Live,
    master::Master,
    mem_region::MemRegion,
    ops::PagingDomain,
    pm::{
        self,
        PmHold, //
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
    ports::{
        Port,
        Ports,
        Routes, //
    },
    variant::Variant,
    Sun50iIommu, //
};

/// Bytes of a directory.
const DIR_SIZE: usize = 0x4000;

/// The references that the current state needs.
struct Slot {
    ports: Ports,
    /// The paging domain of the ports that are translated.
    tables: Option<DomainRef<Sun50iIommu>>,
    /// Tables that the hardware may still walk although it has another directory, because it has
    /// not invalidated its caches.
    lingering: KVec<DomainRef<Sun50iIommu>>,
    /// Keeps the clock running.
    power: Option<PmHold>,
    /// The table base of hardware that was enabled before probe. Cleared when a master is attached.
    found: Option<u32>,
}

/// One instance of the hardware.
///
/// Fields are dropped in this order.
#[pin_data]
pub(crate) struct Hardware<'bound> {
    #[pin]
    slot: Mutex<Slot>,
    pub(crate) engine: Engine<'bound>,
    /// A directory without entries, used while everything is denied.
    empty: Coherent<[u8; DIR_SIZE]>,
    #[pin]
    clock: ClkSwitch<Clock<'bound>>,
    #[pin]
    reset: ResetSwitch,
    _region: MemRegion,
    dev: &'bound Device<Bound>,
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
            let clock = Clock::get(dev, None).inspect_err(|e| complain(dev, "clock", *e))?;
            let reset = Reset::<Exclusive>::get(dev, None)
                .inspect_err(|e| complain(dev, "reset line", *e))?;

            // Directory addresses have 32 bits, as has the default DMA mask of a platform device.
            let empty = Coherent::zeroed(dev, GFP_KERNEL)?;

            Ok(try_pin_init!(Self {
                slot <- new_mutex!(
                    Slot {
                        ports: Ports::new(),
                        tables: None,
                        lingering: KVec::new(),
                        power: None,
                        found: None,
                    },
                    "sun50i_slot"
                ),
                engine: Engine::new(io, variant, lock),
                empty,
                clock <- ClkSwitch::new(clock),
                reset <- ResetSwitch::new(reset),
                _region: region,
                dev,
            }? Error))
        })
    }

    /// Checks the state of the hardware before any master is attached.
    ///
    /// Hardware that a boot loader or another kernel left enabled denies everything from now on,
    /// and stays powered: without power it would let accesses pass that it translated before.
    ///
    /// # Errors
    ///
    /// Errors of the clock or reset, `EIO` if the registers do not hold the values that are
    /// written.
    pub(crate) fn start(&self) -> Result {
        let power = pm::get(self.dev)?;
        let Some(found) = self.engine.take_found() else {
            if !self.engine.answers(self.empty_directory()) {
                dev_err!(
                    self.dev,
                    "registers do not hold what is written: wrong clocks, resets or reg\n"
                );
                return Err(EIO);
            }
            return Ok(());
        };
        dev_info!(
            self.dev,
            "found translating, denying all masters until they are attached\n"
        );
        let mut slot = self.slot.lock();
        slot.power = Some(power.into_owned());
        slot.found = Some(found);
        self.apply(&mut slot, Ports::blocked());
        Ok(())
    }

    fn empty_directory(&self) -> u32 {
        self.empty.dma_address() as u32
    }

    /// Translates the accesses of `master` with `domain`.
    ///
    /// # Errors
    ///
    /// Errors of the clock or reset, `ETIMEDOUT` if the hardware does not invalidate its caches,
    /// `EIO` if its registers do not hold the values that are written. Nothing changes then.
    pub(crate) fn attach(
        &self,
        master: &Master<Sun50iIommu>,
        domain: &DomainRef<Sun50iIommu>,
    ) -> Result {
        let mut slot = self.slot.lock();
        let mut ports = slot.ports;
        ports.set(master.streams(0).iter().copied(), Port::Paging);
        let routes = ports.routes(self.engine.variant());

        let same = slot.tables.as_ref().is_some_and(|tables| tables.is(domain));
        if same && !self.engine.is_stale() {
            self.engine.set_routes(routes);
        } else {
            let switched = slot
                .make_room()
                .and_then(|()| self.switch(&mut slot, domain, routes));
            if let Err(e) = switched {
                slot.give_room_back();
                let why = match e {
                    ENOMEM => "no memory is free",
                    ETIMEDOUT => "the IOMMU does not invalidate its caches",
                    EIO => "the registers do not hold what is written",
                    _ => "the IOMMU cannot be powered, or is shut down",
                };
                return Err(master.attach_failed(self.dev, why, e));
            }
        }
        slot.ports = ports;
        slot.found = None;
        Ok(())
    }

    /// Makes the hardware translate with `domain`. `lingering` has room for the former tables.
    fn switch(&self, slot: &mut Slot, domain: &DomainRef<Sun50iIommu>, routes: Routes) -> Result {
        let power = match &slot.power {
            Some(_) => None,
            None => Some(pm::get(self.dev)?),
        };
        self.engine.translate(domain.directory(), routes)?;
        if let Some(power) = power {
            slot.power = Some(power.into_owned());
        }
        slot.change_tables(Some(domain.clone()), true);
        Ok(())
    }

    /// Lets the accesses of `master` pass untranslated. Does not change the ports of other masters.
    pub(crate) fn attach_identity(&self, master: &Master<Sun50iIommu>) {
        let mut slot = self.slot.lock();
        let mut ports = slot.ports;

        ports.set(master.streams(0).iter().copied(), Port::Identity);
        slot.found = None;
        self.apply(&mut slot, ports);
    }

    /// Denies the accesses of `master`, except through ports that another master uses.
    pub(crate) fn attach_blocked(&self, master: &Master<Sun50iIommu>) {
        let mut slot = self.slot.lock();
        let mut ports = slot.ports;

        ports.set(master.unshared(0), Port::Blocked);
        self.apply(&mut slot, ports);
    }

    /// Makes the hardware implement `ports`, which need no tables other than the current ones.
    fn apply(&self, slot: &mut Slot, ports: Ports) {
        let routes = ports.routes(self.engine.variant());

        slot.ports = ports;
        if ports.any_paging() {
            self.engine.set_routes(routes);
            return;
        }
        if !ports.need_hardware() {
            slot.change_tables(None, self.engine.pass());
            slot.power = None;
            return;
        }
        if slot.power.is_none() {
            match pm::get(self.dev) {
                Ok(power) => slot.power = Some(power.into_owned()),
                Err(e) => {
                    // Without power, the hardware cannot deny accesses.
                    dev_err!(
                        self.dev,
                        "cannot be powered ({:?}): masters are not blocked\n",
                        e
                    );
                    return;
                }
            }
        }
        match self.engine.block(self.empty_directory(), routes) {
            Ok(dropped) => slot.change_tables(None, dropped),
            Err(e) => {
                slot.change_tables(None, false);
                dev_err!(
                    self.dev,
                    "registers do not hold what is written ({:?}): masters are not blocked\n",
                    e
                );
            }
        }
    }

    /// Puts the hardware into the state that it has without a driver. No master is attached.
    ///
    /// Hardware that was enabled before probe, and whose masters were never attached, keeps
    /// denying, with its clock on: otherwise its masters would run untranslated.
    pub(crate) fn remove(&self) {
        let mut slot = self.slot.lock();

        if let Some(found) = slot.found {
            dev_warn!(self.dev, "still denying what it was found translating\n");
            self.engine.leave_denying(found);
            self.clock.leave_on();
            self.reset.leave();
            slot.power = None;
            return;
        }
        self.engine.pass();
        slot.ports = Ports::new();
        // With ENABLE clear the hardware walks no table.
        slot.change_tables(None, true);
        if let Some(power) = slot.power.take() {
            power.put_sync();
        }
    }

    /// The machine shuts down, or starts another kernel.
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

    /// System sleep: masters are suspended. The hardware keeps translating, and keeps its clock.
    pub(crate) fn suspend(&self) -> Result {
        Ok(())
    }

    /// Writes all registers again, which may have been lost with the power domain.
    pub(crate) fn resume(&self) -> Result {
        self.engine.restore()
    }

    /// Translates accesses of the debug port to a page of its own. Checks that they reach the page,
    /// and that they do not after it is unmapped.
    ///
    /// # Errors
    ///
    /// `EBUSY` unless the masters are in the identity domain, `EIO` if a check fails.
    pub(crate) fn selftest(
        &self,
        live: &Live<'_, Sun50iIommu>,
        gfp: Gfp,
        f: &mut fmt::Formatter<'_>,
    ) -> Result {
        // The lock excludes attaches.
        let slot = self.slot.lock();
        if slot.ports.need_hardware() {
            return Err(EBUSY);
        }
        let power = pm::get(self.dev)?;
        let domain = KBox::pin_init(Domain::new(live.walker()), GFP_KERNEL)?;
        let page: Coherent<[u32]> = Coherent::zeroed_slice(
            self.dev,
            kernel::page::PAGE_SIZE / size_of::<u32>(),
            GFP_KERNEL,
        )?;

        // Masters in the identity domain may be running: their accesses pass as before. The rules
        // also allow the debug port to use the tables.
        let all = self.engine.variant().all_masters();
        let routes = Routes {
            translated: all,
            bypassed: all,
        };
        if let Err(e) = self.engine.translate(domain.directory(), routes) {
            self.engine.pass();
            return Err(e);
        }
        let result = self.selftest_page(live, gfp, &domain, &page, f);
        // The tables are freed next, so the hardware must stop using them. Even if it does not
        // report that its caches are invalidated, it is at least disabled.
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

        let unmapped = domain.unmap(IOVA.into(), SZ_4K);
        domain.sync(&mut live.engines(), range);
        self.engine.debug_access(IOVA + 4, Some(0))?;
        let kept = io_read!(page, [panic: 1]);
        let _ = writeln!(
            f,
            "write after unmap: {kept:#010x}, {:#010x} expected",
            WORDS[0]
        );

        if written == WORDS[0] && read == WORDS[1] && unmapped == SZ_4K && kept == WORDS[0] {
            Ok(())
        } else {
            Err(EIO)
        }
    }
}

impl Slot {
    /// Reserves space in `lingering` for the tables in use, and for one more that may be used
    /// later: leaving a domain must not fail because memory is short.
    fn make_room(&mut self) -> Result {
        self.lingering.reserve(2, GFP_KERNEL)?;
        Ok(())
    }

    /// Records that the hardware translates with `new` from now on. `dropped` says whether it has
    /// invalidated its caches, too.
    fn change_tables(&mut self, new: Option<DomainRef<Sun50iIommu>>, dropped: bool) {
        if let Some(old) = core::mem::replace(&mut self.tables, new) {
            if let Err(e) = self.lingering.push_within_capacity(old) {
                // Not reached: `make_room` was called before `old` was used. Leaking the tables
                // would still be better than freeing tables that the hardware walks.
                core::mem::forget(e);
            }
        }
        if dropped {
            self.lingering.clear();
            self.give_room_back();
        }
    }

    /// Undoes [`Self::make_room`], unless there are tables in use that will need the space.
    fn give_room_back(&mut self) {
        if self.lingering.is_empty() && self.tables.is_none() {
            self.lingering = KVec::new();
        }
    }
}

fn complain(dev: &Device<Bound>, what: &str, e: Error) {
    if e != EPROBE_DEFER {
        dev_err!(dev, "no {}: {:?}\n", what, e);
    }
}
