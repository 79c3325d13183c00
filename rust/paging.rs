// SPDX-License-Identifier: GPL-2.0

//! The traits for an address space: [`PagingDomain`], and [`PagingTable`] for its page table.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use core::ops::RangeInclusive;

use kernel::prelude::*;

use crate::{
    access::Engines,
    atomic_safe::AtomicSafe,
    gfp::Gfp,
    hardware::Hardware,
    prot::Prot,
    PhysAddr, //
};

/// Page sizes and address range of a paging domain.
#[derive(Clone, Debug)]
pub struct Geometry {
    /// Supported page sizes in bytes, or-ed together. Never zero, and no bit above 2 GiB.
    pub pgsizes: u32,
    /// IOVAs that may be mapped, in bytes.
    pub aperture: RangeInclusive<u64>,
}

/// A contiguous range of live translations, for display.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// First byte of the range.
    pub iova: u64,
    /// First byte of the physical range.
    pub paddr: PhysAddr,
    /// Length in bytes.
    pub size: u64,
    /// The accesses that are allowed.
    pub prot: Prot,
}

/// Calls `f` with ranges of the pages that `pages` hands to its argument, in the order of IOVAs.
pub(crate) fn merge(
    f: &mut dyn FnMut(Translation),
    pages: impl FnOnce(&mut dyn FnMut(Translation)),
) {
    let mut last: Option<Translation> = None;

    pages(&mut |page| match &mut last {
        Some(range)
            if range.iova + range.size == page.iova
                && range.paddr + range.size as PhysAddr == page.paddr
                && range.prot == page.prot =>
        {
            range.size += page.size;
        }
        _ => {
            if let Some(range) = last.replace(page) {
                f(range);
            }
        }
    });
    if let Some(range) = last {
        f(range);
    }
}

/// A page table. The crate has those of several formats; see [`crate::table`] and
/// [`crate::pgtable`].
///
/// Called in any context, with interrupts on or off, and by several CPUs at once. The crate has
/// checked that ranges lie in the aperture and do not wrap.
pub trait PagingTable: AtomicSafe + Send + Sync {
    /// Returns the page sizes and the aperture, which are constant for the table's life.
    fn geometry(&self) -> Geometry;

    /// Maps up to `pgcount` pages of `pgsize` bytes and returns how many it mapped. The walker may
    /// find them at once or after [`PagingDomain::sync_map`].
    ///
    /// The count is of whole pages, and is valid also if there is an error.
    fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result);

    /// Unmaps up to `size` bytes, of pages of any size, and returns how many it unmapped.
    ///
    /// Stops at the first hole, and at a page that is not in the range as a whole. The hardware may
    /// find the pages until [`PagingDomain::sync`] has returned.
    fn unmap(&self, iova: u64, size: usize) -> usize;

    /// Returns the physical address that `iova` is mapped to, if it is. `iova` can be any address.
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr>;

    /// Calls `f` with each live translation, in the order of IOVAs, merged into ranges.
    fn translations(&self, f: &mut dyn FnMut(Translation));

    /// Returns the number of table pages, not counting the root, and the bytes of all table memory.
    fn usage(&self) -> (usize, usize);
}

/// An address space that the driver's hardware translates with: a page table, and the invalidation
/// of what the hardware has cached of it.
///
/// Called in any context, with interrupts on or off, and by several CPUs at once. The crate has
/// checked that ranges lie in the aperture and do not wrap.
///
/// Corresponds to `struct iommu_domain_ops`.
pub trait PagingDomain<T: Hardware>: AtomicSafe + Send + Sync + 'static {
    /// The page table.
    type Table: PagingTable;

    /// Returns the page table.
    fn table(&self) -> &Self::Table;

    /// Makes the newly mapped `range` usable. Makes the entries visible to the hardware's walker,
    /// if [`PagingTable::map`] has not, and invalidates entries that may have been cached while the
    /// range was not mapped.
    ///
    /// The core does not use the pages before this has returned.
    fn sync_map(&self, engines: &mut Engines<'_, T>, _range: RangeInclusive<u64>) -> Result {
        self.flush_all(engines);
        Ok(())
    }

    /// Makes the unmapping of `range` visible to the hardware's walker, if [`PagingTable::unmap`]
    /// has not, and invalidates the entries that the hardware has cached of it. The pages are
    /// reused when this returns.
    fn sync(&self, engines: &mut Engines<'_, T>, _range: RangeInclusive<u64>) {
        self.flush_all(engines);
    }

    /// As [`PagingDomain::sync`], for all addresses.
    fn flush_all(&self, engines: &mut Engines<'_, T>);
}
