// SPDX-License-Identifier: GPL-2.0

//! Letting the walker see what was written.

use core::{
    ops::RangeInclusive,
    sync::atomic::AtomicU32, //
};

use super::{
    state,
    Format,
    Pinned,
    Slot,
    Table, //
};

use crate::walker::{
    self,
    WalkerDevice, //
};

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Lets the walker see the pages of `range` that were mapped before this call, and says whether
    /// there are [fresh](Table::fresh) directory entries among theirs.
    ///
    /// For [`PagingDomain::sync_map`], which the core calls for all that it has mapped before anybody
    /// may use it.
    ///
    /// [`PagingDomain::sync_map`]: crate::ops::PagingDomain::sync_map
    #[inline(always)]
    pub fn clean(&self, range: &RangeInclusive<u64>) -> bool {
        if !self.walk.needs_clean() {
            return self.fresh(range).next().is_some();
        }
        let (first, last) = (range.start() >> F::PAGE_SHIFT, range.end() >> F::PAGE_SHIFT);
        let more = last.wrapping_sub(first);

        match self.slot_of(first) {
            // What most are: in one table, which nobody else is crowding.
            Some((slot, start)) if more < (F::TABLE_ENTRIES - start) as u64 => {
                match slot.try_pin_walked() {
                    Some(pinned) => {
                        let seen = self.clean_pinned(slot, pinned, start, more as usize + 1);
                        seen & state::FRESH != 0
                    }
                    None => self.clean_run(first, last),
                }
            }
            _ => self.clean_run(first, last),
        }
    }

    /// [`Self::clean`] with page numbers, which need not be put into memory before they are wanted there.
    #[inline(never)]
    fn clean_run(&self, mut page: u64, last: u64) -> bool {
        let mut seen = 0;

        if page > last {
            return false;
        }
        while let Some((slot, start)) = self.slot_of(page) {
            let left = last.wrapping_sub(page);
            let pages = left.min((F::TABLE_ENTRIES - start - 1) as u64) + 1;
            if let Some(pinned) = slot.pin() {
                seen |= self.clean_pinned(slot, pinned, start, pages as usize);
            }
            if left < pages {
                break;
            }
            page += pages;
        }
        seen & state::FRESH != 0
    }

    /// Lets the walker see `pages` entries from `start` on, and says in which state their table was. 0:
    /// there is no walker.
    #[inline(always)]
    fn clean_pinned(&self, slot: &Slot, pinned: Pinned<'_>, start: usize, pages: usize) -> u32 {
        let mut seen = 0;
        if pinned.is_walked() {
            let offset = (start * size_of::<u32>()) as u64;
            let words = self.paddr_of(pinned.place()).wrapping_add(offset);
            let bytes = pages.wrapping_mul(size_of::<u32>());

            // SAFETY: by the type invariants the table is mapped, and stays so while this pin is there; it
            // has these entries.
            unsafe { walker::clean(self.walk.bound(), words, bytes) };
            seen = pinned.seen();
        }
        if pinned.release_added(0) {
            self.retire_slot(slot);
        }
        seen
    }

    /// Lets the walker see changed words of the directory or of a table.
    ///
    /// # Safety
    ///
    /// For the time of the call, the walker is not revoked and the table is not freed. A pin on the table
    /// that [is walked](super::Pinned::is_walked) sees to both; for the directory, so does `lock`.
    #[inline(always)]
    pub(super) unsafe fn clean_words(&self, words: &[AtomicU32]) {
        if self.walk.needs_clean() && !words.is_empty() {
            let offset = words.as_ptr().addr().wrapping_sub(self.directory_addr());
            let paddr = self.base.wrapping_add_signed(offset as isize as i64);
            // SAFETY: by the type invariants these are as far from the directory for the walker as for the
            // CPU, and mapped for it.
            unsafe { walker::clean(self.walk.bound(), paddr, size_of_val(words)) };
        }
    }
}
