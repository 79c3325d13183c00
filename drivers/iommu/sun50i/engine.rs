// SPDX-License-Identifier: GPL-2.0

//! The registers, and what they are known to hold.
//!
//! Everything here may run in any context. The instance's lock orders the commands, which take several
//! register writes each, and the changes of what the hardware translates with. Who has [`Hold`] has it
//! already.
//!
//! Hardware that is gated, in reset or not enabled lets accesses through untranslated. So power is
//! the caller's business ([`super::hardware`]), and [`State::powered`] says whether registers may be
//! touched at all.

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
    regs::*,
    variant::Variant, //
};

/// Bytes of the register region that are used.
pub(crate) const REGS_SIZE: usize = 0x400;

/// How long a command may take: 2 ms, as long as the vendor allows.
const POLL_DELAY: Delta = Delta::from_micros(1);
const POLL_RETRIES: usize = 2000;

/// No mask of pages.
const UNKNOWN: u32 = u32::MAX;

atomic_safe! {
    /// What the registers are known to hold.
    struct State {
        /// Registers can be reached.
        powered: bool,
        /// The directory that is translated with; only while `powered`. `None`: accesses go out
        /// untranslated.
        directory: Option<u32>,
        /// Everything is denied, whatever the tables say.
        denying: bool,
        /// Masters that are denied while others are not: one bit each.
        blocked: u32,
        /// Masters that pass untranslated while others are translated: one bit each.
        bypassed: u32,
        /// What TLB_IVLD_MASK holds; [`UNKNOWN`] if that is not known.
        mask: u32,
        /// An invalidation did not come to its end: everything is denied until a full one does.
        stale: bool,
        /// That was said in the log.
        complained: bool,
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
    /// Registers at `io`, without power.
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
                denying: false,
                blocked: 0,
                bypassed: 0,
                mask: UNKNOWN,
                stale: false,
                complained: false,
            }),
        }
    }

    pub(crate) fn variant(&self) -> &'static Variant {
        self.variant
    }

    /// The clock runs and reset is released: registers can be reached from now on.
    ///
    /// Hardware that is found translating denies everything from here on.
    pub(crate) fn power_on(&self) {
        let mut state = self.state.lock();
        state.powered = true;

        if self.io.read(ENABLE).enable() {
            self.deny(&mut state);
        }
        self.configure(&mut state);
    }

    /// Whether the hardware translates with tables that are nobody's.
    pub(crate) fn found_translating(&self) -> bool {
        let state = self.state.lock();
        state.powered && state.denying && state.directory.is_none()
    }

    /// The clock is about to stop. Only while accesses go out untranslated.
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

    /// Writes the registers that do not depend on what is translated with. They may have been lost.
    fn configure(&self, state: &mut State) {
        let all = self.variant.all_masters();

        self.io.write(
            TLB_PREFETCH,
            TLB_PREFETCH::from(if self.variant.prefetch { all } else { 0 }),
        );
        self.io.write(BYPASS, BYPASS::from(state.bypassed));
        if self.variant.start_end {
            self.io
                .write_reg(TLB_IVLD_MODE_SEL::zeroed().with_start_end(true));
        }
        state.mask = UNKNOWN;
        self.write_rules(state.blocked);
        self.io.write(
            INT_ENABLE,
            INT_ENABLE::from(all)
                .with_invalid_l1(true)
                .with_invalid_l2(true),
        );
    }

    /// Writes what the access classes allow, to masters that are not in `blocked`.
    ///
    /// Two classes share a register, so each is written once, whole.
    fn write_rules(&self, blocked: u32) {
        let mut rules = [0u32; 3];
        for class in Class::ALL {
            let half = 16 * (class as u32 % 2);
            rules[class as usize / 2] |= self.denied_by(class, blocked) << half;
        }
        self.io
            .write(DM_AUT_CTRL::at(0), DM_AUT_CTRL::from(rules[0]));
        self.io
            .write(DM_AUT_CTRL::at(1), DM_AUT_CTRL::from(rules[1]));
        self.io
            .write(DM_AUT_CTRL::at(2), DM_AUT_CTRL::from(rules[2]));
    }

    /// Two bits per master: bit `2m` denies reads, bit `2m + 1` writes.
    fn denied_by(&self, class: Class, blocked: u32) -> u32 {
        let prot = Class::prot(class as u32);
        let mut denied = 0;
        for master in 0..u32::from(self.variant.masters) {
            let is_blocked = blocked >> master & 1 != 0;
            if is_blocked || !prot.readable() {
                denied |= 1 << (2 * master);
            }
            if is_blocked || !prot.writable() {
                denied |= 2 << (2 * master);
            }
        }
        denied
    }

    /// Denies everything at once. Checked at each access, also those that hit a TLB.
    fn deny(&self, state: &mut State) {
        state.denying = true;
        self.io.write(
            DM_AUT_OVWT,
            DM_AUT_OVWT::from(self.variant.all_accesses()).with_enable(true),
        );
    }

    /// Lets the tables decide again.
    fn allow(&self, state: &mut State) {
        state.denying = false;
        self.io.write(DM_AUT_OVWT, DM_AUT_OVWT::from(0));
    }

    /// Translates with the directory at `directory`, coming from whatever was before.
    ///
    /// Coming from another directory, everything is denied while neither is fully in force: no
    /// access goes out untranslated, and none through a mixture of both.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if the hardware does not drop what it has cached. What was in force before is in
    /// force again; if not even that can be made sure, everything is denied.
    pub(crate) fn translate(&self, directory: u32) -> Result {
        let mut state = self.state.lock();
        if !state.powered {
            return Err(ENODEV);
        }

        let Some(old) = state.directory else {
            self.io.write(TTB, TTB::from(directory));
            self.drop_all()?;
            self.enable(&mut state, directory);
            self.allow(&mut state);
            return Ok(());
        };

        let was_denying = state.denying;
        if old != directory || state.stale {
            let faults = self.io.read(INT_STA);
            self.deny(&mut state);
            // Once before the directory changes, so that a hardware that does not answer is found
            // out while nothing has happened yet.
            if let Err(e) = self.drop_all() {
                if !was_denying {
                    self.forgive(faults);
                    self.allow(&mut state);
                }
                return Err(e);
            }
            self.io.write(TTB, TTB::from(directory));
            if let Err(e) = self.drop_all() {
                self.io.write(TTB, TTB::from(old));
                match self.drop_all() {
                    Ok(()) if !was_denying => {
                        self.forgive(faults);
                        self.allow(&mut state);
                    }
                    Ok(()) => {}
                    Err(_) => state.stale = true,
                }
                return Err(e);
            }
            self.forgive(faults);
            state.directory = Some(directory);
            state.stale = false;
            state.complained = false;
        }
        self.allow(&mut state);
        Ok(())
    }

    /// Acknowledges the permission faults that came since `before` was read, while everything was
    /// denied: they are nobody's doing but ours, and say nothing about anybody's mappings.
    fn forgive(&self, before: INT_STA) {
        let came =
            u32::from(self.io.read(INT_STA)) & !u32::from(before) & self.variant.all_masters();
        if came != 0 {
            self.io.write(INT_CLR, INT_CLR::from(came));
            self.restart_lanes(came);
        }
    }

    /// Lets masters go on that stalled at a fault.
    fn restart_lanes(&self, masters: u32) {
        self.io.write(RESET, RESET::from(!masters));
        self.io.write(RESET, RESET::from(u32::MAX));
    }

    fn enable(&self, state: &mut State, directory: u32) {
        // Ranged invalidations want internal clock gating off. Turning it off and on around each of
        // them would cost as many accesses as the rest of it, so it stays off; the clock as a whole
        // runs only while something is translated.
        self.io.write(AUTO_GATING, AUTO_GATING::from(0));
        self.io.write_reg(ENABLE::zeroed().with_enable(true));
        state.directory = Some(directory);
        state.stale = false;
    }

    /// Denies everything, with the directory at `empty` in place of what was translated with.
    ///
    /// Returns whether the hardware is known to have let go of the old tables. They must stay in
    /// memory otherwise.
    pub(crate) fn block_all(&self, empty: u32) -> bool {
        let mut state = self.state.lock();
        if !state.powered {
            return false;
        }
        self.deny(&mut state);
        self.write_bypass(&mut state, 0);

        let dropped = self.drop_all().is_ok();
        self.io.write(TTB, TTB::from(empty));
        let dropped = dropped && self.drop_all().is_ok();
        self.enable(&mut state, empty);
        state.stale = !dropped;
        dropped
    }

    /// Lets everything through untranslated. Returns whether the hardware has let go of the tables.
    pub(crate) fn pass(&self) -> bool {
        let mut state = self.state.lock();
        if !state.powered {
            return true;
        }
        self.io.write(ENABLE, ENABLE::from(0));
        state.directory = None;
        state.blocked = 0;
        state.stale = false;
        self.write_bypass(&mut state, 0);
        let dropped = self.drop_all().is_ok();
        self.write_rules(0);
        self.allow(&mut state);
        dropped
    }

    /// Denies everything; for when nobody will be there to answer for it.
    pub(crate) fn shut(&self) {
        let mut state = self.state.lock();
        if state.powered && state.directory.is_some() {
            self.deny(&mut state);
        }
    }

    /// Denies one master, or no longer does; others are not affected.
    pub(crate) fn set_blocked(&self, master: u16, blocked: bool) {
        let mut state = self.state.lock();
        let bit = 1 << master;
        let mask = if blocked {
            state.blocked | bit
        } else {
            state.blocked & !bit
        };
        if mask != state.blocked {
            state.blocked = mask;
            if state.powered {
                self.write_rules(mask);
            }
        }
    }

    /// Lets the accesses of one master through untranslated, or no longer does; others are not
    /// affected.
    pub(crate) fn set_bypassed(&self, master: u16, bypassed: bool) {
        let bit = 1 << master;
        let mut state = self.state.lock();
        let mask = if bypassed {
            state.bypassed | bit
        } else {
            state.bypassed & !bit
        };
        self.write_bypass(&mut state, mask);
    }

    /// Lets the accesses of all masters through while the debug port is translated.
    pub(crate) fn bypass_all(&self) {
        self.write_bypass(&mut self.state.lock(), self.variant.all_masters());
    }

    fn write_bypass(&self, state: &mut State, mask: u32) {
        if mask != state.bypassed {
            state.bypassed = mask;
            if state.powered {
                self.io.write(BYPASS, BYPASS::from(mask));
            }
        }
    }

    /// Writes everything again as it should be, after registers may have been lost.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` as for [`Self::translate`]; everything is denied then.
    pub(crate) fn restore(&self) -> Result {
        let mut state = self.state.lock();
        if !state.powered {
            return Ok(());
        }
        let was_denying = state.denying && !state.stale;
        if state.directory.is_some() {
            self.deny(&mut state);
        }
        self.configure(&mut state);
        let Some(directory) = state.directory else {
            return Ok(());
        };
        self.io.write(TTB, TTB::from(directory));
        let dropped = self.drop_all();
        self.enable(&mut state, directory);
        state.stale = dropped.is_err();
        if dropped.is_ok() && !was_denying {
            self.allow(&mut state);
        }
        dropped
    }

    /// Waits until a command is done. Most are when that is looked at.
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

    /// Empties all caches.
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

    /// Drops the pages of `first` to `last`, which are addresses, from the TLBs, if `directory` is what is
    /// translated with. Otherwise nothing of them is cached: changing the directory drops everything.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT`. Everything is denied then, until a later call succeeds: memory that is given
    /// back now cannot be reached through what the hardware may still hold.
    // What every transfer goes through; most are one page or block.
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
                // Registers can be reached while there is a directory, see `power_off`.
                if state.directory != Some(directory) {
                    return Ok(());
                }
                if state.stale {
                    return self.recover(state);
                }
                let result = self.drop_block(state, block);
                self.conclude(state, result)
            }
            _ => self.invalidate_with(hold, directory, first, last, &Dirs::NONE),
        }
    }

    /// As [`Self::invalidate`], with the entries of `dirs` from the walk cache.
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
        if state.stale {
            return self.recover(state);
        }
        let result = self.drop_planned(state, &(first..=last), dirs);
        self.conclude(state, result)
    }

    /// Denies everything if an invalidation has not come to its end.
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
        state.stale = true;
        self.deny(state);
    }

    /// Drops everything, if `directory` is what is translated with.
    ///
    /// # Errors
    ///
    /// As for [`Self::invalidate`].
    pub(crate) fn invalidate_all(&self, mut hold: Hold<'_>, directory: u32) -> Result {
        let state = self.state.get(&mut hold);
        if state.directory != Some(directory) {
            return Ok(());
        }
        if state.stale {
            return self.recover(state);
        }
        let result = self.drop_all();
        self.conclude(state, result)
    }

    #[cold]
    #[inline(never)]
    fn recover(&self, state: &mut State) -> Result {
        self.drop_all()?;
        state.stale = false;
        state.complained = false;
        self.allow(state);
        Ok(())
    }

    /// Whether it has to be said that invalidations do not come to an end: once each time they begin
    /// not to.
    pub(crate) fn has_to_complain(&self, mut hold: Hold<'_>) -> bool {
        let state = self.state.get(&mut hold);

        state.stale && !core::mem::replace(&mut state.complained, true)
    }

    /// Whether everything is denied because an invalidation did not come to its end.
    pub(crate) fn is_stale(&self) -> bool {
        self.state.lock().stale
    }

    /// Reads the faults, acknowledges them, and lets the stalled masters go on.
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

    /// Drops a faulting address, which is cached as invalid. Best effort: whoever maps it drops it
    /// again and minds the result.
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
        // A fault of the debug port or of read-ahead names no master, and does no harm.
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
