// SPDX-License-Identifier: GPL-2.0

//! The IOMMU of Allwinner H6 and H616 (V10 and V12). The one of D1 (V14), which invalidates
//! directory entries by range, is not modelled: no upstream driver binds to it.
//!
//! One [`Iommu`] is one instance. A board connects its clock gate ([`Iommu::set_clock`]), its reset
//! line ([`Iommu::set_reset`]), its registers ([`Iommu::mmio_read`], [`Iommu::mmio_write`]), its
//! interrupt line ([`Iommu::irq`], a level) and its masters ([`Iommu::access`], or whole bursts by
//! [`Iommu::read`] and [`Iommu::write`]).
//!
//! # What is modelled
//!
//! - The path of an access: gate, reset, ENABLE, BYPASS, the lane, micro TLB, macro TLB, PTW cache,
//!   walk, permission by DM_AUT_CTRL or DM_AUT_OVWT.
//! - Caches that keep all entries, also invalid ones, until a command drops them or the cache
//!   is full; fills of pairs; prefetch for masters with their PREFETCH bit set.
//! - Invalidation by page, mask block, range (H616), MiB of directory, and as a whole, each at
//!   once, after a time, or never ([`Knobs`]).
//! - Faults with their registers, and masters that wait until their fault was handled.
//! - The debug port and the performance counters (no latencies: the model has no time).
//!
//! # Assumptions
//!
//! Where documents allow several readings, the model has the one that is strictest for a driver,
//! unless noted otherwise.
//!
//! - The registers keep the address and data of the first fault of a kind; later ones only add
//!   their master's bit. Status bits are set whether enabled or not; the line is high if a status
//!   bit and its enable bit are set.
//! - A fault in a lane stops it until the status bit of the fault is cleared ([`Stall`]). A master
//!   that finds its lane stopped, or in reset through RESET, gets
//!   [`Denied::Stalled`](crate::Denied::Stalled) and tries again.
//! - A fill does not replace a cached neighbour, stale or not.
//! - An invalidation takes effect when its busy bit is read as 0. One that is started over another
//!   is counted, and the first is completed. If its address or range is written while it is busy,
//!   it drops nothing.
//! - An invalidation with a mask that is not ones from the top down drops nothing.
//! - TLB_IVLD_END is the page after the last one. So start and end cannot name the last page of the
//!   address space.
//! - PC_IVLD drops the named directory entry only, not the other half of its line.
//! - Permission is checked after translation, by the rules at that time ([`Knobs::cached_rules`]).
//!   This is true for DM_AUT_OVWT as well: a denied master still walks and fills caches
//!   ([`Knobs::denied_walks`]).
//! - Prefetch and the debug port report invalid entries only if INT_ENABLE bits 18 to 20 or a knob
//!   enable that. They then set status bit 16 or 17 and bit 31 of L1PG_INT or L2PG_INT.
//! - An entry in table memory that cannot be read counts as invalid and is not cached.
//!
//! # Misuse
//!
//! Misuse by a driver is counted by kind in [`Counters`], and has the worst effect that it might
//! have in hardware. [`Counters::errors`] is the sum.

mod caches;
mod command;
mod counters;
mod datapath;
mod debug;
mod faults;
mod knobs;
mod mmio;
mod pmu;
mod refetch;
mod regs;
mod variant;
mod walk;

pub use counters::Counters;
pub use knobs::{
    Knobs,
    Stall, //
};
pub use variant::Variant;

use caches::Caches;
use command::Commands;
use faults::Faults;
use pmu::Pmu;
use regs::Regs;

use crate::{
    command::Pace,
    kind::kinds,
    log,
    Cause, //
};
use core::convert::Infallible;

/// Masters, and one more for the debug port.
const OWNERS: usize = 8;
/// Owner of the cache entries that were read for the debug port.
const DEBUG: u8 = 7;

kinds! {
    /// Why an access passed at PA = VA.
    pub enum Pass {
        /// The clock was off.
        Gated => "gated",
        /// The reset line, or bit 31 of RESET, held the IOMMU in reset.
        Reset => "reset",
        /// ENABLE was 0.
        Disabled => "disabled",
        /// The master's BYPASS bit was 1.
        Bypass => "bypass",
    }
}

/// The result of an access. This hardware blocks no access without a fault. The table is the
/// directory.
pub type How = log::How<Pass, Infallible, Cause>;
/// One access of a master.
pub type Access = log::Access<Pass, Infallible, Cause>;
/// The last accesses and register writes, and counts since the last mark.
pub type Log = log::Log<Pass, Infallible, Cause, OWNERS>;

/// One of the caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The micro TLB of a master.
    Micro(u32),
    /// The TLB shared by all masters.
    Macro,
    /// The cache of directory entries.
    Ptw,
}

/// One instance.
///
/// It has about 500 KiB, so it should be a `static`.
pub struct Iommu {
    /// Settings that a test may change.
    pub knobs: Knobs,
    /// Event counters.
    pub counters: Counters,
    /// The last accesses of masters and register writes.
    pub log: Log,
    variant: Variant,
    clock: bool,
    in_reset: bool,
    regs: Regs,
    faults: Faults,
    commands: Commands,
    pace: Pace,
    pmu: Pmu,
    caches: Caches,
}

impl Iommu {
    /// An instance in the state after power-on: clock off, reset asserted.
    pub const fn new(variant: Variant) -> Self {
        Self {
            knobs: Knobs::new(variant),
            counters: Counters::new(),
            log: Log::new(),
            variant,
            clock: false,
            in_reset: true,
            regs: Regs::new(variant),
            faults: Faults::new(),
            commands: Commands::new(),
            pace: Pace::new(),
            pmu: Pmu::new(),
            caches: Caches::new(),
        }
    }

    /// The version of the hardware.
    pub const fn variant(&self) -> Variant {
        self.variant
    }

    /// Sets the bus clock gate. With the clock off, registers cannot be reached and accesses of
    /// masters pass at PA = VA; registers and caches keep their contents.
    pub fn set_clock(&mut self, on: bool) {
        self.clock = on;
    }

    /// Sets the reset line. While it is asserted, registers cannot be reached and accesses of
    /// masters pass at PA = VA; registers get their reset values and caches are emptied.
    pub fn set_reset(&mut self, asserted: bool) {
        if asserted {
            self.reset();
        }
        self.in_reset = asserted;
    }

    /// Restores the state after power-on; clock and reset line are unchanged.
    pub fn reset(&mut self) {
        self.regs = Regs::new(self.variant);
        self.faults = Faults::new();
        self.commands = Commands::new();
        self.pmu.clear();
        self.caches.flush(!0, false);
    }

    /// Level of the interrupt line.
    pub fn irq(&self) -> bool {
        self.faults.status & self.regs.int_enable != 0
    }

    /// The word that a cache holds for `va`, valid or not: a page entry, or for
    /// [`Level::Ptw`] a directory entry.
    pub fn cached(&self, level: Level, va: u32) -> Option<u32> {
        let entry = match level {
            Level::Micro(master) => self.caches.micro(master, va >> 12),
            Level::Macro => self.caches.page(va >> 12),
            Level::Ptw => self.caches.directory(va >> 20),
        };

        entry.map(|entry| entry.word)
    }

    /// Mask of the masters whose lanes are stopped by a fault.
    pub fn stalled(&self) -> u32 {
        self.faults.stalled()
    }
}
