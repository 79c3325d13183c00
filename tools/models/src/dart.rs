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
//! - Caches by stream that keep everything until they are told otherwise or another entry needs the
//!   slot, invalid entries included; fills by lines of eight page entries, which is what the TLB of
//!   T8110 says about itself.
//! - Invalidation by selected streams (T8020), by stream, as a whole and by range (T8110): at once,
//!   after a time, or never ([`Knobs`]).
//! - The error word, what clears it and what it keeps, and the interrupt line.
//! - Locks, and registers that are only tuned.
//!
//! # Assumptions
//!
//! Each is the reading that forgives least, unless said otherwise; where there is a knob, it has the
//! other reading.
//!
//! - After power-on no stream is enabled, TCR and TTBRs are 0, and on T8110 no fault is wanted
//!   until the error mask is written.
//! - Without power or clock the bus reports an error: reads give all ones, masters get
//!   [`Denied::Bus`](crate::Denied::Bus). Loss of power loses registers and caches.
//! - A stream that is not enabled, or with neither translation nor bypass, is blocked without a
//!   fault. With both it is bypassed ([`Knobs::both`]).
//! - The filter (DAPF) has no entries here: it lets translated accesses pass and no bypassed one, so
//!   that bypass needs the filter's bypass as well ([`Knobs::filter_closed`]). It refuses addresses
//!   that are wider than the input, or than the tables reach ([`Knobs::wide`]); where it is bypassed
//!   their upper bits are ignored.
//! - Writing TCR or TTBR drops nothing from the caches. A walk asks its caches before TTBR.
//! - A command takes effect when its busy bit is read as 0. What is written to the command register
//!   or selected while one is busy is lost. A command that selects nothing drops nothing.
//! - Of the sets that a T8020 command can name, there is the first.
//! - A fault is kept until it is cleared ([`Knobs::latch`]). Clearing clears the flag and those codes
//!   that are written as 1; stream and direction linger ([`Knobs::leftovers`]). The line is the flag.
//! - The error word of T8020 has four bits for the stream, also where there are 64.
//! - A lock covers TCR and TTBRs, on T8020 the register with the lock too, and nothing else.
//! - A remap is followed once; entries are cached for its target ([`Knobs::cache_by_source`]), and
//!   the enable bit is the original stream's, as is the stream that a fault reports.
//! - Units of a range have 4 bytes also where a page has 4 KiB.
//! - Accesses beyond a range are reported by bit 7 (T8020) or bit 29 (T8110), failed reads of a table
//!   by bit 6 or 7.
//! - USB4: streams 0 to 31 are enabled at 0xf8, the others at 0xfc ([`Knobs::enable_at_fc`]).
//!
//! # Misuse
//!
//! What a driver must not do is counted by kind in [`Counters`] and otherwise has the least helpful
//! effect that the hardware might have. [`Counters::errors`] is the sum.

mod caches;
mod command;
mod counters;
mod datapath;
mod faults;
mod format;
mod knobs;
mod mmio;
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
    command::Command,
    kind::kinds,
    log, //
};

/// As many streams as an instance can have, each with an address space of its own.
const SPACES: usize = 256;

kinds! {
    /// Why an access left at PA = IOVA.
    pub enum Pass {
        /// TCR says bypass.
        Bypass => "bypass",
        /// TCR says bypass and translation.
        Both => "both",
    }
}

kinds! {
    /// Why an access got nowhere without a fault.
    pub enum Block {
        /// There was no power.
        Unpowered => "unpowered",
        /// The clock was off.
        Gated => "gated",
        /// A command was busy, see [`Knobs::block_while_busy`].
        Busy => "busy",
        /// The stream was not enabled.
        Disabled => "disabled",
        /// TCR says neither translation nor bypass.
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
        /// The page must not be written.
        Write => "write",
        /// The page must not be read.
        Read => "read",
        /// The access is beyond the range of the page.
        SubPage => "sub-page",
        /// The filter refused the address.
        Filter => "filter",
        /// A table could not be read.
        Axi => "axi",
    }
}

/// What became of an access. The table is what the TTBR named.
pub type How = log::How<Pass, Block, Fault>;
/// One access of a stream, which is its `master`.
pub type Access = log::Access<Pass, Block, Fault>;
/// The last accesses and register writes, and counts since the last mark.
pub type Log = log::Log<Pass, Block, Fault, SPACES>;

/// One instance.
///
/// About 200 KiB: it belongs into a `static`.
pub struct Dart {
    /// What a test may change.
    pub knobs: Knobs,
    /// What was counted.
    pub counters: Counters,
    /// What masters and software did lately.
    pub log: Log,
    config: Config,
    entries: Entries,
    power: bool,
    clock: bool,
    regs: Regs,
    streams: Streams,
    faults: Faults,
    command: Command<Op>,
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
            caches: Caches::new(),
        }
    }

    /// Which version this is.
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

    /// The power domain. Without power nothing can be reached and no access gets anywhere; registers
    /// and caches lose their contents.
    pub fn set_power(&mut self, on: bool) {
        if !on && !self.knobs.retain {
            self.reset();
        }
        self.power = on;
    }

    /// The clock gate. With the clock off nothing can be reached and no access gets anywhere;
    /// nothing is forgotten.
    pub fn set_clock(&mut self, on: bool) {
        self.clock = on;
    }

    /// Back to the state after power-on; power and clock stay as they are.
    pub fn reset(&mut self) {
        self.regs = Regs::new(&self.config, &self.knobs);
        self.streams.reset();
        self.faults = Faults::new();
        self.command = Command::new();
        self.caches.clear();
    }

    /// Level of the interrupt line.
    pub fn irq(&self) -> bool {
        self.power && self.faults.pending()
    }

    /// The word that a cache holds for `iova`, valid or not.
    pub fn cached(&self, level: Level, stream: u32, iova: u64) -> Option<u64> {
        let entry = self.caches.get(level, stream, self.tag(level, iova));

        entry.map(|entry| entry.word)
    }
}
