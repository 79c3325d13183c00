// SPDX-License-Identifier: GPL-2.0

//! The memory of a page table, and how the walker of a device gets to see it.

use core::{
    marker::PhantomData,
    ptr::NonNull,
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

use super::{
    entries,
    format::{
        Format,
        Sizes, //
    },
    slot::Slot, //
};

use crate::{
    gfp::Gfp,
    pages::{
        Block,
        Pool, //
    },
    streaming,
    walker::{
        BoundWalker,
        Mapped,
        WalkerDevice, //
    }, //
};

/// The memory of a page table, as it is listed with the walker's device.
///
/// # Invariants
///
/// - `directory` has `F::DIR_ENTRIES` words, `slots` as many elements.
/// - The table of a slot is a block of `pool` that the slot owns. A slot without a table gets one
///   only with the lock of the walker's device held. A table stays until this is dropped.
/// - The directory and all tables are mapped for the device with the number `id`, until
///   [`Mapped::unmap`] was called.
/// - It is listed with the walker's device while it exists.
#[pin_data(PinnedDrop)]
pub(super) struct Body<F: Format, W: WalkerDevice> {
    pub(super) device: W,
    pub(super) id: usize,
    pub(super) needs_clean: bool,
    pub(super) pool: Pool,
    pub(super) directory: Block,
    pub(super) slots: KVVec<Slot>,
    /// Number of tables.
    pub(super) tables: Atomic<usize>,
    _format: PhantomData<fn() -> F>,
}

impl<F: Format, W: WalkerDevice> Body<F, W> {
    pub(super) fn new(device: W) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(move || {
            let (id, needs_clean) = device
                .enter(|walker| (walker.id(), streaming::needs_clean(walker.dev())))
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
                // SAFETY: the block is freed only after `drop()`, by which time the mapping was
                // undone.
                unsafe { streaming::map(walker.dev(), virt, bytes) }.inspect_err(|e| {
                    dev_err!(
                        walker.dev(),
                        "page tables cannot be walked at their physical address: {:?}\n",
                        *e
                    )
                })?;
                // SAFETY: it is removed in `drop()`, and does not move until then.
                unsafe { self.device.list(self.as_mapped()) }.inspect_err(|_| {
                    // SAFETY: mapped above.
                    unsafe { streaming::unmap(walker.dev(), virt, bytes) }
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
    pub(super) fn dir(&self) -> &[AtomicU32] {
        // SAFETY: by the type invariants the block has that many words. They were zeroed and are
        // accessed as atomics only. The block lives as long as `self`.
        unsafe { words(self.directory.as_ptr().cast(), F::DIR_ENTRIES) }
    }

    /// Installs a table in slot `index`, unless it has one. Returns the table.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `ERANGE` if the hardware cannot address the table, `EBUSY` if the directory entry
    /// is a page, `ENODEV` if the device is unbound, or the error of mapping the table for the
    /// walker.
    #[cold]
    #[inline(never)]
    pub(super) fn install(&self, index: usize, gfp: Gfp) -> Result<NonNull<AtomicU32>> {
        let block = self.pool.alloc(gfp)?;
        let word = F::dir_entry(streaming::paddr_of(block.as_ptr())).ok_or(ERANGE)?;
        let mut block = Some(block);

        // A block that another CPU's call made superfluous is freed after the lock is released.
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
                unsafe { streaming::map(walker.dev(), virt, block.bytes()) }?;
                let table = Block::into_ptr(block).cast();
                let words = &self.dir()[index..=index];
                // The walker must not find the table before its entries.
                dma_mb(Write);
                entries::write(&words[0], word);
                // SAFETY: the directory is mapped, since `walker` exists.
                unsafe { self.clean_words(walker, words) };
                // Last, so that a CPU that finds the table needs no lock to rely on the directory.
                // INVARIANT: the slot owns the block now. It is mapped, and the lock is held.
                slot.install(table);
                self.tables.add(1usize, Relaxed);
                Ok(table)
            })
            .ok_or(ENODEV)?
    }

    /// Lets the walker see words of the directory or of a table. Returns their physical address,
    /// or `None` if the walker sees them anyway.
    ///
    /// # Safety
    ///
    /// `words` are of the directory or of an installed table, and `walker` is that of this table.
    #[inline(always)]
    pub(super) unsafe fn clean_words(
        &self,
        walker: &BoundWalker<'_>,
        words: &[AtomicU32],
    ) -> Option<u64> {
        if !cfg!(CONFIG_DMA_NEED_SYNC) || !self.needs_clean {
            return None;
        }
        let virt = NonNull::from(words).cast();
        // SAFETY: by the type invariants they are mapped for this device while `walker` exists.
        Some(unsafe { self.device.clean(walker, virt, size_of_val(words)) })
    }
}

/// `count` words at `first`.
///
/// # Safety
///
/// They are initialised, accessed as atomics only, and there for `'a`.
#[inline(always)]
pub(super) unsafe fn words<'a>(first: NonNull<AtomicU32>, count: usize) -> &'a [AtomicU32] {
    // SAFETY: by the safety requirement.
    unsafe { core::slice::from_raw_parts(first.as_ptr(), count) }
}

impl<F: Format, W: WalkerDevice> Mapped for Body<F, W> {
    unsafe fn unmap(&self, dev: &Device<Bound>) {
        let directory = (self.directory.as_ptr(), self.directory.bytes());
        let tables = self.blocks().map(|virt| (virt, Sizes::<F>::TABLE));

        // No table is installed meanwhile: that needs a `BoundWalker`.
        for (virt, bytes) in Iterator::chain(core::iter::once(directory), tables) {
            // SAFETY: by the type invariants it was mapped until now, by the safety requirement for
            // this device.
            unsafe { streaming::unmap(dev, virt, bytes) };
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
            // SAFETY: by the type invariants this is a block of the pool that belongs to the slot,
            // which is not used again.
            drop(unsafe { this.pool.reclaim(virt) });
        }
    }
}
