// SPDX-License-Identifier: GPL-2.0

//! The registers, and the driver's record of their contents.
//!
//! Everything here may run in any context, under the lock of the instance. Commands take several
//! register accesses; the lock orders them, and the changes of the streams' paths.
//!
//! A stream whose TCR is 0 is denied, silently. So a change of tables first denies a stream that is
//! translated, then writes its tables and invalidates what is cached of it, and then writes its new
//! TCR: no access goes through a mixture of old and new. A stream leaves its tables by one write of
//! its TCR. What is cached of it is invalidated after that, so that the block has finished walks of
//! the tables when they are freed. A register that has the right value already is not written
//! again. A stream that is on the new path already, because of another master of its group, is not
//! interrupted.
//!
//! - [`commands`]: invalidation of the TLB.
//! - [`paths`]: changes of the streams' paths.
//! - [`crate::hal`]: the registers of each kind of block.

use iommu::{
    pgtable::Config,
    prelude::*, //
};
use kernel::{
    io::Io,
    prelude::*, //
};

use crate::{
    hal::Hal,
    regs::{
        PARAMS1,
        PARAMS2, //
    },
    streams::Streams,
    variant::{
        Params,
        Variant,
        INPUT_WIDTH,
        MAX_TTBRS, //
    },
    window::Window,
};

mod commands;
mod paths;

pub(crate) use paths::Path;

/// Bytes of the register region, at least.
const REGS_SIZE: usize = 0x4000;

/// The registers of a block.
pub(crate) type Block = Registers<REGS_SIZE>;

/// The driver's record of a stream.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    path: Path,
    /// The contents of its TTBRs: those of `path`, if that has tables, except during a change.
    ttbr: [u32; MAX_TTBRS],
}

atomic_safe!(Entry { path, ttbr });

impl Entry {
    const BLOCKED: Self = Self {
        path: Path::BLOCKED,
        ttbr: Path::BLOCKED.ttbr,
    };

    /// Makes the TTBRs of this stream, whose number is `id`, those of `path`.
    fn set_ttbrs(&mut self, hal: &dyn Hal, io: &Block, id: usize, path: &Path) {
        for (index, (ttbr, wanted)) in self.ttbr.iter_mut().zip(path.ttbr).enumerate() {
            if *ttbr != wanted {
                hal.write_ttbr(io, id, index, wanted);
                *ttbr = wanted;
            }
        }
    }
}

/// The register block of one instance, and the record of its contents.
pub(crate) struct Engine {
    io: Block,
    hal: &'static dyn Hal,
    /// A command is for the streams that were selected before.
    selects: bool,
    /// Registers can be accessed.
    powered: bool,
    /// The parameters of the block, once it was found fit and the driver uses it.
    params: Option<Params>,
    /// The driver or the machine shuts down: no stream that is denied is allowed again.
    shut: bool,
    /// The streams of the block.
    entries: KVec<Entry>,
    /// The contents of SELECT, one bit for each stream, if known.
    selected: Option<u64>,
    /// A command timed out.
    busy: bool,
    /// The TLB may have entries of these streams for unmapped pages: they are denied until these
    /// have been invalidated.
    stale: Streams,
    /// The streams between [`Engine::prepare`] and [`Engine::commit`] or [`Engine::roll_back`]. No
    /// other function allows them.
    changing: Streams,
    /// The log has a line about the command that timed out. Cleared when a command succeeds.
    logged: bool,
}

atomic_safe! {
    Engine { io, hal, selects, powered, params, shut, entries, selected, busy, stale,
    changing, logged }
}

impl Engine {
    /// Makes the engine for registers at `io`, without power. `entries` has room for the maximum
    /// number of streams.
    pub(crate) fn new(
        io: Registers<REGS_SIZE>,
        hal: &'static dyn Hal,
        entries: KVec<Entry>,
    ) -> Self {
        Self {
            io,
            hal,
            selects: hal.select_words() != 0,
            powered: false,
            params: None,
            shut: false,
            entries,
            selected: None,
            busy: false,
            stale: Streams::NONE,
            changing: Streams::NONE,
            logged: false,
        }
    }

    /// Sets whether registers can be accessed from now on.
    pub(crate) fn set_powered(&mut self, powered: bool) {
        self.powered = powered;
        self.selected = None;
    }

    /// Returns the parameters of a block that the driver uses.
    pub(crate) fn params(&self) -> Result<Params> {
        self.params.ok_or(ENODEV)
    }

    /// Reads the parameters that the block reports. Power is on.
    pub(crate) fn read_params(&self, variant: &Variant) -> Params {
        let mut table = Config {
            page_size: 1 << self.io.read(PARAMS1).page_shift().get(),
            ias: INPUT_WIDTH,
            oas: variant.output_width,
        };
        let mut streams = variant.streams;

        self.hal.read_params(&self.io, &mut table, &mut streams);
        Params {
            table,
            window: Window::whole(&table),
            streams,
            bypass: variant.bypass && self.io.read(PARAMS2).bypass(),
        }
    }

    /// Sets the addresses that masters use, and to which those of faults are converted.
    pub(crate) fn set_window(&mut self, window: Window) {
        if let Some(params) = &mut self.params {
            params.window = window;
        }
    }

    /// Whether TCR and TTBR are locked.
    pub(crate) fn is_locked(&self) -> bool {
        self.hal.is_locked(&self.io)
    }

    /// Starts to use a block that was found fit: denies all of its streams.
    ///
    /// # Errors
    ///
    /// `EINVAL` for too many streams, `EIO` if the registers do not hold the values that are
    /// written to them, `ETIMEDOUT` if the TLB does not answer.
    pub(crate) fn take(&mut self, params: &Params) -> Result {
        for _ in 0..params.streams {
            self.entries
                .push_within_capacity(Entry::BLOCKED)
                .map_err(|_| EINVAL)?;
        }
        self.deny_all();
        if !self.holds(params.streams) {
            return Err(EIO);
        }
        self.params = Some(*params);
        self.configure()
    }

    /// Whether TCRs are 0, and the first TTBR, with which no stream is translated now, holds the
    /// value that is written to it. Registers do neither in a block without its clock, or at an
    /// address of another device.
    fn holds(&self, streams: u16) -> bool {
        // Bits of an address, without the valid bit.
        const PATTERN: u32 = 0x00a5_a5a4;

        self.hal.write_ttbr(&self.io, 0, 0, PATTERN);
        let held = self.hal.read_ttbr(&self.io, 0) == PATTERN;
        self.hal.write_ttbr(&self.io, 0, 0, 0);
        held && self.hal.read_ttbr(&self.io, 0) == 0
            && (0..streams).all(|id| self.hal.read_tcr(&self.io, id) == 0)
    }

    /// Makes a block that is left alone release its interrupt line, which another instance may
    /// share.
    pub(crate) fn silence(&self) {
        self.hal.mask_faults(&self.io, true);
        self.acknowledge();
    }

    /// Writes all registers. If the TLB does not answer, translated streams are denied until it
    /// does.
    fn configure(&mut self) -> Result {
        let count = self.count();

        self.deny_all();
        for (id, entry) in self.entries.iter_mut().enumerate() {
            entry.ttbr = entry.path.ttbr;
            for (index, ttbr) in entry.ttbr.iter().enumerate() {
                self.hal.write_ttbr(&self.io, id, index, *ttbr);
            }
        }
        // TCR controls each stream, so ENABLE, which is checked before it, allows all of them.
        self.hal.enable(&self.io, count);
        self.acknowledge();
        self.hal.mask_faults(&self.io, false);
        self.selected = None;
        let result = self.invalidate(&self.all());
        for id in 0..count {
            let tcr = self.tcr(id);

            if result.is_err() && self.hal.translates(tcr) {
                self.stale.insert(id);
            } else {
                self.stale.remove(id);
                if tcr != 0 && !self.changing.contains(id) {
                    self.set_tcr(id, tcr);
                }
            }
        }
        result
    }

    /// Writes all registers again at the end of system sleep.
    pub(crate) fn restore(&mut self) -> Result {
        if self.params.is_none() {
            return Ok(());
        }
        self.powered = true;
        if self.is_locked() {
            return Err(EPERM);
        }
        self.configure()
    }

    /// Denies all streams for good, and releases the interrupt line. All tables may be freed
    /// afterwards.
    pub(crate) fn shut(&mut self) {
        self.shut = true;
        if !self.is_usable() {
            return;
        }
        self.deny_all();
        for (id, entry) in self.entries.iter_mut().enumerate() {
            entry.set_ttbrs(self.hal, &self.io, id, &Path::BLOCKED);
            entry.path = Path::BLOCKED;
        }
        self.hal.mask_faults(&self.io, true);
        self.acknowledge();
        let _ = self.invalidate(&self.all());
    }

    /// Whether the driver uses the block, and registers can be accessed.
    fn is_usable(&self) -> bool {
        self.powered && self.params.is_some()
    }

    fn deny_all(&self) {
        (0..self.count()).for_each(|id| self.hal.write_tcr(&self.io, id, 0));
    }

    fn all(&self) -> Streams {
        Streams::below(self.count())
    }

    fn count(&self) -> u16 {
        self.entries.len() as u16
    }

    /// Returns the recorded TCR of stream `id`.
    fn tcr(&self, id: u16) -> u32 {
        self.entries
            .get(usize::from(id))
            .map_or(0, |entry| entry.path.tcr)
    }

    /// Writes the TCR of stream `id`, except after [`Self::shut`], when all are 0.
    fn set_tcr(&self, id: u16, tcr: u32) {
        if !self.shut {
            self.hal.write_tcr(&self.io, id, tcr);
        }
    }

    /// Reads and acknowledges the latched fault, if the driver uses the block.
    pub(crate) fn latch(&self) -> Option<Fault> {
        if !self.is_usable() {
            return None;
        }
        self.acknowledge()
    }

    /// Reads the latched fault and acknowledges it, so that the next one can be latched.
    fn acknowledge(&self) -> Option<Fault> {
        let mut fault = self.hal.acknowledge(&self.io, self.count())?;

        if let Some(params) = &self.params {
            fault.iova = params.window.outside(fault.iova);
        }
        Some(fault)
    }

    /// Prints TCR and the first TTBR of streams that are not denied.
    pub(crate) fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_usable() {
            return f.write_str("without power\n");
        }
        for id in 0..self.count() {
            let (tcr, ttbr) = (
                self.hal.read_tcr(&self.io, id),
                self.hal.read_ttbr(&self.io, id),
            );

            if tcr != 0 || ttbr != 0 {
                writeln!(f, "stream {id}: TCR {tcr:#010x} TTBR {ttbr:#010x}")?;
            }
        }
        Ok(())
    }
}
