// SPDX-License-Identifier: GPL-2.0

//! How page-table memory reaches the hardware that walks it.
//!
//! The walker reads DRAM past the CPU's caches. Table memory is therefore mapped for the device by
//! the streaming DMA API once, and changes are cleaned through it. The hardware takes physical
//! addresses only, so a mapping that is a bounce buffer or lies at an offset is refused.
//!
//! The DMA API needs a device that is bound to its driver. Domains live longer than that. So
//! mappings are made and cleaned only with a [`BoundWalker`], and each table is listed with its
//! [`WalkerDevice`], which has the mappings undone before the device is unbound.
//!
//! The calls of the DMA API are in `table/helpers.c`.
//!
//! C header: [`include/linux/dma-mapping.h`](srctree/include/linux/dma-mapping.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    ffi::c_void,
    prelude::*, //
};

use crate::{
    table::ffi,
    PhysAddr, //
};

/// A device whose table walker is in place, for one callback.
///
/// # Invariants
///
/// The device is bound, and has the number `id`, which no other device has. While a value of this
/// type exists, [`Mapped::unmap`] is called for no table that the value can be used with.
#[derive(Clone, Copy)]
pub struct BoundWalker<'a> {
    dev: &'a Device<Bound>,
    id: usize,
}

impl<'a> BoundWalker<'a> {
    /// # Safety
    ///
    /// As the type invariants have it.
    #[inline(always)]
    pub(crate) unsafe fn new(dev: &'a Device<Bound>, id: usize) -> Self {
        // INVARIANT: by the safety requirement.
        Self { dev, id }
    }

    #[inline(always)]
    pub(crate) fn dev(&self) -> &'a Device<Bound> {
        self.dev
    }

    #[inline(always)]
    pub(crate) fn id(&self) -> usize {
        self.id
    }
}

/// The device whose hardware walks a page table.
///
/// # Safety
///
/// All calls of one value concern the same device. It is not unbound before [`Mapped::unmap`] has
/// returned for all tables that are listed.
pub unsafe trait WalkerDevice: Send + Sync + 'static {
    /// Calls `f` if the device is bound to its driver. Process context; `f` may sleep.
    ///
    /// Once this has returned [`None`] it always does.
    fn enter<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R>;

    /// As [`Self::enter`], in any context: `f` runs under a spinlock with interrupts off.
    fn lock<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R>;

    /// Lists a table. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Safety
    ///
    /// Called from [`WalkerDevice::enter`]. `table` is valid, and at this address, until it is
    /// [removed](WalkerDevice::remove).
    unsafe fn list(&self, table: NonNull<dyn Mapped>) -> Result;

    /// Removes a table from the list. Its memory is not mapped any more when this returns. May
    /// sleep.
    ///
    /// # Safety
    ///
    /// `table` was listed, and is removed once. No hardware walks it.
    unsafe fn remove(&self, table: NonNull<dyn Mapped>);

    /// Lets the walker see what was written to `bytes` bytes at `virt`, and returns their physical
    /// address. Any context.
    ///
    /// # Safety
    ///
    /// The bytes are mapped for the device while `walker`, which is the device's, exists.
    #[inline(always)]
    unsafe fn clean(&self, walker: &BoundWalker<'_>, virt: NonNull<c_void>, bytes: usize) -> u64 {
        // SAFETY: by the safety requirement.
        unsafe { clean(walker.dev(), virt, bytes) }
    }
}

/// Memory that is mapped for a walker.
pub trait Mapped: Send + Sync {
    /// Undoes all mappings.
    ///
    /// # Safety
    ///
    /// Called once, by the [`WalkerDevice`] that this is listed with, whose device `dev` is. The
    /// hardware of `dev` does not walk the memory any more, and no [`BoundWalker`] of the device is
    /// used with it.
    unsafe fn unmap(&self, dev: &Device<Bound>);
}

#[inline(always)]
fn as_raw(dev: &Device<Bound>) -> *mut bindings::device {
    // `Device` is a transparent wrapper.
    core::ptr::from_ref(dev).cast_mut().cast()
}

/// Whether the walker of `dev` does not see what is in the CPU's caches. Constant while it is
/// bound.
pub(crate) fn needs_clean(dev: &Device<Bound>) -> bool {
    // SAFETY: `dev` is a valid device.
    unsafe { ffi::rust_iommu_helper_dma_dev_need_sync(as_raw(dev)) }
}

/// The physical address of table memory.
///
/// Corresponds to `virt_to_phys()`.
pub(crate) fn paddr_of(virt: NonNull<c_void>) -> PhysAddr {
    // SAFETY: this computes an address and accesses nothing.
    unsafe { ffi::rust_iommu_helper_virt_to_phys(virt.as_ptr()) as PhysAddr }
}

/// Makes `bytes` bytes at `virt` readable for the walker of `dev`, with all that was written so
/// far. Any context.
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
    let dma = unsafe { ffi::rust_iommu_helper_dma_map_to_device(raw, virt.as_ptr(), bytes) };
    // SAFETY: `dma` was returned for this device just now.
    if unsafe { ffi::rust_iommu_helper_dma_mapping_error(raw, dma) } != 0 {
        return Err(EIO);
    }

    // Callers may hold a lock that a console needs, so this logs nothing.
    if dma as PhysAddr != paddr_of(virt) {
        // SAFETY: `dma` is a mapping of that size made above.
        unsafe { ffi::rust_iommu_helper_dma_unmap_to_device(raw, dma, bytes) };
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
    unsafe { ffi::rust_iommu_helper_dma_unmap_to_device(as_raw(dev), dma, bytes) };
}

/// Lets the walker see what was written to `bytes` bytes at `virt`, and returns their physical
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
    unsafe { ffi::rust_iommu_helper_dma_clean_table(as_raw(dev), virt.as_ptr(), bytes) as u64 }
}
