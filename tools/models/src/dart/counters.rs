// SPDX-License-Identifier: GPL-2.0

//! What the model counts. Counters survive the loss of power.

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
            /// Writes to what is locked.
            locked_writes,
            /// Commands that name no set, or while no stream is selected: they drop nothing.
            empty_commands,
            /// Commands that this version does not have, or for a stream that it does not have.
            unknown_commands,
            /// TCR written with both translation and bypass.
            both_modes,
            /// TTBRs written as valid with an address that is not a page's.
            misaligned_ttbrs,
            /// Valid table entries met by a walk with bits set that should be 0.
            reserved_entry_bits,
        }
        events {
            /// TTBRs written while their stream was translated.
            live_ttbrs,
            /// Accesses of masters.
            accesses,
            /// Table walks.
            walks,
            /// Reads of table memory, those of a line of page entries counted as one.
            table_reads,
            /// Lookups that hit in the TLB.
            hits_tlb,
            /// Walks that found their last table in the segment cache.
            hits_segment,
            /// Walks that found the table before that in the context cache.
            hits_context,
            /// Cache entries that had to make room for another one.
            collisions,
            /// Table reads where there is no memory.
            bus_errors,
            /// Faults that the error registers tell about.
            faults_latched,
            /// Faults of which only something was kept, since another one is latched.
            faults_merged,
            /// Faults that left no trace, since another one is latched.
            faults_lost,
            /// Faults that software had asked not to be told about.
            faults_suppressed,
            /// Invalidations of streams.
            invalidations,
            /// Invalidations of all streams by one command of T8110.
            invalidations_all,
            /// Invalidations of a range.
            invalidations_range,
        }
        parts {
            /// How registers were used.
            regs: Registers,
            /// Accesses that left at PA = IOVA.
            passed: Tally<Pass, 2>,
            /// Accesses that got nowhere without a fault.
            blocked: Tally<Block, 5>,
            /// Accesses that faulted.
            faults: Tally<Fault, 9>,
            /// Cache entries dropped by commands, by stream.
            dropped: Dropped<SPACES>,
        }
    }
}
