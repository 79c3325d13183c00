// SPDX-License-Identifier: GPL-2.0

//! The registers, and the driver's record of their contents.
//!
//! Everything here may run in any context. Commands take several register accesses. The instance's
//! lock orders them, and the changes of the streams' paths. The holder of a [`Hold`] has that lock
//! already.
//!
//! A stream whose TCR is 0 is denied, silently. So a change first denies a stream that is
//! translated, then writes its tables and invalidates what is cached of it, and then writes its new
//! TCR: no access goes through a mixture of old and new. A register that has the right value
//! already is not written again. A stream that is on the new path already, because of another
//! master of its group, is not interrupted.

use core::sync::atomic::{
    AtomicU64,
    Ordering::Relaxed, //
};

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
    pgtable::Config,
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
    regs::{
        code,
        t8020,
        t8110,
        PARAMS1,
        PARAMS2, //
    },
    streams::{
        Streams,
        WORDS, //
    },
    variant::{
        Layout,
        Params,
        Variant,
        INPUT_WIDTH,
        MAX_TTBRS, //
    },
    window::Window,
};

/// Bytes of the register region, at least.
pub(crate) const REGS_SIZE: usize = 0x4000;

/// How long a command may take: 2 ms.
const POLL_DELAY: Delta = Delta::from_micros(1);
const POLL_RETRIES: usize = 2000;

/// T8110: invalidate the TLB entries of all streams, or of one.
const OP_ALL: u32 = 0;
const OP_STREAM: u32 = 1;

atomic_safe! {
    /// The path of a stream's accesses, as register values: denied, untranslated, or through
    /// tables.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Path {
        tcr: u32,
        ttbr: [u32; MAX_TTBRS],
    }
}

impl Path {
    /// The accesses are denied.
    pub(crate) const BLOCKED: Self = Self {
        tcr: 0,
        ttbr: [0; MAX_TTBRS],
    };
}

atomic_safe! {
    /// The driver's record of a stream.
    #[derive(Clone, Copy)]
    pub(crate) struct Entry {
        path: Path,
        /// The contents of its TTBRs: those of `path`, except during a change.
        ttbr: [u32; MAX_TTBRS],
    }
}

impl Entry {
    const BLOCKED: Self = Self {
        path: Path::BLOCKED,
        ttbr: Path::BLOCKED.ttbr,
    };
}

atomic_safe! {
    struct State {
        /// Registers can be accessed.
        powered: bool,
        /// The block was found fit, and the driver uses it.
        ready: bool,
        /// The driver or the machine shuts down: no stream that is denied is allowed again.
        shut: bool,
        /// The streams of the block.
        entries: KVec<Entry>,
        /// The addresses of masters, once they are known.
        window: Option<Window>,
        /// The contents of SELECT, one bit for each stream, if known.
        selected: Option<u64>,
        /// A command timed out.
        busy: bool,
        /// The TLB may have entries of these streams for unmapped pages: they are denied until
        /// these have been invalidated.
        stale: Streams,
        /// The streams between [`Engine::prepare`] and [`Engine::commit`] or [`Engine::roll_back`].
        /// No other function allows them.
        changing: Streams,
        /// The log has a line about the command that timed out. Cleared when a command succeeds.
        logged: bool,
    }
}

atomic_safe! {
    /// The register block of one instance.
    pub(crate) struct Engine<'bound> {
        io: IoMem<'bound, REGS_SIZE>,
        layout: Layout,
        state: EngineState<State>,
    }
}

impl State {
    /// Whether starting a command is all that is needed to invalidate `streams`.
    #[inline(always)]
    fn is_set(&self, streams: u64) -> bool {
        self.powered && !self.busy && self.selected == Some(streams) && self.stale.is_empty()
    }

    fn has_to_log(&mut self) -> bool {
        self.busy && !core::mem::replace(&mut self.logged, true)
    }

    /// Returns the recorded TCR of stream `id`.
    fn tcr(&self, id: u16) -> u32 {
        self.entries
            .get(usize::from(id))
            .map_or(0, |entry| entry.path.tcr)
    }
}

impl<'bound> Engine<'bound> {
    /// Makes the engine for registers at `io`, without power. `entries` has room for the maximum
    /// number of streams.
    pub(crate) fn new(
        io: IoMem<'bound, REGS_SIZE>,
        layout: Layout,
        entries: KVec<Entry>,
        lock: EngineLock,
    ) -> Self {
        Self {
            io,
            layout,
            state: lock.guard(State {
                powered: false,
                ready: false,
                shut: false,
                entries,
                window: None,
                selected: None,
                busy: false,
                stale: Streams::NONE,
                changing: Streams::NONE,
                logged: false,
            }),
        }
    }

    /// Sets whether registers can be accessed from now on.
    pub(crate) fn set_powered(&self, powered: bool) {
        let mut state = self.state.lock();
        state.powered = powered;
        state.selected = None;
    }

    /// Returns the parameters that the block reports. Power is on.
    pub(crate) fn params(&self, variant: &Variant) -> Params {
        let mut table = Config {
            page_size: 1 << self.io.read(PARAMS1).page_shift().get(),
            ias: INPUT_WIDTH,
            oas: variant.output_width,
        };
        let mut streams = variant.streams;

        if self.layout == Layout::T8110 {
            let widths = self.io.read(t8110::PARAMS3);
            table.ias = widths.input_width().get();
            table.oas = widths.output_width().get();
            streams = self.io.read(t8110::PARAMS4).streams().get() as u16;
        }
        Params {
            table,
            window: Window::whole(&table),
            streams,
            bypass: variant.bypass && self.io.read(PARAMS2).bypass(),
        }
    }

    /// Sets the window to which addresses of faults are converted from now on.
    pub(crate) fn set_window(&self, window: Window) {
        self.state.lock().window = Some(window);
    }

    /// Whether TCR and TTBR are locked.
    pub(crate) fn is_locked(&self) -> bool {
        match self.layout {
            Layout::T8110 => self.io.read(t8110::PROTECT).streams(),
            _ => self.io.read(t8020::CONFIG).locked(),
        }
    }

    /// Starts to use a block that was found fit: denies all of its streams.
    ///
    /// # Errors
    ///
    /// `EINVAL` for too many streams, `EIO` if the registers do not hold the values that are
    /// written to them, `ETIMEDOUT` if the TLB does not answer.
    pub(crate) fn take(&self, params: &Params) -> Result {
        let mut state = self.state.lock();

        while state.entries.len() < usize::from(params.streams) {
            state
                .entries
                .push_within_capacity(Entry::BLOCKED)
                .map_err(|_| EINVAL)?;
        }
        for id in 0..params.streams {
            self.write_tcr(id, 0);
        }
        if !self.holds(params.streams) {
            return Err(EIO);
        }
        state.ready = true;
        self.configure(&mut state)
    }

    /// Whether TCRs are 0, and the first TTBR, with which no stream is translated now, holds the
    /// value that is written to it. Registers do neither in a block without its clock, or at an
    /// address of another device.
    fn holds(&self, streams: u16) -> bool {
        // Bits of an address, without the valid bit.
        const PATTERN: u32 = 0x00a5_a5a4;

        self.write_ttbr(0, 0, PATTERN);
        let held = self.read_ttbr(0) == PATTERN;
        self.write_ttbr(0, 0, 0);
        held && self.read_ttbr(0) == 0 && (0..streams).all(|id| self.read_tcr(id) == 0)
    }

    /// Makes a block that is left alone release its interrupt line, which another instance may
    /// share.
    pub(crate) fn silence(&self) {
        let state = self.state.lock();

        if self.layout == Layout::T8110 && u32::from(self.io.read(t8110::ERROR_MASK)) != u32::MAX {
            self.mask_faults(true);
        }
        self.acknowledge(&state);
    }

    /// T8110: sets whether faults raise the interrupt line.
    fn mask_faults(&self, masked: bool) {
        if self.layout == Layout::T8110 {
            let codes = if masked { u32::MAX } else { 0 };

            self.io
                .write(t8110::ERROR_MASK, t8110::ERROR_MASK::from(codes));
        }
    }

    /// Writes all registers. If the TLB does not answer, translated streams are denied until it
    /// does.
    fn configure(&self, state: &mut State) -> Result {
        let count = self.count(state);

        for id in 0..count {
            self.write_tcr(id, 0);
        }
        for (id, entry) in state.entries.iter_mut().enumerate() {
            entry.ttbr = entry.path.ttbr;
            for (index, ttbr) in entry.ttbr.iter().enumerate() {
                self.write_ttbr(id, index, *ttbr);
            }
        }
        // TCR controls each stream, so ENABLE, which is checked before it, allows all of them.
        match self.layout {
            Layout::T8020 => self.io.write(
                t8020::ENABLE,
                t8020::ENABLE::from(Streams::below(count).register(0)),
            ),
            Layout::Usb4 => {
                for word in 0..2 {
                    self.io.write(
                        t8020::ENABLE_WIDE::at(word),
                        t8020::ENABLE_WIDE::from(u32::MAX),
                    );
                }
            }
            Layout::T8110 => {
                let streams = Streams::below(count);
                for word in 0..usize::from(count).div_ceil(32) {
                    if let Some(at) = t8110::ENABLE::try_at(word) {
                        self.io
                            .write(at, t8110::ENABLE::from(streams.register(word)));
                    }
                }
            }
        }
        self.acknowledge(state);
        self.mask_faults(false);
        state.selected = None;
        let result = self.invalidate(state, &Streams::below(count));
        for id in 0..count {
            let tcr = state.tcr(id);

            if result.is_err() && self.translates(tcr) {
                state.stale.insert(id);
            } else {
                state.stale.remove(id);
                if tcr != 0 {
                    self.allow(state, id, tcr);
                }
            }
        }
        result
    }

    /// Writes all registers again at the end of system sleep.
    pub(crate) fn restore(&self) -> Result {
        let mut state = self.state.lock();
        if !state.ready {
            return Ok(());
        }
        state.powered = true;
        if self.is_locked() {
            return Err(EPERM);
        }
        self.configure(&mut state)
    }

    /// Denies all streams for good, and releases the interrupt line. All tables may be freed
    /// afterwards.
    pub(crate) fn shut(&self) {
        let mut state = self.state.lock();
        state.shut = true;
        if !state.powered || !state.ready {
            return;
        }
        for id in 0..self.count(&state) {
            self.write_tcr(id, 0);
        }
        for (id, entry) in state.entries.iter_mut().enumerate() {
            self.set_ttbrs(id, entry, &Path::BLOCKED);
            entry.path = Path::BLOCKED;
        }
        self.mask_faults(true);
        self.acknowledge(&state);
        let all = Streams::below(self.count(&state));
        let _ = self.invalidate(&mut state, &all);
    }

    fn count(&self, state: &State) -> u16 {
        state.entries.len() as u16
    }

    /// Returns the path through the tables at `ttbrs`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the registers cannot express them.
    pub(crate) fn paging(&self, ttbrs: &[u64], levels: u32) -> Result<Path> {
        let mut path = Path::BLOCKED;

        for (i, &table) in ttbrs.iter().enumerate() {
            let slot = path.ttbr.get_mut(i).ok_or(EINVAL)?;
            *slot = match self.layout {
                Layout::T8110 if i > 0 => return Err(EINVAL),
                Layout::T8110 => t8110::TTBR::zeroed()
                    .try_with_page(u32::try_from(table >> 14)?)?
                    .with_valid(true)
                    .into(),
                _ => t8020::TTBR::zeroed()
                    .try_with_page(u32::try_from(table >> 12)?)?
                    .with_valid(true)
                    .into(),
            };
        }
        path.tcr = match self.layout {
            Layout::T8110 => t8110::TCR::zeroed()
                .with_translate(true)
                .with_four_levels(levels == 4)
                .into(),
            _ if levels == 4 => return Err(EINVAL),
            _ => t8020::TCR::zeroed().with_translate(true).into(),
        };
        Ok(path)
    }

    /// Returns the path of streams that are not translated.
    pub(crate) fn identity(&self) -> Path {
        let tcr = match self.layout {
            Layout::T8110 => t8110::TCR::zeroed()
                .with_bypass(true)
                .with_bypass_filter(true)
                .into(),
            _ => t8020::TCR::zeroed()
                .with_bypass(true)
                .with_bypass_filter(true)
                .into(),
        };
        Path {
            tcr,
            ..Path::BLOCKED
        }
    }

    /// Prepares the block to let `streams` through `path`. Translated streams are denied until
    /// then. The record of their paths does not change: [`Self::commit`] or [`Self::roll_back`] is
    /// called next.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if the block does not invalidate its TLB, `ENODEV` without power and after
    /// [`Self::shut`].
    pub(crate) fn prepare(&self, streams: &Streams, path: &Path) -> Result {
        self.ready(&mut self.state.lock(), streams, path)
    }

    /// Lets `streams` through `path`, for which they were prepared.
    pub(crate) fn commit(&self, streams: &Streams, path: &Path) {
        self.pass(&mut self.state.lock(), streams, path);
    }

    /// As [`Self::prepare`], and [`Self::commit`] if that succeeds.
    pub(crate) fn switch(&self, streams: &Streams, path: &Path) -> Result {
        let mut state = self.state.lock();

        self.ready(&mut state, streams, path)?;
        self.pass(&mut state, streams, path);
        Ok(())
    }

    /// As [`Self::prepare`], and [`Self::commit`] even if that fails: for a path without tables.
    pub(crate) fn force(&self, streams: &Streams, path: &Path) -> Result {
        let mut state = self.state.lock();
        let result = self.ready(&mut state, streams, path);

        self.pass(&mut state, streams, path);
        result
    }

    fn ready(&self, state: &mut State, streams: &Streams, path: &Path) -> Result {
        if !state.powered || state.shut {
            return Err(ENODEV);
        }
        let mut changing = Streams::NONE;
        for id in streams.iter() {
            let index = usize::from(id);
            let Some(entry) = state.entries.get_mut(index) else {
                continue;
            };
            if entry.path == *path && !state.stale.contains(id) {
                continue;
            }
            changing.insert(id);
            let tcr = entry.path.tcr;
            // An untranslated stream may pass until the new tables are in force.
            if self.translates(tcr) || (tcr != 0 && path.tcr == 0) {
                self.write_tcr(id, 0);
            }
            self.set_ttbrs(index, entry, path);
        }
        if changing.is_empty() {
            return Ok(());
        }
        state.changing.insert_all(&changing);
        self.invalidate(state, &changing)?;
        state.stale.remove_all(&changing);
        Ok(())
    }

    fn pass(&self, state: &mut State, streams: &Streams, path: &Path) {
        for id in streams.iter() {
            if let Some(entry) = state.entries.get_mut(usize::from(id)) {
                entry.path = *path;
            }
            if state.changing.contains(id) {
                state.changing.remove(id);
                // The stream was not translated since it was prepared, so nothing of this path is
                // cached.
                state.stale.remove(id);
                if state.powered && path.tcr != 0 {
                    self.allow(state, id, path.tcr);
                }
            }
        }
    }

    /// Restores the paths that `streams` had before they were prepared.
    ///
    /// Nothing is cached of the path for which they were prepared, because they were not translated
    /// in between.
    pub(crate) fn roll_back(&self, streams: &Streams) {
        let mut state = self.state.lock();

        for id in streams.iter() {
            if !state.changing.contains(id) {
                continue;
            }
            state.changing.remove(id);
            if !state.powered {
                continue;
            }
            let tcr = state.tcr(id);
            if let Some(entry) = state.entries.get_mut(usize::from(id)) {
                let path = entry.path;
                self.set_ttbrs(usize::from(id), entry, &path);
            }
            // A stream that is not translated does not use cached entries.
            if !self.translates(tcr) {
                state.stale.remove(id);
            }
            if !state.stale.contains(id) {
                self.allow(&state, id, tcr);
            }
        }
    }

    /// Invalidates everything that is cached of `streams`.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT`. The streams are denied then, until a later call for them succeeds: the block
    /// may still have entries for memory that is freed now, but no access can use them.
    // Every transfer calls this. Most find the registers as the last call has left them.
    #[inline(always)]
    pub(crate) fn flush(&self, mut hold: Hold<'_>, streams: &[AtomicU64; WORDS]) -> Result {
        let state = self.state.get(&mut hold);

        // Except for T8110, blocks have no more streams than are in the first word.
        let first = streams[0].load(Relaxed);
        if self.layout == Layout::T8110 || !state.is_set(first) {
            return self.flush_any(state, &Streams::load(streams));
        }
        self.start();
        if self.io.read(t8020::COMMAND).busy() {
            return self.flush_late(state, first);
        }
        Ok(())
    }

    #[inline(never)]
    fn flush_any(&self, state: &mut State, streams: &Streams) -> Result {
        if !state.powered || streams.is_empty() {
            return Ok(());
        }
        let result = self.invalidate(state, streams);
        self.conclude(state, streams, result)
    }

    /// Ends [`Self::flush`] for a command that has been started, for the streams in the `first`
    /// word.
    #[inline(never)]
    fn flush_late(&self, state: &mut State, first: u64) -> Result {
        let result = self.wait();
        state.busy = result.is_err();
        self.conclude(state, &Streams::in_first(first), result)
    }

    /// Denies `streams` if their invalidation failed. If it succeeded, allows those again that were
    /// denied because of an earlier failure.
    fn conclude(&self, state: &mut State, streams: &Streams, result: Result) -> Result {
        if result.is_ok() && state.stale.is_empty() {
            return result;
        }

        for id in streams.iter() {
            if result.is_err() {
                self.write_tcr(id, 0);
                state.stale.insert(id);
            } else if state.stale.contains(id) {
                state.stale.remove(id);
                if state.changing.contains(id) {
                    continue;
                }
                self.allow(state, id, state.tcr(id));
            }
        }
        result
    }

    /// Allows stream `id` by writing `tcr`, except after [`Self::shut`].
    fn allow(&self, state: &State, id: u16, tcr: u32) {
        if !state.shut {
            self.write_tcr(id, tcr);
        }
    }

    /// Whether to log that the TLB does not answer: once each time it stops answering.
    pub(crate) fn has_to_log(&self, mut hold: Hold<'_>) -> bool {
        self.state.get(&mut hold).has_to_log()
    }

    /// As [`Self::has_to_log`], for callers without the lock.
    pub(crate) fn has_to_log_unlocked(&self) -> bool {
        self.state.lock().has_to_log()
    }

    /// Invalidates everything that is cached.
    pub(crate) fn flush_all(&self) -> Result {
        let mut state = self.state.lock();
        if !state.powered {
            return Err(ENODEV);
        }
        let all = Streams::below(self.count(&state));
        self.invalidate(&mut state, &all)
    }

    fn write_tcr(&self, id: u16, tcr: u32) {
        let id = usize::from(id);
        match self.layout {
            Layout::T8110 => {
                if let Some(at) = t8110::TCR::try_at(id) {
                    self.io.write(at, t8110::TCR::from(tcr));
                }
            }
            _ => {
                if let Some(at) = t8020::TCR::try_at(id) {
                    self.io.write(at, t8020::TCR::from(tcr));
                }
            }
        }
    }

    fn read_tcr(&self, id: u16) -> u32 {
        let id = usize::from(id);
        match self.layout {
            Layout::T8110 => t8110::TCR::try_at(id).map_or(0, |at| self.io.read(at).into()),
            _ => t8020::TCR::try_at(id).map_or(0, |at| self.io.read(at).into()),
        }
    }

    /// Returns the first TTBR of stream `id`.
    fn read_ttbr(&self, id: u16) -> u32 {
        let id = usize::from(id);
        match self.layout {
            Layout::T8110 => t8110::TTBR::try_at(id).map_or(0, |at| self.io.read(at).into()),
            Layout::T8020 => {
                t8020::TTBR::try_at(MAX_TTBRS * id).map_or(0, |at| self.io.read(at).into())
            }
            Layout::Usb4 => {
                t8020::TTBR_WIDE::try_at(MAX_TTBRS * id).map_or(0, |at| self.io.read(at).into())
            }
        }
    }

    /// Makes the TTBRs of stream `id` those of `path`.
    fn set_ttbrs(&self, id: usize, entry: &mut Entry, path: &Path) {
        for index in 0..MAX_TTBRS {
            let wanted = path.ttbr[index];

            if entry.ttbr[index] != wanted {
                self.write_ttbr(id, index, wanted);
                entry.ttbr[index] = wanted;
            }
        }
    }

    /// Writes a TTBR of stream `id`; T8110 has one.
    fn write_ttbr(&self, id: usize, index: usize, ttbr: u32) {
        match self.layout {
            Layout::T8110 => {
                if let Some(at) = t8110::TTBR::try_at(id).filter(|_| index == 0) {
                    self.io.write(at, t8110::TTBR::from(ttbr));
                }
            }
            Layout::T8020 => {
                if let Some(at) = t8020::TTBR::try_at(MAX_TTBRS * id + index) {
                    self.io.write(at, t8020::TTBR::from(ttbr));
                }
            }
            Layout::Usb4 => {
                if let Some(at) = t8020::TTBR_WIDE::try_at(MAX_TTBRS * id + index) {
                    self.io.write(at, t8020::TTBR_WIDE::from(ttbr));
                }
            }
        }
    }

    fn translates(&self, tcr: u32) -> bool {
        match self.layout {
            Layout::T8110 => t8110::TCR::from(tcr).translate(),
            _ => t8020::TCR::from(tcr).translate(),
        }
    }

    /// Invalidates everything that is cached of `streams`, with as few commands as possible that
    /// spare the entries of other streams.
    fn invalidate(&self, state: &mut State, streams: &Streams) -> Result {
        if state.busy {
            // The hardware ignores a command while another one is running.
            self.wait()?;
            state.busy = false;
        }
        let result = match self.layout {
            Layout::T8110 => self.invalidate_t8110(state, streams),
            _ => self.invalidate_t8020(state, streams),
        };
        state.busy = result.is_err();
        state.logged &= state.busy;
        result
    }

    fn invalidate_t8020(&self, state: &mut State, streams: &Streams) -> Result {
        let select = streams.words()[0];

        if state.selected != Some(select) {
            let words = if self.layout == Layout::Usb4 { 2 } else { 1 };
            for word in 0..words {
                let streams = t8020::SELECT::from(streams.register(word));
                self.io.write(t8020::SELECT::at(word), streams);
            }
            state.selected = Some(select);
        }
        self.start();
        self.wait()
    }

    /// Starts invalidating the selected streams.
    #[inline(always)]
    fn start(&self) {
        self.io
            .write_reg(t8020::COMMAND::zeroed().with_const_invalidate::<1>());
    }

    fn invalidate_t8110(&self, state: &State, streams: &Streams) -> Result {
        // One command for all streams, if no other stream can have cached entries.
        let others = |id| !streams.contains(id) && self.translates(state.tcr(id));
        if streams.len() > 1 && !(0..self.count(state)).any(others) {
            self.io
                .write_reg(t8110::TLB_COMMAND::zeroed().with_const_op::<OP_ALL>());
            return self.wait();
        }
        for id in streams.iter() {
            self.io.write_reg(
                t8110::TLB_COMMAND::zeroed()
                    .with_const_op::<OP_STREAM>()
                    .try_with_stream(u32::from(id))?,
            );
            self.wait()?;
        }
        Ok(())
    }

    /// Waits until a command is done.
    fn wait(&self) -> Result {
        let busy = || match self.layout {
            Layout::T8110 => self.io.read(t8110::TLB_COMMAND).busy(),
            _ => self.io.read(t8020::COMMAND).busy(),
        };
        read_poll_timeout_atomic(|| Ok(busy()), |busy| !*busy, POLL_DELAY, POLL_RETRIES).map(|_| ())
    }

    /// Reads the latched fault and acknowledges it, so that the next one can be latched.
    fn acknowledge(&self, state: &State) -> Option<Fault> {
        let mut fault = self.acknowledge_raw(state)?;

        if let Some(window) = &state.window {
            fault.iova = window.outside(fault.iova);
        }
        Some(fault)
    }

    fn acknowledge_raw(&self, state: &State) -> Option<Fault> {
        match self.layout {
            Layout::T8110 => {
                let error = self.io.read(t8110::ERROR);
                if !error.flag() {
                    return None;
                }
                let low = self.io.read(t8110::ERROR_ADDR_LOW).address().get();
                let high = self.io.read(t8110::ERROR_ADDR_HIGH).address().get();

                self.io.write(t8110::ERROR, error);
                for word in 0..state.entries.len().div_ceil(32) {
                    if let Some(at) = t8110::ERROR_STREAMS::try_at(word) {
                        self.io.write(at, t8110::ERROR_STREAMS::from(u32::MAX));
                    }
                }
                // T8110 has added NO_PGD above NO_TTBR: all other bits moved up.
                let code = error.code().get();
                let (pgd, code) = (code & 2 != 0, code & 1 | (code >> 1) & !1);
                Some(fault(
                    error.stream().get() as u16,
                    u64::from(high) << 32 | u64::from(low),
                    error.write() || code & code::WRITE != 0,
                    if pgd { code::NO_PMD } else { code },
                ))
            }
            _ => {
                let error = self.io.read(t8020::ERROR);
                if !error.flag() {
                    return None;
                }
                let low = self.io.read(t8020::ERROR_ADDR_LOW).address().get();
                let high = self.io.read(t8020::ERROR_ADDR_HIGH).address().get();

                self.io.write(t8020::ERROR, error);
                Some(fault(
                    error.stream().get() as u16,
                    u64::from(high) << 32 | u64::from(low),
                    error.write() || error.code().get() & code::WRITE != 0,
                    error.code().get(),
                ))
            }
        }
    }

    /// Handles the interrupt, which the instances of one device may share.
    pub(crate) fn interrupt(&self, mut report: impl FnMut(&Fault)) -> IrqReturn {
        let fault = {
            let state = self.state.lock();
            if !state.powered || !state.ready {
                return IrqReturn::None;
            }
            self.acknowledge(&state)
        };
        match fault {
            Some(fault) => {
                report(&fault);
                IrqReturn::Handled
            }
            None => IrqReturn::None,
        }
    }

    /// Prints TCR and the first TTBR of streams that are not denied.
    pub(crate) fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        if !state.powered || !state.ready {
            return f.write_str("without power\n");
        }
        for id in 0..self.count(&state) {
            let (tcr, ttbr) = (self.read_tcr(id), self.read_ttbr(id));

            if tcr != 0 || ttbr != 0 {
                writeln!(f, "stream {id}: TCR {tcr:#010x} TTBR {ttbr:#010x}")?;
            }
        }
        Ok(())
    }
}

fn fault(stream: u16, iova: u64, write: bool, bits: u32) -> Fault {
    let cause = [
        (code::NO_TTBR, "no table for the stream"),
        (code::NO_PMD, "no table for the address"),
        (code::NO_PTE, "page not mapped"),
        (code::WRITE, "page not writable"),
        (code::READ, "page not readable"),
    ]
    .into_iter()
    .find(|(code, _)| bits & code != 0)
    .map_or("refused by the hardware", |(_, cause)| cause);

    Fault {
        stream,
        iova,
        access: if write { Access::Write } else { Access::Read },
        cause,
    }
}
