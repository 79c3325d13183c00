// SPDX-License-Identifier: GPL-2.0

//! The interface of the page tables of all formats.

use core::ops::RangeInclusive;

use kernel::prelude::*;

use crate::{
    atomic_safe::AtomicSafe,
    gfp::Gfp,
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
    /// [`PagingDomain::sync_map`]: crate::paging::PagingDomain::sync_map
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
    ///
    /// [`PagingDomain::sync`]: crate::paging::PagingDomain::sync
    fn unmap(&self, iova: u64, size: usize) -> usize;

    /// Returns the physical address that `iova` is mapped to, if it is. `iova` can be any address.
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr>;

    /// Calls `f` with each live translation, in the order of IOVAs, merged into ranges.
    fn translations(&self, f: &mut dyn FnMut(Translation));

    /// Returns the number of table pages, not counting the root, and the bytes of all table memory.
    fn usage(&self) -> (usize, usize);
}
