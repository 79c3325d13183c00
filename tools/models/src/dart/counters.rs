// SPDX-License-Identifier: GPL-2.0

//! The model's counters. They survive the loss of power.

use super::{
    Block,
    Fault,
    Pass,
    SPACES, //
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
            /// Registers accessed while there was no power.
            unpowered_accesses,
            /// Writes to locked registers.
            locked_writes,
            /// Commands that name no set, or with no stream selected: they drop nothing.
            empty_commands,
            /// Commands that this version does not have, or for a stream that it does not have.
            unknown_commands,
            /// TCR written with both translation and bypass.
            both_modes,
            /// TCRs written with translation while no TTBR of the stream is valid.
            translation_without_ttbr,
            /// TTBRs written as valid with an address that is not page-aligned.
            misaligned_ttbrs,
            /// Valid table entries found by a walk with bits set that should be 0.
            reserved_entry_bits,
        }
        events {
            /// TTBRs written while their stream was translated.
            live_ttbrs,
            /// Accesses of masters.
            accesses,
            /// Table walks.
            walks,
            /// Reads of table memory; those of a line of page entries count as one.
            table_reads,
            /// Lookups that hit in the TLB.
            hits_tlb,
            /// Walks that found their last table in the segment cache.
            hits_segment,
            /// Walks that found the table above that in the context cache.
            hits_context,
            /// Cache entries that another one has evicted.
            collisions,
            /// Table reads from addresses without memory.
            bus_errors,
            /// Faults that the error registers describe.
            faults_latched,
            /// Faults that were recorded partly, since another one is latched.
            faults_merged,
            /// Faults that were not recorded, since another one is latched.
            faults_lost,
            /// Faults that software has masked.
            faults_suppressed,
            /// Invalidations of streams.
            invalidations,
            /// Invalidations of all streams by one command of T8110.
            invalidations_all,
            /// Invalidations of a range.
            invalidations_range,
        }
        parts {
            /// Accesses to registers.
            regs: Registers,
            /// Accesses that passed at PA = IOVA.
            passed: Tally<Pass, 2>,
            /// Accesses that were blocked without a fault.
            blocked: Tally<Block, 5>,
            /// Accesses that faulted.
            faults: Tally<Fault, 9>,
            /// Cache entries dropped by commands, by stream.
            dropped: Dropped<SPACES>,
        }
    }
}
