// SPDX-License-Identifier: GPL-2.0

//! A page table of any format of the library, with nothing promised about it.
//!
//! What [`kernel::iommu::pgtable::IoPageTable`] offers, and what it lacks: TLB operations, a gather,
//! looking addresses up, the configuration as the library has left it, and no device for a format
//! that needs none.

use core::{
    marker::PhantomData,
    ptr::{
        self,
        NonNull, //
    },
};

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::to_result,
    iommu::pgtable::{
        Config,
        IoPageTableFmt, //
    },
    prelude::*,
    sync::Arc, //
};

use crate::{
    bindings::as_raw,
    gfp::Gfp,
    prot::Prot,
    PhysAddr, //
};

use super::tlb::{
    flush_ops,
    Gather,
    NoTlb,
    Tlb, //
};

/// How many pages of `size` bytes `bytes` are, without a division: this is done for each run. A size is
/// one of the page sizes, so not 0.
#[inline(always)]
fn pages(bytes: usize, size: usize) -> usize {
    bytes.wrapping_shr(size.trailing_zeros())
}

/// A page table of format `F` whose changes `T` makes known to the hardware.
///
/// Corresponds to `struct io_pgtable`.
///
/// # Invariants
///
/// `ops` is the result of a successful `alloc_io_pgtable_ops()` for `F`, with `tlb` as its cookie if
/// it was given operations of `T`, and with a device that is bound for `'dev` or none.
pub struct IoPageTable<'dev, F: IoPageTableFmt, T: Tlb = NoTlb> {
    ops: NonNull<bindings::io_pgtable_ops>,
    tlb: Option<Arc<T>>,
    _dev: PhantomData<&'dev Device<Bound>>,
    _format: PhantomData<F>,
}

// SAFETY: `struct io_pgtable_ops` is not restricted to a single thread, and `T` is `Send` and `Sync`.
unsafe impl<F: IoPageTableFmt, T: Tlb> Send for IoPageTable<'_, F, T> {}
// SAFETY: as above; what calls at the same time may do to each other their safety sections say.
unsafe impl<F: IoPageTableFmt, T: Tlb> Sync for IoPageTable<'_, F, T> {}

impl<'dev, F: IoPageTableFmt, T: Tlb> IoPageTable<'dev, F, T> {
    /// Makes an empty page table.
    ///
    /// `dev` is the one that walks it: its tables are mapped for that device, and lie near it. `tlb`
    /// is told by the library what to drop; without, all of that is the caller's.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a walk that is not coherent without a device to map the tables for, and for
    /// widths that are too small for a page or more than 64 bits. `ENOMEM`, also if the kernel does
    /// not have the format or the format cannot do what is asked for: the library does not tell.
    ///
    /// Corresponds to `alloc_io_pgtable_ops()`. May sleep.
    pub fn new(
        dev: Option<&'dev Device<Bound>>,
        config: &Config,
        tlb: Option<Arc<T>>,
    ) -> Result<Self> {
        // The library calculates with these before it looks at them.
        let bits = config.pgsize_bitmap.trailing_zeros() + 1..=64;
        if (dev.is_none() && !config.coherent_walk)
            || !bits.contains(&config.ias)
            || !bits.contains(&config.oas)
        {
            return Err(EINVAL);
        }
        let mut cfg = bindings::io_pgtable_cfg {
            quirks: config.quirks,
            pgsize_bitmap: config.pgsize_bitmap,
            ias: config.ias,
            oas: config.oas,
            coherent_walk: config.coherent_walk,
            tlb: tlb.as_ref().map_or(ptr::null(), |_| flush_ops::<T>()),
            iommu_dev: dev.map_or(ptr::null_mut(), as_raw),
            ..Zeroable::zeroed()
        };
        let cookie = tlb
            .as_ref()
            .map_or(ptr::null_mut(), |tlb| Arc::as_ptr(tlb).cast_mut().cast());

        // SAFETY: `cfg` is valid for the call, which copies it. Its operations expect a `T`, which
        // `cookie` is, and which stays for as long as the result does; so does the device.
        let ops = unsafe { bindings::alloc_io_pgtable_ops(F::FORMAT, &mut cfg, cookie) };
        // INVARIANT: checked not to be NULL.
        Ok(Self {
            ops: NonNull::new(ops).ok_or(ENOMEM)?,
            tlb,
            _dev: PhantomData,
            _format: PhantomData,
        })
    }

    /// Who is told what to drop.
    pub fn tlb(&self) -> Option<&Arc<T>> {
        self.tlb.as_ref()
    }

    /// What the library has made of the configuration. Page sizes may be fewer than asked for.
    pub fn config(&self) -> Config {
        let cfg = self.cfg();

        Config {
            quirks: cfg.quirks,
            pgsize_bitmap: cfg.pgsize_bitmap,
            ias: cfg.ias,
            oas: cfg.oas,
            coherent_walk: cfg.coherent_walk,
        }
    }

    /// The same with what is the format's own.
    pub(super) fn cfg(&self) -> &bindings::io_pgtable_cfg {
        // SAFETY: by the type invariants `ops` is part of a valid `struct io_pgtable`, whose
        // configuration does not change any more.
        unsafe {
            let iop = kernel::container_of!(self.ops.as_ptr(), bindings::io_pgtable, ops);
            &(*iop).cfg
        }
    }

    /// What the library hands to the operations of `T`.
    #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
    pub(super) fn cookie(&self) -> *mut core::ffi::c_void {
        // SAFETY: as for `cfg`.
        unsafe { (*kernel::container_of!(self.ops.as_ptr(), bindings::io_pgtable, ops)).cookie }
    }

    /// Maps up to `count` pages of `size` bytes and says how many it did, also if there is an error.
    ///
    /// # Safety
    ///
    /// - The pages lie below `1 << ias` and `1 << oas`, at borders of `size`, which is one of the
    ///   page sizes.
    /// - None of them is mapped, and no other call for any of them, nor one that would share a table
    ///   with them, is under way, unless the format bears that.
    /// - Hardware that walks the table may get at what is mapped for as long as it is.
    ///
    /// Corresponds to `io_pgtable_ops::map_pages`.
    #[inline]
    pub unsafe fn map(
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
        // That is a call, which success can do without.
        let ret = if ret == 0 { Ok(()) } else { to_result(ret) };
        (pages(mapped, size), ret)
    }

    /// Unmaps up to `count` pages of `size` bytes and says how many it did. What has to be dropped
    /// for it goes to `gather`, by way of `T`.
    ///
    /// # Safety
    ///
    /// - The pages lie below `1 << ias`, at borders of `size`, which is one of the page sizes.
    /// - All of them are mapped, and no other call for any of them, nor one that would share a table
    ///   with them, is under way, unless the format bears that.
    ///
    /// Corresponds to `io_pgtable_ops::unmap_pages`.
    #[inline]
    pub unsafe fn unmap(
        &self,
        iova: u64,
        size: usize,
        count: usize,
        gather: Option<&mut Gather<'_>>,
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
                gather.map_or(ptr::null_mut(), |gather| gather.as_raw()),
            )
        };
        pages(unmapped, size)
    }

    /// Where `iova` goes, if it is mapped.
    ///
    /// # Safety
    ///
    /// - `iova` lies below `1 << ias`.
    /// - No call that frees a table on the way to it is under way, unless the format bears that.
    ///
    /// Corresponds to `io_pgtable_ops::iova_to_phys`.
    #[inline]
    pub unsafe fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        // SAFETY: by the type invariants.
        let lookup = unsafe { (*self.ops.as_ptr()).iova_to_phys }?;

        // SAFETY: `ops` is valid by the type invariants; the rest is the caller's promise.
        let paddr = unsafe { lookup(self.ops.as_ptr(), iova as usize) };
        (paddr != 0).then_some(paddr)
    }
}

impl<F: IoPageTableFmt, T: Tlb> Drop for IoPageTable<'_, F, T> {
    /// May tell `T` to drop everything. The tables are memory of the kernel's again afterwards:
    /// whoever has told hardware of them, see the format, has told it otherwise by now.
    fn drop(&mut self) {
        // SAFETY: by the type invariants; nobody uses it any more. `tlb` is dropped afterwards.
        unsafe { bindings::free_io_pgtable_ops(self.ops.as_ptr()) };
    }
}
