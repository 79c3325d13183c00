// SPDX-License-Identifier: GPL-2.0

//! Page tables of Apple's DART, which the kernel's io-pgtable library writes.
//!
//! The library has more formats. Their implementations free tables while they may be walked, or
//! dereference the device of the configuration. That of DART can be called by any caller at any
//! time, for each configuration that [`Entries::supports`] accepts:
//!
//! - An entry holds the whole address of any table or page of the configuration.
//! - No table is freed before the whole page table is: tables are installed by cmpxchg. Entries are
//!   read and written whole, so that after calls for the same range on several CPUs each entry is
//!   the result of one of them.
//! - Mapping a mapped page and unmapping an unmapped page is refused, with a warning. A call that
//!   succeeds has mapped at least one page.
//! - Neither the device nor the TLB operations of the configuration are used.
//! - No lock is taken, and nothing sleeps unless the GFP flags of a call allow it.
//!
//! So [`PageTable`] can be used without `unsafe`.
//!
//! C header: [`include/linux/io-pgtable.h`](srctree/include/linux/io-pgtable.h). C file:
//! [`drivers/iommu/io-pgtable-dart.c`](srctree/drivers/iommu/io-pgtable-dart.c)

use core::ptr::{
    self,
    NonNull, //
};

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

use crate::{
    atomic_safe::AtomicSafe,
    bindings::rust_iommu_helper_last_phys,
    gfp::Gfp,
    prot::Prot,
    table::interface::{
        merge,
        Geometry,
        PagingTable,
        Translation, //
    },
    PhysAddr, //
};

mod dart;

pub use dart::Entries;

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

/// A page table. Its hardware reads it coherently.
///
/// Corresponds to `struct io_pgtable`.
///
/// # Invariants
///
/// `ops` is the result of a successful `alloc_io_pgtable_ops()` for `config`, which `entries`
/// supports. `ttbrs` and `levels` are the library's result.
pub struct PageTable {
    ops: NonNull<bindings::io_pgtable_ops>,
    config: Config,
    /// Log2 of the page size.
    shift: u32,
    /// The bits of an address within a page.
    mask: u64,
    /// The last input address.
    last: u64,
    /// The last output address.
    last_paddr: PhysAddr,
    entries: Entries,
    ttbrs: [u64; 4],
    ttbr_count: usize,
    levels: u32,
}

// SAFETY: `struct io_pgtable_ops` is not restricted to a single thread.
unsafe impl Send for PageTable {}
// SAFETY: as above; the implementation of DART can be called by any caller at any time.
unsafe impl Sync for PageTable {}

// SAFETY: there is no lock in it, and it sleeps only if the `Gfp` allows it.
unsafe impl AtomicSafe for PageTable {}

impl PageTable {
    /// Makes an empty page table.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a configuration that the format does not [support](Entries::supports), for
    /// widths that are too small for a page or more than 64 bits, and for memory beyond the output
    /// addresses. `ENOMEM`, also if the library does not support the configuration: it does not
    /// distinguish these.
    ///
    /// Corresponds to `alloc_io_pgtable_ops()`. May sleep.
    pub fn new(entries: Entries, config: Config) -> Result<Self> {
        // The library allocates tables anywhere in memory, and stores their addresses in entries.
        // SAFETY: callable at any time.
        let last_table = unsafe { rust_iommu_helper_last_phys() } as PhysAddr;
        let shift = config.page_size.trailing_zeros();
        // The library calculates with the widths before it checks them.
        let widths = shift + 1..=64;

        if !entries.supports(&config)
            || !widths.contains(&config.ias)
            || !widths.contains(&config.oas)
            || last_table.checked_shr(config.oas).unwrap_or(0) != 0
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

        // SAFETY: `cfg` is valid for the call, which copies it. The format uses neither the device
        // nor the operations that are missing from it.
        let ops =
            unsafe { bindings::alloc_io_pgtable_ops(entries.format(), &mut cfg, ptr::null_mut()) };
        let ops = NonNull::new(ops).ok_or(ENOMEM)?;
        // SAFETY: this is the part of the union that these formats use; the library has filled it
        // in.
        let dart = unsafe { &cfg.__bindgen_anon_1.apple_dart_cfg };

        // INVARIANT: allocated above.
        Ok(Self {
            ops,
            config,
            shift,
            mask: config.page_size as u64 - 1,
            last: u64::MAX >> (64 - config.ias),
            last_paddr: u64::MAX >> (64 - config.oas),
            entries,
            ttbrs: dart.ttbr,
            ttbr_count: dart.n_ttbrs as usize,
            levels: dart.n_levels,
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

    /// Returns the physical addresses of the one or four tables at which the hardware starts.
    ///
    /// They are constant for the page table's life. The page table must not be dropped while
    /// hardware may walk it.
    pub fn ttbrs(&self) -> &[u64] {
        self.ttbrs.get(..self.ttbr_count).unwrap_or(&[])
    }

    /// Returns the levels of a walk, 3 or 4. The first is the choice of a table by the hardware's
    /// register.
    pub fn levels(&self) -> u32 {
        self.levels
    }

    /// Whether `start` is the start of a page and not above `last`.
    #[inline(always)]
    fn is_page(&self, start: u64, last: u64) -> bool {
        start & self.mask == 0 && start <= last
    }

    /// Whether `count` pages from `start`, at least one, end at `last` or before, and start at a
    /// page boundary.
    #[inline]
    fn fits(&self, start: u64, count: usize, last: u64) -> bool {
        self.is_page(start, last) && count as u64 - 1 <= (last - start).wrapping_shr(self.shift)
    }

    /// Maps up to `count` pages and returns how many it mapped, also if there is an error.
    ///
    /// # Safety
    ///
    /// The pages fit.
    #[inline]
    unsafe fn map_pages(
        &self,
        iova: u64,
        paddr: PhysAddr,
        count: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        let mut mapped = 0_usize;

        // SAFETY: by the type invariants.
        let Some(map_pages) = (unsafe { (*self.ops.as_ptr()).map_pages }) else {
            return (0, Err(ENODEV));
        };
        // SAFETY: `ops` is valid by the type invariants. The pages fit, and the library can be
        // called by any caller at any time. It counts with an `int`.
        let ret = unsafe {
            map_pages(
                self.ops.as_ptr(),
                iova as usize,
                paddr,
                self.config.page_size,
                count.min(i32::MAX as usize),
                prot.as_raw(),
                gfp.as_raw(),
                &mut mapped,
            )
        };
        // `to_result` is a call, which success does not need.
        let ret = if ret == 0 { Ok(()) } else { to_result(ret) };
        (mapped.wrapping_shr(self.shift), ret)
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
            // SAFETY: the pages fit.
            let (mapped, ret) = unsafe {
                self.map_pages(
                    iova.wrapping_add(offset),
                    paddr.wrapping_add(offset),
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

    /// Unmaps up to `count` pages and returns how many bytes it unmapped. The caller invalidates
    /// the TLB. With a [`queued`] gather the library does not check for each page whether it
    /// should.
    ///
    /// # Safety
    ///
    /// The pages fit.
    #[inline]
    unsafe fn unmap_pages(
        &self,
        iova: u64,
        count: usize,
        gather: *mut bindings::iommu_iotlb_gather,
    ) -> usize {
        // SAFETY: by the type invariants.
        let Some(unmap_pages) = (unsafe { (*self.ops.as_ptr()).unmap_pages }) else {
            return 0;
        };
        // SAFETY: as for `map_pages`. The gather is NULL, or the caller's alone.
        unsafe {
            unmap_pages(
                self.ops.as_ptr(),
                iova as usize,
                self.config.page_size,
                count.min(i32::MAX as usize),
                gather,
            )
        }
    }

    #[inline(never)]
    fn unmap_run(&self, iova: u64, count: usize) -> usize {
        let mut done = 0;
        let mut gather = queued();

        if count == 0 || !self.fits(iova, count, self.last) {
            return 0;
        }
        while done < count {
            let at = iova.wrapping_add(done.wrapping_shl(self.shift) as u64);

            // The library would warn.
            if self.iova_to_phys(at).is_none() {
                break;
            }
            // SAFETY: the pages fit. The gather is not changed.
            let unmapped = unsafe { self.unmap_pages(at, count.wrapping_sub(done), &mut gather) };
            if unmapped == 0 {
                break;
            }
            done = done.saturating_add(unmapped.wrapping_shr(self.shift));
        }
        done
    }
}

/// Returns a gather that tells the library not to invalidate the TLB, because the gather's owner
/// invalidates everything. The library adds nothing to it, and it has no list of pages to free.
#[inline]
fn queued() -> bindings::iommu_iotlb_gather {
    bindings::iommu_iotlb_gather {
        queued: true,
        ..Zeroable::zeroed()
    }
}

impl PagingTable for PageTable {
    fn geometry(&self) -> Geometry {
        Geometry {
            pgsizes: self.config.page_size as u32,
            aperture: 0..=self.last,
        }
    }

    /// Maps `pgcount` pages and returns how many it mapped, also if there is an error. There is one
    /// page size.
    ///
    /// # Errors
    ///
    /// `ERANGE` if the pages are misaligned or do not fit, `EEXIST` if one is mapped, `EINVAL` if
    /// `prot` allows nothing, `ENOMEM`.
    // Each transfer calls it.
    #[inline(always)]
    fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        _pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        if pgcount != 1 {
            return self.map_run(iova, paddr, pgcount, prot, gfp);
        }
        if !self.is_page(iova, self.last) || !self.is_page(paddr, self.last_paddr) {
            return (0, Err(ERANGE));
        }
        // SAFETY: the page fits.
        let (mapped, ret) = unsafe { self.map_pages(iova, paddr, 1, prot, gfp) };
        (mapped.min(1), ret)
    }

    // Each transfer calls it.
    #[inline(always)]
    fn unmap(&self, iova: u64, size: usize) -> usize {
        let bytes = self.config.page_size;

        if size != bytes {
            let count = size.wrapping_shr(self.shift);
            return self.unmap_run(iova, count).wrapping_shl(self.shift);
        }
        // The library would warn.
        if !self.is_page(iova, self.last) || self.iova_to_phys(iova).is_none() {
            return 0;
        }
        // SAFETY: the page fits.
        match unsafe { self.unmap_pages(iova, 1, ptr::null_mut()) } {
            0 => 0,
            _ => bytes,
        }
    }

    #[inline]
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        if iova > self.last {
            return None;
        }
        // SAFETY: by the type invariants.
        let lookup = unsafe { (*self.ops.as_ptr()).iova_to_phys }?;
        // SAFETY: `ops` is valid by the type invariants, and the address was checked.
        let paddr = unsafe { lookup(self.ops.as_ptr(), iova as usize) };

        (paddr != 0).then_some(paddr)
    }

    fn translations(&self, f: &mut dyn FnMut(Translation)) {
        merge(f, |add| {
            self.walk_all(&mut |iova, entry| {
                add(Translation {
                    iova,
                    paddr: self.entries.paddr(entry),
                    size: self.config.page_size as u64,
                    prot: self.entries.prot(entry),
                });
            });
        });
    }

    fn usage(&self) -> (usize, usize) {
        let tables = self.walk_all(&mut |_, _| {});

        (tables - self.ttbr_count, tables * self.config.page_size)
    }
}

impl Drop for PageTable {
    /// Frees the tables: hardware must not use them any more.
    fn drop(&mut self) {
        // SAFETY: by the type invariants; there is no other reference.
        unsafe { bindings::free_io_pgtable_ops(self.ops.as_ptr()) };
    }
}
