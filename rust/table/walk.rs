// SPDX-License-Identifier: GPL-2.0

//! Looking at a page table: for debugfs, for counters, for walk caches that remember nothing.

use core::ops::RangeInclusive;

use kernel::sync::atomic::Relaxed;

use super::{
    entries,
    state,
    Format,
    Piece,
    Sizes,
    Table, //
};

use crate::{
    prot::Prot,
    walker::WalkerDevice, //
};

/// Pages that follow each other on both sides and allow the same.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first IOVA.
    pub iova: u64,
    /// Where it goes.
    pub paddr: u64,
    /// Number of pages.
    pub pages: usize,
    /// What accesses are allowed.
    pub prot: Prot,
}

/// A range under construction.
#[derive(Copy, Clone)]
struct Found {
    page: u64,
    pages: usize,
    entry: u32,
}

impl Found {
    fn into_range<F: Format>(self) -> Option<Range> {
        Some(Range {
            iova: self.page << F::PAGE_SHIFT,
            paddr: F::page_paddr(self.entry)?,
            pages: self.pages,
            prot: F::page_prot(self.entry),
        })
    }

    /// Whether `next` goes on where this ends.
    fn joins<F: Format>(&self, next: &Self) -> bool {
        let expected = self
            .entry
            .wrapping_add(F::STEP.wrapping_mul(self.pages as u32));
        self.page + self.pages as u64 == next.page && expected == next.entry
    }
}

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Calls `f` with each range of live translations, in the order of IOVAs.
    ///
    /// Tables may change meanwhile: each range was true at some moment. Nothing is locked or pinned
    /// while `f` runs.
    pub fn for_each_range(&self, mut f: impl FnMut(&Range)) {
        let mut last: Option<Found> = None;
        let mut page = 0;

        while page < Sizes::<F>::PAGES {
            let piece = Self::piece(page, F::TABLE_ENTRIES);
            let Some(found) = self.first_in(page, piece) else {
                page += piece.pages as u64;
                continue;
            };
            page = found.page + found.pages as u64;
            last = match last {
                Some(mut run) if run.joins::<F>(&found) => {
                    run.pages += found.pages;
                    Some(run)
                }
                Some(run) => {
                    if let Some(range) = run.into_range::<F>() {
                        f(&range);
                    }
                    Some(found)
                }
                None => Some(found),
            };
        }
        if let Some(range) = last.and_then(Found::into_range::<F>) {
            f(&range);
        }
    }

    fn first_in(&self, page: u64, piece: Piece) -> Option<Found> {
        let pinned = self.body.slots[piece.index].pin()?;
        let run = entries::first_run(self.entries(&pinned, piece), F::STEP);
        if pinned.release_added(0) {
            self.retire(piece.index);
        }
        let (start, pages, entry) = run?;
        Some(Found {
            page: page + start as u64,
            pages,
            entry,
        })
    }

    /// Number of tables, those in limbo included.
    pub fn tables(&self) -> usize {
        self.body.tables.load(Relaxed)
    }

    /// Bytes that the hardware may walk: tables and the directory.
    pub fn bytes(&self) -> usize {
        Sizes::<F>::DIRECTORY + self.tables() * Sizes::<F>::TABLE
    }

    /// The first IOVA of each directory entry in `range` that became valid and was not
    /// [settled](Table::settle) since.
    ///
    /// For hardware that caches directory entries also while they are invalid. Invalidate these for
    /// every instance, then settle the range; in this order, since somebody else who has just mapped
    /// into the same table relies on it too.
    #[inline]
    pub fn fresh(&self, range: &RangeInclusive<u64>) -> impl Iterator<Item = u64> + '_ {
        self.slots_of(range)
            .filter(|&index| self.body.slots[index].load() & state::FRESH != 0)
            .map(|index| (index as u64 * F::TABLE_ENTRIES as u64) << F::PAGE_SHIFT)
    }

    /// Notes that no walk cache has the directory entries of `range` as invalid.
    pub fn settle(&self, range: &RangeInclusive<u64>) {
        for index in self.slots_of(range) {
            self.body.slots[index].clear(state::FRESH);
        }
    }

    #[inline]
    fn slots_of(&self, range: &RangeInclusive<u64>) -> core::ops::Range<usize> {
        let shift = F::PAGE_SHIFT + F::TABLE_ENTRIES.trailing_zeros();
        let limit = F::DIR_ENTRIES as u64;
        let first = (range.start() >> shift).min(limit);
        let end = (range.end() >> shift).saturating_add(1).min(limit);
        first as usize..end as usize
    }
}
