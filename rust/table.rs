// SPDX-License-Identifier: GPL-2.0

//! A two-level page table with 32-bit entries: the algorithm, apart from any hardware's [`Format`].
//!
//! A directory of [`Format::DIR_ENTRIES`] words points to tables of [`Format::TABLE_ENTRIES`] words,
//! which point to pages. Tables come and go with what is mapped.
//!
//! # Concurrency
//!
//! The core maps, unmaps and looks up *disjoint ranges* on any CPU at the same time and in any
//! context, but ranges share tables. No lock is held over a run:
//!
//! - Who touches a table holds a pin on it: one atomic addition to the slot's state word before, one
//!   after, which also counts the live pages.
//! - A table is installed and removed under a lock. It is removed only from a state without pins and
//!   live pages, by one compare-and-exchange; after it no pin can be had.
//! - Whoever takes off the last pin of a table without pages takes care of it. A few empty tables stay
//!   where they are, in a ring; the oldest makes room for the next one.
//! - A pin keeps the walker's device bound as well: the table is listed with it, and gives its mappings
//!   back once all pins that were taken before are gone. Later ones know that there is no walker.
//! - A removed table goes to *limbo*, since the hardware may have cached its address. It is freed once
//!   [`Limbo::free`] says that the hardware has dropped it.
//!
//! Callers that break the rule get wrong translations. They never make this code touch memory that is
//! not a table: the count of live pages may be off then, so a table is looked through before it goes.
//!
//! # What the hardware sees
//!
//! What is mapped is only stored: many calls may have to do with one table, and [`Table::clean`] cleans
//! what of a range lies in it in one go. What is unmapped is cleaned by the call that does it, once for
//! each table. A new table is mapped for the walker before its directory entry is written and cleaned.

use core::{
    marker::PhantomData,
    ptr::NonNull,
    slice,
    sync::atomic::AtomicU32, //
};

use kernel::{
    device::{
        Bound,
        Device, //
    },
    ffi::c_void,
    prelude::*,
    sync::{
        atomic::Atomic,
        SpinLockIrq, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
};

use crate::{
    atomic_safe::AtomicSafe,
    gfp::Gfp,
    lock_class::new_lock,
    pages::{
        Block,
        Pool, //
    },
    prot::Prot,
    walker::{
        self,
        Mapped,
        Walk,
        Walker,
        WalkerDevice, //
    }, //
};

mod clean;
mod entries;
pub(crate) mod ffi;
mod install;
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
pub mod kunit;
mod limbo;
mod reclaim;
mod slot;
mod walk;

pub use limbo::Limbo;
pub use walk::Range;

use limbo::Queue;
use reclaim::Ring;
use slot::{
    state,
    Pinned,
    Place,
    Slot, //
};

/// How hardware wants the words of a two-level page table.
///
/// An implementation that contradicts itself makes for wrong translations, but not for undefined
/// behaviour: no address that it decodes is followed by software.
pub trait Format: 'static {
    /// Name, for messages.
    const NAME: &'static str;
    /// Number of words of the directory; a power of two.
    const DIR_ENTRIES: usize;
    /// Number of words of a table; a power of two, at most 1024.
    const TABLE_ENTRIES: usize;
    /// Binary logarithm of the page size.
    const PAGE_SHIFT: u32;
    /// What is added (wrapping) to the entry of a page to get that of the page behind it.
    const STEP: u32;

    /// The directory entry that points to the table at `table`; never 0. `None` if the hardware
    /// cannot address it.
    fn dir_entry(table: u64) -> Option<u32>;

    /// What [`Format::dir_entry`] was given, or `None` for an invalid entry.
    fn dir_table(entry: u32) -> Option<u64>;

    /// The entry of a page; never 0. The pages for which this succeeds are an interval.
    ///
    /// # Errors
    ///
    /// `ERANGE` for an address that the hardware cannot have, `EINVAL` for one that is not a page's, and
    /// for permissions that the hardware cannot express and must not widen.
    fn page_entry(paddr: u64, prot: Prot) -> Result<u32>;

    /// The address of the page, or `None` for an invalid entry.
    fn page_paddr(entry: u32) -> Option<u64>;

    /// What the entry allows.
    fn page_prot(entry: u32) -> Prot;
}

/// Sizes that follow from a [`Format`].
struct Sizes<F>(PhantomData<F>);

impl<F: Format> Sizes<F> {
    const VALID: () = {
        assert!(F::DIR_ENTRIES.is_power_of_two() && F::TABLE_ENTRIES.is_power_of_two());
        assert!(F::TABLE_ENTRIES <= state::MAX_LIVE);
        assert!(F::PAGE_SHIFT < 32);
        // So that a page's number fits a word, and its address what the core counts with.
        assert!(Self::PAGES <= 1 << 31 && Self::TABLE % Place::UNIT as usize == 0);
    };
    const DIRECTORY: usize = F::DIR_ENTRIES * size_of::<u32>();
    const TABLE: usize = F::TABLE_ENTRIES * size_of::<u32>();
    /// Pages of the whole address space.
    const PAGES: u64 = (F::DIR_ENTRIES as u64) * (F::TABLE_ENTRIES as u64);
    /// Bits of an IOVA that say which page it is of.
    const PAGE_BITS: u64 = (Self::PAGES - 1) << F::PAGE_SHIFT;
}

/// Part of a run of pages: what of it lies in one table.
#[derive(Copy, Clone)]
struct Piece {
    /// Index into the directory.
    index: usize,
    /// Index into the table.
    start: usize,
    /// Number of pages; never more than the table has from `start` on.
    pages: usize,
}

/// A page table.
///
/// The hardware must not be using it any more when it is dropped.
///
/// # Invariants
///
/// `slots` and `directory` are those of `body`, which owns what they point to; `base` and `walk` are as
/// well.
pub struct Table<F: Format, W: WalkerDevice> {
    /// Looking up a page uses these fields. They are here, not behind another pointer.
    slots: NonNull<Slot>,
    directory: NonNull<c_void>,
    /// Where the directory is.
    base: u64,
    walk: Walk,
    /// An allocation of its own, since the instance has its address: memory that holds a `Table` can be
    /// freed without dropping it, also if it is pinned (`MaybeUninit`).
    body: Pin<KBox<Body<F, W>>>,
}

// SAFETY: the pointers lead to what `body` owns, which is `Send` and `Sync`.
unsafe impl<F: Format, W: WalkerDevice> Send for Table<F, W> {}
// SAFETY: as above; it is used by way of a shared reference to `body` could be.
unsafe impl<F: Format, W: WalkerDevice> Sync for Table<F, W> {}

/// The memory of a page table, as it is listed with the walker's device.
///
/// # Invariants
///
/// - `directory` has `F::DIR_ENTRIES` words, `slots` as many elements.
/// - The place of a slot, if it has one, names a block of `pool` that is owned by that slot. It changes
///   only with `lock` held or with exclusive access, and to "nowhere" only when the slot's state has
///   `ABSENT`.
/// - The same holds for the places in `queue`: each names a block that is owned by its queue entry.
/// - Tables are as far from the directory for the walker as for the CPU.
/// - Until `walker` is revoked, the directory and all these blocks are mapped for the walker;
///   afterwards none is. This changes only with `lock` held or with exclusive access, and not while
///   there is a pin that is walked, see `Pinned::is_walked`.
/// - It is listed with the walker's device while it exists.
#[pin_data(PinnedDrop)]
struct Body<F: Format, W: WalkerDevice> {
    walker: Walker<W>,
    pool: Pool,
    directory: Block,
    slots: KVVec<Slot>,
    queue: Queue,
    ring: Ring,
    /// Tables that are installed or in limbo.
    tables: Atomic<usize>,
    #[pin]
    lock: SpinLockIrq<()>,
    _format: PhantomData<fn() -> F>,
}

// SAFETY: the one lock that a shared reference leads to is a `SpinLockIrq`, and tables are freed by
// functions that do not sleep.
unsafe impl<F: Format, W: WalkerDevice> AtomicSafe for Table<F, W> {}

impl<F: Format, W: WalkerDevice> Body<F, W> {
    fn new(device: W) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(move || {
            let walker = Walker::new(device)?;
            let pool = Pool::new(Sizes::<F>::TABLE)?;
            let mut slots = KVVec::with_capacity(F::DIR_ENTRIES, GFP_KERNEL)?;
            for _ in 0..F::DIR_ENTRIES {
                slots.push(Slot::default(), GFP_KERNEL)?;
            }
            let queue = Queue::new(F::DIR_ENTRIES)?;
            let ring = Ring::new(Sizes::<F>::TABLE)?;
            let directory = Block::directory(Sizes::<F>::DIRECTORY)?;

            // INVARIANT: sizes as allocated, no tables; mapped and listed by `open()`.
            Ok::<_, Error>(try_pin_init!(&this in Self {
                walker,
                pool,
                directory,
                slots,
                queue,
                ring,
                tables: Atomic::new(0),
                lock <- new_lock!(SpinLockIrq, (), c"iommu_table"),
                _format: PhantomData,
                // SAFETY: all fields are initialised, and it stays in this place.
                _: { unsafe { this.as_ref().open() }? },
            }? Error))
        })
    }

    /// Maps the directory for the walker, and has the table listed.
    ///
    /// # Safety
    ///
    /// Once, and `self` is pinned.
    unsafe fn open(&self) -> Result {
        self.walker
            .with_bound(|dev| {
                let (virt, bytes) = (self.directory.as_ptr(), self.directory.bytes());
                // SAFETY: the block is freed only after `drop()`, by which time the mapping was given back.
                unsafe { walker::map(dev, virt, bytes) }?;
                // SAFETY: it is forgotten in `drop()`, and does not move until then.
                unsafe { self.walker.device().list(self.as_mapped()) }.inspect_err(|_| {
                    // SAFETY: mapped above.
                    unsafe { walker::unmap(dev, virt, bytes) }
                })
            })
            .ok_or(ENODEV)?
    }

    fn as_mapped(&self) -> NonNull<dyn Mapped> {
        NonNull::from(self)
    }

    /// Places of all tables, installed or in limbo; 0 where there is none.
    fn places(&self) -> impl Iterator<Item = i32> + '_ {
        let installed = self.slots.iter().map(Slot::place);
        Iterator::chain(installed, self.queue.places()).map(Place::get)
    }

    /// The address of a table, `None` for the place "nowhere".
    fn virt_of(&self, place: i32) -> Option<NonNull<c_void>> {
        if place == 0 {
            return None;
        }
        let addr = addr_of(self.directory.as_ptr(), place);
        NonNull::new(core::ptr::with_exposed_provenance_mut(addr))
    }
}

/// The address of the table at `place`, seen from `directory`.
#[inline(always)]
fn addr_of(directory: NonNull<c_void>, place: i32) -> usize {
    directory
        .addr()
        .get()
        .wrapping_add_signed((place as isize).wrapping_mul(Place::UNIT as isize))
}

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Makes an empty table for the walker of `device`. May sleep.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the device is not bound, `ENOMEM`, `EOPNOTSUPP` if it does not see memory at its
    /// physical address.
    pub fn new(device: W) -> Result<Self> {
        let () = Sizes::<F>::VALID;
        let body = KBox::pin_init(Body::<F, W>::new(device), GFP_KERNEL)?;
        let directory = body.directory.as_ptr();

        // INVARIANT: these fields of `body` do not change.
        Ok(Self {
            slots: NonNull::from(&*body.slots).cast(),
            directory,
            base: walker::paddr_of(directory),
            walk: body.walker.walk(),
            body,
        })
    }

    /// Where the directory is, for the hardware's table base.
    #[inline]
    pub fn directory(&self) -> u64 {
        self.base
    }

    /// The last IOVA.
    pub const fn aperture_end() -> u64 {
        (Sizes::<F>::PAGES << F::PAGE_SHIFT) - 1
    }

    /// Maps a page where that takes no more than a store: the table is there. A scattered list is one
    /// such call after the other. `false`: nothing was done. [`Self::map_run`] knows why, and has to come
    /// next: it takes care of a table that turns out to be empty.
    #[inline(always)]
    pub fn map_one(&self, iova: u64, paddr: u64, prot: Prot) -> bool {
        let Some((slot, start)) = self.position(iova) else {
            return false;
        };
        let Ok(entry) = F::page_entry(paddr, prot) else {
            return false;
        };
        let Some(pinned) = slot.try_pin_walked() else {
            return false;
        };
        // SAFETY: the pin keeps the slot's table, as in `entries()`.
        let word = &unsafe { self.table_at(pinned.place()) }[start];
        let added = entries::fill_one(word, entry);
        // Not empty now; or else `map_run` takes care. Once revoked, what is empty goes with the rest.
        pinned.release_quickly(usize::from(added));
        added
    }

    /// Unmaps a page, likewise: [`Self::unmap_run`] has to come next if this did not.
    #[inline(always)]
    pub fn unmap_one(&self, iova: u64) -> bool {
        let Some((slot, start)) = self.position(iova) else {
            return false;
        };
        let Some(pinned) = slot.try_pin_walked() else {
            return false;
        };
        // SAFETY: the pin keeps the slot's table, as in `entries()`.
        let word = &unsafe { self.table_at(pinned.place()) }[start];
        if !entries::clear_one(word) {
            pinned.release_quickly(0);
            return false;
        }
        // SAFETY: the pin is a walked one.
        unsafe { self.clean_words(slice::from_ref(word)) };
        if pinned.release_removed(1) {
            self.retire_slot(slot);
        }
        true
    }

    /// The slot of a page and its index in the table, if it begins at `iova`.
    #[inline(always)]
    fn position(&self, iova: u64) -> Option<(&Slot, usize)> {
        if iova & !Sizes::<F>::PAGE_BITS != 0 {
            return None;
        }
        self.slot_of(iova >> F::PAGE_SHIFT)
    }

    /// The slot of a page and its index in the table, if it is in the address space.
    #[inline(always)]
    fn slot_of(&self, page: u64) -> Option<(&Slot, usize)> {
        if page >= Sizes::<F>::PAGES {
            return None;
        }
        // SAFETY: by the type invariants there is a slot for each table that the address space has.
        let slot = unsafe { self.slots.add(page as usize / F::TABLE_ENTRIES).as_ref() };
        Some((slot, page as usize % F::TABLE_ENTRIES))
    }

    /// [`Self::retire`] for the table of `slot`.
    #[cold]
    #[inline(never)]
    fn retire_slot(&self, slot: &Slot) {
        let offset = core::ptr::from_ref(slot).addr() - self.slots.addr().get();
        self.retire(offset / size_of::<Slot>());
    }

    /// Maps `pgcount` pages from `paddr` on, and says how many it did also if there is an error.
    ///
    /// The walker need not find them before [`Self::clean`] has returned.
    ///
    /// # Errors
    ///
    /// - `EINVAL` for an address that is not a page's, or permissions that the hardware lacks.
    /// - `ERANGE` for addresses outside what the hardware can express.
    /// - `EBUSY` if a page is mapped already. It keeps its translation.
    /// - `ENOMEM`; `ENODEV` if the walker's device is gone, or about to go.
    #[inline(never)]
    pub fn map_run(
        &self,
        iova: u64,
        paddr: u64,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        let run = match Run::new::<F>(iova, paddr, pgcount, prot) {
            Ok(run) => run,
            Err(e) => return (0, Err(e)),
        };

        let mut entry = run.entry;
        let mut done = 0;

        while done < run.pages {
            let piece = Self::piece(run.page + done as u64, run.pages - done);
            match self.map_piece(piece, entry, gfp) {
                Ok(pages) => {
                    done += pages;
                    if pages < piece.pages {
                        return (done, Err(EBUSY));
                    }
                }
                Err(e) => return (done, Err(e)),
            }
            entry = entry.wrapping_add(F::STEP.wrapping_mul(piece.pages as u32));
        }
        (done, Ok(()))
    }

    #[inline]
    fn map_piece(&self, piece: Piece, entry: u32, gfp: Gfp) -> Result<usize> {
        loop {
            let Some(pinned) = self.body.slots[piece.index].pin() else {
                if self.install(piece, entry, gfp)? {
                    return Ok(piece.pages);
                }
                continue;
            };

            let walked = pinned.is_walked();
            let pages = match walked {
                true => entries::fill(self.entries(&pinned, piece), entry, F::STEP),
                false => 0,
            };
            if pinned.release_added(pages) {
                self.retire(piece.index);
            }
            return walked.then_some(pages).ok_or(ENODEV);
        }
    }

    /// Unmaps up to `pgcount` pages and says how many it did: it ends at the first that is not mapped.
    ///
    /// When it returns, the walker finds the pages no more. What it has cached is another matter.
    #[inline(never)]
    pub fn unmap_run(&self, iova: u64, pgcount: usize) -> usize {
        let page = iova >> F::PAGE_SHIFT;
        if page >= Sizes::<F>::PAGES {
            return 0;
        }
        let pages = (Sizes::<F>::PAGES - page).min(pgcount as u64) as usize;
        let mut done = 0;

        while done < pages {
            let piece = Self::piece(page + done as u64, pages - done);
            let Some(pinned) = self.body.slots[piece.index].pin() else {
                break;
            };
            let entries = self.entries(&pinned, piece);
            let cleared = entries::clear(entries);
            if pinned.is_walked() {
                // SAFETY: so is this pin's table.
                unsafe { self.clean_words(&entries[..cleared]) };
            }
            if pinned.release_removed(cleared) {
                self.retire(piece.index);
            }
            done += cleared;
            if cleared < piece.pages {
                break;
            }
        }
        done
    }

    /// The physical address behind `iova`, if it is mapped.
    #[inline(always)]
    pub fn iova_to_phys(&self, iova: u64) -> Option<u64> {
        let (slot, start) = self.slot_of(iova >> F::PAGE_SHIFT)?;
        let Some(pinned) = slot.try_pin() else {
            return self.look_up(slot, iova);
        };
        self.read_pinned(slot, pinned, iova, start)
    }

    /// [`Self::iova_to_phys`] if the slot has no table, or too many users.
    #[cold]
    #[inline(never)]
    fn look_up(&self, slot: &Slot, iova: u64) -> Option<u64> {
        let start = (iova >> F::PAGE_SHIFT) as usize % F::TABLE_ENTRIES;
        self.read_pinned(slot, slot.pin()?, iova, start)
    }

    #[inline(always)]
    fn read_pinned(&self, slot: &Slot, pinned: Pinned<'_>, iova: u64, start: usize) -> Option<u64> {
        // SAFETY: the pin keeps the slot's table, as in `entries()`.
        let entry = entries::read(&unsafe { self.table_at(pinned.place()) }[start]);
        let paddr = F::page_paddr(entry).map(|page| page | iova & ((1 << F::PAGE_SHIFT) - 1));
        if pinned.release_added(0) {
            // An empty table that nobody took care of because of our pin.
            return self.retire_after(slot, paddr);
        }
        paddr
    }

    /// [`Self::retire_slot`] at the end of a function, whose frame need not keep the result then.
    #[cold]
    #[inline(never)]
    fn retire_after(&self, slot: &Slot, paddr: Option<u64>) -> Option<u64> {
        self.retire_slot(slot);
        paddr
    }

    /// What of `pages` pages from `page` on lies in the first table. `page` is in the address space.
    #[inline]
    fn piece(page: u64, pages: usize) -> Piece {
        let start = page as usize % F::TABLE_ENTRIES;
        Piece {
            index: (page / F::TABLE_ENTRIES as u64) as usize,
            start,
            pages: pages.min(F::TABLE_ENTRIES - start),
        }
    }

    /// The entries of a piece, for as long as the table is pinned.
    #[inline]
    fn entries<'a>(&self, pinned: &'a Pinned<'_>, piece: Piece) -> &'a [AtomicU32] {
        // SAFETY: the pin keeps the slot's table, which the pinned place names: by the type invariants
        // it is a block of the pool, and it is not freed before the slot has `ABSENT`.
        let table = unsafe { self.table_at(pinned.place()) };
        &table[piece.start..][..piece.pages]
    }

    /// The entries of the table at `place`.
    ///
    /// # Safety
    ///
    /// `place` names a block of the pool that is not freed during `'a`.
    #[inline]
    unsafe fn table_at<'a>(&self, place: i32) -> &'a [AtomicU32] {
        let entries = core::ptr::with_exposed_provenance::<AtomicU32>(self.addr_of(place));
        // SAFETY: by the safety requirement this is a block of the pool, which is `TABLE` bytes of
        // initialised memory that is accessed as atomic words only.
        unsafe { core::slice::from_raw_parts(entries, F::TABLE_ENTRIES) }
    }

    /// The words of the directory.
    fn dir(&self) -> &[AtomicU32] {
        let words = self.directory.cast::<AtomicU32>();
        // SAFETY: by the type invariants the block has that many words; they were zeroed and are
        // accessed as atomics only. The block lives as long as `self`.
        unsafe { core::slice::from_raw_parts(words.as_ptr(), F::DIR_ENTRIES) }
    }

    /// The distance of a table to the directory: half the size of a pointer, and cheaper to follow
    /// than a physical address. Both are aligned to a table's size, being aligned to their own.
    ///
    /// `None` if it is farther than that can say, which memory below 4 GiB never is.
    fn place_of(&self, addr: usize) -> Option<i32> {
        let bytes = addr.wrapping_sub(self.directory_addr()) as isize;
        i32::try_from(bytes / Place::UNIT as isize).ok()
    }

    #[inline]
    fn addr_of(&self, place: i32) -> usize {
        addr_of(self.directory, place)
    }

    /// Where the walker finds the table at `place`; [`Self::install`] has seen to it that this is so.
    #[inline]
    fn paddr_of(&self, place: i32) -> u64 {
        self.base
            .wrapping_add_signed(i64::from(place).wrapping_mul(Place::UNIT.into()))
    }

    /// Where the directory is, for the CPU.
    #[inline]
    fn directory_addr(&self) -> usize {
        self.directory.addr().get()
    }
}

/// A run of pages to map.
#[derive(Copy, Clone)]
struct Run {
    page: u64,
    pages: usize,
    entry: u32,
}

impl Run {
    #[inline]
    fn new<F: Format>(iova: u64, paddr: u64, pages: usize, prot: Prot) -> Result<Self> {
        let page = iova >> F::PAGE_SHIFT;
        if pages == 0 || (iova | paddr) & ((1 << F::PAGE_SHIFT) - 1) != 0 {
            return Err(EINVAL);
        }
        if page >= Sizes::<F>::PAGES || pages as u64 > Sizes::<F>::PAGES - page {
            return Err(ERANGE);
        }
        // Fits, since the address space has fewer than 2^32 bytes a word.
        let last = paddr
            .checked_add((pages as u64 - 1) << F::PAGE_SHIFT)
            .ok_or(ERANGE)?;
        F::page_entry(last, prot)?;
        Ok(Self {
            page,
            pages,
            entry: F::page_entry(paddr, prot)?,
        })
    }
}

impl<F: Format, W: WalkerDevice> Mapped for Body<F, W> {
    unsafe fn give_back(&self, dev: &Device<Bound>) {
        {
            // Whoever installs a table does so before, or sees this.
            let _guard = self.lock.lock();
            self.walker.set_leaving();
        }
        // From here on no pin is a walked one.
        self.slots.iter().for_each(Slot::finish);
        // Who has a pin from before may be about to clean what it has changed.
        for slot in self.slots.iter() {
            while slot.is_pinned() {
                fsleep(Delta::from_micros(50));
            }
        }

        let _guard = self.lock.lock();
        if self.walker.is_revoked() {
            return;
        }
        // INVARIANT: below all mappings are given back, with the lock held, and no pin is a walked one.
        self.walker.set_revoked();
        // SAFETY: by the type invariants the directory was mapped until now, by the safety requirement for
        // this device.
        unsafe { walker::unmap(dev, self.directory.as_ptr(), self.directory.bytes()) };

        for place in self.places() {
            if let Some(virt) = self.virt_of(place) {
                // SAFETY: as above; this is a block of the pool.
                unsafe { walker::unmap(dev, virt, Sizes::<F>::TABLE) };
            }
        }
    }
}

#[pinned_drop]
impl<F: Format, W: WalkerDevice> PinnedDrop for Body<F, W> {
    fn drop(self: Pin<&mut Self>) {
        let this = &*self;
        // SAFETY: by the type invariants it is listed.
        unsafe { this.walker.device().forget(this.as_mapped()) };
        for place in this.places().filter(|&place| place != 0) {
            // SAFETY: by the type invariants this is a block of the pool that belongs to the slot or
            // queue entry, which is never looked at again.
            drop(unsafe { this.pool.reclaim(addr_of(this.directory.as_ptr(), place)) });
        }
    }
}
