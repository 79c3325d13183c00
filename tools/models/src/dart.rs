// SPDX-License-Identifier: GPL-2.0

//! DART, the IOMMU of Apple SoCs, in the four variants that have a compatible.
//!
//! One [`Dart`] is one instance, built into its SoC as [`Config`] says. A board connects its power
//! domain ([`Dart::set_power`]), its clock gate ([`Dart::set_clock`]), its registers
//! ([`Dart::mmio_read`], [`Dart::mmio_write`]), its interrupt line ([`Dart::irq`], a level) and its
//! streams ([`Dart::access`], or whole bursts by [`Dart::read`] and [`Dart::write`]). A master may
//! have several streams, and streams of several instances.
//!
//! # What is modelled
//!
//! - The path of an access: power, clock, enable bit, remap, TCR, the filter as far as it is known,
//!   TLB, segment and context cache, walk, permission, range within the page.
//! - Pages of 4 and 16 KiB, tables of two levels below a TTBR or of three, inputs of 32 to 42 bits,
//!   both formats of entries.
//! - Caches by stream that keep all entries, also invalid ones, until a command drops them or
//!   the cache is full. Fills are lines of eight page entries, which is the line size
//!   that the registers of T8110 report for its TLB.
//! - Invalidation by selected streams (T8020), by stream, as a whole and by range (T8110): at once,
//!   after a time, or never ([`Knobs`]).
//! - The error word, how it is cleared and which bits it keeps, and the interrupt line.
//! - Locks, and registers that firmware only tunes.
//!
//! # Assumptions
//!
//! Where documents allow several readings, the model has the one that is strictest for a driver,
//! unless noted otherwise. A knob, if there is one, selects the other reading.
//!
//! - After power-on no stream is enabled, TCR and TTBRs are 0, and on T8110 all faults are masked
//!   until the error mask is written.
//! - Without power or clock the bus reports an error: reads return all ones, masters get
//!   [`Denied::Bus`](crate::Denied::Bus). Loss of power loses registers and caches.
//! - A stream that is not enabled, or with neither translation nor bypass, is blocked without a
//!   fault. With both it is bypassed ([`Knobs::both`]).
//! - The filter (DAPF) has no entries here. It passes translated accesses and no bypassed ones, so
//!   bypass also needs the filter's bypass ([`Knobs::filter_closed`]). It refuses addresses that
//!   are wider than the input, or beyond the reach of the tables ([`Knobs::wide`]). If it is
//!   bypassed, their upper bits are ignored.
//! - Writing TCR or TTBR drops nothing from the caches. A walk looks in the caches before it uses
//!   TTBR.
//! - A command takes effect when its busy bit is read as 0. Writes to the command register, to the
//!   selection or to the range while a command is busy are lost. A command that selects nothing
//!   drops nothing.
//! - Of the sets that a T8020 command can name, only the first exists.
//! - A fault is kept until it is cleared ([`Knobs::latch`]). Clearing clears the flag and the codes
//!   that are written as 1; stream and direction stay ([`Knobs::leftovers`]). The line stays up
//!   until flag and codes are cleared ([`Knobs::line_by_flag`]).
//! - The error word of T8020 has four bits for the stream, even with 64 streams.
//! - A lock covers TCR and TTBRs, on T8020 also the register with the lock, and nothing else.
//! - A remap is followed once. Entries are cached for its target ([`Knobs::cache_by_source`]). The
//!   enable bit is that of the original stream, which a fault also reports.
//! - Units of a range have 4 bytes, even with 4 KiB pages.
//! - Accesses beyond a range are reported by bit 7 (T8020) or bit 29 (T8110), failed reads of a table
//!   by bit 6 or 7.
//! - USB4: streams 0 to 31 are enabled at 0xf8, the others at 0xfc ([`Knobs::enable_at_fc`]).
//!
//! # Misuse
//!
//! Misuse by a driver is counted by kind in [`Counters`], and has the worst effect that it might
//! have in hardware. [`Counters::errors`] is the sum.

mod caches;
mod command;
mod counters;
mod datapath;
mod faults;
mod format;
mod knobs;
mod mmio;
mod refetch;
mod regs;
mod stream;
mod variant;
mod walk;

pub use caches::Level;
pub use counters::Counters;
pub use knobs::{
    Both,
    Knobs,
    Latch,
    Wide, //
};
pub use variant::{
    Bypass,
    Config,
    Variant, //
};

use caches::Caches;
use command::Op;
use faults::Faults;
use format::Entries;
use regs::Regs;
use stream::Streams;

use crate::{
    command::{
        Command,
        Pace, //
    },
    kind::kinds,
    log, //
};

/// The most streams that an instance can have, each with its own address space.
const SPACES: usize = 256;

kinds! {
    /// Why an access passed at PA = IOVA.
    pub enum Pass {
        /// TCR has bypass.
        Bypass => "bypass",
        /// TCR has bypass and translation.
        Both => "both",
    }
}

kinds! {
    /// Why an access was blocked without a fault.
    pub enum Block {
        /// There was no power.
        Unpowered => "unpowered",
        /// The clock was off.
        Gated => "gated",
        /// A command was busy, see [`Knobs::block_while_busy`].
        Busy => "busy",
        /// The stream was not enabled.
        Disabled => "disabled",
        /// TCR has neither translation nor bypass.
        Off => "off",
    }
}

kinds! {
    /// Why an access faulted.
    pub enum Fault {
        /// The TTBR is not valid.
        NoTtbr => "no-ttbr",
        /// With three levels below the TTBR, no valid entry in the first one.
        NoPgd => "no-pgd",
        /// No valid entry in the level before the last one.
        NoPmd => "no-pmd",
        /// No valid entry for the page.
        NoPte => "no-pte",
        /// The page is not writable.
        Write => "write",
        /// The page is not readable.
        Read => "read",
        /// The access is beyond the range of the page.
        SubPage => "sub-page",
        /// The filter refused the address.
        Filter => "filter",
        /// A table could not be read.
        Axi => "axi",
    }
}

/// The result of an access. The table is the one that the TTBR points to.
pub type How = log::How<Pass, Block, Fault>;
/// One access of a stream, which is its `master`.
pub type Access = log::Access<Pass, Block, Fault>;
/// The last accesses and register writes, and counts since the last mark.
pub type Log = log::Log<Pass, Block, Fault, SPACES>;

/// One instance.
///
/// It has about 390 KiB, so it should be a `static`.
pub struct Dart {
    /// Settings that a test may change.
    pub knobs: Knobs,
    /// Event counters.
    pub counters: Counters,
    /// The last accesses of masters and register writes.
    pub log: Log,
    config: Config,
    entries: Entries,
    power: bool,
    clock: bool,
    regs: Regs,
    streams: Streams,
    faults: Faults,
    command: Command<Op>,
    pace: Pace,
    caches: Caches,
}

impl Dart {
    /// An instance without power and with its clock off.
    pub const fn new(config: Config) -> Self {
        let knobs = Knobs::new();

        Self {
            regs: Regs::new(&config, &knobs),
            streams: Streams::new(),
            knobs,
            counters: Counters::new(),
            log: Log::new(),
            entries: Entries::new(&config),
            config,
            power: false,
            clock: false,
            faults: Faults::new(),
            command: Command::new(),
            pace: Pace::new(),
            caches: Caches::new(),
        }
    }

    /// The version of the hardware.
    pub const fn variant(&self) -> Variant {
        self.config.variant
    }

    /// Number of streams.
    pub const fn streams(&self) -> u32 {
        self.config.streams
    }

    /// Bytes of a page.
    pub const fn page(&self) -> u64 {
        self.config.page()
    }

    /// Switches the power domain. Without power, registers cannot be reached and all accesses fail;
    /// registers and caches lose their contents.
    pub fn set_power(&mut self, on: bool) {
        if !on && !self.knobs.retain {
            self.reset();
        }
        self.power = on;
    }

    /// Sets the clock gate. With the clock off, registers cannot be reached and all accesses fail;
    /// registers and caches keep their contents.
    pub fn set_clock(&mut self, on: bool) {
        self.clock = on;
    }

    /// Restores the state after power-on; power and clock are unchanged.
    pub fn reset(&mut self) {
        self.regs = Regs::new(&self.config, &self.knobs);
        self.streams.reset();
        self.faults = Faults::new();
        self.command = Command::new();
        self.caches.clear();
    }

    /// Level of the interrupt line.
    pub fn irq(&self) -> bool {
        let layout = self.config.variant.layout();

        self.power && self.faults.line(layout, &self.knobs)
    }

    /// The word that a cache holds for `iova`, valid or not.
    pub fn cached(&self, level: Level, stream: u32, iova: u64) -> Option<u64> {
        let entry = self.caches.get(level, stream, self.tag(level, iova));

        entry.map(|entry| entry.word)
    }
}
