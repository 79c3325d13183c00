// SPDX-License-Identifier: GPL-2.0

//! A directory entry, as software finds it.

use core::{
    ptr::NonNull,
    sync::atomic::{
        AtomicPtr,
        AtomicU32,
        Ordering, //
    },
};

use super::format::{
    Format,
    Sizes, //
};

/// The table of a directory entry, as software finds it: its address, with flags in the lowest
/// bits.
///
/// The atomics of `core` here and in [`entries`] are plain loads and stores. Those of the kernel
/// are function calls, two for each page that is mapped.
#[derive(Default)]
pub(super) struct Slot(AtomicPtr<AtomicU32>);

impl Slot {
    /// The directory entry has changed, and the walk cache may have it as it was.
    pub(super) const FRESH: usize = 1 << 0;
    /// The directory entry is a page, or one of several of a page. The table, if there is one, is
    /// empty and not walked.
    pub(super) const SECTION: usize = 1 << 1;
    pub(super) const FLAGS: usize = Self::FRESH | Self::SECTION;

    #[inline(always)]
    fn load(&self) -> *mut AtomicU32 {
        // `Acquire`: the table is seen as it was installed.
        self.0.load(Ordering::Acquire)
    }

    #[inline(always)]
    fn without_flags(tagged: *mut AtomicU32) -> Option<NonNull<AtomicU32>> {
        NonNull::new(tagged.map_addr(|addr| addr & !Self::FLAGS))
    }

    /// The table, if there is one and it is walked.
    #[inline(always)]
    pub(super) fn table<F: Format>(&self) -> Option<NonNull<AtomicU32>> {
        let tagged = self.load();

        if Sizes::<F>::HAS_SECTIONS && tagged.addr() & Self::SECTION != 0 {
            return None;
        }
        Self::without_flags(tagged)
    }

    /// The table, if there is one and no flag is set.
    #[inline(always)]
    pub(super) fn settled(&self) -> Option<NonNull<AtomicU32>> {
        NonNull::new(self.load()).filter(|tagged| tagged.addr().get() & Self::FLAGS == 0)
    }

    /// The table, if there is one.
    pub(super) fn any_table(&self) -> Option<NonNull<AtomicU32>> {
        Self::without_flags(self.load())
    }

    #[inline(always)]
    pub(super) fn has(&self, flag: usize) -> bool {
        self.0.load(Ordering::Relaxed).addr() & flag != 0
    }

    /// Installs a table. Called with the lock of the walker's device held.
    pub(super) fn install(&self, table: NonNull<AtomicU32>) {
        let tagged = table.as_ptr().map_addr(|addr| addr | Self::FRESH);

        self.0.store(tagged, Ordering::Release);
    }

    /// Sets the flags of a directory entry that changes. Called with the lock of the walker's
    /// device held, or without a device.
    pub(super) fn set_section(&self, section: bool) {
        let flags = if section { Self::FLAGS } else { Self::FRESH };
        let tagged = self.load().map_addr(|addr| addr & !Self::FLAGS | flags);

        self.0.store(tagged, Ordering::Release);
    }

    /// Notes that the walk cache does not have the directory entry as it was.
    pub(super) fn settle(&self) {
        let tagged = self.0.load(Ordering::Relaxed);
        let settled = tagged.map_addr(|addr| addr & !Self::FRESH);

        // It fails if another caller has just done the same.
        let _ = self
            .0
            .compare_exchange(tagged, settled, Ordering::Relaxed, Ordering::Relaxed);
    }
}
