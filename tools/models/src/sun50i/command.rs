// SPDX-License-Identifier: GPL-2.0

//! Commands: registers whose bits software sets to start, and hardware clears when done.

use super::{
    caches::{
        MACRO,
        PTW, //
    },
    Iommu, //
};
use crate::command::{
    Command,
    Poll, //
};

/// The pages of an invalidation by mask or range, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pages {
    first: u32,
    last: u32,
}

/// The running commands.
pub(super) struct Commands {
    flush: Command<u32>,
    /// `None` for a command that was started but covers no page.
    tlb_ivld: Command<Option<Pages>>,
    ptw_ivld: Command<Option<u32>>,
    debug: Command<()>,
}

impl Commands {
    pub(super) const fn new() -> Self {
        Self {
            flush: Command::new(),
            tlb_ivld: Command::new(),
            ptw_ivld: Command::new(),
            debug: Command::new(),
        }
    }

    /// The value of TLB_FLUSH that software reads.
    pub(super) fn flush_bits(&self) -> u32 {
        self.flush.running().unwrap_or(0)
    }

    pub(super) fn tlb_ivld_busy(&self) -> bool {
        self.tlb_ivld.running().is_some()
    }

    pub(super) fn ptw_ivld_busy(&self) -> bool {
        self.ptw_ivld.running().is_some()
    }

    pub(super) fn debug_busy(&self) -> bool {
        self.debug.running().is_some()
    }
}

impl Iommu {
    /// How many reads find the next command busy.
    fn busy_reads(&mut self) -> u32 {
        self.pace.next(self.knobs.busy_reads, self.knobs.busy_seed)
    }

    /// Handles a write of TLB_FLUSH.
    pub(super) fn start_flush(&mut self, bits: u32) {
        if bits == 0 {
            return;
        }
        self.counters.flushes += 1;
        if let Some(old) = self.commands.flush.running() {
            self.counters.regs.command_while_busy += 1;
            if !self.flush_hangs() {
                self.flush(old);
            }
        }
        let reads = self.busy_reads();
        self.commands.flush.start(bits, reads);
        if reads == 0 {
            self.poll_flush();
        }
    }

    /// Handles a read of TLB_FLUSH.
    pub(super) fn poll_flush(&mut self) -> u32 {
        match self.commands.flush.poll(self.flush_hangs()) {
            Poll::Busy(bits) => return bits,
            Poll::Done(bits) => {
                if self.knobs.stuck_flush {
                    self.knobs.good_flushes -= 1;
                }
                self.flush(bits);
            }
            Poll::Idle => (),
        }
        0
    }

    fn flush_hangs(&self) -> bool {
        self.knobs.stuck_flush && self.knobs.good_flushes == 0
    }

    fn flush(&mut self, bits: u32) {
        let dropped = self.caches.flush(
            bits & (self.variant.mask() | MACRO | PTW),
            self.knobs.refetch,
        );

        self.counters.dropped.add(&dropped);
    }

    /// Whether the hardware accepts single invalidations now.
    fn takes_ivld(&mut self) -> bool {
        let gating = self.regs.auto_gating != 0;

        self.counters.ivld_with_gating += u64::from(gating);
        !(gating && self.knobs.strict_gating)
    }

    /// Handles a write of 1 to TLB_IVLD_ENABLE.
    pub(super) fn start_tlb_ivld(&mut self) {
        self.counters.tlb_invalidations += 1;
        if let Some(old) = self.commands.tlb_ivld.running() {
            self.counters.regs.command_while_busy += 1;
            if !self.knobs.stuck_tlb_ivld {
                self.tlb_ivld(old);
            }
        }

        let pages = match self.regs.ivld_mode {
            0 => self.pages_by_mask(),
            _ => self.pages_by_end(),
        };
        let taken = self.takes_ivld();
        let reads = self.busy_reads();
        self.commands.tlb_ivld.start(pages.filter(|_| taken), reads);
        if reads == 0 {
            self.poll_tlb_ivld();
        }
    }

    /// Handles a read of TLB_IVLD_ENABLE.
    pub(super) fn poll_tlb_ivld(&mut self) -> u32 {
        match self.commands.tlb_ivld.poll(self.knobs.stuck_tlb_ivld) {
            Poll::Busy(_) => return 1,
            Poll::Done(pages) => self.tlb_ivld(pages),
            Poll::Idle => (),
        }
        0
    }

    fn tlb_ivld(&mut self, pages: Option<Pages>) {
        let dropped = match pages {
            Some(pages) => self
                .caches
                .drop_pages(pages.first, pages.last, self.knobs.refetch),
            None => [0; super::OWNERS],
        };

        self.counters.dropped.add(&dropped);
    }

    /// Handles a write of a register with the pages of TLB_IVLD, before it takes effect.
    ///
    /// While the command is busy, it is not known which pages it covers then: here it covers none.
    pub(super) fn disturb_tlb_ivld(&mut self) {
        if self.commands.tlb_ivld_busy() {
            self.counters.regs.command_while_busy += 1;
            self.commands.tlb_ivld.replace(None);
        }
    }

    /// Handles a write of PC_IVLD_ADDR, like [`Iommu::disturb_tlb_ivld`].
    pub(super) fn disturb_ptw_ivld(&mut self) {
        if self.commands.ptw_ivld_busy() {
            self.counters.regs.command_while_busy += 1;
            self.commands.ptw_ivld.replace(None);
        }
    }

    /// Whether the debug port is busy, so that a write to its registers is lost.
    pub(super) fn debug_loses_write(&mut self) -> bool {
        if !self.commands.debug_busy() {
            return false;
        }
        self.counters.regs.command_while_busy += 1;
        true
    }

    /// The pages with `(va & MASK) == (ADDR & MASK)`: a block, since MASK is ones from the top.
    fn pages_by_mask(&mut self) -> Option<Pages> {
        let mask = self.regs.ivld_mask;

        if mask == 0 || mask.leading_ones() + mask.trailing_zeros() != 32 {
            self.counters.bad_mask += 1;
            return None;
        }
        Some(Pages {
            first: (self.regs.ivld_addr & mask) >> 12,
            last: (self.regs.ivld_addr & mask | !mask) >> 12,
        })
    }

    /// The pages from START to END.
    fn pages_by_end(&mut self) -> Option<Pages> {
        let first = self.regs.ivld_start >> 12;
        let end = self.regs.ivld_end >> 12;
        let last = if self.knobs.end_inclusive {
            Some(end)
        } else {
            end.checked_sub(1)
        };
        let pages = last
            .filter(|&last| first <= last)
            .map(|last| Pages { first, last });

        if pages.is_none() {
            self.counters.empty_range += 1;
        }
        pages
    }

    /// Handles a write of 1 to PC_IVLD_ENABLE.
    pub(super) fn start_ptw_ivld(&mut self) {
        self.counters.ptw_invalidations += 1;
        if let Some(old) = self.commands.ptw_ivld.running() {
            self.counters.regs.command_while_busy += 1;
            if !self.knobs.stuck_ptw_ivld {
                self.ptw_ivld(old);
            }
        }

        let taken = self.takes_ivld();
        let mib = Some(self.regs.pc_addr >> 20).filter(|_| taken);
        let reads = self.busy_reads();
        self.commands.ptw_ivld.start(mib, reads);
        if reads == 0 {
            self.poll_ptw_ivld();
        }
    }

    /// Handles a read of PC_IVLD_ENABLE.
    pub(super) fn poll_ptw_ivld(&mut self) -> u32 {
        match self.commands.ptw_ivld.poll(self.knobs.stuck_ptw_ivld) {
            Poll::Busy(_) => return 1,
            Poll::Done(mib) => self.ptw_ivld(mib),
            Poll::Idle => (),
        }
        0
    }

    fn ptw_ivld(&mut self, mib: Option<u32>) {
        let dropped = match mib {
            Some(mib) => self.caches.drop_directory(mib, self.knobs.refetch),
            None => [0; super::OWNERS],
        };

        self.counters.dropped.add(&dropped);
    }

    /// Starts the debug port. Its work is done at once; only its busy bit takes time.
    pub(super) fn start_debug(&mut self) {
        let reads = self.busy_reads();
        self.commands.debug.start((), reads);
        if reads == 0 {
            self.poll_debug();
        }
    }

    /// Handles a read of VA_CONFIG; returns its busy bit.
    pub(super) fn poll_debug(&mut self) -> u32 {
        u32::from(self.commands.debug.poll(self.knobs.stuck_debug) == Poll::Busy(()))
    }
}
