// SPDX-License-Identifier: GPL-2.0

//! The caches of an instance, and the operations that empty them.

use super::OWNERS;
use crate::cache::{
    Cache,
    Cached, //
};

/// Bit of the macro TLB in RESET, TLB_ENABLE and TLB_FLUSH.
pub(super) const MACRO: u32 = 1 << 16;
/// Bit of the PTW cache in the same registers.
pub(super) const PTW: u32 = 1 << 17;

/// The micro TLBs of masters are spaces of one cache.
const MICROS: u32 = 7;
/// The other caches have one space.
const SPACE: u32 = 0;

/// An entry as it was read from memory, and the directory and owner that it was read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The word.
    pub(super) word: u32,
    /// Directory through which it was read.
    pub(super) ttb: u32,
    /// Rule of its domain when it was read. It has no meaning in a directory entry.
    pub(super) rule: u16,
    /// Master for which it was read, or [`DEBUG`](super::DEBUG).
    pub(super) owner: u8,
}

impl Cached for Entry {
    fn owner(&self) -> usize {
        self.owner.into()
    }
}

const FILLER: Entry = Entry {
    word: 0,
    ttb: 0,
    rule: 0,
    owner: 0,
};

type Tlb<const SLOTS: usize, const WORDS: usize, const SPACES: usize, const NODES: usize> =
    Cache<Entry, SLOTS, WORDS, SPACES, OWNERS, NODES>;

/// Micro TLBs by master, the macro TLB and the PTW cache.
pub(super) struct Caches {
    micro: Tlb<256, 4, 8, 8192>,
    /// By page number; has invalid entries, too.
    tlb: Tlb<4096, 64, 1, 8192>,
    /// By MiB, with room for all of them; has invalid entries, too.
    ptw: Tlb<512, 8, 1, 4096>,
}

impl Caches {
    pub(super) const fn new() -> Self {
        Self {
            micro: Cache::new(FILLER),
            tlb: Cache::new(FILLER),
            ptw: Cache::new(FILLER),
        }
    }

    /// The entry for `page` in the micro TLB of `master`.
    pub(super) fn micro(&self, master: u32, page: u32) -> Option<Entry> {
        self.micro.get(master, page)
    }

    /// The entry for `page` in the macro TLB.
    pub(super) fn page(&self, page: u32) -> Option<Entry> {
        self.tlb.get(SPACE, page)
    }

    /// The entry for `mib` in the PTW cache.
    pub(super) fn directory(&self, mib: u32) -> Option<Entry> {
        self.ptw.get(SPACE, mib)
    }

    /// Stores into the micro TLB of `master`; true if that evicted another entry. `direct` makes
    /// the cache a direct-mapped one, here and below.
    pub(super) fn put_micro(&mut self, master: u32, page: u32, entry: Entry, direct: bool) -> bool {
        self.micro.put(master, page, entry, direct)
    }

    /// Stores into the macro TLB; true if that evicted another entry.
    pub(super) fn put_page(&mut self, page: u32, entry: Entry, direct: bool) -> bool {
        self.tlb.put(SPACE, page, entry, direct)
    }

    /// Stores into the PTW cache; true if that evicted another entry.
    pub(super) fn put_directory(&mut self, mib: u32, entry: Entry, direct: bool) -> bool {
        self.ptw.put(SPACE, mib, entry, direct)
    }

    /// Empties the caches whose bits are set in `what`, laid out as in TLB_FLUSH. With `keep`, the
    /// entries can be taken by `take_dropped`, here and below.
    pub(super) fn flush(&mut self, what: u32, keep: bool) -> [u32; OWNERS] {
        let mut dropped = [0; OWNERS];

        for master in (0..MICROS).filter(|master| what >> master & 1 != 0) {
            flush(&mut self.micro, master, keep, &mut dropped);
        }
        if what & MACRO != 0 {
            flush(&mut self.tlb, SPACE, keep, &mut dropped);
        }
        if what & PTW != 0 {
            flush(&mut self.ptw, SPACE, keep, &mut dropped);
        }
        dropped
    }

    /// Drops the pages `first..=last` from all TLBs.
    pub(super) fn drop_pages(&mut self, first: u32, last: u32, keep: bool) -> [u32; OWNERS] {
        let mut dropped = [0; OWNERS];

        for master in 0..MICROS {
            self.micro
                .drop_range(master, first, last, keep, &mut dropped);
        }
        self.tlb.drop_range(SPACE, first, last, keep, &mut dropped);
        dropped
    }

    /// Drops the directory entry of `mib`, and no other of its line, from the PTW cache.
    pub(super) fn drop_directory(&mut self, mib: u32, keep: bool) -> [u32; OWNERS] {
        let mut dropped = [0; OWNERS];

        self.ptw.drop_range(SPACE, mib, mib, keep, &mut dropped);
        dropped
    }

    /// Takes a dropped entry, those of directories first.
    pub(super) fn take_dropped(&mut self) -> Option<Dropped> {
        if let Some((_, mib, entry)) = self.ptw.take_dropped() {
            Some(Dropped::Directory(mib, entry.owner))
        } else if let Some((_, page, entry)) = self.tlb.take_dropped() {
            Some(Dropped::Page(page, entry.owner))
        } else {
            let (master, page, _) = self.micro.take_dropped()?;

            Some(Dropped::Micro(page, master as u8))
        }
    }
}

/// An entry that a command has dropped: its MiB or page, and its owner.
pub(super) enum Dropped {
    Directory(u32, u8),
    Page(u32, u8),
    Micro(u32, u8),
}

fn flush<const SLOTS: usize, const WORDS: usize, const SPACES: usize, const NODES: usize>(
    tlb: &mut Tlb<SLOTS, WORDS, SPACES, NODES>,
    space: u32,
    keep: bool,
    dropped: &mut [u32; OWNERS],
) {
    if keep {
        tlb.drop_range(space, 0, u32::MAX, true, dropped);
    } else {
        for (sum, n) in dropped.iter_mut().zip(tlb.flush(space)) {
            *sum += n;
        }
    }
}
