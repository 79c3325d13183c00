// SPDX-License-Identifier: GPL-2.0

//! What becomes of empty tables.
//!
//! An empty table costs its memory; removing it costs a lock, an invalidation of the walk cache, and
//! an allocation when its range is mapped again. So up to [`Ring::BYTES`] of tables per domain stay
//! installed after they were emptied, listed in a ring. When another one comes in, the oldest in the
//! ring is removed if it is still, or again, empty.

use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Full,
        Relaxed, //
    },
};

use super::{
    entries,
    state,
    Format,
    Table, //
};

use crate::walker::WalkerDevice;

/// The slots whose tables were seen empty last.
///
/// # Invariants
///
/// There is at least one element. Elements are 0 or the index of a slot, plus 1.
pub(super) struct Ring {
    slots: KVec<Atomic<u32>>,
    next: Atomic<u32>,
}

impl Ring {
    /// Memory that may stay in empty tables.
    const BYTES: usize = 64 << 10;

    pub(super) fn new(table: usize) -> Result<Self> {
        let length = Self::length(table);
        let mut slots = KVec::with_capacity(length, GFP_KERNEL)?;
        for _ in 0..length {
            slots.push(Atomic::new(0), GFP_KERNEL)?;
        }
        // INVARIANT: `length` is at least 1.
        Ok(Self {
            slots,
            next: Atomic::new(0),
        })
    }

    /// How many tables of `table` bytes may stay.
    pub(super) const fn length(table: usize) -> usize {
        if table < Self::BYTES {
            Self::BYTES / table
        } else {
            1
        }
    }

    /// Puts a slot in and returns the one that has to go.
    fn push(&self, index: usize) -> Option<usize> {
        let position = self.next.fetch_add(1u32, Relaxed) as usize % self.slots.len();
        match self.slots[position].xchg(index as u32 + 1, Full) {
            0 => None,
            old => Some(old as usize - 1),
        }
    }
}

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Takes care of the table at `index`, if it is empty and nobody does yet.
    #[cold]
    #[inline(never)]
    pub(super) fn retire(&self, index: usize) {
        let slot = &self.body.slots[index];
        loop {
            let old = slot.load();
            if !state::is_forlorn(old) {
                // In use again: its user will come here. Or somebody else did.
                return;
            }
            if slot.exchange(old, old | state::IDLE) {
                break;
            }
        }
        if let Some(oldest) = self.body.ring.push(index) {
            self.evict(oldest);
        }
    }

    /// Removes the table at `index`, which was in the ring, if it is empty and the previous one of its
    /// slot has left limbo.
    fn evict(&self, index: usize) {
        let slot = &self.body.slots[index];
        let _guard = self.body.lock.lock();
        loop {
            let old = slot.load();
            let remove = state::is_empty(old) && self.body.queue.is_free(index);
            let new = if remove {
                state::ABSENT | old & state::FINAL
            } else {
                old & !state::IDLE
            };
            if slot.exchange(old, new) {
                if remove {
                    break;
                }
                // Whoever empties it takes care of it. If it is empty and had to wait for limbo,
                // `Limbo::free()` does.
                return;
            }
        }

        let place = slot.place().get();
        // SAFETY: the table was there, so its place names a block. It can be freed only once its place
        // is in the queue, which is below.
        let table = unsafe { self.table_at(place) };
        let live = entries::count(table);
        if live != 0 {
            // Callers raced on the same pages, and the count is off. Nothing happened.
            slot.publish(live, state::FRESH);
            return;
        }

        let directory = &self.dir()[index..][..1];
        entries::write(&directory[0], 0);
        if !self.body.walker.is_revoked() {
            // SAFETY: nor does it become so while the lock is held.
            unsafe { self.clean_words(directory) };
        }
        // INVARIANT: the block changes hands with the lock held; it stays mapped.
        slot.place().set(0);
        self.body.queue.push(index, place);
    }
}
