// SPDX-License-Identifier: GPL-2.0

//! One entry of the directory, as software sees it: which table is there, who is using it, and how
//! much of it.
//!
//! As in [`super::entries`], these are the atomics of `core`: both words are private to this file, and
//! two calls of a helper for each table touched would be most of what mapping a page costs.

use core::sync::atomic::{
    AtomicI32, AtomicU32,
    Ordering::{
        AcqRel,
        Acquire,
        Relaxed,
        Release, //
    },
};

use kernel::processor::cpu_relax;

/// The state word of a slot.
///
/// ```text
/// 31         21 20      19       18           2   1      0
/// | live pages | FINAL | ABSENT | pins          | FRESH | IDLE |
/// ```
///
/// What a user must not find stands side by side, with the top bit of the pins, so that one test tells.
///
/// The number of live pages is exact as long as callers keep to disjoint ranges. Two that map or
/// unmap the same page at the same time can count it twice. That is why it is the topmost field: it
/// wraps out of the word and never into the others.
pub(super) mod state {
    /// The slot is in the ring of tables that may be empty.
    pub(crate) const IDLE: u32 = 1 << 0;
    /// The table is new, and nobody has said yet that the hardware's walk cache knows.
    pub(crate) const FRESH: u32 = 1 << 1;
    /// One user of the table.
    pub(crate) const PIN: u32 = 1 << 2;
    /// The top bit of the pins. Users back off when they see it, and sixty thousand of them would
    /// have to be between two instructions to get from here to an overflow.
    pub(crate) const CROWDED: u32 = 1 << 18;
    /// There is no table.
    pub(crate) const ABSENT: u32 = 1 << 19;
    /// The walker is about to be revoked, or is: no more pages.
    pub(crate) const FINAL: u32 = 1 << 20;

    const LIVE_SHIFT: u32 = 21;

    /// The largest number of pages that a table may have.
    pub(crate) const MAX_LIVE: usize = 1024;

    /// `pages` more live pages.
    #[inline]
    pub(crate) const fn live(pages: usize) -> u32 {
        (pages as u32) << LIVE_SHIFT
    }

    /// Whether there is a table that nobody uses and that has no live page.
    #[inline]
    pub(crate) const fn is_empty(state: u32) -> bool {
        state & !(FRESH | IDLE | FINAL) == 0
    }

    /// Whether this is a table that nobody takes care of.
    #[inline]
    pub(crate) const fn is_forlorn(state: u32) -> bool {
        state & !(FRESH | FINAL) == 0
    }
}

/// An entry of the directory.
///
/// # Invariants
///
/// - While `state` has no `ABSENT`, `table` names a table of the page table that the slot belongs to.
/// - `ABSENT` is set only in a state without pins, and only with the page table's lock held.
pub(super) struct Slot {
    state: AtomicU32,
    /// Position relative to the directory, see `Table::place_of`; 0 if there is none. Written with
    /// the page table's lock held.
    table: Place,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            state: AtomicU32::new(state::ABSENT),
            table: Place::default(),
        }
    }
}

/// Where a table is: its distance to the directory in [units](Self::UNIT), or 0 for "nowhere".
#[derive(Default)]
pub(super) struct Place(AtomicI32);

impl Place {
    /// Bytes: less than any alignment of a table, and enough to say all distances below 4 GiB. Some
    /// processors add so many in one instruction.
    pub(super) const UNIT: i32 = 16;

    #[inline]
    pub(super) fn get(&self) -> i32 {
        self.0.load(Relaxed)
    }

    #[inline]
    pub(super) fn set(&self, place: i32) {
        self.0.store(place, Relaxed);
    }
}

impl Slot {
    /// Takes a pin. `None`: there is no table.
    #[inline(always)]
    pub(super) fn pin(&self) -> Option<Pinned<'_>> {
        self.try_pin().or_else(|| self.pin_slowly())
    }

    #[cold]
    #[inline(never)]
    fn pin_slowly(&self) -> Option<Pinned<'_>> {
        loop {
            // As in `try_pin()`.
            let old = self.state.fetch_add(state::PIN, Acquire);
            if old & (state::ABSENT | state::CROWDED) == 0 {
                // INVARIANT: there was a table when our pin was added.
                return Some(Pinned {
                    slot: self,
                    seen: old,
                });
            }
            // Others may have taken our pin for that of a user and left an empty table to us. So if
            // there is one after all, go back and use it.
            let old = self.state.fetch_sub(state::PIN, AcqRel);
            if old & state::ABSENT != 0 {
                return None;
            }
            cpu_relax();
        }
    }

    /// Takes a pin, unless that takes more than one look.
    #[inline(always)]
    pub(super) fn try_pin(&self) -> Option<Pinned<'_>> {
        self.pin_unless(state::ABSENT | state::CROWDED)
    }

    /// As [`Self::try_pin`], but not if the walker is revoked: the pin [is walked](Pinned::is_walked).
    #[inline(always)]
    pub(super) fn try_pin_walked(&self) -> Option<Pinned<'_>> {
        self.pin_unless(state::FINAL | state::ABSENT | state::CROWDED)
    }

    /// Takes a pin if none of `flags` is set; [`state::ABSENT`] is one of them.
    #[inline(always)]
    fn pin_unless(&self, flags: u32) -> Option<Pinned<'_>> {
        // `Acquire`: whoever sees that there is a table sees it as it was installed.
        let old = self.state.fetch_add(state::PIN, Acquire);
        if old & flags == 0 {
            // INVARIANT: there was a table when our pin was added.
            return Some(Pinned {
                slot: self,
                seen: old,
            });
        }
        self.state.fetch_sub(state::PIN, AcqRel);
        None
    }

    /// Whether there is no table.
    pub(super) fn is_absent(&self) -> bool {
        self.load() & state::ABSENT != 0
    }

    #[inline]
    pub(super) fn load(&self) -> u32 {
        self.state.load(Relaxed)
    }

    /// Replaces `old` by `new`, if it is still that.
    pub(super) fn exchange(&self, old: u32, new: u32) -> bool {
        self.state
            .compare_exchange(old, new, AcqRel, Relaxed)
            .is_ok()
    }

    /// Declares the table to be there, with `live` pages and further flags.
    ///
    /// Only with the lock held, if the slot [has none](Self::is_absent), and with [`Slot::place`] set before.
    pub(super) fn publish(&self, live: usize, flags: u32) {
        // Not a store: there may be pins of others that are about to be undone.
        let change = (flags | state::live(live)).wrapping_sub(state::ABSENT);
        self.state.fetch_add(change, Release);
    }

    /// No pin that is taken from now on is a [walked](Pinned::is_walked) one.
    pub(super) fn finish(&self) {
        self.state.fetch_or(state::FINAL, Relaxed);
    }

    #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
    pub(super) fn is_final(&self) -> bool {
        self.load() & state::FINAL != 0
    }

    /// Whether somebody uses the table. What those have done who did happens before "no".
    pub(super) fn is_pinned(&self) -> bool {
        const PINS: u32 = state::ABSENT - state::PIN;
        self.state.load(Acquire) & PINS != 0
    }

    /// Removes `flags` if they are set.
    pub(super) fn clear(&self, flags: u32) {
        loop {
            let old = self.load();
            if old & flags == 0 || self.exchange(old, old & !flags) {
                return;
            }
        }
    }

    /// The table's place.
    #[inline]
    pub(super) fn place(&self) -> &Place {
        &self.table
    }
}

/// A pin on a slot's table.
///
/// # Invariants
///
/// The pin was added to `seen`, a state without `ABSENT`. So, by the invariants of [`Slot`], the table
/// stays until the pin is taken off.
#[must_use = "a pin that is never released keeps the table for good"]
pub(super) struct Pinned<'a> {
    slot: &'a Slot,
    seen: u32,
}

impl Pinned<'_> {
    /// The state that the slot was in.
    #[inline(always)]
    pub(super) fn seen(&self) -> u32 {
        self.seen
    }

    /// Whether the walker has the table until the pin is taken off: revoking it waits for that.
    #[inline(always)]
    pub(super) fn is_walked(&self) -> bool {
        self.seen & state::FINAL == 0
    }

    #[inline]
    pub(super) fn place(&self) -> i32 {
        self.slot.place().get()
    }

    /// Takes the pin off after `pages` pages were added, of a table that is not empty or that somebody
    /// else is about to come to.
    #[inline(always)]
    pub(super) fn release_quickly(self, pages: usize) {
        let _ = self.release(state::live(pages));
    }

    /// Takes the pin off after `pages` pages were added. Says whether that leaves a table nobody
    /// takes care of, which is then up to the caller.
    #[inline(always)]
    pub(super) fn release_added(self, pages: usize) -> bool {
        self.release(state::live(pages))
    }

    /// As [`Pinned::release_added`], after `pages` pages were removed.
    #[inline(always)]
    pub(super) fn release_removed(self, pages: usize) -> bool {
        self.release(state::live(pages).wrapping_neg())
    }

    #[inline(always)]
    fn release(self, live: u32) -> bool {
        let delta = live.wrapping_sub(state::PIN);
        // `Release`: what was done to the table is done before it can be removed.
        let old = self.slot.state.fetch_add(delta, Release);
        state::is_forlorn(old.wrapping_add(delta))
    }
}
