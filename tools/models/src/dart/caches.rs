// SPDX-License-Identifier: GPL-2.0

//! The caches of an instance. Each has a separate address space for each stream.

use super::SPACES;
use crate::cache::{
    Cache,
    Cached, //
};

/// An entry as it was read from memory, and the table that it was read through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The word.
    pub(super) word: u64,
    /// Top table through which it was read.
    pub(super) root: u64,
}

impl Cached for Entry {
    fn owner(&self) -> usize {
        0
    }
}

const FILLER: Entry = Entry { word: 0, root: 0 };

type Table<const SLOTS: usize, const WORDS: usize, const NODES: usize> =
    Cache<Entry, SLOTS, WORDS, SPACES, 1, NODES>;

/// The level of an entry, from the page upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// TLB: the entry of a page (PTE).
    Page,
    /// Segment cache: the entry that points to a table of pages (PMD).
    Segment,
    /// Context cache: with four levels, the entry that points to a table of segments (PGD).
    Context,
}

impl Level {
    /// Its number: 0 for a page, then upwards.
    pub(super) const fn number(self) -> u32 {
        self as u32
    }
}

/// The caches, by level.
pub(super) struct Caches {
    /// By page number.
    pages: Table<4096, 64, 8192>,
    /// By the page number without the index of the lowest level.
    segments: Table<512, 8, 2048>,
    /// By the page number without two indices.
    contexts: Table<256, 4, 512>,
    /// The TTBRs that a walk has found invalid, one bit each, by stream.
    no_ttbr: [u8; SPACES],
}

impl Caches {
    pub(super) const fn new() -> Self {
        Self {
            pages: Cache::new(FILLER),
            segments: Cache::new(FILLER),
            contexts: Cache::new(FILLER),
            no_ttbr: [0; SPACES],
        }
    }

    pub(super) fn get(&self, level: Level, stream: u32, tag: u32) -> Option<Entry> {
        match level {
            Level::Page => self.pages.get(stream, tag),
            Level::Segment => self.segments.get(stream, tag),
            Level::Context => self.contexts.get(stream, tag),
        }
    }

    /// Stores an entry; true if that evicted another one. `direct` makes the cache a direct-mapped
    /// one.
    pub(super) fn put(
        &mut self,
        level: Level,
        stream: u32,
        tag: u32,
        entry: Entry,
        direct: bool,
    ) -> bool {
        match level {
            Level::Page => self.pages.put(stream, tag, entry, direct),
            Level::Segment => self.segments.put(stream, tag, entry, direct),
            Level::Context => self.contexts.put(stream, tag, entry, direct),
        }
    }

    /// Whether a walk for `stream` has found its TTBR `i` invalid.
    pub(super) fn has_no_ttbr(&self, stream: u32, i: usize) -> bool {
        self.no_ttbr[stream as usize] >> i & 1 != 0
    }

    /// Records that a walk for `stream` has found its TTBR `i` invalid.
    pub(super) fn put_no_ttbr(&mut self, stream: u32, i: usize) {
        self.no_ttbr[stream as usize] |= 1 << i;
    }

    /// Drops the page entries of `stream`; returns how many. With `keep`, they can be taken by
    /// `take_dropped`, here and below.
    pub(super) fn flush_pages(&mut self, stream: u32, keep: bool) -> u32 {
        flush(&mut self.pages, stream, keep)
    }

    /// Drops the entries of `stream` that point to tables; returns how many. Invalid TTBRs do not
    /// count.
    pub(super) fn flush_tables(&mut self, stream: u32, keep: bool) -> u32 {
        self.no_ttbr[stream as usize] = 0;
        flush(&mut self.segments, stream, keep) + flush(&mut self.contexts, stream, keep)
    }

    /// Drops the entries of the pages `first..=last` of `stream`; returns how many.
    pub(super) fn drop_pages(&mut self, stream: u32, first: u32, last: u32, keep: bool) -> u32 {
        let mut dropped = [0];

        self.pages
            .drop_range(stream, first, last, keep, &mut dropped);
        dropped[0]
    }

    /// The number of dropped entries that can be taken.
    pub(super) fn waiting(&self, level: Level) -> u16 {
        match level {
            Level::Page => self.pages.waiting(),
            Level::Segment => self.segments.waiting(),
            Level::Context => self.contexts.waiting(),
        }
    }

    /// Takes a dropped entry; returns its stream and tag.
    pub(super) fn take_dropped(&mut self, level: Level) -> Option<(u32, u32)> {
        let (stream, tag, _) = match level {
            Level::Page => self.pages.take_dropped(),
            Level::Segment => self.segments.take_dropped(),
            Level::Context => self.contexts.take_dropped(),
        }?;

        Some((stream, tag))
    }

    /// Puts the dropped entry that was taken last back behind the others.
    pub(super) fn postpone(&mut self, level: Level) {
        match level {
            Level::Page => self.pages.postpone(),
            Level::Segment => self.segments.postpone(),
            Level::Context => self.contexts.postpone(),
        }
    }

    /// Drops all entries.
    pub(super) fn clear(&mut self) {
        for stream in 0..SPACES as u32 {
            self.flush_pages(stream, false);
            self.flush_tables(stream, false);
        }
    }
}

fn flush<const SLOTS: usize, const WORDS: usize, const NODES: usize>(
    table: &mut Table<SLOTS, WORDS, NODES>,
    stream: u32,
    keep: bool,
) -> u32 {
    let mut dropped = [0];

    if keep {
        table.drop_range(stream, 0, u32::MAX, true, &mut dropped);
    } else {
        dropped = table.flush(stream);
    }
    dropped[0]
}
