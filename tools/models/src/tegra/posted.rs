// SPDX-License-Identifier: GPL-2.0

//! Register writes on their way to the SMMU.
//!
//! The bus posts writes: they arrive in order, but some time later. A read of any register waits
//! until those before it have arrived. The model has no clock, so the time is a number of accesses
//! of masters ([`Knobs::posted`](super::Knobs::posted)), which see the state before the writes.

use super::{
    regs::Reg,
    Smmu, //
};
use crate::Memory;

/// The most writes on their way. Before a further one is taken, the first arrives.
const WRITES: usize = 64;

/// The writes on their way, oldest first.
pub(super) struct Posted {
    writes: [(Reg, u32); WRITES],
    first: usize,
    len: usize,
    /// The number of further accesses that overtake the last write.
    left: u32,
}

impl Posted {
    pub(super) const fn new() -> Self {
        Self {
            writes: [(Reg::IntStatus, 0); WRITES],
            first: 0,
            len: 0,
            left: 0,
        }
    }

    /// Loses all writes.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    fn push(&mut self, reg: Reg, val: u32) {
        self.writes[(self.first + self.len) % WRITES] = (reg, val);
        self.len += 1;
    }

    fn pop(&mut self) -> Option<(Reg, u32)> {
        let write = self.writes[self.first];

        self.len = self.len.checked_sub(1)?;
        self.first = (self.first + 1) % WRITES;
        Some(write)
    }
}

impl Smmu {
    /// Sends a write of the accepted bits of a register on its way. A write of the interrupt
    /// registers, and all before it, arrives at once, so that the level of the line is right.
    pub(super) fn post(&mut self, mem: &mut dyn Memory, reg: Reg, val: u32) {
        if self.posted.len == WRITES {
            self.arrive(mem);
        }
        self.posted.push(reg, val);
        self.posted.left = self.pace.next(self.knobs.posted, self.knobs.busy_seed);
        if self.posted.left == 0 || reg == Reg::IntStatus || reg == Reg::IntMask {
            self.drain(mem);
        }
    }

    /// Applies all writes on their way.
    pub(super) fn drain(&mut self, mem: &mut dyn Memory) {
        while self.arrive(mem) {}
    }

    /// Applies the first write on its way; false if there is none.
    fn arrive(&mut self, mem: &mut dyn Memory) -> bool {
        let Some((reg, val)) = self.posted.pop() else {
            return false;
        };

        self.store(reg, val);
        self.refetch(mem);
        true
    }

    /// Handles the writes on their way when a master makes an access: it overtakes them, or they
    /// arrive first.
    pub(super) fn pass_posted(&mut self, mem: &mut dyn Memory) {
        if self.posted.len == 0 {
            return;
        }
        if self.posted.left == 0 {
            self.drain(mem);
        } else {
            self.posted.left -= 1;
            self.counters.overtaking += 1;
        }
    }
}
