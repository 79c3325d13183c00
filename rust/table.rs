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
mod large;
pub mod tegra;
pub mod v7s;
mod walk;

pub use walk::Range;

/// Entries of a two-level page table, as the hardware has them.
///
/// An implementation that contradicts itself makes for wrong translations, but not for undefined
/// behaviour: no address that it decodes is followed by software.
pub trait Format: 'static {
    /// Name, for messages.
    const NAME: &'static str;
    /// Number of words of the directory; a power of two.
    const DIR_ENTRIES: usize;
    /// Number of words of a table; a power of two.
    const TABLE_ENTRIES: usize;
    /// Binary logarithm of the page size.
    const PAGE_SHIFT: u32;
    /// What is added to the entry of a page to get that of the page behind it, in a range of
    /// [`Self::LINEAR`].
    const STEP: u32;
    /// Binary logarithm of the size of the ranges of physical addresses in which [`Self::STEP`] holds.
    const LINEAR: u32 = 63;
    /// Binary logarithms of further page sizes, in ascending order. A page that is smaller than the range
    /// of a table has several equal entries in the table. Others have one or several equal entries in the
    /// directory.
    const LARGE: &'static [u32] = &[];

    /// The directory entry that points to the table at `table`; never 0. `None` if the hardware
    /// cannot address it.
    fn dir_entry(table: u64) -> Option<u32>;

    /// The entry of a page; never 0. The pages for which this succeeds are an interval.
    ///
    /// # Errors
    ///
    /// `ERANGE` for an address that the hardware cannot have, `EINVAL` for one that is not a page's, and
    /// for permissions that the hardware cannot express and must not widen.
    fn page_entry(paddr: u64, prot: Prot) -> Result<u32>;

    /// As [`Self::page_entry`], for a page of a size in [`Self::LARGE`].
    fn large_entry(_shift: u32, _paddr: u64, _prot: Prot) -> Result<u32> {
        Err(EINVAL)
    }

    /// The page of a table's entry, or `None` for an invalid entry.
    fn page(entry: u32) -> Option<Page>;

    /// The page of a directory entry, or `None` for an invalid entry and for one that points to a table.
    fn dir_page(_entry: u32) -> Option<Page> {
        None
    }

    /// What [`Format::dir_entry`] was given, or `None` for an entry that does not point to a table.
    fn dir_table(entry: u32) -> Option<u64>;
}

/// A page, as an entry has it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Physical address of its first byte.
    pub paddr: u64,
    /// Binary logarithm of its size.
    pub shift: u32,
    /// What accesses are allowed.
    pub prot: Prot,
}

/// Sizes that follow from a [`Format`].
struct Sizes<F>(PhantomData<F>);

impl<F: Format> Sizes<F> {
    const VALID: () = {
        assert!(F::DIR_ENTRIES.is_power_of_two() && F::TABLE_ENTRIES.is_power_of_two());
        assert!(F::PAGE_SHIFT < 32);
        // So that a page's number fits a word, and its address what the core counts with.
        assert!(Self::PAGES <= 1 << 31);
        // So that the address of a table has bits to spare, see `Slot`.
        assert!(Self::TABLE > Slot::FLAGS);
        let mut i = 0;
        while i < F::LARGE.len() {
            let last = if i == 0 {
                F::PAGE_SHIFT
            } else {
                F::LARGE[i - 1]
            };
            assert!(F::LARGE[i] > last && 1 << (F::LARGE[i] - F::PAGE_SHIFT) <= Self::PAGES);
            i += 1;
        }
    };
    const DIRECTORY: usize = F::DIR_ENTRIES * size_of::<u32>();
    const TABLE: usize = F::TABLE_ENTRIES * size_of::<u32>();
    /// Pages of the whole address space.
    const PAGES: u64 = (F::DIR_ENTRIES as u64) * (F::TABLE_ENTRIES as u64);
    /// Bits of an IOVA that say which page it is of.
    const PAGE_BITS: u64 = (Self::PAGES - 1) << F::PAGE_SHIFT;
    /// Binary logarithm of the bytes behind a directory entry.
    const DIR_SHIFT: u32 = F::PAGE_SHIFT + F::TABLE_ENTRIES.trailing_zeros();
    /// Whether directory entries can be pages.
    const HAS_SECTIONS: bool =
        !F::LARGE.is_empty() && F::LARGE[F::LARGE.len() - 1] >= Self::DIR_SHIFT;
    /// Whether pages can have several entries of a table.
    const HAS_CONTIGUOUS: bool = !F::LARGE.is_empty() && F::LARGE[0] < Self::DIR_SHIFT;
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

/// The table of a directory entry, as software finds it: its address, with flags in the lowest bits.
///
/// The atomics of `core` here and in [`entries`] are plain loads and stores. Those of the kernel are
/// function calls, two for each page that is mapped.
#[derive(Default)]
struct Slot(AtomicPtr<AtomicU32>);

impl Slot {
    /// The directory entry has changed, and the walk cache may have it as it was.
    const FRESH: usize = 1 << 0;
    /// The directory entry is a page, or one of several of a page. The table, if there is one, is empty
    /// and not walked.
    const SECTION: usize = 1 << 1;
    const FLAGS: usize = Self::FRESH | Self::SECTION;

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
    fn table<F: Format>(&self) -> Option<NonNull<AtomicU32>> {
        let tagged = self.load();

        if Sizes::<F>::HAS_SECTIONS && tagged.addr() & Self::SECTION != 0 {
            return None;
        }
        Self::without_flags(tagged)
    }

    /// The table, if there is one.
    fn any_table(&self) -> Option<NonNull<AtomicU32>> {
        Self::without_flags(self.load())
    }

    #[inline(always)]
    fn has(&self, flag: usize) -> bool {
        self.0.load(Ordering::Relaxed).addr() & flag != 0
    }

    /// Installs a table. Called with the lock of the walker's device held.
    fn install(&self, table: NonNull<AtomicU32>) {
        let tagged = table.as_ptr().map_addr(|addr| addr | Self::FRESH);

        self.0.store(tagged, Ordering::Release);
    }

    /// Sets the flags of a directory entry that changes. Called with the lock of the walker's device held,
    /// or without a device.
    fn set_section(&self, section: bool) {
        let flags = if section { Self::FLAGS } else { Self::FRESH };
        let tagged = self.load().map_addr(|addr| addr & !Self::FLAGS | flags);

        self.0.store(tagged, Ordering::Release);
    }

    /// Notes that the walk cache does not have the directory entry as it was.
    fn settle(&self) {
        let tagged = self.0.load(Ordering::Relaxed);
        let settled = tagged.map_addr(|addr| addr & !Self::FRESH);

        // It fails if another caller has just done the same.
        let _ = self
            .0
            .compare_exchange(tagged, settled, Ordering::Relaxed, Ordering::Relaxed);
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
            .filter_map(|slot| slot.any_table().map(NonNull::cast))
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
    /// `ENOMEM`, `ERANGE` if the hardware cannot address the table, `EBUSY` if the directory entry is a
    /// page, `ENODEV` if the device is gone, or what mapping the table for the walker fails with.
    #[cold]
    #[inline(never)]
    fn install(&self, index: usize, gfp: Gfp) -> Result<NonNull<AtomicU32>> {
        let block = self.pool.alloc(gfp)?;
        let word = F::dir_entry(walker::paddr_of(block.as_ptr())).ok_or(ERANGE)?;
        let mut block = Some(block);

        // A block that is not used is freed after the lock is released.
        self.device
            .lock(|walker| {
                let slot = &self.slots[index];
                if slot.has(Slot::SECTION) {
                    return Err(EBUSY);
                }
                if let Some(table) = slot.any_table() {
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
                slot.install(table);
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

    /// Maps `pgcount` pages of `pgsize` bytes from `paddr` on, and says how many it did also if there is
    /// an error.
    ///
    /// The walker finds them at the latest when [`Self::clean`] has returned. The lock of the walker's
    /// device must not be held.
    ///
    /// # Errors
    ///
    /// - `EINVAL` for an address that is not a page's, for a page size or permissions that the hardware
    ///   lacks.
    /// - `ERANGE` for addresses outside what the hardware can express.
    /// - `EBUSY` if a page is mapped already. It keeps its translation.
    /// - `ENOMEM`; `ENODEV` if the directory has to change and the walker's device is gone.
    #[inline(always)]
    pub fn map(
        &self,
        iova: u64,
        paddr: u64,
        pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        if !F::LARGE.is_empty() && pgsize != 1 << F::PAGE_SHIFT {
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

    /// Unmaps up to `size` bytes of pages of any size, and says how many it did. It ends at the first page
    /// that is not mapped, or that is not in the range as a whole.
    ///
    /// The walker finds them no more when [`Self::clean`] has returned. The lock of the walker's device
    /// must not be held.
    #[inline(always)]
    pub fn unmap(&self, iova: u64, size: usize) -> usize {
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

    /// The table of slot `index`, which is in the directory, if it is walked.
    #[inline(always)]
    fn table(&self, index: usize) -> Option<&[AtomicU32]> {
        debug_assert!(index < F::DIR_ENTRIES);
        // SAFETY: by the type invariants there is a slot for each directory entry.
        let slot = unsafe { self.slots.add(index).as_ref() };
        // SAFETY: by the invariants of `Body` it has that many words and stays until `self` is dropped.
        Some(unsafe { words(slot.table::<F>()?, F::TABLE_ENTRIES) })
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
            let pages = (pgcount - done).min((linear >> F::PAGE_SHIFT) as usize);
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

    /// [`Self::unmap`] for any number of pages.
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

    /// The physical address behind `iova`, if it is mapped.
    #[inline(always)]
    pub fn iova_to_phys(&self, iova: u64) -> Option<u64> {
        let page = match self.entry_of_page(iova >> F::PAGE_SHIFT) {
            Some(word) => F::page(entries::read(word))?,
            None if Sizes::<F>::HAS_SECTIONS => self.page_at(iova)?,
            None => return None,
        };
        let offset = (1 << page.shift) - 1;

        Some(page.paddr & !offset | iova & offset)
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
