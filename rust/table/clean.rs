// SPDX-License-Identifier: GPL-2.0

//! Letting the walker see what was written.

use core::{
    ops::RangeInclusive,
    sync::atomic::AtomicU32, //
};

use kernel::device::{
    Bound,
    Device, //
};

use super::{
    state,
    Format,
    Slot,
    Table, //
};

use crate::{
    instance::Walker,
    live::LiveEngines,
    ops::Operations,
    walker::{
        self,
        WalkerDevice, //
    },
};

impl<F: Format> Table<F, Walker> {
    /// As [`Self::clean`], for who holds the walker's instance already.
    ///
    /// For [`PagingDomain::sync_map`], which the core calls for all that it has mapped before anybody
    /// may use it.
    ///
    /// [`PagingDomain::sync_map`]: crate::ops::PagingDomain::sync_map
    #[inline(always)]
    pub fn sync_map<T: Operations>(
        &self,
        live: &LiveEngines<'_, T>,
        range: &RangeInclusive<u64>,
    ) -> bool {
        let (first, last) = (range.start() >> F::PAGE_SHIFT, range.end() >> F::PAGE_SHIFT);
        let more = last.wrapping_sub(first);

        match (live.walker_dev(self.walker.device()), self.slot_of(first)) {
            // What most are: in one table.
            (Some(dev), Some((slot, start)))
                if more < (F::TABLE_ENTRIES - start) as u64 && self.walker.needs_clean() =>
            {
                self.clean_piece(dev, slot, start, more as usize + 1) & state::FRESH != 0
            }
            _ => self.clean_run(*range.start(), *range.end()),
        }
    }

    /// [`Self::clean`] with numbers, which need not be put into memory before they are wanted there.
    #[inline(never)]
    fn clean_run(&self, first: u64, last: u64) -> bool {
        self.clean(&(first..=last))
    }
}

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Lets the walker see the pages of `range` that were mapped before this call, and says whether
    /// there are [fresh](Table::fresh) directory entries among theirs.
    pub fn clean(&self, range: &RangeInclusive<u64>) -> bool {
        if self.walker.needs_clean() {
            // If the device is gone there is no walker, and no cache of one.
            let fresh = self.walker.with_bound(|dev| self.clean_pages(dev, range));
            return fresh.unwrap_or(false);
        }
        self.fresh(range).next().is_some()
    }

    fn clean_pages(&self, dev: &Device<Bound>, range: &RangeInclusive<u64>) -> bool {
        let last = range.end() >> F::PAGE_SHIFT;
        let mut page = range.start() >> F::PAGE_SHIFT;
        let mut seen = 0;

        if page > last {
            return false;
        }
        while let Some((slot, start)) = self.slot_of(page) {
            let left = last.wrapping_sub(page);
            let pages = left.min((F::TABLE_ENTRIES - start - 1) as u64) + 1;
            seen |= self.clean_piece(dev, slot, start, pages as usize);
            if left < pages {
                break;
            }
            page += pages;
        }
        seen & state::FRESH != 0
    }

    /// Lets the walker see `pages` entries from `start` on, and says in which state their table was.
    #[inline(always)]
    fn clean_piece(&self, dev: &Device<Bound>, slot: &Slot, start: usize, pages: usize) -> u32 {
        let Some(pinned) = slot.pin() else {
            return 0;
        };
        let seen = slot.load();
        let offset = (start * size_of::<u32>()) as u64;
        let words = self.paddr_of(pinned.place()).wrapping_add(offset);

        // SAFETY: by the type invariants the pinned table is mapped for the walker, which is revoked when
        // nobody can have its device bound any more; the table has these entries.
        unsafe { walker::clean(dev, words, pages.wrapping_mul(size_of::<u32>())) };
        if pinned.release_added(0) {
            self.retire_slot(slot);
        }
        seen
    }

    /// Lets the walker see changed words of the directory or of a table.
    #[inline(always)]
    pub(super) fn clean_words(&self, dev: Option<&Device<Bound>>, words: &[AtomicU32]) {
        if let Some(dev) = dev {
            if self.walker.needs_clean() && !words.is_empty() {
                self.clean_for(dev, words);
            }
        }
    }

    #[inline(always)]
    fn clean_for(&self, dev: &Device<Bound>, words: &[AtomicU32]) {
        let offset = words.as_ptr().addr().wrapping_sub(self.directory_addr());
        let paddr = self.base.wrapping_add_signed(offset as isize as i64);
        // SAFETY: these are words of the directory or of a table that is kept. By the type invariants
        // they are as far from each other for the walker, and mapped for it, which is revoked when nobody
        // can have its device bound any more.
        unsafe { walker::clean(dev, paddr, size_of_val(words)) };
    }

    /// As [`Self::clean_words`], from where there is no bound device at hand.
    #[inline(always)]
    pub(super) fn clean_bound(&self, words: &[AtomicU32]) {
        if self.walker.needs_clean() {
            self.walker.with_bound(|dev| self.clean_for(dev, words));
        }
    }
}
