// SPDX-License-Identifier: GPL-2.0

//! How page-table memory reaches the hardware that walks it.
//!
//! The walker reads DRAM past the CPU's caches. Table memory is therefore mapped for the device by
//! the streaming DMA API once, and what changes is cleaned through it. The hardware knows nothing
//! but physical addresses, so a mapping that is a bounce buffer or lies at an offset is refused.
//!
//! All of the DMA API wants a device that is bound to its driver. Domains live longer than that: what
//! is mapped is listed with its [`WalkerDevice`], and has to give that back before.
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
///
/// # Safety
///
/// [`WalkerDevice::with_bound`] always has the same device. It is not unbound before
/// [`Mapped::give_back`] has returned for all that is listed.
pub unsafe trait WalkerDevice: Send + Sync + 'static {
    /// Calls `f` with the device, if it is bound to its driver, and keeps it bound meanwhile.
    ///
    /// Once this has returned [`None`] it does so forever. May be called in any context; `f` may
    /// sleep if the caller may.
    fn with_bound<R>(&self, f: impl FnOnce(&Device<Bound>) -> R) -> Option<R>;

    /// Lists what is mapped for the device. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Safety
    ///
    /// Called from [`WalkerDevice::with_bound`]. `mapped` is valid, and at this address, until it is
    /// [forgotten](WalkerDevice::forget).
    unsafe fn list(&self, mapped: NonNull<dyn Mapped>) -> Result;

    /// Takes it off the list; by the time this returns it has given back what it had. May sleep.
    ///
    /// # Safety
    ///
    /// `mapped` was listed, and is forgotten once.
    unsafe fn forget(&self, mapped: NonNull<dyn Mapped>);
}

/// Memory that is mapped for a walker.
pub trait Mapped: Send + Sync {
    /// Gives back all mappings, and makes none any more. The memory lives on in software. A second
    /// call does nothing. May sleep.
    ///
    /// # Safety
    ///
    /// Called by the [`WalkerDevice`] that it is listed with, whose device `dev` is. No hardware walks
    /// the memory any more.
    unsafe fn give_back(&self, dev: &Device<Bound>);
}

/// The part of a [`Walker`] that cleaning uses.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    /// The device.
    dev: NonNull<Device<Bound>>,
    needs_clean: bool,
}

impl Walk {
    /// The device itself.
    ///
    /// # Safety
    ///
    /// What was listed with it has not given back its mappings, and does not while the result is used.
    #[inline(always)]
    pub(crate) unsafe fn bound(&self) -> &Device<Bound> {
        // SAFETY: by the safety requirement and the promise of `WalkerDevice` it is bound, thus there.
        unsafe { self.dev.as_ref() }
    }

    /// Whether changes must be cleaned. Constant, and false in kernels that never need it.
    #[inline(always)]
    pub(crate) fn needs_clean(&self) -> bool {
        cfg!(CONFIG_DMA_NEED_SYNC) && self.needs_clean
    }
}

/// A [`WalkerDevice`] and what is known of it.
pub(crate) struct Walker<W> {
    device: W,
    /// What `device` has.
    walk: Walk,
    /// No mapping may be made any more.
    leaving: AtomicBool,
    /// All were given back.
    revoked: AtomicBool,
}

// SAFETY: the device may be used from any thread, as may `device`.
unsafe impl<W: WalkerDevice> Send for Walker<W> {}
// SAFETY: as above.
unsafe impl<W: WalkerDevice> Sync for Walker<W> {}

impl<W: WalkerDevice> Walker<W> {
    /// Takes hold of `device`.
    ///
    /// # Errors
    ///
    /// `ENODEV` if it is not bound.
    pub(crate) fn new(device: W) -> Result<Self> {
        let walk = device
            .with_bound(|dev| Walk {
                dev: NonNull::from(dev),
                needs_clean: needs_clean(dev),
            })
            .ok_or(ENODEV)?;
        Ok(Self {
            device,
            walk,
            leaving: AtomicBool::new(false),
            revoked: AtomicBool::new(false),
        })
    }

    #[inline]
    pub(crate) fn device(&self) -> &W {
        &self.device
    }

    /// The part that cleaning uses.
    pub(crate) fn walk(&self) -> Walk {
        self.walk
    }

    #[inline]
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Relaxed)
    }

    pub(crate) fn set_leaving(&self) {
        self.leaving.store(true, Relaxed);
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
