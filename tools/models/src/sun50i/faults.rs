// SPDX-License-Identifier: GPL-2.0

//! Faults: which are latched, which raise the line, and which lanes stop.
//!
//! There is one register for the address of a level 1 fault, one for level 2, and one for a
//! permission fault of each master. Each keeps its first fault until it is cleared. A later fault
//! adds its master's bit at most.

use super::{
    knobs::Stall,
    regs::INT_LEVELS, //
};
use crate::Cause;

/// Bit of L1PG_INT and L2PG_INT: prefetch or the debug port, no master.
const SOFT: u32 = 1 << 31;

/// Address and table word of a fault.
#[derive(Clone, Copy)]
pub(super) struct Latch {
    pub(super) addr: u32,
    pub(super) data: u32,
}

const EMPTY: Latch = Latch { addr: 0, data: 0 };

/// How much of a fault was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    All,
    MasterOnly,
    Nothing,
}

/// State of the fault registers.
pub(super) struct Faults {
    pub(super) status: u32,
    pub(super) permission: [Latch; 7],
    /// Level 1, level 2.
    pub(super) levels: [Latch; 2],
    /// L1PG_INT, L2PG_INT.
    pub(super) pages: [u32; 2],
    /// Masters that wait, by cause: level 1, level 2, permission.
    waiting: [u32; 3],
}

impl Faults {
    pub(super) const fn new() -> Self {
        Self {
            status: 0,
            permission: [EMPTY; 7],
            levels: [EMPTY; 2],
            pages: [0; 2],
            waiting: [0; 3],
        }
    }

    /// Mask of the stopped lanes.
    pub(super) fn stalled(&self) -> u32 {
        self.waiting[0] | self.waiting[1] | self.waiting[2]
    }

    /// Records a fault of `master`.
    pub(super) fn latch(&mut self, master: u32, cause: Cause, latch: Latch, stall: Stall) -> Kept {
        let bit = 1 << master;
        let (place, kept) = match cause {
            Cause::NoTable => (0, self.latch_level(0, bit, latch)),
            Cause::NoPage => (1, self.latch_level(1, bit, latch)),
            Cause::Permission => (2, self.latch_permission(master, latch)),
        };

        if stall != Stall::Never {
            self.waiting[place] |= bit;
        }
        kept
    }

    /// Records an invalid entry that was found without a master; `level` is 0 or 1.
    pub(super) fn latch_soft(&mut self, level: usize, latch: Latch) -> Kept {
        self.latch_level(level, SOFT, latch)
    }

    fn latch_level(&mut self, level: usize, who: u32, latch: Latch) -> Kept {
        let cause = 1 << (16 + level);
        let known = self.pages[level] & who != 0;

        self.pages[level] |= who;
        if self.status & cause == 0 {
            self.status |= cause;
            self.levels[level] = latch;
            Kept::All
        } else if known {
            Kept::Nothing
        } else {
            Kept::MasterOnly
        }
    }

    fn latch_permission(&mut self, master: u32, latch: Latch) -> Kept {
        if self.status >> master & 1 != 0 {
            return Kept::Nothing;
        }
        self.status |= 1 << master;
        self.permission[master as usize] = latch;
        Kept::All
    }

    /// Handles a write of INT_CLR.
    pub(super) fn clear(&mut self, bits: u32, stall: Stall) {
        self.status &= !bits;
        for level in 0..2 {
            if bits >> (16 + level) & 1 != 0 {
                self.pages[level] = 0;
                if stall != Stall::UntilLaneReset {
                    self.waiting[level] = 0;
                }
            }
        }
        if stall != Stall::UntilLaneReset {
            self.waiting[2] &= !(bits & !INT_LEVELS);
        }
    }

    /// Handles a reset of the lanes in `mask`.
    pub(super) fn lanes_reset(&mut self, mask: u32, stall: Stall) {
        if stall == Stall::UntilLaneReset {
            for waiting in &mut self.waiting {
                *waiting &= !mask;
            }
        }
    }
}
