// SPDX-License-Identifier: GPL-2.0

//! The two caches: page-table memory by physical address (PTC), and translations by ASID and page
//! (TLB).

use super::{
    format::Word,
    Fault,
    ASIDS, //
};
use crate::cache::{
    Cache,
    Cached, //
};

/// The most entries of a PTC line.
pub(super) const LINE: usize = 16;

/// A line of page-table memory.
pub(super) type Line = [u32; LINE];

impl Cached for Line {
    fn owner(&self) -> usize {
        0
    }
}

/// The result of a walk for one page.
#[derive(Clone, Copy)]
pub(super) struct Translation {
    /// The frame of the page, and the rights that all levels grant.
    pub(super) word: Word,
    /// The root through which it was read.
    pub(super) root: Word,
    /// The level without a valid entry, if the walk ended at one.
    pub(super) missing: Option<Fault>,
}

impl Cached for Translation {
    fn owner(&self) -> usize {
        0
    }
}

const FILLER: Translation = Translation {
    word: Word(0),
    root: Word(0),
    missing: None,
};

/// The PTC has one address space.
const SPACE: u32 = 0;

/// Both caches.
pub(super) struct Caches {
    /// By number of the line in physical memory.
    lines: Cache<Line, 1024, 16, 1, 1, 4096>,
    /// By page of an ASID.
    translations: Cache<Translation, 1024, 16, ASIDS, 1, 8192>,
}

impl Caches {
    pub(super) const fn new() -> Self {
        Self {
            lines: Cache::new([0; LINE]),
            translations: Cache::new(FILLER),
        }
    }

    /// The line with this number.
    pub(super) fn line(&self, number: u32) -> Option<Line> {
        self.lines.get(SPACE, number)
    }

    /// The translation of a page.
    pub(super) fn translation(&self, asid: u32, page: u32) -> Option<Translation> {
        self.translations.get(asid, page)
    }

    /// Stores a line; true if that evicted another one. `direct` makes the cache a direct-mapped
    /// one, here and below.
    pub(super) fn put_line(&mut self, number: u32, line: Line, direct: bool) -> bool {
        self.lines.put(SPACE, number, line, direct)
    }

    /// Stores a translation; true if that evicted another one.
    pub(super) fn put_translation(
        &mut self,
        asid: u32,
        page: u32,
        translation: Translation,
        direct: bool,
    ) -> bool {
        self.translations.put(asid, page, translation, direct)
    }

    /// Drops the lines `first..=last`; returns how many. With `keep`, they can be taken by
    /// [`Caches::take_line`], and translations by [`Caches::take_translation`] below.
    pub(super) fn drop_lines(&mut self, first: u32, last: u32, keep: bool) -> u32 {
        let mut dropped = [0];

        self.lines
            .drop_range(SPACE, first, last, keep, &mut dropped);
        dropped[0]
    }

    /// Drops the translations of the pages `first..=last` of an ASID; returns how many.
    pub(super) fn drop_pages(&mut self, asid: u32, first: u32, last: u32, keep: bool) -> u32 {
        let mut dropped = [0];

        self.translations
            .drop_range(asid, first, last, keep, &mut dropped);
        dropped[0]
    }

    /// Drops all translations of an ASID; returns how many.
    pub(super) fn flush_asid(&mut self, asid: u32, keep: bool) -> u32 {
        if keep {
            self.drop_pages(asid, 0, u32::MAX, true)
        } else {
            self.translations.flush(asid)[0]
        }
    }

    /// Takes the number of a dropped line.
    pub(super) fn take_line(&mut self) -> Option<u32> {
        self.lines.take_dropped().map(|(_, number, _)| number)
    }

    /// The number of dropped translations that can be taken.
    pub(super) fn waiting_translations(&self) -> u16 {
        self.translations.waiting()
    }

    /// Takes a dropped translation; returns its ASID and page.
    pub(super) fn take_translation(&mut self) -> Option<(u32, u32)> {
        let (asid, page, _) = self.translations.take_dropped()?;

        Some((asid, page))
    }

    /// Puts the dropped translation that was taken last back behind the others.
    pub(super) fn postpone_translation(&mut self) {
        self.translations.postpone();
    }

    /// Drops the contents of both caches, including what waits to be taken.
    pub(super) fn clear(&mut self) {
        self.lines.flush(SPACE);
        for asid in 0..ASIDS as u32 {
            self.translations.flush(asid);
        }
        while self.take_line().is_some() {}
        while self.take_translation().is_some() {}
    }
}
