// SPDX-License-Identifier: GPL-2.0

//! The library's page table, without a promise about concurrent calls. Private to the crate.

use core::{
    marker::PhantomData,
    ptr::{
        self,
        NonNull, //
    },
};

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

use crate::{
    gfp::Gfp,
    prot::Prot,
    PhysAddr, //
};

use super::{
    Config,
    Robust, //
};

/// Converts `bytes` to a number of pages of `size` bytes, without a division, because this is done
/// for each run. `size` is one of the page sizes, so not 0.
#[inline(always)]
fn pages(bytes: usize, size: usize) -> usize {
    bytes.wrapping_shr(size.trailing_zeros())
}

/// Returns a gather that tells the library not to invalidate the TLB, because the gather's owner
/// invalidates everything. The library adds nothing to it, and it has no list of pages to free.
#[inline]
pub(super) fn queued() -> bindings::iommu_iotlb_gather {
    bindings::iommu_iotlb_gather {
        queued: true,
        ..Zeroable::zeroed()
    }
}

/// A page table of format `F`, which its hardware reads coherently.
///
/// It has no device and no TLB operations. Some other formats need them: those of LPAE dereference
/// the device with `CONFIG_NUMA`.
///
/// Corresponds to `struct io_pgtable`.
///
/// # Invariants
///
/// `ops` is the result of a successful `alloc_io_pgtable_ops()` for `F`.
pub(super) struct IoPageTable<F: Robust> {
    ops: NonNull<bindings::io_pgtable_ops>,
    _format: PhantomData<F>,
}

// SAFETY: `struct io_pgtable_ops` is not restricted to a single thread.
unsafe impl<F: Robust> Send for IoPageTable<F> {}
// SAFETY: as above; the safety sections of the methods exclude calls that would race.
unsafe impl<F: Robust> Sync for IoPageTable<F> {}

impl<F: Robust> IoPageTable<F> {
    /// Makes an empty page table.
    ///
    /// # Errors
    ///
    /// `EINVAL` for widths that are too small for a page or more than 64 bits. `ENOMEM`, also if
    /// the kernel does not have the format or the format does not support the configuration: the
    /// library does not distinguish these.
    ///
    /// Corresponds to `alloc_io_pgtable_ops()`. May sleep.
    pub(super) fn new(config: &Config) -> Result<Self> {
        // The library calculates with these before it checks them.
        let bits = config.page_size.trailing_zeros() + 1..=64;
        if !bits.contains(&config.ias) || !bits.contains(&config.oas) {
            return Err(EINVAL);
        }
        let mut cfg = bindings::io_pgtable_cfg {
            pgsize_bitmap: config.page_size,
            ias: config.ias,
            oas: config.oas,
            coherent_walk: true,
            ..Zeroable::zeroed()
        };

        // SAFETY: `cfg` is valid for the call, which copies it. By the promise of `Robust` the
        // format uses neither the device nor the operations that are missing from it.
        let ops = unsafe { bindings::alloc_io_pgtable_ops(F::FORMAT, &mut cfg, ptr::null_mut()) };
        // INVARIANT: checked not to be NULL.
        Ok(Self {
            ops: NonNull::new(ops).ok_or(ENOMEM)?,
            _format: PhantomData,
        })
    }

    /// Returns the configuration as the library has filled it in.
    #[cfg_attr(not(CONFIG_IOMMU_IO_PGTABLE_DART), allow(dead_code))]
    pub(super) fn cfg(&self) -> &bindings::io_pgtable_cfg {
        // SAFETY: by the type invariants `ops` is part of a valid `struct io_pgtable`, whose
        // configuration does not change any more.
        unsafe {
            let iop = kernel::container_of!(self.ops.as_ptr(), bindings::io_pgtable, ops);
            &(*iop).cfg
        }
    }

    /// Maps up to `count` pages of `size` bytes and returns how many it mapped, also if there is an
    /// error.
    ///
    /// # Safety
    ///
    /// - The pages lie below `1 << ias` and `1 << oas`, at boundaries of `size`, which is one of
    ///   the page sizes.
    /// - None of them is mapped, and no other call for any of them, nor one that would share a
    ///   table with them, is under way, unless the format allows that.
    /// - Hardware that walks the table may access the mapped pages for as long as they are mapped.
    ///
    /// Corresponds to `io_pgtable_ops::map_pages`.
    #[inline]
    pub(super) unsafe fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        size: usize,
        count: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        let mut mapped = 0;

        // SAFETY: by the type invariants.
        let Some(map_pages) = (unsafe { (*self.ops.as_ptr()).map_pages }) else {
            return (0, Err(ENODEV));
        };
        // SAFETY: `ops` is valid by the type invariants; the rest is the caller's promise. The
        // library counts with an `int`.
        let ret = unsafe {
            map_pages(
                self.ops.as_ptr(),
                iova as usize,
                paddr,
                size,
                count.min(i32::MAX as usize),
                prot.as_raw(),
                gfp.as_raw(),
                &mut mapped,
            )
        };
        // `to_result` is a call, which success does not need.
        let ret = if ret == 0 { Ok(()) } else { to_result(ret) };
        (pages(mapped, size), ret)
    }

    /// Unmaps up to `count` pages of `size` bytes and returns how many it unmapped. With a
    /// [`queued`] gather the library does not check for each page whether it has to be invalidated.
    ///
    /// # Safety
    ///
    /// - The pages lie below `1 << ias`, at boundaries of `size`, which is one of the page sizes.
    /// - All of them are mapped, and no other call for any of them, nor one that would share a
    ///   table with them, is under way, unless the format allows that.
    ///
    /// Corresponds to `io_pgtable_ops::unmap_pages`.
    #[inline]
    pub(super) unsafe fn unmap(
        &self,
        iova: u64,
        size: usize,
        count: usize,
        gather: Option<&mut bindings::iommu_iotlb_gather>,
    ) -> usize {
        // SAFETY: by the type invariants.
        let Some(unmap_pages) = (unsafe { (*self.ops.as_ptr()).unmap_pages }) else {
            return 0;
        };
        // SAFETY: `ops` is valid by the type invariants, the gather is the caller's alone, and the
        // rest is its promise.
        let unmapped = unsafe {
            unmap_pages(
                self.ops.as_ptr(),
                iova as usize,
                size,
                count.min(i32::MAX as usize),
                gather.map_or(ptr::null_mut(), ptr::from_mut),
            )
        };
        pages(unmapped, size)
    }

    /// Returns the physical address that `iova` is mapped to, if it is.
    ///
    /// # Safety
    ///
    /// - `iova` lies below `1 << ias`.
    /// - No call that frees a table on the path to it is under way, unless the format allows that.
    ///
    /// Corresponds to `io_pgtable_ops::iova_to_phys`.
    #[inline]
    pub(super) unsafe fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        // SAFETY: by the type invariants.
        let lookup = unsafe { (*self.ops.as_ptr()).iova_to_phys }?;

        // SAFETY: `ops` is valid by the type invariants; the rest is the caller's promise.
        let paddr = unsafe { lookup(self.ops.as_ptr(), iova as usize) };
        (paddr != 0).then_some(paddr)
    }
}

impl<F: Robust> Drop for IoPageTable<F> {
    /// Frees the tables: hardware must not use them any more.
    fn drop(&mut self) {
        // SAFETY: by the type invariants; there is no other reference.
        unsafe { bindings::free_io_pgtable_ops(self.ops.as_ptr()) };
    }
}
