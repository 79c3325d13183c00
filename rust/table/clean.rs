// SPDX-License-Identifier: GPL-2.0

//! Letting the walker see what was written, and which directory entries it may have cached as they
//! were.

use core::{
    ops::RangeInclusive,
    ptr::NonNull,
    slice, //
};

use super::{
    words,
    Format,
    Piece,
    Slot,
    Table, //
};

use crate::{
    streaming,
    walker::{
        BoundWalker,
        WalkerDevice, //
    }, //
};

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Lets the walker see the entries of `range`, and says whether there are [fresh](Table::fresh)
    /// directory entries among theirs.
    ///
    /// Does nothing but to look for fresh entries if `walker` is that of another device. Long
    /// ranges are cleaned in parts, see [`Self::start_of`].
    #[inline(always)]
    #[must_use = "changed directory entries have to be invalidated, after unmap as well"]
    pub fn clean(&self, walker: &BoundWalker<'_>, range: &RangeInclusive<u64>) -> bool {
        let (first, last) = (range.start() >> F::PAGE_SHIFT, range.end() >> F::PAGE_SHIFT);
        let index = first as usize / F::TABLE_ENTRIES;
        let start = first as usize % F::TABLE_ENTRIES;
        let more = last.wrapping_sub(first);

        // Most ranges lie in one table.
        if index < F::DIR_ENTRIES && more < (F::TABLE_ENTRIES - start) as u64 {
            let pages = more as usize + 1;
            return self.clean_piece(
                walker,
                Piece {
                    index,
                    start,
                    pages,
                },
            );
        }
        self.clean_run(*walker, first, last)
    }

    /// [`Self::clean`] with page numbers.
    #[inline(never)]
    fn clean_run(&self, walker: BoundWalker<'_>, mut page: u64, last: u64) -> bool {
        let last = last.min(super::Sizes::<F>::PAGES - 1);
        let mut fresh = false;

        while page <= last {
            let piece = Self::piece(page, (last - page) as usize + 1);
            fresh |= self.clean_piece(&walker, piece);
            page += piece.pages as u64;
        }
        fresh
    }

    /// [`Self::clean`] for the page at `iova`. Returns the physical address of its entry, for
    /// hardware that caches entries by these.
    ///
    /// Returns `None` where a page is not all that there is to do: the directory entry is
    /// [fresh](Table::fresh) or does not point to a table, or `walker` is that of another device.
    /// Nothing is cleaned then.
    #[inline(always)]
    pub fn clean_page(&self, walker: &BoundWalker<'_>, iova: u64) -> Option<u64> {
        let page = iova >> F::PAGE_SHIFT;
        if page >= super::Sizes::<F>::PAGES || walker.id() != self.body.id {
            return None;
        }
        let table = self.slot(page as usize / F::TABLE_ENTRIES).settled()?;
        // SAFETY: as in `table()`.
        let words = unsafe { words(table, F::TABLE_ENTRIES) };
        let words = slice::from_ref(&words[page as usize % F::TABLE_ENTRIES]);
        // SAFETY: entries of an installed table, and the walker was compared.
        let cleaned = unsafe { self.body.clean_words(walker, words) };

        Some(cleaned.unwrap_or_else(|| streaming::paddr_of(NonNull::from(words).cast())))
    }

    #[inline(always)]
    fn clean_piece(&self, walker: &BoundWalker<'_>, piece: Piece) -> bool {
        let is_fresh = self.slot(piece.index).has(Slot::FRESH);

        if let Some(table) = self.table(piece.index) {
            // A mapping of another device is not ours to clean.
            if walker.id() == self.body.id {
                // SAFETY: entries of an installed table, and the walker was compared.
                unsafe {
                    self.body
                        .clean_words(walker, &table[piece.start..][..piece.pages])
                };
            }
        }
        is_fresh
    }

    /// The part of a range that [`Self::clean`] is to be called for at a time, so that interrupts
    /// are not off for too long: from `range.start()` on, at most 64 tables.
    pub fn start_of(range: &RangeInclusive<u64>) -> RangeInclusive<u64> {
        let bytes = (64 * F::TABLE_ENTRIES as u64) << F::PAGE_SHIFT;
        let end = (range.start() | (bytes - 1)).min(*range.end());

        *range.start()..=end
    }

    /// The first IOVA of each directory entry in `range` that has changed and was not
    /// [settled](Table::settle) since.
    ///
    /// For hardware that caches directory entries, also while they are invalid. Invalidate these
    /// for every instance, then settle the range; in this order, since another caller that has just
    /// mapped into the same table relies on it too. Every address of the range has to be the
    /// caller's own.
    #[inline]
    pub fn fresh(&self, range: &RangeInclusive<u64>) -> impl Iterator<Item = u64> + '_ {
        self.slots_of(range)
            .filter(|&index| self.body.slots[index].has(Slot::FRESH))
            .map(|index| (index as u64 * F::TABLE_ENTRIES as u64) << F::PAGE_SHIFT)
    }

    /// Notes that no walk cache has the directory entries of `range` as they were.
    pub fn settle(&self, range: &RangeInclusive<u64>) {
        self.slots_of(range)
            .map(|index| &self.body.slots[index])
            .for_each(Slot::settle);
    }

    #[inline]
    fn slots_of(&self, range: &RangeInclusive<u64>) -> core::ops::Range<usize> {
        let shift = super::Sizes::<F>::DIR_SHIFT;
        let limit = F::DIR_ENTRIES as u64;
        let first = (range.start() >> shift).min(limit);
        let end = (range.end() >> shift).saturating_add(1).min(limit);
        first as usize..end as usize
    }
}
