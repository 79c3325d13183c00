// SPDX-License-Identifier: GPL-2.0

//! Page tables that the kernel's io-pgtable library writes.
//!
//! An extension of [`kernel::iommu::pgtable`]: the formats are named the same way, but a
//! [`PageTable`] is not tied to a device, says what the library has chosen, looks addresses up, and
//! can be used without `unsafe` where a format's implementation bears that.
//!
//! C header: [`include/linux/io-pgtable.h`](srctree/include/linux/io-pgtable.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    error::to_result,
    iommu::pgtable::IoPageTableFmt,
    prelude::*, //
};

use crate::{
    atomic_safe::AtomicSafe,
    gfp::Gfp,
    prot::Prot,
    PhysAddr, //
};

#[cfg(CONFIG_IOMMU_IO_PGTABLE_DART)]
pub mod dart;

/// Formats whose implementation can be called by anybody at any time.
///
/// # Safety
///
/// In the implementation of `FORMAT`
///
/// - no table is freed before the whole page table is, and entries are read and written whole, so that
///   calls for the same range on several CPUs leave some of their results, and nothing worse;
/// - mapping what is mapped and unmapping what is not is refused, if loudly;
/// - neither the device nor the TLB operations of the configuration are used;
/// - no lock is taken, and nothing sleeps unless the GFP flags of a call allow it.
pub unsafe trait Robust: IoPageTableFmt {}

crate::atomic_safe! {
    /// What a page table is asked to be. Corresponds to `struct io_pgtable_cfg`.
    #[derive(Clone, Copy)]
    pub struct Config {
        /// The page size in bytes; these formats have one.
        pub page_size: usize,
        /// Bits of the addresses that are translated.
        pub ias: u32,
        /// Bits of the addresses that come out.
        pub oas: u32,
    }
}

/// A page table of format `F`. Its hardware reads it coherently.
///
/// # Invariants
///
/// `ops` is the result of a successful `alloc_io_pgtable_ops()` for `F` with `config`.
pub struct PageTable<F: Robust> {
    ops: NonNull<bindings::io_pgtable_ops>,
    config: Config,
    _format: PhantomData<F>,
}

// SAFETY: by the promise of `Robust` it does not matter who calls, and when.
unsafe impl<F: Robust> Send for PageTable<F> {}
// SAFETY: as above.
unsafe impl<F: Robust> Sync for PageTable<F> {}
// SAFETY: by the promise of `Robust` there is no lock in it, and what may sleep is told by `Gfp`.
unsafe impl<F: Robust> AtomicSafe for PageTable<F> {}

impl<F: Robust> PageTable<F> {
    /// Makes an empty page table.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a page size that is no power of two, `ENOMEM`, also if the format cannot do what
    /// is asked for: the library does not tell.
    ///
    /// Corresponds to `alloc_io_pgtable_ops()`. May sleep.
    pub fn new(config: Config) -> Result<Self> {
        let bits = 1..=64;
        if !config.page_size.is_power_of_two()
            || !bits.contains(&config.ias)
            || !bits.contains(&config.oas)
        {
            return Err(EINVAL);
        }
        let mut cfg = bindings::io_pgtable_cfg {
            pgsize_bitmap: config.page_size,
            ias: config.ias,
            oas: config.oas,
            coherent_walk: true,
            ..Zeroable::zeroed()
        };

        // SAFETY: `cfg` is valid for the call, which copies it. By the promise of `Robust` neither
        // device nor TLB operations are needed.
        let ops =
            unsafe { bindings::alloc_io_pgtable_ops(F::FORMAT, &mut cfg, core::ptr::null_mut()) };
        // INVARIANT: checked not to be NULL.
        Ok(Self {
            ops: NonNull::new(ops).ok_or(ENOMEM)?,
            config,
            _format: PhantomData,
        })
    }

    /// What was asked for.
    #[inline]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Last address that can be translated.
    #[inline]
    pub fn last(&self) -> u64 {
        u64::MAX >> (64 - self.config.ias)
    }

    /// What the library has made of the configuration.
    #[cfg_attr(not(CONFIG_IOMMU_IO_PGTABLE_DART), allow(dead_code))]
    fn cfg(&self) -> &bindings::io_pgtable_cfg {
        // SAFETY: by the type invariants `ops` is part of a valid `struct io_pgtable`.
        unsafe {
            let iop = kernel::container_of!(self.ops.as_ptr(), bindings::io_pgtable, ops);
            &(*iop).cfg
        }
    }

    /// Whether `count` pages from `start` lie below `1 << bits`, at a page's border.
    #[inline]
    fn fits(&self, start: u64, count: usize, bits: u32) -> bool {
        let last = u64::MAX >> (64 - bits);

        start & (self.config.page_size as u64 - 1) == 0
            && (count as u64)
                .checked_mul(self.config.page_size as u64)
                .and_then(|len| start.checked_add(len.wrapping_sub(1)))
                .is_some_and(|end| end <= last)
    }

    /// Maps `count` pages and says how many it did, also if there is an error.
    ///
    /// # Errors
    ///
    /// `ERANGE` if the pages are misaligned or do not fit, `EEXIST` if one is mapped, `EINVAL` if
    /// `prot` allows nothing, `ENOMEM`.
    ///
    /// Corresponds to `io_pgtable_ops::map_pages`.
    pub fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        count: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        let size = self.config.page_size;
        let mut done = 0;

        if count == 0
            || !self.fits(iova, count, self.config.ias)
            || !self.fits(paddr, count, self.config.oas)
        {
            return (0, Err(ERANGE));
        }
        // SAFETY: by the type invariants.
        let Some(map_pages) = (unsafe { (*self.ops.as_ptr()).map_pages }) else {
            return (0, Err(ENODEV));
        };
        while done < count {
            let offset = done * size;
            let mut mapped = 0;

            // SAFETY: `ops` is valid by the type invariants, the pages fit, and the rest is the
            // promise of `Robust`. The library counts with an `int`.
            let ret = to_result(unsafe {
                map_pages(
                    self.ops.as_ptr(),
                    iova as usize + offset,
                    paddr + offset as PhysAddr,
                    size,
                    (count - done).min(i32::MAX as usize),
                    prot.as_raw(),
                    gfp.as_raw(),
                    &mut mapped,
                )
            });
            done += mapped / size;
            if ret.is_err() || mapped == 0 {
                return (done, ret.and(Err(EINVAL)));
            }
        }
        (done, Ok(()))
    }

    /// Unmaps up to `count` pages and says how many it did. Ends at the first hole.
    ///
    /// Corresponds to `io_pgtable_ops::unmap_pages`.
    pub fn unmap(&self, iova: u64, count: usize) -> usize {
        let size = self.config.page_size;
        let mut done = 0;

        if count == 0 || !self.fits(iova, count, self.config.ias) {
            return 0;
        }
        // SAFETY: by the type invariants.
        let Some(unmap_pages) = (unsafe { (*self.ops.as_ptr()).unmap_pages }) else {
            return 0;
        };
        while done < count {
            let at = iova as usize + done * size;

            // The library would complain.
            if self.iova_to_phys(at as u64).is_none() {
                break;
            }
            // SAFETY: as for `map`. Without a gather nothing is queued.
            let unmapped = unsafe {
                unmap_pages(
                    self.ops.as_ptr(),
                    at,
                    size,
                    (count - done).min(i32::MAX as usize),
                    core::ptr::null_mut(),
                )
            };
            if unmapped == 0 {
                break;
            }
            done += unmapped / size;
        }
        done
    }

    /// Where `iova` goes, if it is mapped.
    ///
    /// Corresponds to `io_pgtable_ops::iova_to_phys`.
    #[inline]
    pub fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        if iova > self.last() {
            return None;
        }
        // SAFETY: by the type invariants.
        let lookup = unsafe { (*self.ops.as_ptr()).iova_to_phys }?;

        // SAFETY: as for `map`.
        let paddr = unsafe { lookup(self.ops.as_ptr(), iova as usize) };
        (paddr != 0).then_some(paddr)
    }
}

impl<F: Robust> Drop for PageTable<F> {
    fn drop(&mut self) {
        // SAFETY: by the type invariants; nobody uses it any more.
        unsafe { bindings::free_io_pgtable_ops(self.ops.as_ptr()) };
    }
}
