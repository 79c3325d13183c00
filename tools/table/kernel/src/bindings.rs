// SPDX-License-Identifier: GPL-2.0

//! Types and constants of C.

#![allow(missing_docs, non_camel_case_types, non_upper_case_globals)]

use core::{
    ffi::{
        c_char,
        c_int,
        c_uint,
        c_void, //
    },
    sync::atomic::AtomicBool,
};

use crate::memory;

pub type gfp_t = c_uint;
pub type phys_addr_t = u64;
pub type dma_addr_t = u64;

pub const ___GFP_DMA_BIT: u32 = 0;
pub const ___GFP_HIGHMEM_BIT: u32 = 1;
pub const ___GFP_DMA32_BIT: u32 = 2;
pub const ___GFP_DIRECT_RECLAIM_BIT: u32 = 10;
pub const GFP_KERNEL: gfp_t = 0xcc0;
pub const NUMA_NO_NODE: c_int = -1;

pub const IOMMU_READ: u32 = 1 << 0;
pub const IOMMU_WRITE: u32 = 1 << 1;
pub const IOMMU_CACHE: u32 = 1 << 2;
pub const IOMMU_NOEXEC: u32 = 1 << 3;
pub const IOMMU_MMIO: u32 = 1 << 4;
pub const IOMMU_PRIV: u32 = 1 << 5;

/// A device whose hardware walks page tables.
#[derive(Default)]
pub struct device {
    /// It sees what is in the CPU's caches.
    pub coherent: bool,
    /// What is added to a physical address to get the device's.
    pub offset: u64,
    /// Its mappings fail.
    pub cannot_map: AtomicBool,
    /// Its driver is unbound. The DMA API must not be called for it any more.
    pub is_unbound: AtomicBool,
}

pub const PLATFORM_DEVID_AUTO: c_int = -2;

pub struct platform_device {
    pub dev: device,
}

/// # Safety
///
/// None.
pub unsafe fn platform_device_alloc(_name: *const c_char, _id: c_int) -> *mut platform_device {
    Box::into_raw(Box::new(platform_device {
        dev: device::default(),
    }))
}

/// # Safety
///
/// None.
pub unsafe fn platform_device_add(_pdev: *mut platform_device) -> c_int {
    0
}

/// # Safety
///
/// As [`platform_device_unregister`].
pub unsafe fn platform_device_put(pdev: *mut platform_device) {
    // SAFETY: by the safety requirement.
    unsafe { platform_device_unregister(pdev) };
}

/// # Safety
///
/// It was allocated with [`platform_device_alloc`], and is not used again.
pub unsafe fn platform_device_unregister(pdev: *mut platform_device) {
    // SAFETY: by the safety requirement.
    drop(unsafe { Box::from_raw(pdev) });
}

/// A constant, so that the suites' random numbers are the same in each run.
///
/// # Safety
///
/// None.
pub unsafe fn ktime_get() -> i64 {
    0x5eed
}

/// A slab cache, which has the size of its objects.
#[repr(C)]
pub struct kmem_cache(pub usize);

/// # Safety
///
/// The object is of this cache, and is not used again.
pub unsafe fn kmem_cache_free(cache: *mut kmem_cache, virt: *mut c_void) {
    // SAFETY: a cache exists for ever.
    memory::free(virt.addr(), Some(unsafe { (*cache).0 }));
}
