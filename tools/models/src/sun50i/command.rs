// SPDX-License-Identifier: GPL-2.0

//! Commands: registers in which software writes ones and hardware clears them when done.

use super::{
    caches::{
        MACRO,
        PTW, //
    },
    Iommu, //
};

/// What an invalidation by mask or range covers; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pages {
    first: u32,
    last: u32,
}

/// A command that runs, and the number of reads that will still see it.
#[derive(Clone, Copy)]
pub(super) struct Running<T> {
    what: T,
    reads: u32,
}

/// The commands that run.
pub(super) struct Commands {
    flush: Option<Running<u32>>,
    /// Nothing for a command that was started but covers nothing.
    tlb_ivld: Option<Running<Option<Pages>>>,
    ptw_ivld: Option<Running<Option<u32>>>,
    debug: Option<Running<()>>,
}

/// Whether a read of the register finds the command still busy; takes it out when it is done.
fn poll<T: Copy>(slot: &mut Option<Running<T>>, stuck: bool) -> Result<Option<T>, T> {
    match slot {
        None => Ok(None),
        Some(running) if stuck => Err(running.what),
        Some(running) if running.reads > 0 => {
            running.reads -= 1;
            Err(running.what)
        }
        Some(running) => {
            let what = running.what;

            *slot = None;
            Ok(Some(what))
        }
    }
}

impl Commands {
    pub(super) const fn new() -> Self {
        Self {
            flush: None,
            tlb_ivld: None,
            ptw_ivld: None,
            debug: None,
        }
    }

    /// TLB_FLUSH as software sees it.
    pub(super) fn flush_bits(&self) -> u32 {
        self.flush.map_or(0, |running| running.what)
    }

    pub(super) fn tlb_ivld_busy(&self) -> bool {
        self.tlb_ivld.is_some()
    }

    pub(super) fn ptw_ivld_busy(&self) -> bool {
        self.ptw_ivld.is_some()
    }

    pub(super) fn debug_busy(&self) -> bool {
        self.debug.is_some()
    }
}

impl Iommu {
    fn running<T>(&self, what: T) -> Running<T> {
        Running {
            what,
            reads: self.knobs.busy_reads,
        }
    }

    /// TLB_FLUSH is written.
    pub(super) fn start_flush(&mut self, bits: u32) {
        if bits == 0 {
            return;
        }
        self.counters.flushes += 1;
        if let Some(old) = self.commands.flush {
            self.counters.command_while_busy += 1;
            if !self.knobs.stuck_flush {
                self.flush(old.what);
            }
        }
        self.commands.flush = Some(self.running(bits));
        if self.knobs.busy_reads == 0 {
            self.poll_flush();
        }
    }

    /// TLB_FLUSH is read.
    pub(super) fn poll_flush(&mut self) -> u32 {
        match poll(&mut self.commands.flush, self.knobs.stuck_flush) {
            Err(bits) => bits,
            Ok(done) => {
                if let Some(bits) = done {
                    self.flush(bits);
                }
                0
            }
        }
    }

    fn flush(&mut self, bits: u32) {
        let dropped = self
            .caches
            .flush(bits & (self.variant.mask() | MACRO | PTW));

        self.counters.command_dropped(&dropped);
    }

    /// Whether single invalidations are taken at all just now.
    fn takes_ivld(&mut self) -> bool {
        let gating = self.regs.auto_gating != 0;

        self.counters.ivld_with_gating += u64::from(gating);
        !(gating && self.knobs.strict_gating)
    }

    /// TLB_IVLD_ENABLE is written with 1.
    pub(super) fn start_tlb_ivld(&mut self) {
        self.counters.tlb_invalidations += 1;
        if let Some(old) = self.commands.tlb_ivld {
            self.counters.command_while_busy += 1;
            if !self.knobs.stuck_tlb_ivld {
                self.tlb_ivld(old.what);
            }
        }

        let pages = match self.regs.ivld_mode {
            0 => self.pages_by_mask(),
            _ => self.pages_by_end(),
        };
        let taken = self.takes_ivld();
        self.commands.tlb_ivld = Some(self.running(pages.filter(|_| taken)));
        if self.knobs.busy_reads == 0 {
            self.poll_tlb_ivld();
        }
    }

    /// TLB_IVLD_ENABLE is read.
    pub(super) fn poll_tlb_ivld(&mut self) -> u32 {
        match poll(&mut self.commands.tlb_ivld, self.knobs.stuck_tlb_ivld) {
            Err(_) => 1,
            Ok(done) => {
                if let Some(pages) = done {
                    self.tlb_ivld(pages);
                }
                0
            }
        }
    }

    fn tlb_ivld(&mut self, pages: Option<Pages>) {
        let dropped = match pages {
            Some(pages) => self.caches.drop_pages(pages.first, pages.last),
            None => [0; super::OWNERS],
        };

        self.counters.command_dropped(&dropped);
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

    /// PC_IVLD_ENABLE is written with 1.
    pub(super) fn start_ptw_ivld(&mut self) {
        self.counters.ptw_invalidations += 1;
        if let Some(old) = self.commands.ptw_ivld {
            self.counters.command_while_busy += 1;
            if !self.knobs.stuck_ptw_ivld {
                self.ptw_ivld(old.what);
            }
        }

        let taken = self.takes_ivld();
        let mib = Some(self.regs.pc_addr >> 20).filter(|_| taken);
        self.commands.ptw_ivld = Some(self.running(mib));
        if self.knobs.busy_reads == 0 {
            self.poll_ptw_ivld();
        }
    }

    /// PC_IVLD_ENABLE is read.
    pub(super) fn poll_ptw_ivld(&mut self) -> u32 {
        match poll(&mut self.commands.ptw_ivld, self.knobs.stuck_ptw_ivld) {
            Err(_) => 1,
            Ok(done) => {
                if let Some(mib) = done {
                    self.ptw_ivld(mib);
                }
                0
            }
        }
    }

    fn ptw_ivld(&mut self, mib: Option<u32>) {
        let dropped = match mib {
            Some(mib) => self.caches.drop_directory(mib),
            None => [0; super::OWNERS],
        };

        self.counters.command_dropped(&dropped);
    }

    /// The debug port starts; true if it was idle. Its work is done at once, only its busy bit
    /// takes time.
    pub(super) fn start_debug(&mut self) -> bool {
        if self.commands.debug.is_some() {
            self.counters.command_while_busy += 1;
            return false;
        }
        self.commands.debug = Some(self.running(()));
        if self.knobs.busy_reads == 0 {
            self.poll_debug();
        }
        true
    }

    /// VA_CONFIG is read: its busy bit.
    pub(super) fn poll_debug(&mut self) -> u32 {
        u32::from(poll(&mut self.commands.debug, self.knobs.stuck_debug).is_err())
    }
}
