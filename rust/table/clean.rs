// SPDX-License-Identifier: GPL-2.0

//! Letting the walker see what was written.

use core::{
    ops::RangeInclusive,
    ptr::NonNull,
    sync::atomic::AtomicU32, //
};

use kernel::{
    device::{
        Bound,
        Device, //
    },
    ffi::c_void, //
};

use super::{
    state,
    Format,
    Sizes,
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
    #[inline]
    pub fn clean(&self, range: &RangeInclusive<u64>) -> bool {
        if self.walker.needs_clean() {
            // If the device is gone there is no walker, and no cache of one.
            let fresh = self.walker.with_bound(|dev| self.clean_pages(dev, range));
            return fresh.unwrap_or(false);
        }
        self.fresh(range).next().is_some()
    }

    #[inline]
    fn clean_pages(&self, dev: &Device<Bound>, range: &RangeInclusive<u64>) -> bool {
        let end = (range.end() >> F::PAGE_SHIFT).min(Sizes::<F>::PAGES - 1) + 1;
        let mut page = range.start() >> F::PAGE_SHIFT;
        let mut seen = 0;

        while page < end {
            let piece = Self::piece(page, (end - page) as usize);
            let slot = &self.slots[piece.index];
            if let Some(pinned) = slot.pin() {
                seen |= slot.load();
                self.clean_words(Some(dev), self.entries(&pinned, piece));
                if pinned.release_added(0) {
                    self.retire(Some(dev), piece.index);
                }
            }
            page += piece.pages as u64;
        }
        seen & state::FRESH != 0
    }

    /// Lets the walker see changed words.
    #[inline]
    pub(super) fn clean_words(&self, dev: Option<&Device<Bound>>, words: &[AtomicU32]) {
        if !self.walker.needs_clean() || words.is_empty() {
            return;
        }
        if let Some(dev) = dev {
            let virt: NonNull<c_void> = NonNull::from(words).cast();
            walker::clean(dev, virt, size_of_val(words));
        }
    }

    /// As [`Self::clean_words`], from where there is no bound device at hand.
    #[inline]
    pub(super) fn clean_bound(&self, words: &[AtomicU32]) {
        if self.walker.needs_clean() {
            self.walker
                .with_bound(|dev| self.clean_words(Some(dev), words));
        }
    }
}
