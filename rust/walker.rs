// SPDX-License-Identifier: GPL-2.0

//! How page-table memory reaches the hardware that walks it.
//!
//! The walker reads DRAM past the CPU's caches. Table memory is therefore mapped for the device by
//! the streaming DMA API once, and what changes is cleaned through it. The hardware knows nothing
//! but physical addresses, so a mapping that is a bounce buffer or lies at an offset is refused.
//!
//! All of the DMA API wants a device that is bound to its driver. Domains live longer than that:
//! [`WalkerDevice`] says at each moment whether it still is.
//!
//! C header: [`include/linux/dma-mapping.h`](srctree/include/linux/dma-mapping.h)

use core::{
    ptr::NonNull,
    sync::atomic::{
        AtomicBool,
        Ordering::Relaxed, //
    },
};

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    ffi::c_void,
    prelude::*, //
};

use crate::table::ffi;

/// The device whose hardware walks a page table.
pub trait WalkerDevice: Send + Sync {
    /// Calls `f` with the device, if it is bound to its driver, and keeps it bound meanwhile.
    ///
    /// It is always the same device. Once this has returned [`None`] it does so forever. May be
    /// called in any context; `f` may sleep if the caller may.
    fn with_bound<R>(&self, f: impl FnOnce(&Device<Bound>) -> R) -> Option<R>;
}

/// A [`WalkerDevice`] and what is known of it.
pub(crate) struct Walker<W> {
    device: W,
    /// Address of the `struct device`, to be compared.
    dev: usize,
    needs_clean: bool,
    /// All mappings were given back, none may be made any more.
    revoked: AtomicBool,
}

impl<W: WalkerDevice> Walker<W> {
    /// Takes hold of `device`.
    ///
    /// # Errors
    ///
    /// `ENODEV` if it is not bound.
    pub(crate) fn new(device: W) -> Result<Self> {
        let (dev, needs_clean) = device
            .with_bound(|dev| (as_raw(dev).addr(), needs_clean(dev)))
            .ok_or(ENODEV)?;
        Ok(Self {
            device,
            dev,
            needs_clean,
            revoked: AtomicBool::new(false),
        })
    }

    #[inline]
    pub(crate) fn device(&self) -> &W {
        &self.device
    }

    /// Whether this is the device.
    pub(crate) fn is(&self, dev: &Device<Bound>) -> bool {
        as_raw(dev).addr() == self.dev
    }

    /// Whether changes must be cleaned. Constant, and false in kernels that never need it.
    #[inline]
    pub(crate) fn needs_clean(&self) -> bool {
        cfg!(CONFIG_DMA_NEED_SYNC) && self.needs_clean
    }

    #[inline]
    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.load(Relaxed)
    }

    pub(crate) fn set_revoked(&self) {
        self.revoked.store(true, Relaxed);
    }

    #[inline(always)]
    pub(crate) fn with_bound<R>(&self, f: impl FnOnce(&Device<Bound>) -> R) -> Option<R> {
        self.device.with_bound(f)
    }
}

#[inline(always)]
fn as_raw(dev: &Device<Bound>) -> *mut bindings::device {
    // `Device` is a transparent wrapper.
    core::ptr::from_ref(dev).cast_mut().cast()
}

fn needs_clean(dev: &Device<Bound>) -> bool {
    // SAFETY: `dev` is a valid device.
    unsafe { ffi::rust_iommu_helper_dma_dev_need_sync(as_raw(dev)) }
}

/// The physical address of table memory.
///
/// Corresponds to `virt_to_phys()`.
pub(crate) fn paddr_of(virt: NonNull<c_void>) -> u64 {
    // SAFETY: this computes an address and accesses nothing.
    unsafe { ffi::rust_iommu_helper_virt_to_phys(virt.as_ptr()) }
}

/// Makes `bytes` bytes at `virt` readable for the walker of `dev`, with all that was written so far.
///
/// Corresponds to `dma_map_single()`.
///
/// # Errors
///
/// `EOPNOTSUPP` if the device would not see the memory at its physical address, `EIO` if the mapping
/// failed for another reason.
///
/// # Safety
///
/// `virt` is `bytes` bytes of one allocation in the linear mapping, which is not freed before the
/// mapping was given back with [`unmap`].
pub(crate) unsafe fn map(dev: &Device<Bound>, virt: NonNull<c_void>, bytes: usize) -> Result {
    let raw = as_raw(dev);
    // SAFETY: `dev` is bound; the memory is as `dma_map_single()` wants it by the safety requirement.
    let dma = unsafe { ffi::rust_iommu_helper_dma_map_to_device(raw, virt.as_ptr(), bytes) };
    // SAFETY: `dma` was returned for this device just now.
    if unsafe { ffi::rust_iommu_helper_dma_mapping_error(raw, dma) } != 0 {
        dev_err!(dev, "cannot map page-table memory for the walker\n");
        return Err(EIO);
    }

    let paddr = paddr_of(virt);
    if dma != paddr {
        // SAFETY: `dma` is a mapping of that size made above.
        unsafe { ffi::rust_iommu_helper_dma_unmap_to_device(raw, dma, bytes) };
        dev_err!(
            dev,
            "page table at {:#x} would be walked at {:#x}: bounce buffers and offsets are not supported\n",
            paddr,
            dma
        );
        return Err(EOPNOTSUPP);
    }
    Ok(())
}

/// Gives back a mapping.
///
/// Corresponds to `dma_unmap_single()`.
///
/// # Safety
///
/// [`map`] succeeded with these very arguments, and this was not called for it before.
pub(crate) unsafe fn unmap(dev: &Device<Bound>, virt: NonNull<c_void>, bytes: usize) {
    // SAFETY: `map()` succeeds only where both addresses are the same, so this is its mapping.
    unsafe { ffi::rust_iommu_helper_dma_unmap_to_device(as_raw(dev), paddr_of(virt), bytes) };
}

/// Lets the walker see what was written to `bytes` bytes at `paddr`.
///
/// Corresponds to `dma_sync_single_for_device()`.
///
/// # Safety
///
/// [`map`] has succeeded for memory that has these bytes, and it was not given back with [`unmap`].
#[inline(always)]
pub(crate) unsafe fn clean(dev: &Device<Bound>, paddr: u64, bytes: usize) {
    // SAFETY: `dev` is bound, and the bytes are part of a mapping by the safety requirement. It is not in
    // a bounce buffer, `map()` sees to that, so this writes back cache lines and changes nothing that the
    // CPU can see.
    unsafe { ffi::rust_iommu_helper_dma_sync_for_device(as_raw(dev), paddr, bytes) };
}
