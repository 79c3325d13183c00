// SPDX-License-Identifier: GPL-2.0

//! A two-level page table with 32-bit entries: the algorithm, apart from any hardware's [`Format`].
//!
//! A directory of [`Format::DIR_ENTRIES`] words points to tables of [`Format::TABLE_ENTRIES`]
//! words, which point to pages. A table is allocated when the first page in its range is mapped,
//! and freed with the page table.
//!
//! # Concurrency
//!
//! The core maps, unmaps and looks up *disjoint ranges* on any CPU at the same time and in any
//! context, but ranges share tables. A table that is installed stays, so mapping and unmapping are
//! plain atomic stores. Only a change of the directory takes a lock, that of the walker's device: a
//! table is installed, or a directory entry becomes a page or stops being one.
//!
//! Callers that break the rule of disjoint ranges get wrong translations, and no worse.
//!
//! # What the hardware sees
//!
//! [`Table::map`] and [`Table::unmap`] only store. [`Table::clean`] then makes a whole range
//! visible to the walker, with the lock of the device held. The driver calls it in the same
//! critical section as the invalidation: the core uses a mapped page only after `iotlb_sync_map`,
//! and reuses an unmapped one only after `iotlb_sync`.
//!
//! The lock also says whether the device is still bound. Before the device is unbound, its mappings
//! of all tables are undone. Later stores go to memory that no hardware reads.

use core::{
    ptr::NonNull,
    sync::atomic::AtomicU32, //
};

use kernel::prelude::*;

use crate::{
    atomic_safe::AtomicSafe,
    gfp::Gfp,
    prot::Prot,
    streaming,
    walker::WalkerDevice,
    PhysAddr, //
};

mod body;
mod clean;
mod entries;
pub(crate) mod ffi;
mod format;
pub(crate) mod interface;
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
pub mod kunit;
mod large;
pub(crate) mod pages;
mod slot;
pub mod tegra;
pub mod v7s;
mod walk;

pub use format::{
    Format,
    Page, //
};

use body::{
    words,
    Body, //
};
use format::Sizes;
use interface::{
    merge,
    Geometry,
    PagingTable,
    Translation, //
};
use slot::Slot;

/// The part of a run of pages that lies in one table.
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
/// `slots` are those of `body`.
pub struct Table<F: Format, W: WalkerDevice> {
    /// Each call uses it. It is here to spare one load.
    slots: NonNull<Slot>,
    /// Physical address of the directory.
    base: u64,
    /// An allocation of its own, since the device has its address: memory that holds a `Table` can
    /// be freed without dropping it, also if it is pinned (`MaybeUninit`).
    body: Pin<KBox<Body<F, W>>>,
}

// SAFETY: the pointer leads to what `body` owns, which is `Send` and `Sync`.
unsafe impl<F: Format, W: WalkerDevice> Send for Table<F, W> {}
// SAFETY: as above.
unsafe impl<F: Format, W: WalkerDevice> Sync for Table<F, W> {}

// SAFETY: a shared reference leads to no lock but that of the walker's device, which is taken with
// interrupts off.
unsafe impl<F: Format, W: WalkerDevice> AtomicSafe for Table<F, W> {}

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

        // INVARIANT: the slots of `body` do not change.
        Ok(Self {
            slots: NonNull::from(&*body.slots).cast(),
            base: streaming::paddr_of(body.directory.as_ptr()),
            body,
        })
    }

    /// Physical address of the directory, for the hardware's table base.
    #[inline]
    pub fn directory(&self) -> u64 {
        self.base
    }

    /// Physical address of the entry of the page at `iova`, if its table is there.
    ///
    /// For hardware that caches entries by their physical addresses.
    #[inline]
    pub fn entry_address(&self, iova: u64) -> Option<u64> {
        let entry = NonNull::from(self.entry_of_page(iova >> F::PAGE_SHIFT)?);

        Some(streaming::paddr_of(entry.cast()))
    }

    /// The last IOVA.
    pub const fn aperture_end() -> u64 {
        (Sizes::<F>::PAGES << F::PAGE_SHIFT) - 1
    }

    /// The page sizes in bytes, or-ed together.
    pub const fn page_sizes() -> u32 {
        let mut sizes = 1 << F::PAGE_SHIFT;
        let mut i = 0;

        while i < F::LARGE.len() {
            sizes |= 1 << F::LARGE[i];
            i += 1;
        }
        sizes
    }

    /// The entry of the page that begins at `iova`, if its table is there.
    #[inline(always)]
    fn entry(&self, iova: u64) -> Option<&AtomicU32> {
        if iova & !Sizes::<F>::PAGE_BITS != 0 {
            return None;
        }
        self.entry_of_page(iova >> F::PAGE_SHIFT)
    }

    /// The entry of a page, if its table is there.
    #[inline(always)]
    fn entry_of_page(&self, page: u64) -> Option<&AtomicU32> {
        if page >= Sizes::<F>::PAGES {
            return None;
        }
        let table = self.table(page as usize / F::TABLE_ENTRIES)?;
        Some(&table[page as usize % F::TABLE_ENTRIES])
    }

    /// Slot `index`. An index beyond the directory wraps around.
    #[inline(always)]
    fn slot(&self, index: usize) -> &Slot {
        // SAFETY: by the type invariants there is a slot for each directory entry.
        unsafe { self.slots.add(index % F::DIR_ENTRIES).as_ref() }
    }

    /// The table of slot `index`, if it is walked.
    #[inline(always)]
    fn table(&self, index: usize) -> Option<&[AtomicU32]> {
        // SAFETY: by the invariants of `Body` it has that many words and stays until `self` is
        // dropped.
        Some(unsafe { words(self.slot(index).table::<F>()?, F::TABLE_ENTRIES) })
    }

    /// [`Self::map`] for any number of pages.
    #[inline(never)]
    fn map_run(
        &self,
        iova: u64,
        paddr: u64,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        let first = match Self::check_run(iova, paddr, pgcount, prot) {
            Ok(page) => page,
            Err(e) => return (0, Err(e)),
        };
        let mut done = 0;

        while done < pgcount {
            let paddr = paddr + ((done as u64) << F::PAGE_SHIFT);
            let linear = (1 << F::LINEAR) - (paddr & ((1 << F::LINEAR) - 1));
            let pages = (linear >> F::PAGE_SHIFT).min((pgcount - done) as u64) as usize;
            let piece = Self::piece(first + done as u64, pages);
            let filled = F::page_entry(paddr, prot).and_then(|entry| {
                let table = self.table_or_new(piece.index, gfp)?;
                let words = &table[piece.start..][..piece.pages];
                Ok(entries::fill(words, entry, F::STEP))
            });
            let filled = match filled {
                Ok(filled) => filled,
                Err(e) => return (done, Err(e)),
            };
            done += filled;
            if filled < piece.pages {
                return (done, Err(EBUSY));
            }
        }
        (done, Ok(()))
    }

    /// Checks the arguments of [`Self::map_run`], and returns the number of the first page.
    fn check_run(iova: u64, paddr: u64, pages: usize, prot: Prot) -> Result<u64> {
        let page = iova >> F::PAGE_SHIFT;
        if pages == 0 || (iova | paddr) & ((1 << F::PAGE_SHIFT) - 1) != 0 {
            return Err(EINVAL);
        }
        if page >= Sizes::<F>::PAGES || pages as u64 > Sizes::<F>::PAGES - page {
            return Err(ERANGE);
        }
        // Fits, since the address space has fewer than 2^32 pages.
        let last = paddr
            .checked_add((pages as u64 - 1) << F::PAGE_SHIFT)
            .ok_or(ERANGE)?;
        F::page_entry(last, prot)?;
        Ok(page)
    }

    #[inline(always)]
    fn table_or_new(&self, index: usize, gfp: Gfp) -> Result<&[AtomicU32]> {
        match self.table(index) {
            Some(table) => Ok(table),
            // SAFETY: as in `table()`.
            None => Ok(unsafe { words(self.body.install(index, gfp)?, F::TABLE_ENTRIES) }),
        }
    }

    /// [`Self::unmap`] for any number of pages, in tables that have no others.
    #[inline(never)]
    fn unmap_run(&self, iova: u64, pgcount: usize) -> usize {
        let page = iova >> F::PAGE_SHIFT;
        if page >= Sizes::<F>::PAGES || iova & ((1 << F::PAGE_SHIFT) - 1) != 0 {
            return 0;
        }
        let pages = (Sizes::<F>::PAGES - page).min(pgcount as u64) as usize;
        let mut done = 0;

        while done < pages {
            let piece = Self::piece(page + done as u64, pages - done);
            let Some(table) = self.table(piece.index) else {
                break;
            };
            let cleared = entries::clear(&table[piece.start..][..piece.pages]);
            done += cleared;
            if cleared < piece.pages {
                break;
            }
        }
        done
    }

    /// Returns the part of `pages` pages from `page` on that lies in the first table. `page` is in
    /// the address space.
    #[inline]
    fn piece(page: u64, pages: usize) -> Piece {
        let start = page as usize % F::TABLE_ENTRIES;
        Piece {
            index: (page / F::TABLE_ENTRIES as u64) as usize,
            start,
            pages: pages.min(F::TABLE_ENTRIES - start),
        }
    }
}

impl<F: Format, W: WalkerDevice> PagingTable for Table<F, W> {
    fn geometry(&self) -> Geometry {
        Geometry {
            pgsizes: Self::page_sizes(),
            aperture: 0..=Self::aperture_end(),
        }
    }

    /// Maps `pgcount` pages of `pgsize` bytes from `paddr` on, and says how many it did also if
    /// there is an error.
    ///
    /// The walker finds them at the latest when [`Self::clean`] has returned. The lock of the
    /// walker's device must not be held.
    ///
    /// # Errors
    ///
    /// - `EINVAL` for an address that is not a page's, for a page size or permissions that the
    ///   hardware lacks.
    /// - `ERANGE` for addresses outside what the hardware can express.
    /// - `EBUSY` if a page is mapped already. It keeps its translation.
    /// - `ENOMEM`; `ENODEV` if the directory has to change and the walker's device is unbound.
    #[inline(always)]
    fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        if pgsize != 1 << F::PAGE_SHIFT {
            return self.map_large(iova, paddr, pgsize, pgcount, prot, gfp);
        }
        // A scattered list is one such call after the other.
        if pgcount == 1 {
            if let (Some(word), Ok(entry)) = (self.entry(iova), F::page_entry(paddr, prot)) {
                if entries::fill_one(word, entry) {
                    return (1, Ok(()));
                }
            }
        }
        self.map_run(iova, paddr, pgcount, prot, gfp)
    }

    /// Unmaps up to `size` bytes of pages of any size, and says how many it did. It ends at the
    /// first page that is not mapped, or that is not in the range as a whole.
    ///
    /// The walker finds them no more when [`Self::clean`] has returned. The lock of the walker's
    /// device must not be held.
    #[inline(always)]
    fn unmap(&self, iova: u64, size: usize) -> usize {
        if Sizes::<F>::HAS_CONTIGUOUS {
            return self.unmap_any(iova, size);
        }
        if size == 1 << F::PAGE_SHIFT && self.entry(iova).is_some_and(entries::clear_one) {
            return size;
        }
        if Sizes::<F>::HAS_SECTIONS {
            return self.unmap_any(iova, size);
        }
        self.unmap_run(iova, size >> F::PAGE_SHIFT) << F::PAGE_SHIFT
    }

    /// The physical address behind `iova`, if it is mapped.
    #[inline(always)]
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        let page = match self.entry_of_page(iova >> F::PAGE_SHIFT) {
            Some(word) => F::page(entries::read(word))?,
            None if Sizes::<F>::HAS_SECTIONS => self.page_at(iova)?,
            None => return None,
        };
        let offset = (1 << page.shift) - 1;

        Some(page.paddr & !offset | iova & offset)
    }

    /// Tables may change meanwhile: each page was mapped at some moment.
    fn translations(&self, f: &mut dyn FnMut(Translation)) {
        merge(f, |add| {
            self.for_each_page(|iova, page| {
                add(Translation {
                    iova,
                    paddr: page.paddr,
                    size: 1 << page.shift,
                    prot: page.prot,
                });
            });
        });
    }

    fn usage(&self) -> (usize, usize) {
        (self.tables(), self.bytes())
    }
}
