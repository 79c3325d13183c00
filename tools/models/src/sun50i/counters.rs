// SPDX-License-Identifier: GPL-2.0

//! What the model counts. Counters survive resets.

use super::OWNERS;

/// Event counters of one instance.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    /// Register reads.
    pub mmio_reads: u64,
    /// Register writes.
    pub mmio_writes: u64,

    /// Misuse: registers accessed while the clock was off.
    pub gated_accesses: u64,
    /// Misuse: registers accessed while in reset (and the clock on).
    pub reset_accesses: u64,
    /// Misuse: accesses to registers that this version does not have.
    pub undefined: u64,
    /// Misuse: accesses that were not aligned to a word.
    pub misaligned: u64,
    /// Misuse: writes to read-only registers.
    pub readonly_writes: u64,
    /// Misuse: writes that set bits without a meaning.
    pub reserved_bits: u64,
    /// Misuse: TTB written with ENABLE = 1 and some master neither bypassed nor denied.
    pub ttb_while_enabled: u64,
    /// Misuse: mask invalidations whose mask is not ones from the top down.
    pub bad_mask: u64,
    /// Misuse: start/end invalidations that contain no page.
    pub empty_range: u64,
    /// Misuse: commands started while the one before was busy.
    pub command_while_busy: u64,
    /// Misuse: debug port used while nothing is translated.
    pub debug_while_disabled: u64,
    /// Single invalidations with AUTO_GATING = 1. Not misuse in itself, see
    /// [`Knobs::strict_gating`](super::Knobs::strict_gating).
    pub ivld_with_gating: u64,

    /// Accesses of masters, retries of stalled ones included.
    pub accesses: u64,
    /// Accesses that left at PA = VA, by [`Pass`](super::Pass).
    pub passed: [u64; 4],
    /// Accesses that found their lane stopped.
    pub stalled: u64,
    /// Table walks.
    pub walks: u64,
    /// Reads of table memory, of 64 bits with pair fill and of 32 bits without.
    pub table_reads: u64,
    /// Lookups that hit in a micro TLB.
    pub hits_micro: u64,
    /// Lookups that hit in the macro TLB.
    pub hits_macro: u64,
    /// Walks that hit in the PTW cache.
    pub hits_ptw: u64,
    /// Cache entries that had to make room for another one.
    pub collisions: u64,
    /// Table reads, and writes of the debug port, where there is no memory.
    pub bus_errors: u64,

    /// Faults whose address was latched.
    pub faults_latched: u64,
    /// Faults of which only the master's bit was latched, since the address was taken.
    pub faults_merged: u64,
    /// Faults that left no trace, since one like it was pending.
    pub faults_lost: u64,
    /// Invalid entries reported for prefetch or the debug port.
    pub faults_soft: u64,

    /// Writes to TLB_FLUSH that asked for something.
    pub flushes: u64,
    /// Invalidations by mask or range.
    pub tlb_invalidations: u64,
    /// Invalidations of a directory entry.
    pub ptw_invalidations: u64,
    /// Cache entries dropped by commands, by the master for which they had been read (7: debug
    /// port).
    pub dropped: [u64; OWNERS],
    /// The same, by the last command alone.
    pub last_dropped: [u32; OWNERS],
}

impl Counters {
    pub(super) const fn new() -> Self {
        Self {
            mmio_reads: 0,
            mmio_writes: 0,
            gated_accesses: 0,
            reset_accesses: 0,
            undefined: 0,
            misaligned: 0,
            readonly_writes: 0,
            reserved_bits: 0,
            ttb_while_enabled: 0,
            bad_mask: 0,
            empty_range: 0,
            command_while_busy: 0,
            debug_while_disabled: 0,
            ivld_with_gating: 0,
            accesses: 0,
            passed: [0; 4],
            stalled: 0,
            walks: 0,
            table_reads: 0,
            hits_micro: 0,
            hits_macro: 0,
            hits_ptw: 0,
            collisions: 0,
            bus_errors: 0,
            faults_latched: 0,
            faults_merged: 0,
            faults_lost: 0,
            faults_soft: 0,
            flushes: 0,
            tlb_invalidations: 0,
            ptw_invalidations: 0,
            dropped: [0; OWNERS],
            last_dropped: [0; OWNERS],
        }
    }

    /// Sets all counters to 0.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Sum of all counters of misuse.
    pub fn errors(&self) -> u64 {
        self.gated_accesses
            + self.reset_accesses
            + self.undefined
            + self.misaligned
            + self.readonly_writes
            + self.reserved_bits
            + self.ttb_while_enabled
            + self.bad_mask
            + self.empty_range
            + self.command_while_busy
            + self.debug_while_disabled
    }

    /// Cache entries of anybody but `master` that commands dropped.
    pub fn dropped_of_others(&self, master: u32) -> u64 {
        let own = self.dropped.get(master as usize).copied().unwrap_or(0);

        self.dropped.iter().sum::<u64>() - own
    }

    /// Cache entries of anybody but `master` that the last command dropped.
    pub fn last_dropped_of_others(&self, master: u32) -> u32 {
        let own = self.last_dropped.get(master as usize).copied().unwrap_or(0);

        self.last_dropped.iter().sum::<u32>() - own
    }

    pub(super) fn command_dropped(&mut self, dropped: &[u32; OWNERS]) {
        self.last_dropped = *dropped;
        for (total, &n) in self.dropped.iter_mut().zip(dropped) {
            *total += u64::from(n);
        }
    }
}
