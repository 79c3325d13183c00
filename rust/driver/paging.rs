// SPDX-License-Identifier: GPL-2.0

//! The traits for an address space: [`PagingDomain`], and [`PagingTable`] for its page table.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use core::ops::RangeInclusive;

use kernel::prelude::*;

use crate::{
    access::Engines,
    atomic_safe::AtomicSafe,
    hardware::Hardware,
    PhysAddr, //
};

pub use crate::table::interface::{
    Geometry,
    PagingTable,
    Translation, //
};

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

    /// Returns the page sizes and the aperture, which are constant for the domain's life: those of
    /// the table, unless the masters can use less.
    fn geometry(&self) -> Geometry {
        self.table().geometry()
    }

    /// Returns the end of the physical addresses that may be mapped, which is constant for the
    /// domain's life: less than the entries of the table can hold, if the hardware has fewer bits.
    fn paddr_end(&self) -> PhysAddr {
        PhysAddr::MAX
    }

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
