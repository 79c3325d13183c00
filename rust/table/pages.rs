// SPDX-License-Identifier: GPL-2.0

//! Memory for page tables: zeroed, naturally aligned, below 4 GiB, and counted.
//!
//! Blocks of a page or more are allocated by iommu-pages, which the kernel accounts as page-table
//! memory (`nr_iommu_pages`). Smaller ones are allocated from one slab cache per size,
//! `iommu_table_1k` and so on, shared by all instances. A cache is made when the first table of its
//! size is allocated and stays until reboot, as this crate does.
//!
//! C header: `drivers/iommu/iommu-pages.h`

use core::ptr::NonNull;

use kernel::{
    bindings,
    ffi::c_void,
    page::PAGE_SIZE,
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
};

use crate::{
    gfp::Gfp,
    table::ffi, //
};

/// One size of table.
///
/// # Invariants
///
/// `cache` is [`Class::NONE`], [`Class::BUSY`], or the address of a `struct kmem_cache` that is
/// never destroyed and whose objects have the size and alignment of this class.
struct Class {
    name: &'static CStr,
    cache: Atomic<usize>,
    live: Atomic<usize>,
}

impl Class {
    const NONE: usize = 0;
    const BUSY: usize = 1;

    const fn new(name: &'static CStr) -> Self {
        // INVARIANT: no cache yet.
        Self {
            name,
            cache: Atomic::new(Self::NONE),
            live: Atomic::new(0),
        }
    }
}

const SMALLEST: usize = 256;

static CLASSES: [Class; 9] = [
    Class::new(c"iommu_table_256"),
    Class::new(c"iommu_table_512"),
    Class::new(c"iommu_table_1k"),
    Class::new(c"iommu_table_2k"),
    Class::new(c"iommu_table_4k"),
    Class::new(c"iommu_table_8k"),
    Class::new(c"iommu_table_16k"),
    Class::new(c"iommu_table_32k"),
    Class::new(c"iommu_table_64k"),
];

static DIRECTORY_BYTES: Atomic<usize> = Atomic::new(0);

/// Returns the number of tables of all domains, not counting directories.
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
pub(crate) fn live_tables() -> usize {
    CLASSES.iter().map(|class| class.live.load(Relaxed)).sum()
}

/// Returns the bytes of all tables and directories.
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
pub(crate) fn live_bytes() -> usize {
    let tables: usize = CLASSES
        .iter()
        .enumerate()
        .map(|(i, class)| class.live.load(Relaxed) * (SMALLEST << i))
        .sum();
    tables + DIRECTORY_BYTES.load(Relaxed)
}

/// The allocator for the tables of one page table.
///
/// # Invariants
///
/// `bytes` is the size of `class`. `cache` is null if and only if that is a page or more, otherwise
/// it is the cache of `class`.
pub(crate) struct Pool {
    class: &'static Class,
    bytes: usize,
    cache: *mut bindings::kmem_cache,
    /// The allocation that a test wants to fail, counted down to zero.
    #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
    fail_at: Atomic<u32>,
}

// SAFETY: a `kmem_cache` may be used from any thread; the rest is plain data and atomics.
unsafe impl Send for Pool {}

// SAFETY: as for `Send`: the allocator does its own locking.
unsafe impl Sync for Pool {}

impl Pool {
    /// Finds the pool for tables of `bytes` bytes. May sleep.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `bytes` is no size of a table, `ENOMEM`.
    pub(crate) fn new(bytes: usize) -> Result<Self> {
        if !bytes.is_power_of_two() || bytes < SMALLEST {
            return Err(EINVAL);
        }
        let index = (bytes / SMALLEST).trailing_zeros() as usize;
        let class = CLASSES.get(index).ok_or(EINVAL)?;
        let cache = if bytes < PAGE_SIZE {
            Self::cache(class, bytes)?
        } else {
            core::ptr::null_mut()
        };

        // INVARIANT: `index` was computed from `bytes`, and `cache` chosen by it.
        Ok(Self {
            class,
            bytes,
            cache,
            #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
            fail_at: Atomic::new(0),
        })
    }

    fn cache(class: &'static Class, bytes: usize) -> Result<*mut bindings::kmem_cache> {
        loop {
            match class.cache.cmpxchg(Class::NONE, Class::BUSY, Acquire) {
                Ok(_) => break,
                // Another caller is creating it. That happens once per boot at most.
                Err(Class::BUSY) => fsleep(Delta::from_micros(50)),
                Err(cache) => return Ok(cache as *mut bindings::kmem_cache),
            }
        }

        // SAFETY: the name is a C string that lives forever, `bytes` a power of two below a page.
        let cache = unsafe {
            ffi::rust_iommu_helper_table_cache_create(class.name.as_char_ptr(), bytes as u32)
        };
        // INVARIANT: either a new cache that is never destroyed, or null, which is `NONE`.
        class.cache.store(cache as usize, Release);
        if cache.is_null() {
            return Err(ENOMEM);
        }
        Ok(cache)
    }

    /// Allocates a zeroed table with the flags of the caller of `iommu_map()`.
    pub(crate) fn alloc(&self, gfp: Gfp) -> Result<Block> {
        #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
        if self.must_fail() {
            return Err(ENOMEM);
        }

        let virt = if self.cache.is_null() {
            // SAFETY: this function may be called with any flags and size.
            unsafe {
                ffi::iommu_alloc_pages_node_sz(bindings::NUMA_NO_NODE, gfp.dma32(), self.bytes)
            }
        } else {
            // The cache determines the zone: slab refuses zone flags.
            // SAFETY: by the type invariants `cache` is a cache that is never destroyed.
            unsafe { ffi::rust_iommu_helper_table_cache_zalloc(self.cache, gfp.as_raw()) }
        };
        let virt = NonNull::new(virt).ok_or(ENOMEM)?;
        self.class.live.add(1usize, Relaxed);

        // INVARIANT: fresh memory of that size and class; the allocators align it to its size.
        Ok(Block {
            virt,
            bytes: self.bytes,
            origin: Origin::of(self),
        })
    }

    /// Takes ownership again of a table that was released with [`Block::into_ptr`].
    ///
    /// # Safety
    ///
    /// `virt` came from [`Block::into_ptr`] of a block of this pool, and becomes a block only once.
    pub(crate) unsafe fn reclaim(&self, virt: NonNull<c_void>) -> Block {
        // INVARIANT: as the block that `virt` came from.
        Block {
            virt,
            bytes: self.bytes,
            origin: Origin::of(self),
        }
    }

    #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
    fn must_fail(&self) -> bool {
        match self.fail_at.load(Relaxed) {
            0 => false,
            n => {
                self.fail_at.store(n - 1, Relaxed);
                n == 1
            }
        }
    }

    /// Makes the `n`-th allocation from now fail; 0 disarms.
    #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
    pub(crate) fn fail_at(&self, n: u32) {
        self.fail_at.store(n, Relaxed);
    }
}

/// The allocator that a block is returned to, and the class that counts it.
enum Origin {
    Cache(&'static Class, *mut bindings::kmem_cache),
    Pages(&'static Class),
    Directory,
}

impl Origin {
    fn of(pool: &Pool) -> Self {
        if pool.cache.is_null() {
            Self::Pages(pool.class)
        } else {
            Self::Cache(pool.class, pool.cache)
        }
    }
}

/// A directory or a table.
///
/// # Invariants
///
/// `virt` is an allocation of `bytes` bytes in the linear mapping, made by the allocator in
/// `origin`, aligned to its size and owned by this.
pub(crate) struct Block {
    virt: NonNull<c_void>,
    bytes: usize,
    origin: Origin,
}

// SAFETY: this owns plain memory, which any thread may free.
unsafe impl Send for Block {}

// SAFETY: `&Block` only gives access to addresses.
unsafe impl Sync for Block {}

impl Block {
    /// Allocates a zeroed directory of `bytes` bytes, in pages of its own. May sleep.
    pub(crate) fn directory(bytes: usize) -> Result<Self> {
        if !bytes.is_power_of_two() {
            return Err(EINVAL);
        }
        // SAFETY: this function may be called with any flags and size.
        let virt = unsafe {
            ffi::iommu_alloc_pages_node_sz(bindings::NUMA_NO_NODE, Gfp::KERNEL.dma32(), bytes)
        };
        let virt = NonNull::new(virt).ok_or(ENOMEM)?;
        DIRECTORY_BYTES.add(bytes, Relaxed);

        // INVARIANT: fresh memory of that size; iommu-pages aligns it to its size.
        Ok(Self {
            virt,
            bytes,
            origin: Origin::Directory,
        })
    }

    /// Returns its address for the CPU.
    #[inline]
    pub(crate) fn as_ptr(&self) -> NonNull<c_void> {
        self.virt
    }

    /// Returns its size in bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Releases the ownership, to be restored by [`Pool::reclaim`].
    pub(crate) fn into_ptr(self) -> NonNull<c_void> {
        core::mem::ManuallyDrop::new(self).virt
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let virt = self.virt.as_ptr();
        match self.origin {
            Origin::Cache(class, cache) => {
                // SAFETY: by the type invariants `virt` is an object of `cache` that is ours.
                unsafe { bindings::kmem_cache_free(cache, virt) };
                class.live.fetch_sub(1usize, Relaxed);
            }
            Origin::Pages(class) => {
                // SAFETY: by the type invariants `virt` came from iommu-pages and is ours.
                unsafe { ffi::iommu_free_pages(virt) };
                class.live.fetch_sub(1usize, Relaxed);
            }
            Origin::Directory => {
                // SAFETY: by the type invariants `virt` came from iommu-pages and is ours.
                unsafe { ffi::iommu_free_pages(virt) };
                DIRECTORY_BYTES.fetch_sub(self.bytes, Relaxed);
            }
        }
    }
}
