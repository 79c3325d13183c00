// SPDX-License-Identifier: GPL-2.0

//! All caches of an instance, and what empties them.

use super::{
    tlb::{
        Entry,
        Tlb, //
    },
    OWNERS, //
};

/// Bit of the macro TLB in RESET, TLB_ENABLE and TLB_FLUSH.
pub(super) const MACRO: u32 = 1 << 16;
/// Bit of the PTW cache in the same registers.
pub(super) const PTW: u32 = 1 << 17;

const MICROS: usize = 7;

/// Micro TLBs by master, the macro TLB and the PTW cache.
pub(super) struct Caches {
    micro: [Tlb<64, 1>; MICROS],
    /// By page number; also invalid entries.
    pub(super) tlb: Tlb<4096, 64>,
    /// By MiB; also invalid entries.
    pub(super) ptw: Tlb<512, 8>,
}

impl Caches {
    pub(super) const fn new() -> Self {
        Self {
            micro: [const { Tlb::new() }; MICROS],
            tlb: Tlb::new(),
            ptw: Tlb::new(),
        }
    }

    /// What the micro TLB of `master` holds for `page`.
    pub(super) fn micro(&self, master: u32, page: u32) -> Option<Entry> {
        self.micro.get(master as usize)?.get(page)
    }

    /// Stores into the micro TLB of `master`; true when another entry had to go.
    pub(super) fn put_micro(&mut self, master: u32, page: u32, entry: Entry) -> bool {
        match self.micro.get_mut(master as usize) {
            Some(micro) => micro.put(page, entry),
            None => false,
        }
    }

    /// Empties the caches whose bits are set in `what`, laid out as in TLB_FLUSH.
    pub(super) fn flush(&mut self, what: u32) -> [u32; OWNERS] {
        let mut dropped = [0; OWNERS];

        for (m, micro) in self.micro.iter_mut().enumerate() {
            if what >> m & 1 != 0 {
                micro.flush(&mut dropped);
            }
        }
        if what & MACRO != 0 {
            self.tlb.flush(&mut dropped);
        }
        if what & PTW != 0 {
            self.ptw.flush(&mut dropped);
        }
        dropped
    }

    /// Drops the pages `first..=last` from all TLBs.
    pub(super) fn drop_pages(&mut self, first: u32, last: u32) -> [u32; OWNERS] {
        let mut dropped = [0; OWNERS];

        for micro in &mut self.micro {
            micro.drop_range(first, last, &mut dropped);
        }
        self.tlb.drop_range(first, last, &mut dropped);
        dropped
    }

    /// Drops the directory entry of `mib`, and no other of its line, from the PTW cache.
    pub(super) fn drop_directory(&mut self, mib: u32) -> [u32; OWNERS] {
        let mut dropped = [0; OWNERS];

        self.ptw.drop_range(mib, mib, &mut dropped);
        dropped
    }
}
