// SPDX-License-Identifier: GPL-2.0

//! The registers, and the driver's record of their contents.
//!
//! Everything here may run in any context. Commands take several register writes. The instance's
//! lock orders them, and the changes of the directory in use. The holder of a [`Hold`] has that
//! lock already.
//!
//! Hardware that is gated, in reset or not enabled lets accesses pass untranslated. So the caller
//! manages the power ([`super::hardware`]), and [`State::powered`] says whether registers may be
//! accessed at all.

use core::ops::RangeInclusive;

use iommu::{
    atomic_safe,
    fault::{
        Access,
        Fault, //
    },
    hold::{
        EngineLock,
        EngineState,
        Hold, //
    },
};
use kernel::{
    fmt,
    io::{
        mem::IoMem,
        poll::read_poll_timeout_atomic,
        register::Array,
        Io, //
    },
    irq::IrqReturn,
    prelude::*,
    time::Delta, //
};

use crate::{
    format::Class,
    invalidate::{
        Block,
        Dirs,
        Plan, //
    },
    ports::Routes,
    regs::*,
    variant::Variant, //
};

/// Bytes of the register region that are used.
pub(crate) const REGS_SIZE: usize = 0x400;

/// How long a command may take: 2 ms, the vendor's limit.
const POLL_DELAY: Delta = Delta::from_micros(1);
const POLL_RETRIES: usize = 2000;

/// Not a mask of pages: the contents of the register are unknown.
const UNKNOWN: u32 = u32::MAX;

atomic_safe! {
    /// Whether the caches may hold translations that have been unmapped.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Caches {
        /// They have no such translations.
        Clean,
        /// An invalidation timed out: everything is denied until a full invalidation succeeds.
        Stale,
        /// As [`Caches::Stale`], and the log has a line about it.
        StaleReported,
    }
}

atomic_safe! {
    /// The contents of the registers.
    struct State {
        /// Registers can be accessed.
        powered: bool,
        /// ENABLE is set, and TTB holds this directory. `None`: ENABLE is 0, accesses pass
        /// untranslated.
        directory: Option<u32>,
        /// The driver has read the state that the hardware had before probe.
        started: bool,
        /// TTB of hardware that was enabled before probe.
        found: Option<u32>,
        /// The contents of BYPASS and of the rules of the access classes.
        routes: Routes,
        /// DM_AUT_OVWT denies all accesses that are not bypassed.
        denying: bool,
        /// The contents of TLB_IVLD_MASK, [`UNKNOWN`] if they are not known.
        mask: u32,
        caches: Caches,
        /// The machine is shutting down: denied accesses are not allowed again.
        shut: bool,
    }
}

atomic_safe! {
    /// The register block of one instance.
    pub(crate) struct Engine<'bound> {
        io: IoMem<'bound, REGS_SIZE>,
        variant: &'static Variant,
        state: EngineState<State>,
    }
}

/// Faults as the hardware has latched them.
struct Latched {
    status: INT_STA,
    permission: [(u32, u32); 7],
    l1: (u32, L1PG_INT),
    l2: (u32, L2PG_INT),
}

impl<'bound> Engine<'bound> {
    /// Makes the engine for registers at `io`, without power.
    pub(crate) fn new(
        io: IoMem<'bound, REGS_SIZE>,
        variant: &'static Variant,
        lock: EngineLock,
    ) -> Self {
        Self {
            io,
            variant,
            state: lock.guard(State {
                powered: false,
                directory: None,
                started: false,
                found: None,
                routes: Routes::DENIED,
                denying: false,
                mask: UNKNOWN,
                caches: Caches::Clean,
                shut: false,
            }),
        }
    }

    pub(crate) fn variant(&self) -> &'static Variant {
        self.variant
    }

    /// Records that the clock runs and reset is released: registers can be accessed from now on.
    ///
    /// Hardware that was enabled before probe denies everything from here on. After probe, the boot
    /// kernel of hibernation may have left the hardware enabled; the masters are in the identity
    /// domain then.
    pub(crate) fn power_on(&self) {
        let mut state = self.state.lock();
        state.powered = true;

        if self.io.read(ENABLE).enable() {
            if state.started {
                self.disable(&mut state);
            } else {
                state.found = Some(self.io.read(TTB).into());
                self.deny(&mut state);
            }
        }
        self.configure(&mut state);
    }

    /// Returns the table base of hardware that was enabled before probe, the first time.
    pub(crate) fn take_found(&self) -> Option<u32> {
        let mut state = self.state.lock();

        state.started = true;
        state.found.take()
    }

    /// Whether the registers hold the values that are written to them. They do not if the
    /// devicetree names a wrong clock, reset or register region.
    ///
    /// Called only while ENABLE is 0.
    pub(crate) fn answers(&self, directory: u32) -> bool {
        let state = self.state.lock();

        self.io.write(TTB, TTB::from(directory));
        state.powered && u32::from(self.io.read(TTB)) == directory
    }

    /// Called before the clock stops. Only allowed while accesses pass untranslated.
    ///
    /// # Errors
    ///
    /// `EBUSY` while the hardware translates or denies.
    pub(crate) fn power_off(&self) -> Result {
        let mut state = self.state.lock();
        if state.powered && (state.directory.is_some() || state.denying) {
            return Err(EBUSY);
        }
        state.powered = false;
        Ok(())
    }

    /// Writes the registers that do not depend on the directory, because they may have been lost.
    ///
    /// Faults that are latched are acknowledged before INT_ENABLE lets them raise the interrupt.
    fn configure(&self, state: &mut State) {
        let all = self.variant.all_masters();

        self.io.write(
            TLB_PREFETCH,
            TLB_PREFETCH::from(if self.variant.prefetch { all } else { 0 }),
        );
        self.io.write(BYPASS, BYPASS::from(state.routes.bypassed));
        if self.variant.start_end {
            self.io
                .write_reg(TLB_IVLD_MODE_SEL::zeroed().with_start_end(true));
        }
        state.mask = UNKNOWN;
        self.write_rules(state.routes.translated);
        self.io.write(INT_CLR, INT_CLR::from(u32::MAX));
        self.restart_lanes(all);
        self.enable_interrupt();
    }

    /// Lets all faults raise the interrupt.
    fn enable_interrupt(&self) {
        self.io.write(
            INT_ENABLE,
            INT_ENABLE::from(self.variant.all_masters())
                .with_invalid_l1(true)
                .with_invalid_l2(true),
        );
    }

    /// Lets no fault raise the interrupt. Faults are still latched.
    fn disable_interrupt(&self) {
        self.io.write(INT_ENABLE, INT_ENABLE::from(0));
    }

    /// Writes the rules of the access classes: they apply to the masters in `translated`. Other
    /// masters are denied.
    ///
    /// Two classes share a register, so each register is written once, whole.
    fn write_rules(&self, translated: u32) {
        let mut rules = [0u32; 3];
        for class in Class::ALL {
            let half = 16 * (class as u32 % 2);
            rules[class as usize / 2] |= self.denied_by(class, translated) << half;
        }
        self.io
            .write(DM_AUT_CTRL::at(0), DM_AUT_CTRL::from(rules[0]));
        self.io
            .write(DM_AUT_CTRL::at(1), DM_AUT_CTRL::from(rules[1]));
        self.io
            .write(DM_AUT_CTRL::at(2), DM_AUT_CTRL::from(rules[2]));
    }

    /// Returns the rule of `class`, two bits for each master: bit `2m` denies reads, bit `2m + 1`
    /// writes.
    fn denied_by(&self, class: Class, translated: u32) -> u32 {
        let prot = Class::prot(class as u32);
        let mut denied = 0;
        for master in 0..u32::from(self.variant.masters) {
            let allowed = translated >> master & 1 != 0;
            if !allowed || !prot.readable() {
                denied |= 1 << (2 * master);
            }
            if !allowed || !prot.writable() {
                denied |= 2 << (2 * master);
            }
        }
        denied
    }

    /// Denies all accesses that are not bypassed, at once. The hardware checks each access, also
    /// one that hits a TLB.
    fn deny(&self, state: &mut State) {
        state.denying = true;
        self.io.write(
            DM_AUT_OVWT,
            DM_AUT_OVWT::from(self.variant.all_accesses()).with_enable(true),
        );
    }

    /// Makes the rules of the access classes effective again, unless a reason to deny everything
    /// remains.
    fn allow(&self, state: &mut State) {
        if state.denying && state.caches == Caches::Clean && !state.shut {
            state.denying = false;
            self.io.write(DM_AUT_OVWT, DM_AUT_OVWT::from(0));
        }
    }

    /// Changes the route of each master.
    ///
    /// A master that changes from bypassed to translated, or back, is not denied in between.
    fn route(&self, state: &mut State, routes: Routes) {
        let old = core::mem::replace(&mut state.routes, routes);
        let either = old.translated | routes.translated;

        if either != old.translated {
            self.write_rules(either);
        }
        if routes.translated != 0 {
            self.allow(state);
        }
        if routes.bypassed != old.bypassed {
            self.io.write(BYPASS, BYPASS::from(routes.bypassed));
        }
        if routes.translated != either {
            self.write_rules(routes.translated);
        }
    }

    /// Changes the route of each master, without changing the directory.
    pub(crate) fn set_routes(&self, routes: Routes) {
        let mut state = self.state.lock();

        if state.powered && !state.shut && state.routes != routes {
            self.route(&mut state, routes);
        }
    }

    /// Translates with the directory at `directory`, for the masters in `routes`.
    ///
    /// While the directory changes, all accesses that are not bypassed are denied until the new one
    /// is in force: no access passes untranslated, and none goes through a mixture of both.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if the hardware does not invalidate its caches, `EIO` if its registers do not
    /// hold the values that are written. The former directory and routes are in force again then;
    /// if invalidating the caches for that fails as well, everything is denied.
    pub(crate) fn translate(&self, directory: u32, routes: Routes) -> Result {
        let mut state = self.state.lock();
        if !state.powered || state.shut {
            return Err(ENODEV);
        }

        let Some(old) = state.directory else {
            self.io.write(TTB, TTB::from(directory));
            self.drop_all()?;
            state.caches = Caches::Clean;
            self.route(&mut state, routes);
            return self.enable(&mut state, directory).inspect_err(|_| {
                self.route(&mut state, Routes::DENIED);
            });
        };

        if old != directory || state.caches != Caches::Clean {
            // Faults of the temporary denial are acknowledged below, so their interrupt would find
            // none.
            self.disable_interrupt();
            let result = self.change_directory(&mut state, old, directory);
            if result.is_ok() {
                self.route(&mut state, routes);
            }
            self.enable_interrupt();
            return result;
        }
        self.route(&mut state, routes);
        Ok(())
    }

    /// Changes from the directory at `old` to that at `directory`, for [`Self::translate`].
    fn change_directory(&self, state: &mut State, old: u32, directory: u32) -> Result {
        let was_denying = state.denying;
        let faults = self.io.read(INT_STA);

        self.deny(state);
        // The first invalidation is before the directory changes, so that a timeout is found while
        // the old directory is in force.
        if let Err(e) = self.drop_all() {
            if !was_denying {
                self.forgive(faults);
                self.allow(state);
            }
            return Err(e);
        }
        self.io.write(TTB, TTB::from(directory));
        if let Err(e) = self.drop_all() {
            self.io.write(TTB, TTB::from(old));
            match self.drop_all() {
                Ok(()) if !was_denying => {
                    self.forgive(faults);
                    self.allow(state);
                }
                Ok(()) => {}
                Err(_) if state.caches == Caches::Clean => state.caches = Caches::Stale,
                Err(_) => {}
            }
            return Err(e);
        }
        self.forgive(faults);
        state.directory = Some(directory);
        state.caches = Caches::Clean;
        Ok(())
    }

    /// Acknowledges the permission faults that were latched since `before` was read, while
    /// everything was denied: the driver has caused them, and they are not errors of masters or
    /// mappings.
    fn forgive(&self, before: INT_STA) {
        let came =
            u32::from(self.io.read(INT_STA)) & !u32::from(before) & self.variant.all_masters();
        if came != 0 {
            self.io.write(INT_CLR, INT_CLR::from(came));
            self.restart_lanes(came);
        }
    }

    /// Restarts masters that stalled at a fault.
    fn restart_lanes(&self, masters: u32) {
        self.io.write(RESET, RESET::from(!masters));
        self.io.write(RESET, RESET::from(u32::MAX));
    }

    /// Sets ENABLE. TTB holds `directory`.
    ///
    /// # Errors
    ///
    /// `EIO` if TTB or ENABLE does not hold what was written; ENABLE is cleared then.
    fn enable(&self, state: &mut State, directory: u32) -> Result {
        // Ranged invalidations need internal clock gating off. Switching it around each of them
        // would cost as many accesses as the invalidation itself, so it stays off; the clock as a
        // whole runs only while the hardware translates or denies.
        self.io.write(AUTO_GATING, AUTO_GATING::from(0));
        self.io.write_reg(ENABLE::zeroed().with_enable(true));
        if !self.io.read(ENABLE).enable() || u32::from(self.io.read(TTB)) != directory {
            self.io.write(ENABLE, ENABLE::from(0));
            state.directory = None;
            return Err(EIO);
        }
        state.directory = Some(directory);
        Ok(())
    }

    /// Denies all accesses that `routes` does not bypass, with the directory at `empty`, which has
    /// no entries. `routes` translates no master.
    ///
    /// Returns whether the hardware has invalidated its caches. If not, the tables it has used must
    /// stay in memory.
    ///
    /// # Errors
    ///
    /// As for [`Self::enable`]: accesses pass untranslated then.
    pub(crate) fn block(&self, empty: u32, routes: Routes) -> Result<bool> {
        let mut state = self.state.lock();
        if !state.powered {
            return Err(ENODEV);
        }
        self.deny(&mut state);
        self.route(&mut state, routes);
        if state.directory == Some(empty) && state.caches == Caches::Clean {
            return Ok(true);
        }

        let dropped = self.drop_all().is_ok();
        self.io.write(TTB, TTB::from(empty));
        let dropped = self.drop_all().is_ok() && dropped;
        state.caches = match state.caches {
            _ if dropped => Caches::Clean,
            Caches::Clean => Caches::Stale,
            stale => stale,
        };
        self.enable(&mut state, empty)?;
        Ok(dropped)
    }

    /// Clears ENABLE: every access passes untranslated. Returns whether the hardware has
    /// invalidated its caches.
    pub(crate) fn pass(&self) -> bool {
        let mut state = self.state.lock();
        if !state.powered {
            return true;
        }
        if state.shut {
            return false;
        }
        self.disable(&mut state);
        let dropped = self.drop_all().is_ok();
        self.route(&mut state, Routes::DENIED);
        self.allow(&mut state);
        dropped
    }

    fn disable(&self, state: &mut State) {
        self.io.write(ENABLE, ENABLE::from(0));
        state.directory = None;
        // The hardware does not use cached entries now. ENABLE is set again only after a full
        // invalidation.
        state.caches = Caches::Clean;
    }

    /// Denies everything, with the table base that the hardware had before probe, and without
    /// interrupts. Called before the driver's own directory is freed.
    pub(crate) fn leave_denying(&self, found: u32) {
        let mut state = self.state.lock();

        self.deny(&mut state);
        self.route(&mut state, Routes::DENIED);
        self.disable_interrupt();
        self.io.write(TTB, TTB::from(found));
        let _ = self.drop_all();
        state.directory = Some(found);
    }

    /// The machine shuts down, or starts another kernel. Masters may still run, and this kernel no
    /// longer maintains their tables. Denies everything, and disables the interrupt.
    pub(crate) fn shut(&self) {
        let mut state = self.state.lock();

        state.shut = true;
        if state.powered {
            self.disable_interrupt();
        }
        if state.powered && state.directory.is_some() {
            self.deny(&mut state);
            self.route(&mut state, Routes::DENIED);
        }
    }

    /// Writes all registers again, because they may have been lost.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` and `EIO` as for [`Self::translate`]; on `ETIMEDOUT` everything is denied.
    pub(crate) fn restore(&self) -> Result {
        let mut state = self.state.lock();
        if !state.powered {
            return Ok(());
        }
        let Some(directory) = state.directory else {
            // Another kernel may have left the hardware enabled, with its own tables.
            self.disable(&mut state);
            self.configure(&mut state);
            return Ok(());
        };
        self.deny(&mut state);
        self.configure(&mut state);
        self.io.write(TTB, TTB::from(directory));
        let dropped = self.drop_all();
        match (dropped, state.caches) {
            (Ok(()), _) => state.caches = Caches::Clean,
            (Err(_), Caches::Clean) => state.caches = Caches::Stale,
            (Err(_), _) => {}
        }
        self.enable(&mut state, directory)?;
        if state.routes.translated != 0 {
            self.allow(&mut state);
        }
        dropped
    }

    /// Waits until a command is done. Most are done at the first read.
    #[inline(always)]
    fn poll(&self, busy: impl Fn() -> bool) -> Result {
        if busy() {
            return Self::wait(busy);
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn wait(busy: impl Fn() -> bool) -> Result {
        read_poll_timeout_atomic(|| Ok(busy()), |busy| !*busy, POLL_DELAY, POLL_RETRIES).map(|_| ())
    }

    /// Invalidates all caches.
    fn drop_all(&self) -> Result {
        self.io.write(
            TLB_FLUSH,
            TLB_FLUSH::from(self.variant.all_masters())
                .with_macro_tlb(true)
                .with_ptw_cache(true),
        );
        self.poll(|| u32::from(self.io.read(TLB_FLUSH)) != 0)
    }

    fn drop_planned(&self, state: &mut State, range: &RangeInclusive<u32>, dirs: &Dirs) -> Result {
        let dirs = dirs.as_slice();
        let plan = Plan::new(range, dirs.len(), self.variant.start_end);

        if plan == Plan::All {
            return self.drop_all();
        }
        self.drop_pages(state, &plan, range)?;
        dirs.iter().try_for_each(|iova| self.drop_dir(*iova))
    }

    fn drop_pages(&self, state: &mut State, plan: &Plan, range: &RangeInclusive<u32>) -> Result {
        match plan {
            Plan::All => return self.drop_all(),
            Plan::StartEnd => {
                self.io
                    .write(TLB_IVLD_START, TLB_IVLD_START::from(range.start() & !0xfff));
                self.io
                    .write(TLB_IVLD_END, TLB_IVLD_END::from((range.end() | 0xfff) + 1));
                self.start_pages()?;
            }
            Plan::Blocks(blocks) => {
                for block in blocks.as_slice() {
                    self.drop_block(state, *block)?;
                }
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn drop_block(&self, state: &mut State, block: Block) -> Result {
        self.io
            .write(TLB_IVLD_ADDR, TLB_IVLD_ADDR::from(block.addr));
        if block.mask != state.mask {
            self.io
                .write(TLB_IVLD_MASK, TLB_IVLD_MASK::from(block.mask));
            state.mask = block.mask;
        }
        self.start_pages()
    }

    #[inline(always)]
    fn start_pages(&self) -> Result {
        self.io
            .write_reg(TLB_IVLD_ENABLE::zeroed().with_enable(true));
        self.poll(|| self.io.read(TLB_IVLD_ENABLE).enable())
    }

    fn drop_dir(&self, iova: u32) -> Result {
        self.io
            .write(PC_IVLD_ADDR, PC_IVLD_ADDR::from(iova & !0xf_ffff));
        self.io
            .write_reg(PC_IVLD_ENABLE::zeroed().with_enable(true));
        self.poll(|| self.io.read(PC_IVLD_ENABLE).enable())
    }

    /// Invalidates the pages from address `first` to `last` in the TLBs, if `directory` is in use.
    /// Otherwise they are not cached, because changing the directory invalidates everything.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT`. Everything is denied then, until a later call succeeds: the hardware may still
    /// have entries for memory that is freed now, but no access can use them.
    // Every transfer calls this. Most are one page or block.
    #[inline(always)]
    pub(crate) fn invalidate(
        &self,
        mut hold: Hold<'_>,
        directory: u32,
        first: u32,
        last: u32,
    ) -> Result {
        match Block::exact(first, last) {
            Some(block) if !self.variant.start_end => {
                let state = self.state.get(&mut hold);
                // Registers can be accessed while there is a directory, see `power_off`.
                if state.directory != Some(directory) {
                    return Ok(());
                }
                if state.caches != Caches::Clean {
                    return self.recover(state);
                }
                let result = self.drop_block(state, block);
                self.conclude(state, result)
            }
            _ => self.invalidate_with(hold, directory, first, last, &Dirs::NONE),
        }
    }

    /// As [`Self::invalidate`], and invalidates the entries of `dirs` in the walk cache.
    #[inline(never)]
    pub(crate) fn invalidate_with(
        &self,
        mut hold: Hold<'_>,
        directory: u32,
        first: u32,
        last: u32,
        dirs: &Dirs,
    ) -> Result {
        let state = self.state.get(&mut hold);
        if state.directory != Some(directory) {
            return Ok(());
        }
        if state.caches != Caches::Clean {
            return self.recover(state);
        }
        let result = self.drop_planned(state, &(first..=last), dirs);
        self.conclude(state, result)
    }

    /// Denies everything if an invalidation timed out.
    #[inline(always)]
    fn conclude(&self, state: &mut State, result: Result) -> Result {
        if result.is_err() {
            self.give_up(state);
        }
        result
    }

    #[cold]
    #[inline(never)]
    fn give_up(&self, state: &mut State) {
        state.caches = Caches::Stale;
        self.deny(state);
    }

    /// Invalidates everything, if `directory` is in use.
    ///
    /// # Errors
    ///
    /// As for [`Self::invalidate`].
    pub(crate) fn invalidate_all(&self, mut hold: Hold<'_>, directory: u32) -> Result {
        let state = self.state.get(&mut hold);
        if state.directory != Some(directory) {
            return Ok(());
        }
        if state.caches != Caches::Clean {
            return self.recover(state);
        }
        let result = self.drop_all();
        self.conclude(state, result)
    }

    #[cold]
    #[inline(never)]
    fn recover(&self, state: &mut State) -> Result {
        self.drop_all()?;
        state.caches = Caches::Clean;
        self.allow(state);
        Ok(())
    }

    /// Whether the caller has to log that an invalidation timed out. True once for each time that
    /// the caches become stale.
    pub(crate) fn take_stale_report(&self, mut hold: Hold<'_>) -> bool {
        let state = self.state.get(&mut hold);
        let report = state.caches == Caches::Stale;

        if report {
            state.caches = Caches::StaleReported;
        }
        report
    }

    /// Whether everything is denied because an invalidation timed out.
    pub(crate) fn is_stale(&self) -> bool {
        self.state.lock().caches != Caches::Clean
    }

    /// Reads the faults, acknowledges them, and restarts the stalled masters.
    fn latch(&self) -> Option<Latched> {
        let mut state = self.state.lock();
        if !state.powered {
            return None;
        }
        let status = self.io.read(INT_STA);
        if u32::from(status) == 0 {
            return None;
        }

        let mut latched = Latched {
            status,
            permission: [(0, 0); 7],
            l1: (0, L1PG_INT::from(0)),
            l2: (0, L2PG_INT::from(0)),
        };
        let mut lanes = 0;
        for master in self.masters_in(u32::from(status)) {
            if let (Some(addr), Some(data)) =
                (INT_ERR_ADDR::try_at(master), INT_ERR_DATA::try_at(master))
            {
                latched.permission[master] = (
                    u32::from(self.io.read(addr)),
                    u32::from(self.io.read(data).class()),
                );
            }
            lanes |= 1 << master;
        }
        if status.invalid_l1() {
            latched.l1 = (
                u32::from(self.io.read(INT_ERR_ADDR_L1)),
                self.io.read(L1PG_INT),
            );
            lanes |= u32::from(latched.l1.1) & self.variant.all_masters();
            self.forget(&mut state, latched.l1.0);
        }
        if status.invalid_l2() {
            latched.l2 = (
                u32::from(self.io.read(INT_ERR_ADDR_L2)),
                self.io.read(L2PG_INT),
            );
            lanes |= u32::from(latched.l2.1) & self.variant.all_masters();
            self.forget(&mut state, latched.l2.0);
        }

        self.io.write(INT_CLR, INT_CLR::from(u32::from(status)));
        self.restart_lanes(lanes);
        Some(latched)
    }

    /// Invalidates a faulting address, which is cached as invalid. An error is ignored: mapping the
    /// address invalidates it again and handles errors.
    fn forget(&self, state: &mut State, iova: u32) {
        let page = iova & !0xfff;
        let range = page..=page | 0xfff;
        let plan = Plan::new(&range, 1, self.variant.start_end);
        let _ = self
            .drop_pages(state, &plan, &range)
            .and_then(|()| self.drop_dir(iova));
    }

    fn masters_in(&self, mask: u32) -> impl Iterator<Item = usize> {
        (0..usize::from(self.variant.masters)).filter(move |m| mask >> m & 1 != 0)
    }

    /// Handles the interrupt. `report` is called without any lock held.
    pub(crate) fn interrupt(&self, mut report: impl FnMut(&Fault)) -> IrqReturn {
        let Some(latched) = self.latch() else {
            return IrqReturn::None;
        };

        for master in self.masters_in(u32::from(latched.status)) {
            let (iova, class) = latched.permission[master];
            let prot = Class::prot(class);
            report(&Fault {
                stream: master as u16,
                iova: iova.into(),
                access: match (prot.readable(), prot.writable()) {
                    (true, false) => Access::Write,
                    (false, true) => Access::Read,
                    _ => Access::Unknown,
                },
                cause: match (prot.readable(), prot.writable()) {
                    (true, false) => "the page is read-only",
                    (false, true) => "the page is write-only",
                    (false, false) => "the page allows no access",
                    (true, true) => "the master is blocked",
                },
            });
        }
        // A fault of the debug port or of a prefetch names no master, and is harmless.
        for (iova, masters, cause) in [
            (
                latched.l1.0,
                u32::from(latched.l1.1),
                "no table for this MiB",
            ),
            (latched.l2.0, u32::from(latched.l2.1), "page not mapped"),
        ] {
            for master in self.masters_in(masters) {
                report(&Fault {
                    stream: master as u16,
                    iova: iova.into(),
                    access: Access::Unknown,
                    cause,
                });
            }
        }
        IrqReturn::Handled
    }

    /// Reads or writes a word through translation, with the debug port.
    ///
    /// # Errors
    ///
    /// `ENODEV` without power, `ETIMEDOUT`.
    pub(crate) fn debug_access(&self, iova: u32, write: Option<u32>) -> Result<u32> {
        let state = self.state.lock();
        if !state.powered {
            return Err(ENODEV);
        }
        self.io.write(VA, VA::from(iova));
        if let Some(word) = write {
            self.io.write(VA_DATA, VA_DATA::from(word));
        }
        let config = VA_CONFIG::zeroed()
            .with_debug(true)
            .with_write(write.is_some());
        self.io.write_reg(config);
        self.io.write_reg(config.with_start(true));
        self.poll(|| self.io.read(VA_CONFIG).start())?;
        Ok(self.io.read(VA_DATA).into())
    }

    /// Prints the registers.
    pub(crate) fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        if !state.powered {
            return f.write_str("powered off\n");
        }
        macro_rules! show {
            ($($reg:ident)*) => {
                $(writeln!(f, "{:<18}{:#010x}", stringify!($reg), u32::from(self.io.read($reg)))?;)*
            };
        }
        show!(VERSION RESET ENABLE BYPASS AUTO_GATING TTB TLB_ENABLE TLB_PREFETCH DM_AUT_OVWT
              INT_ENABLE INT_STA INT_ERR_ADDR_L1 INT_ERR_ADDR_L2 L1PG_INT L2PG_INT);
        writeln!(
            f,
            "{:<18}{:#010x}",
            "DM_AUT_CTRL 0",
            u32::from(self.io.read(DM_AUT_CTRL::at(0)))
        )?;
        writeln!(
            f,
            "{:<18}{:#010x}",
            "DM_AUT_CTRL 1",
            u32::from(self.io.read(DM_AUT_CTRL::at(1)))
        )?;
        writeln!(
            f,
            "{:<18}{:#010x}",
            "DM_AUT_CTRL 2",
            u32::from(self.io.read(DM_AUT_CTRL::at(2)))
        )
    }
}
