// SPDX-License-Identifier: GPL-2.0

//! Faults: the interrupt of the memory controller, and the registers that describe the first fault.

use super::{
    format::{
        Word,
        RIGHTS_SHIFT, //
    },
    knobs::Latch,
    soc::Soc, //
};

/// MC_INTSTATUS: no memory at the address, and a page fault. Real logs show both for each fault of
/// a translation.
const PAGE_FAULT: u32 = 1 << 6 | 1 << 10;
/// MC_INTSTATUS: the root of a secure ASID was written.
const SECURE_ROOT: u32 = 1 << 11;

/// MC_ERR_STATUS: the access was a write.
const ERROR_WRITE: u32 = 1 << 16;
/// MC_ERR_STATUS: the lowest of bits 33:32 of the address, on the later SoCs.
const ERROR_ADDRESS_SHIFT: u32 = 20;
/// MC_ERR_STATUS: the lowest of the rights, which are in the same order as in an entry.
const ERROR_RIGHTS_SHIFT: u32 = 25;
/// MC_ERR_STATUS: the type of a fault of a translation.
const ERROR_TYPE: u32 = 6 << 28;

/// A fault to be recorded in the registers.
#[derive(Clone, Copy)]
pub(super) struct Report {
    pub(super) client: u32,
    /// The address before translation.
    pub(super) iova: u64,
    pub(super) write: bool,
    /// The rights that the translation grants, and its frame.
    pub(super) word: Word,
}

/// State of the interrupt and error registers.
pub(super) struct Faults {
    pub(super) status: u32,
    pub(super) mask: u32,
    pub(super) error: u32,
    pub(super) address: u32,
}

impl Faults {
    /// No fault pending, and all masked.
    pub(super) const fn new() -> Self {
        Self {
            status: 0,
            mask: 0,
            error: 0,
            address: 0,
        }
    }

    /// Level of the interrupt line.
    pub(super) fn line(&self) -> bool {
        self.status & self.mask != 0
    }

    /// Records a fault; false if another one is pending.
    ///
    /// That the first one is kept, and until when, is not documented. Here it is kept until both
    /// bits have been cleared.
    pub(super) fn latch(&mut self, soc: &Soc, latch: Latch, report: &Report) -> bool {
        if self.status & PAGE_FAULT != 0 && latch == Latch::First {
            return false;
        }
        let high = match soc.is_wide() {
            true => (report.iova >> 32) as u32 & 3,
            false => 0,
        };

        self.status |= PAGE_FAULT;
        self.error = report.client & soc.client_mask
            | u32::from(report.write) * ERROR_WRITE
            | high << ERROR_ADDRESS_SHIFT
            | report.word.rights() >> RIGHTS_SHIFT << ERROR_RIGHTS_SHIFT
            | ERROR_TYPE;
        self.address = report.iova as u32;
        true
    }

    /// Records that a write of the root of a secure ASID was dropped, if the SoC has that
    /// interrupt.
    pub(super) fn refuse_root(&mut self, soc: &Soc) {
        self.status |= SECURE_ROOT & soc.interrupts;
    }

    /// Handles a write of MC_INTSTATUS.
    pub(super) fn clear(&mut self, bits: u32) {
        self.status &= !bits;
    }
}
