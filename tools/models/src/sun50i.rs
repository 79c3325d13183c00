// SPDX-License-Identifier: GPL-2.0

//! The IOMMU of Allwinner H6 and H616 (V10 and V12).
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
//! - Caches that keep everything until they are told otherwise or another entry needs the slot,
//!   invalid entries included; fills by pairs; prefetch for masters with their PREFETCH bit.
//! - Invalidation by page, mask block, range (H616), MiB of directory, and as a whole, each at
//!   once, after a time, or never ([`Knobs`]).
//! - Faults with their registers, and masters that wait until somebody has dealt with theirs.
//! - The debug port and the performance counters (no latencies: the model has no time).
//!
//! # Assumptions
//!
//! Each is the reading that forgives least, unless said otherwise.
//!
//! - A fault keeps the first address and data of its kind; later ones only add their master's bit.
//!   Status bits are set whether enabled or not; the line is status and enable.
//! - A fault in a lane stops it until the status bit of the fault is cleared ([`Stall`]). A master
//!   that finds its lane stopped, or in reset through RESET, gets
//!   [`Denied::Stalled`](crate::Denied::Stalled) and tries again.
//! - A fill that meets a cached neighbour leaves it alone, stale or not.
//! - An invalidation takes effect when its busy bit is read as 0. One that is started over another
//!   is counted, and the first is completed.
//! - An invalidation with a mask that is not ones from the top down drops nothing.
//! - TLB_IVLD_END is the page behind the last one. So the last page of the address space cannot be
//!   named by start and end.
//! - PC_IVLD drops the named directory entry only, not the other half of its line.
//! - DM_AUT_OVWT is looked at after translation, like any permission: a denied master still walks
//!   and fills caches.
//! - Prefetch and the debug port report invalid entries only when asked: by INT_ENABLE bits 18 to 20,
//!   or by a knob. They then set status bit 16 or 17 and bit 31 of L1PG_INT or L2PG_INT.
//! - An entry in table memory that cannot be read counts as invalid and is not cached.
//!
//! # Misuse
//!
//! What a driver must not do is counted by kind in [`Counters`] and otherwise has the least helpful
//! effect that the hardware might have. [`Counters::errors`] is the sum.

mod caches;
mod command;
mod counters;
mod datapath;
mod debug;
mod faults;
mod knobs;
mod mmio;
mod pmu;
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
    kind::kinds,
    log,
    Cause, //
};
use core::convert::Infallible;

/// Masters, and one more for the debug port.
const OWNERS: usize = 8;
/// Owner of what the debug port brought into a cache.
const DEBUG: u8 = 7;

kinds! {
    /// Why an access left at PA = VA.
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

/// What became of an access. This hardware blocks nothing without a fault; the table is the
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
/// About 165 KiB: it belongs into a `static`.
pub struct Iommu {
    /// What a test may change.
    pub knobs: Knobs,
    /// What was counted.
    pub counters: Counters,
    /// What masters and software did lately.
    pub log: Log,
    variant: Variant,
    clock: bool,
    in_reset: bool,
    regs: Regs,
    faults: Faults,
    commands: Commands,
    pmu: Pmu,
    caches: Caches,
}

impl Iommu {
    /// An instance as it is after power-on: clock off, reset asserted.
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
            pmu: Pmu::new(),
            caches: Caches::new(),
        }
    }

    /// Which version this is.
    pub const fn variant(&self) -> Variant {
        self.variant
    }

    /// The bus clock gate. With the clock off registers cannot be reached and accesses of masters
    /// pass at PA = VA; nothing is forgotten.
    pub fn set_clock(&mut self, on: bool) {
        self.clock = on;
    }

    /// The reset line. While it is asserted registers cannot be reached and accesses of masters pass
    /// at PA = VA; registers get their reset values and caches are emptied.
    pub fn set_reset(&mut self, asserted: bool) {
        if asserted {
            self.reset();
        }
        self.in_reset = asserted;
    }

    /// Back to the state after power-on; clock and reset line stay as they are.
    pub fn reset(&mut self) {
        self.regs = Regs::new(self.variant);
        self.faults = Faults::new();
        self.commands = Commands::new();
        self.pmu.clear();
        self.caches.flush(!0);
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

    /// Mask of the masters whose lanes do not move because of a fault.
    pub fn stalled(&self) -> u32 {
        self.faults.stalled()
    }
}
