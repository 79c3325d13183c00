// SPDX-License-Identifier: GPL-2.0

//! A two-level page table with 32-bit entries: the algorithm, apart from any hardware's [`Format`].
//!
//! A directory of [`Format::DIR_ENTRIES`] words points to tables of [`Format::TABLE_ENTRIES`] words,
//! which point to pages. A table is allocated when the first page in its range is mapped, and freed with
//! the page table.
//!
//! # Concurrency
//!
//! The core maps, unmaps and looks up *disjoint ranges* on any CPU at the same time and in any
//! context, but ranges share tables. A table that is installed stays, so mapping and unmapping are plain
//! atomic stores. Only the installation of a table takes a lock, that of the walker's device.
//!
//! Callers that break the rule of disjoint ranges get wrong translations, and no worse.
//!
//! # What the hardware sees
//!
//! [`Table::map`] and [`Table::unmap`] only store. [`Table::clean`] then makes a whole range visible to
//! the walker, with the lock of the device held. The driver calls it in the same critical section as the
//! invalidation: the core uses a mapped page only after `iotlb_sync_map`, and reuses an unmapped one only
//! after `iotlb_sync`.
//!
//! The lock also says whether the device is still bound. Before the device is unbound, its mappings of
//! all tables are undone. Later stores go to memory that no hardware reads.

use core::{
    marker::PhantomData,
    ptr::NonNull,
    sync::atomic::{
        AtomicPtr,
        AtomicU32,
        Ordering, //
    },
};

use kernel::{
    device::{
        Bound,
        Device, //
    },
    ffi::c_void,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        barrier::{
            dma_mb,
            Write, //
        }, //
    },
};

use crate::{
    atomic_safe::AtomicSafe,
    gfp::Gfp,
    pages::{
        Block,
        Pool, //
    },
    prot::Prot,
    walker::{
        self,
        BoundWalker,
        Mapped,
        WalkerDevice, //
    }, //
};

mod clean;
mod entries;
pub(crate) mod ffi;
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
pub mod kunit;
mod walk;

pub use walk::Range;

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
        assert!(F::PAGE_SHIFT < 32);
        // So that a page's number fits a word, and its address what the core counts with.
        assert!(Self::PAGES <= 1 << 31);
        // So that the address of a table has a bit to spare, see `Slot`.
        assert!(Self::TABLE > Slot::FRESH);
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

/// The table of a directory entry, as software finds it: its address, and in the lowest bit
/// [`Slot::FRESH`].
///
/// The atomics of `core` here and in [`entries`] are plain loads and stores. Those of the kernel are
/// function calls, two for each page that is mapped.
#[derive(Default)]
struct Slot(AtomicPtr<AtomicU32>);

impl Slot {
    /// The walk cache may have the directory entry as invalid.
    const FRESH: usize = 1;

    /// The table, if there is one.
    #[inline(always)]
    fn table(&self) -> Option<NonNull<AtomicU32>> {
        // `Acquire`: the table is seen as it was installed.
        let tagged = self.0.load(Ordering::Acquire);

        NonNull::new(tagged.map_addr(|addr| addr & !Self::FRESH))
    }

    fn is_fresh(&self) -> bool {
        self.0.load(Ordering::Relaxed).addr() & Self::FRESH != 0
    }

    /// Installs a table. Called with the lock of the walker's device held.
    fn install(&self, table: NonNull<AtomicU32>) {
        let tagged = table.as_ptr().map_addr(|addr| addr | Self::FRESH);

        self.0.store(tagged, Ordering::Release);
    }

    /// Notes that no walk cache has the directory entry as invalid.
    fn settle(&self) {
        let tagged = self.0.load(Ordering::Relaxed);
        let table = tagged.map_addr(|addr| addr & !Self::FRESH);

        // It fails if another caller has just done the same.
        let _ = self
            .0
            .compare_exchange(tagged, table, Ordering::Relaxed, Ordering::Relaxed);
    }
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
    /// An allocation of its own, since the device has its address: memory that holds a `Table` can be
    /// freed without dropping it, also if it is pinned (`MaybeUninit`).
    body: Pin<KBox<Body<F, W>>>,
}

// SAFETY: the pointer leads to what `body` owns, which is `Send` and `Sync`.
unsafe impl<F: Format, W: WalkerDevice> Send for Table<F, W> {}
// SAFETY: as above.
unsafe impl<F: Format, W: WalkerDevice> Sync for Table<F, W> {}

// SAFETY: a shared reference leads to no lock but that of the walker's device, which is taken with
// interrupts off.
unsafe impl<F: Format, W: WalkerDevice> AtomicSafe for Table<F, W> {}

/// The memory of a page table, as it is listed with the walker's device.
///
/// # Invariants
///
/// - `directory` has `F::DIR_ENTRIES` words, `slots` as many elements.
/// - The table of a slot is a block of `pool` that the slot owns. A slot without a table gets one only
///   with the lock of the walker's device held. A table stays until this is dropped.
/// - The directory and all tables are mapped for the device with the number `id`, until
///   [`Mapped::unmap`] was called.
/// - It is listed with the walker's device while it exists.
#[pin_data(PinnedDrop)]
struct Body<F: Format, W: WalkerDevice> {
    device: W,
    id: usize,
    needs_clean: bool,
    pool: Pool,
    directory: Block,
    slots: KVVec<Slot>,
    /// Number of tables.
    tables: Atomic<usize>,
    _format: PhantomData<fn() -> F>,
}

impl<F: Format, W: WalkerDevice> Body<F, W> {
    fn new(device: W) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(move || {
            let (id, needs_clean) = device
                .enter(|walker| (walker.id(), walker::needs_clean(walker.dev())))
                .ok_or(ENODEV)?;
            let pool = Pool::new(Sizes::<F>::TABLE)?;
            let mut slots = KVVec::with_capacity(F::DIR_ENTRIES, GFP_KERNEL)?;
            for _ in 0..F::DIR_ENTRIES {
                slots.push(Slot::default(), GFP_KERNEL)?;
            }
            let directory = Block::directory(Sizes::<F>::DIRECTORY)?;

            // INVARIANT: sizes as allocated, no tables; mapped and listed by `open()`.
            Ok::<_, Error>(try_pin_init!(&this in Self {
                device,
                id,
                needs_clean,
                pool,
                directory,
                slots,
                tables: Atomic::new(0),
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
        self.device
            .enter(|walker| {
                let (virt, bytes) = (self.directory.as_ptr(), self.directory.bytes());
                // SAFETY: the block is freed only after `drop()`, by which time the mapping was undone.
                unsafe { walker::map(walker.dev(), virt, bytes) }?;
                // SAFETY: it is removed in `drop()`, and does not move until then.
                unsafe { self.device.list(self.as_mapped()) }.inspect_err(|_| {
                    // SAFETY: mapped above.
                    unsafe { walker::unmap(walker.dev(), virt, bytes) }
                })
            })
            .ok_or(ENODEV)?
    }

    fn as_mapped(&self) -> NonNull<dyn Mapped> {
        NonNull::from(self)
    }

    /// The tables.
    fn blocks(&self) -> impl Iterator<Item = NonNull<c_void>> + '_ {
        self.slots
            .iter()
            .filter_map(|slot| slot.table().map(NonNull::cast))
    }

    /// The words of the directory.
    fn dir(&self) -> &[AtomicU32] {
        // SAFETY: by the type invariants the block has that many words. They were zeroed and are
        // accessed as atomics only. The block lives as long as `self`.
        unsafe { words(self.directory.as_ptr().cast(), F::DIR_ENTRIES) }
    }

    /// Installs a table in slot `index`, unless it has one. Returns the table.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `ERANGE` if the hardware cannot address the table, `ENODEV` if the device is gone, or
    /// what mapping the table for the walker fails with.
    #[cold]
    #[inline(never)]
    fn install(&self, index: usize, gfp: Gfp) -> Result<NonNull<AtomicU32>> {
        let block = self.pool.alloc(gfp)?;
        let word = F::dir_entry(walker::paddr_of(block.as_ptr())).ok_or(ERANGE)?;
        let mut block = Some(block);

        // A block that is not used is freed after the lock is released.
        self.device
            .lock(|walker| {
                if let Some(table) = self.slots[index].table() {
                    return Ok(table);
                }
                let Some(block) = block.take() else {
                    return Err(ENOMEM);
                };
                let virt = block.as_ptr();
                // SAFETY: once the slot owns the block, it is freed in `drop()`, after `unmap()`.
                unsafe { walker::map(walker.dev(), virt, block.bytes()) }?;
                // INVARIANT: the slot owns the block now. It is mapped, and the lock is held.
                let table = Block::into_ptr(block).cast();
                self.slots[index].install(table);
                self.tables.add(1usize, Relaxed);

                let words = &self.dir()[index..=index];
                // The walker must not find the table before its entries.
                dma_mb(Write);
                entries::write(&words[0], word);
                // SAFETY: the directory is mapped, since `walker` exists.
                unsafe { self.clean_words(walker, words) };
                Ok(table)
            })
            .ok_or(ENODEV)?
    }

    /// Lets the walker see words of the directory or of a table.
    ///
    /// # Safety
    ///
    /// `words` are of the directory or of an installed table, and `walker` is that of this table.
    #[inline(always)]
    unsafe fn clean_words(&self, walker: &BoundWalker<'_>, words: &[AtomicU32]) {
        if cfg!(CONFIG_DMA_NEED_SYNC) && self.needs_clean {
            let virt = NonNull::from(words).cast();
            // SAFETY: by the type invariants they are mapped for this device while `walker` exists.
            unsafe { walker::clean(walker.dev(), virt, size_of_val(words)) };
        }
    }
}

/// `count` words at `first`.
///
/// # Safety
///
/// They are initialised, accessed as atomics only, and there for `'a`.
#[inline(always)]
unsafe fn words<'a>(first: NonNull<AtomicU32>, count: usize) -> &'a [AtomicU32] {
    // SAFETY: by the safety requirement.
    unsafe { core::slice::from_raw_parts(first.as_ptr(), count) }
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

        // INVARIANT: the slots of `body` do not change.
        Ok(Self {
            slots: NonNull::from(&*body.slots).cast(),
            body,
        })
    }

    /// Physical address of the directory, for the hardware's table base.
    #[inline]
    pub fn directory(&self) -> u64 {
        walker::paddr_of(self.body.directory.as_ptr())
    }

    /// The last IOVA.
    pub const fn aperture_end() -> u64 {
        (Sizes::<F>::PAGES << F::PAGE_SHIFT) - 1
    }

    /// Maps `pgcount` pages from `paddr` on, and says how many it did also if there is an error.
    ///
    /// The walker finds them at the latest when [`Self::clean`] has returned. The lock of the walker's
    /// device must not be held.
    ///
    /// # Errors
    ///
    /// - `EINVAL` for an address that is not a page's, or permissions that the hardware lacks.
    /// - `ERANGE` for addresses outside what the hardware can express.
    /// - `EBUSY` if a page is mapped already. It keeps its translation.
    /// - `ENOMEM`; `ENODEV` if a table is needed and the walker's device is gone.
    #[inline(always)]
    pub fn map(
        &self,
        iova: u64,
        paddr: u64,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
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

    /// Unmaps up to `pgcount` pages and says how many it did: it ends at the first that is not mapped.
    ///
    /// The walker finds them no more when [`Self::clean`] has returned.
    #[inline(always)]
    pub fn unmap(&self, iova: u64, pgcount: usize) -> usize {
        if pgcount == 1 {
            return usize::from(self.entry(iova).is_some_and(entries::clear_one));
        }
        self.unmap_run(iova, pgcount)
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

    /// The table of slot `index`, which is in the directory.
    #[inline(always)]
    fn table(&self, index: usize) -> Option<&[AtomicU32]> {
        debug_assert!(index < F::DIR_ENTRIES);
        // SAFETY: by the type invariants there is a slot for each directory entry.
        let slot = unsafe { self.slots.add(index).as_ref() };
        // SAFETY: by the invariants of `Body` it has that many words and stays until `self` is dropped.
        Some(unsafe { words(slot.table()?, F::TABLE_ENTRIES) })
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
        let run = match Run::new::<F>(iova, paddr, pgcount, prot) {
            Ok(run) => run,
            Err(e) => return (0, Err(e)),
        };
        let mut entry = run.entry;
        let mut done = 0;

        while done < run.pages {
            let piece = Self::piece(run.page + done as u64, run.pages - done);
            let table = match self.table_or_new(piece.index, gfp) {
                Ok(table) => table,
                Err(e) => return (done, Err(e)),
            };
            let filled = entries::fill(&table[piece.start..][..piece.pages], entry, F::STEP);
            done += filled;
            if filled < piece.pages {
                return (done, Err(EBUSY));
            }
            entry = entry.wrapping_add(F::STEP.wrapping_mul(piece.pages as u32));
        }
        (done, Ok(()))
    }

    #[inline(always)]
    fn table_or_new(&self, index: usize, gfp: Gfp) -> Result<&[AtomicU32]> {
        match self.table(index) {
            Some(table) => Ok(table),
            // SAFETY: as in `table()`.
            None => Ok(unsafe { words(self.body.install(index, gfp)?, F::TABLE_ENTRIES) }),
        }
    }

    /// [`Self::unmap`] for any number of pages.
    #[inline(never)]
    fn unmap_run(&self, iova: u64, pgcount: usize) -> usize {
        let page = iova >> F::PAGE_SHIFT;
        if page >= Sizes::<F>::PAGES {
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

    /// The physical address behind `iova`, if it is mapped.
    #[inline(always)]
    pub fn iova_to_phys(&self, iova: u64) -> Option<u64> {
        let entry = entries::read(self.entry_of_page(iova >> F::PAGE_SHIFT)?);

        F::page_paddr(entry).map(|page| page | iova & ((1 << F::PAGE_SHIFT) - 1))
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
    unsafe fn unmap(&self, dev: &Device<Bound>) {
        let directory = (self.directory.as_ptr(), self.directory.bytes());
        let tables = self.blocks().map(|virt| (virt, Sizes::<F>::TABLE));

        // No table is installed meanwhile: that needs a `BoundWalker`.
        for (virt, bytes) in Iterator::chain(core::iter::once(directory), tables) {
            // SAFETY: by the type invariants it was mapped until now, by the safety requirement for this
            // device.
            unsafe { walker::unmap(dev, virt, bytes) };
        }
    }
}

#[pinned_drop]
impl<F: Format, W: WalkerDevice> PinnedDrop for Body<F, W> {
    fn drop(self: Pin<&mut Self>) {
        let this = &*self;
        // SAFETY: by the type invariants it is listed.
        unsafe { this.device.remove(this.as_mapped()) };
        for virt in this.blocks() {
            // SAFETY: by the type invariants this is a block of the pool that belongs to the slot, which
            // is not used again.
            drop(unsafe { this.pool.reclaim(virt) });
        }
    }
}
