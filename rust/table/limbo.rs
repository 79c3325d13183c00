// SPDX-License-Identifier: GPL-2.0

//! Tables that were removed, while the hardware may still have their address.
//!
//! Unmapping must not allocate, and a table in limbo must not be written, since it may still be
//! walked. So the list is kept beside: one link per slot of the directory. A slot has at most one table
//! in limbo; a second one stays installed, empty, until the first has been freed.
//!
//! The start of the list is one of `core`'s atomics, as in [`super::slot`]: each invalidation looks at it.

use core::sync::atomic::{
    AtomicU32,
    Ordering, //
};

use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

use super::{
    slot::Place,
    state,
    Format,
    Sizes,
    Table, //
};

use crate::{
    pages::Block,
    walker::{
        self,
        WalkerDevice, //
    },
};

/// Tables that are freed in one go of the lock.
const BATCH: usize = 16;

/// A slot's table in limbo, and the next slot that has one.
struct Link {
    place: Place,
    /// Index of the next link plus 1; 0 ends the chain.
    next: Atomic<u32>,
}

/// The chain of all tables in limbo that are in nobody's hands, and the links of the others.
///
/// # Invariants
///
/// A link is in at most one chain: that of `head` or that of one [`Limbo`]. It is in one exactly if its
/// place is not "nowhere". Links are added to the chain of `head` with the page table's lock held only;
/// all of it can be taken at any time.
pub(super) struct Queue {
    links: KVVec<Link>,
    head: AtomicU32,
}

impl Queue {
    pub(super) fn new(slots: usize) -> Result<Self> {
        let mut links = KVVec::with_capacity(slots, GFP_KERNEL)?;
        for _ in 0..slots {
            let link = Link {
                place: Place::default(),
                next: Atomic::new(0),
            };
            links.push(link, GFP_KERNEL)?;
        }
        // INVARIANT: nothing is in limbo.
        Ok(Self {
            links,
            head: AtomicU32::new(0),
        })
    }

    /// Whether the slot has no table in limbo. Only with the lock held.
    pub(super) fn is_free(&self, index: usize) -> bool {
        self.links[index].place.get() == 0
    }

    /// Adds the table at `place` of slot `index`. Only with the lock held, if [`Queue::is_free`].
    pub(super) fn push(&self, index: usize, place: i32) {
        self.links[index].place.set(place);
        self.chain(index as u32 + 1, index);
    }

    /// Adds the chain from `first` to the link with index `last`. Only with the lock held.
    fn chain(&self, first: u32, last: usize) {
        loop {
            let head = self.head.load(Ordering::Relaxed);
            self.links[last].next.store(head, Relaxed);
            let new = self
                .head
                .compare_exchange(head, first, Ordering::AcqRel, Ordering::Relaxed);
            if new.is_ok() {
                return;
            }
        }
    }

    /// All places, taken or not.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.links.iter().map(|link| &link.place)
    }

    fn iter(&self, first: u32) -> impl Iterator<Item = usize> + '_ {
        let mut next = first;
        core::iter::from_fn(move || {
            let index = (next as usize).checked_sub(1)?;
            next = self.links[index].next.load(Relaxed);
            Some(index)
        })
    }
}

/// Tables that the hardware may still find in its walk cache, taken off the page table to be freed.
///
/// Take it *before* an invalidation, and call [`Limbo::free`] after it has succeeded. If it is just
/// dropped, the tables go back and the next one to take a limbo gets them.
///
/// # Invariants
///
/// `first` is the start of a chain of links that only this object walks.
#[must_use = "tables that are not freed go back to limbo"]
pub struct Limbo<'a, F: Format, W: WalkerDevice> {
    table: &'a Table<F, W>,
    first: u32,
}

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Takes all tables that were removed before this call.
    ///
    /// For the start of an invalidation. Usually there are none, and then this is one load.
    #[inline(always)]
    pub fn take_limbo(&self) -> Option<Limbo<'_, F, W>> {
        if self.body.queue.head.load(Ordering::Relaxed) == 0 {
            return None;
        }
        match self.body.queue.head.swap(0, Ordering::AcqRel) {
            0 => None,
            // INVARIANT: the whole chain was in `head` and is nowhere else now.
            first => Some(Limbo { table: self, first }),
        }
    }
}

impl<F: Format, W: WalkerDevice> Limbo<'_, F, W> {
    /// The first IOVA of each directory entry whose copy in a walk cache has to go.
    pub fn iovas(&self) -> impl Iterator<Item = u64> + '_ {
        self.table
            .body
            .queue
            .iter(self.first)
            .map(|index| (index as u64 * F::TABLE_ENTRIES as u64) << F::PAGE_SHIFT)
    }

    /// Frees the tables: the hardware has dropped what it had cached of them.
    pub fn free(mut self) {
        while self.first != 0 {
            self.free_batch();
        }
    }

    /// Frees the first few tables of the chain.
    fn free_batch(&mut self) {
        let table = self.table;
        let mut blocks: [Option<Block>; BATCH] = Default::default();
        let mut slots = [0; BATCH];
        let mut count = 0usize;

        let guard = table.body.lock.lock();
        for (block, slot) in blocks.iter_mut().zip(slots.iter_mut()) {
            let Some(index) = (self.first as usize).checked_sub(1) else {
                break;
            };
            let link = &table.body.queue.links[index];
            // SAFETY: by the invariants of the table the place of a link in a chain names a block of
            // the pool that belongs to the link, which gives it up here.
            let owned = unsafe { table.body.pool.reclaim(table.addr_of(link.place.get())) };
            if !table.body.walker.is_revoked() {
                // SAFETY: nor does it become so while the lock is held, so by the type invariants of the
                // table the block is mapped.
                unsafe { walker::unmap(table.walk.bound(), owned.as_ptr(), Sizes::<F>::TABLE) };
            }
            // INVARIANT: out of our chain and without a place, at once as far as others can see: the
            // lock is held.
            self.first = link.next.load(Relaxed);
            link.place.set(0);
            *block = Some(owned);
            *slot = index;
            count += 1;
        }
        drop(guard);
        drop(blocks);
        table.body.tables.fetch_sub(count, Relaxed);

        for &index in &slots[..count] {
            // It may have waited for the one that has just been freed.
            if state::is_forlorn(table.body.slots[index].load()) {
                table.retire(index);
            }
        }
    }
}

impl<F: Format, W: WalkerDevice> Drop for Limbo<'_, F, W> {
    fn drop(&mut self) {
        let queue = &self.table.body.queue;
        if let Some(last) = queue.iter(self.first).last() {
            let _guard = self.table.body.lock.lock();
            // INVARIANT: the chain is in `head` again, and this object is gone.
            queue.chain(self.first, last);
        }
    }
}
