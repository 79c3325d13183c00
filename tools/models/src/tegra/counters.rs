// SPDX-License-Identifier: GPL-2.0

//! The model's counters. They survive the loss of power.

use super::{
    regs::Class,
    Block,
    Fault,
    Pass,
    ASIDS, //
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
            /// Reads of registers that can only be written.
            writeonly_reads,
            /// TLB flushes with the match value 1: they drop nothing.
            undefined_matches,
            /// Writes of the root of a secure ASID: they are dropped.
            secure_root_writes,
            /// Roots written with an address beyond the width of physical addresses.
            wide_roots,
            /// Directory entries, found by a walk, of tables at such an address.
            wide_tables,
            /// Entries, found by a walk, of pages or sections at such an address.
            wide_pages,
            /// Sections, found by a walk, that begin at an address that is no multiple of 4 MiB.
            misaligned_sections,
        }
        events {
            /// Writes that were ignored since the register is secured. Not misuse: a driver cannot
            /// know it.
            secured_writes,
            /// Roots written while an enabled swgroup used the ASID.
            live_roots,
            /// Writes of PTC_FLUSH_1 that did not change it.
            high_unchanged,
            /// Accesses of masters.
            accesses,
            /// Accesses that came before register writes arrived.
            overtaking,
            /// Accesses that were translated.
            translated,
            /// Walks: lookups that missed in the TLB.
            walks,
            /// Lookups that hit in the TLB.
            hits_tlb,
            /// Reads of a walk that hit in the PTC.
            hits_ptc,
            /// Reads of a walk that missed in the PTC.
            misses_ptc,
            /// Reads of lines of table memory.
            table_reads,
            /// Lines and translations that another one has evicted.
            collisions,
            /// Lines of table memory at addresses without memory.
            bus_errors,
            /// Faults that the error registers describe.
            faults_latched,
            /// Faults that were not recorded, since another one is pending.
            faults_lost,
            /// Flushes of the PTC as a whole.
            ptc_flushes_all,
            /// Flushes of one line.
            ptc_flushes_line,
            /// Flushes of the TLB as a whole.
            tlb_flushes_all,
            /// Flushes of all translations of an ASID.
            tlb_flushes_asid,
            /// Flushes of 4 MiB, of an ASID or of all.
            tlb_flushes_section,
            /// Flushes of 16 KiB, of an ASID or of all.
            tlb_flushes_group,
            /// Lines that flushes have dropped.
            dropped_lines,
        }
        parts {
            /// Accesses to registers.
            regs: Registers,
            /// Reads by kind of register.
            reads: Tally<Class, 11>,
            /// Writes by kind of register.
            writes: Tally<Class, 11>,
            /// Accesses that passed at PA = IOVA.
            passed: Tally<Pass, 5>,
            /// Accesses that were blocked without a fault.
            blocked: Tally<Block, 1>,
            /// Accesses that faulted.
            faults: Tally<Fault, 7>,
            /// Translations that flushes have dropped, by ASID.
            dropped: Dropped<ASIDS>,
        }
    }
}
