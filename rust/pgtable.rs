// SPDX-License-Identifier: GPL-2.0

//! Page tables that the kernel's io-pgtable library writes.
//!
//! [`PageTable`] can be used without `unsafe`, for formats whose implementation is [`Robust`].
//! Other formats free tables while they may be walked, or dereference the device of the
//! configuration.
//!
//! C header: [`include/linux/io-pgtable.h`](srctree/include/linux/io-pgtable.h)

use kernel::{
    bindings,
    iommu::pgtable::IoPageTableFmt,
    prelude::*, //
};

use crate::{
    atomic_safe::AtomicSafe,
    bindings::rust_iommu_helper_last_phys,
    gfp::Gfp,
    prot::Prot,
    PhysAddr, //
};

#[cfg(CONFIG_IOMMU_IO_PGTABLE_DART)]
pub mod dart;
mod io;

use io::IoPageTable;

/// Formats whose implementation can be called by any caller at any time.
///
/// # Safety
///
/// In the implementation of `FORMAT`, for each configuration that [`Robust::supports`] accepts,
///
/// - an entry holds the whole address of any table or page of the configuration;
/// - no table is freed before the whole page table is, and entries are read and written whole, so
///   that after calls for the same range on several CPUs each entry is the result of one of them;
/// - mapping a mapped page and unmapping an unmapped page is refused, possibly with a warning; a
///   call that succeeds has mapped at least one page;
/// - neither the device nor the TLB operations of the configuration are used;
/// - no lock is taken, and nothing sleeps unless the GFP flags of a call allow it.
pub unsafe trait Robust: IoPageTableFmt {
    /// Whether the entries of the format are wide enough for `config`.
    ///
    /// The library does not check that: it would follow a truncated address.
    fn supports(config: &Config) -> bool;
}

/// The configuration of a page table. Corresponds to `struct io_pgtable_cfg`.
#[derive(Clone, Copy)]
pub struct Config {
    /// The page size in bytes. These formats have one page size.
    pub page_size: usize,
    /// Width of an input address (IOVA) in bits.
    pub ias: u32,
    /// Width of an output (physical) address in bits.
    pub oas: u32,
}

crate::atomic_safe!(Config {
    page_size,
    ias,
    oas
});

/// A page table of format `F`. Its hardware reads it coherently.
pub struct PageTable<F: Robust> {
    table: IoPageTable<F>,
    config: Config,
    /// Log2 of the page size.
    shift: u32,
    /// The bits of an address within a page.
    mask: u64,
    /// The last input address.
    last: u64,
    /// The last output address.
    last_paddr: PhysAddr,
}

// SAFETY: by the promise of `Robust` there is no lock in it, and it sleeps only if the `Gfp` allows
// it.
unsafe impl<F: Robust> AtomicSafe for PageTable<F> {}

impl<F: Robust> PageTable<F> {
    /// Makes an empty page table.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a page size that is no power of two, for a configuration that the format does
    /// not [support](Robust::supports), and for memory beyond the output addresses. `ENOMEM`, also
    /// if the kernel does not have the format: the library does not distinguish these.
    ///
    /// Corresponds to `alloc_io_pgtable_ops()`. May sleep.
    pub fn new(config: Config) -> Result<Self> {
        // The library allocates tables anywhere in memory, and stores their addresses in entries.
        // SAFETY: callable at any time.
        let last_table = unsafe { rust_iommu_helper_last_phys() };

        if !config.page_size.is_power_of_two()
            || !F::supports(&config)
            || last_table.checked_shr(config.oas).unwrap_or(0) != 0
        {
            return Err(EINVAL);
        }
        Ok(Self {
            table: IoPageTable::new(&config)?,
            config,
            shift: config.page_size.trailing_zeros(),
            mask: config.page_size as u64 - 1,
            // The library has checked that both are from 1 to 64.
            last: u64::MAX >> (64 - config.ias),
            last_paddr: u64::MAX >> (64 - config.oas),
        })
    }

    /// Returns the configuration that the page table was made with.
    #[inline]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the last input address.
    #[inline]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Returns the configuration as the library has filled it in.
    #[cfg_attr(not(CONFIG_IOMMU_IO_PGTABLE_DART), allow(dead_code))]
    fn cfg(&self) -> &bindings::io_pgtable_cfg {
        self.table.cfg()
    }

    /// Whether `count` pages from `start`, at least one, end at `last` or before, and start at a
    /// page boundary.
    #[inline]
    fn fits(&self, start: u64, count: usize, last: u64) -> bool {
        start & self.mask == 0
            && start <= last
            && count as u64 - 1 <= (last - start).wrapping_shr(self.shift)
    }

    /// Maps `count` pages and returns how many it mapped, also if there is an error.
    ///
    /// # Errors
    ///
    /// `ERANGE` if the pages are misaligned or do not fit, `EEXIST` if one is mapped, `EINVAL` if
    /// `prot` allows nothing, `ENOMEM`.
    ///
    /// Corresponds to `io_pgtable_ops::map_pages`.
    #[inline(always)]
    pub fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        count: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        if count != 1 {
            return self.map_run(iova, paddr, count, prot, gfp);
        }
        if !self.is_page(iova, self.last) || !self.is_page(paddr, self.last_paddr) {
            return (0, Err(ERANGE));
        }
        // SAFETY: the page fits, and the rest is the promise of `Robust`.
        let (mapped, ret) = unsafe {
            self.table
                .map(iova, paddr, self.config.page_size, 1, prot, gfp)
        };
        (mapped.min(1), ret)
    }

    #[inline(never)]
    fn map_run(
        &self,
        iova: u64,
        paddr: PhysAddr,
        count: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        let mut done = 0_usize;

        if count == 0
            || !self.fits(iova, count, self.last)
            || !self.fits(paddr, count, self.last_paddr)
        {
            return (0, Err(ERANGE));
        }
        loop {
            // The pages fit, so that adding these offsets cannot overflow.
            let offset = done.wrapping_shl(self.shift) as u64;
            // SAFETY: the pages fit, and the rest is the promise of `Robust`.
            let (mapped, ret) = unsafe {
                self.table.map(
                    iova.wrapping_add(offset),
                    paddr.wrapping_add(offset),
                    self.config.page_size,
                    count.wrapping_sub(done),
                    prot,
                    gfp,
                )
            };
            done = done.saturating_add(mapped);
            if done >= count {
                return (done, ret);
            }
            if ret.is_err() || mapped == 0 {
                return (done, ret.and(Err(EINVAL)));
            }
        }
    }

    /// Whether `start` is the start of a page and not above `last`.
    #[inline(always)]
    fn is_page(&self, start: u64, last: u64) -> bool {
        start & self.mask == 0 && start <= last
    }

    /// Unmaps up to `size` bytes and returns how many it unmapped. Stops at the first hole.
    ///
    /// Corresponds to `io_pgtable_ops::unmap_pages`.
    #[inline(always)]
    pub fn unmap(&self, iova: u64, size: usize) -> usize {
        let bytes = self.config.page_size;

        if size != bytes {
            let count = size.wrapping_shr(self.shift);
            return self.unmap_run(iova, count).wrapping_shl(self.shift);
        }
        // The library would warn.
        if !self.is_page(iova, self.last) || self.iova_to_phys(iova).is_none() {
            return 0;
        }
        // SAFETY: as for `map`. The caller invalidates the TLB.
        match unsafe { self.table.unmap(iova, bytes, 1, None) } {
            0 => 0,
            _ => bytes,
        }
    }

    #[inline(never)]
    fn unmap_run(&self, iova: u64, count: usize) -> usize {
        let mut done = 0;
        // The caller invalidates the TLB, so the library need not check for each page whether it
        // should.
        let mut gather = io::queued();

        if count == 0 || !self.fits(iova, count, self.last) {
            return 0;
        }
        while done < count {
            let at = iova.wrapping_add(done.wrapping_shl(self.shift) as u64);

            // The library would warn.
            if self.iova_to_phys(at).is_none() {
                break;
            }
            // SAFETY: as for `map`. The gather is not changed.
            let unmapped = unsafe {
                let left = count.wrapping_sub(done);
                self.table
                    .unmap(at, self.config.page_size, left, Some(&mut gather))
            };
            if unmapped == 0 {
                break;
            }
            done = done.saturating_add(unmapped);
        }
        done
    }

    /// Returns the physical address that `iova` is mapped to, if it is.
    ///
    /// Corresponds to `io_pgtable_ops::iova_to_phys`.
    #[inline]
    pub fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        if iova > self.last() {
            return None;
        }
        // SAFETY: as for `map`.
        unsafe { self.table.iova_to_phys(iova) }
    }
}
