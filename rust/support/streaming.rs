// SPDX-License-Identifier: GPL-2.0

//! Memory that a device reads in place, by the streaming DMA API.
//!
//! The device may read DRAM past the CPU's caches. Memory is mapped for it once, and what is written
//! later is cleaned. The address that the device uses is the physical one: a mapping that is a bounce
//! buffer or lies at an offset is refused.
//!
//! C header: [`include/linux/dma-mapping.h`](srctree/include/linux/dma-mapping.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*, //
};

// Helpers in `table/helpers.c`.
#[allow(
    improper_ctypes,
    reason = "some architectures have an empty struct in `struct device`"
)]
unsafe extern "C" {
    fn rust_iommu_helper_virt_to_phys(virt: *const c_void) -> bindings::phys_addr_t;
    fn rust_iommu_helper_dma_map_to_device(
        dev: *mut bindings::device,
        virt: *mut c_void,
        size: usize,
    ) -> bindings::dma_addr_t;
    fn rust_iommu_helper_dma_unmap_to_device(
        dev: *mut bindings::device,
        dma: bindings::dma_addr_t,
        size: usize,
    );
    fn rust_iommu_helper_dma_mapping_error(
        dev: *mut bindings::device,
        dma: bindings::dma_addr_t,
    ) -> c_int;
    fn rust_iommu_helper_dma_sync_to_device(
        dev: *mut bindings::device,
        virt: *const c_void,
        size: usize,
    ) -> bindings::phys_addr_t;
    fn rust_iommu_helper_dma_dev_need_sync(dev: *const bindings::device) -> bool;
}

#[inline(always)]
fn as_raw(dev: &Device<Bound>) -> *mut bindings::device {
    // `Device` is a transparent wrapper.
    core::ptr::from_ref(dev).cast_mut().cast()
}

/// Whether `dev` does not see what is in the CPU's caches. Constant while it is bound.
///
/// Corresponds to `dma_dev_need_sync()`.
pub(crate) fn needs_clean(dev: &Device<Bound>) -> bool {
    // SAFETY: `dev` is a valid device.
    unsafe { rust_iommu_helper_dma_dev_need_sync(as_raw(dev)) }
}

/// The physical address of memory in the linear mapping.
///
/// Corresponds to `virt_to_phys()`.
pub(crate) fn paddr_of(virt: NonNull<c_void>) -> u64 {
    // SAFETY: this computes an address and accesses nothing.
    unsafe { rust_iommu_helper_virt_to_phys(virt.as_ptr()) as u64 }
}

/// Makes `bytes` bytes at `virt` readable for `dev`, with all that was written so far. Any context.
///
/// Corresponds to `dma_map_single()`.
///
/// # Errors
///
/// `EOPNOTSUPP` if the device would not see the memory at its physical address, `EIO` if the
/// mapping failed for another reason.
///
/// # Safety
///
/// `virt` is `bytes` bytes of one allocation in the linear mapping, which is not freed before the
/// mapping was undone with [`unmap`].
pub(crate) unsafe fn map(dev: &Device<Bound>, virt: NonNull<c_void>, bytes: usize) -> Result {
    let raw = as_raw(dev);
    // SAFETY: `dev` is bound; the memory is as `dma_map_single()` wants it by the safety
    // requirement.
    let dma = unsafe { rust_iommu_helper_dma_map_to_device(raw, virt.as_ptr(), bytes) };
    // SAFETY: `dma` was returned for this device just now.
    if unsafe { rust_iommu_helper_dma_mapping_error(raw, dma) } != 0 {
        return Err(EIO);
    }

    // Callers may hold a lock that a console needs, so this logs nothing.
    if dma as u64 != paddr_of(virt) {
        // SAFETY: `dma` is a mapping of that size made above.
        unsafe { rust_iommu_helper_dma_unmap_to_device(raw, dma, bytes) };
        return Err(EOPNOTSUPP);
    }
    Ok(())
}

/// Undoes a mapping.
///
/// Corresponds to `dma_unmap_single()`.
///
/// # Safety
///
/// [`map`] succeeded with these very arguments, and this was not called for it before.
pub(crate) unsafe fn unmap(dev: &Device<Bound>, virt: NonNull<c_void>, bytes: usize) {
    let dma = paddr_of(virt) as bindings::dma_addr_t;
    // SAFETY: `map()` succeeds only where both addresses are the same, so this is its mapping.
    unsafe { rust_iommu_helper_dma_unmap_to_device(as_raw(dev), dma, bytes) };
}

/// Lets the device see what was written to `bytes` bytes at `virt`, and returns their physical
/// address.
///
/// Corresponds to `dma_sync_single_for_device()`.
///
/// # Safety
///
/// [`map`] has succeeded for memory that has these bytes, and it was not undone with [`unmap`].
#[inline(always)]
pub(crate) unsafe fn clean(dev: &Device<Bound>, virt: NonNull<c_void>, bytes: usize) -> u64 {
    // SAFETY: `dev` is bound, and the bytes are part of a mapping by the safety requirement. It is
    // not in a bounce buffer, `map()` sees to that, so this writes back cache lines and changes
    // nothing that the CPU can see.
    unsafe { rust_iommu_helper_dma_sync_to_device(as_raw(dev), virt.as_ptr(), bytes) as u64 }
}
