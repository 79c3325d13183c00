// SPDX-License-Identifier: GPL-2.0

//! The model's counters. They survive resets.

use super::{
    Pass,
    OWNERS, //
};
use crate::counters::{
    model_counters,
    Dropped,
    Registers,
    Tally, //
};

model_counters! {
    /// Event counters of one instance.
    pub struct Counters {
        misuse {
            /// Registers accessed while in reset (and the clock on).
            reset_accesses,
            /// TTB written with ENABLE = 1 and some master neither bypassed nor denied.
            ttb_while_enabled,
            /// Mask invalidations whose mask is not ones from the top down.
            bad_mask,
            /// Start/end invalidations that contain no page.
            empty_range,
            /// Valid table and directory entries found by a walk with bits set that should be 0.
            reserved_entry_bits,
            /// Debug port used with ENABLE = 0.
            debug_while_disabled,
        }
        events {
            /// Single invalidations with AUTO_GATING = 1. Not misuse in itself, see
            /// [`Knobs::strict_gating`](super::Knobs::strict_gating).
            ivld_with_gating,
            /// Accesses of masters, retries of stalled ones included.
            accesses,
            /// Accesses that found their lane stopped.
            stalled,
            /// Table walks.
            walks,
            /// Reads of table memory, of 64 bits with pair fill and of 32 bits without.
            table_reads,
            /// Lookups that hit in a micro TLB.
            hits_micro,
            /// Lookups that hit in the macro TLB.
            hits_macro,
            /// Walks that hit in the PTW cache.
            hits_ptw,
            /// Cache entries that another one has evicted.
            collisions,
            /// Table reads, and writes of the debug port, at addresses without memory.
            bus_errors,
            /// Faults whose address was latched.
            faults_latched,
            /// Faults of which only the master's bit was latched, since the address was in use.
            faults_merged,
            /// Faults that were not recorded, since one like it was pending.
            faults_lost,
            /// Invalid entries reported for prefetch or the debug port.
            faults_soft,
            /// Writes to TLB_FLUSH with any bit set.
            flushes,
            /// Invalidations by mask or range.
            tlb_invalidations,
            /// Invalidations of a directory entry.
            ptw_invalidations,
        }
        parts {
            /// Accesses to registers.
            regs: Registers,
            /// Accesses that passed at PA = VA.
            passed: Tally<Pass, 4>,
            /// Cache entries dropped by commands, by the master for which they were read (7: debug
            /// port).
            dropped: Dropped<OWNERS>,
        }
    }
}
