// SPDX-License-Identifier: GPL-2.0

//! Callbacks of a paging domain: allocation, mapping, and what makes mappings visible to the
//! hardware.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use kernel::{
    bindings,
    prelude::*, //
};

use super::master;

use crate::{
    bindings as helpers,
    domain::TypedDomain,
    prelude::*, //
};

/// Allocates a paging domain.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
pub(super) unsafe extern "C" fn domain_alloc_paging<T: Operations>(
    dev: *mut bindings::device,
) -> *mut bindings::iommu_domain {
    // SAFETY: the core calls this between `probe_device` and `release_device`.
    let master = unsafe { master::<T>(dev) };
    let module = T::statics().module();

    let domain = (|| {
        let instances = master.instances().try_clone(T::SHARING)?;
        let iommus = master.instances().enter();
        if !iommus.is_complete() {
            return Err(ENODEV);
        }
        let data = T::domain_alloc(&iommus, master);

        // SAFETY: the module is that of `T`, in whose code we are.
        if !unsafe { helpers::rust_iommu_helper_try_module_get(module) } {
            return Err(ENODEV);
        }
        // SAFETY: a reference was just taken.
        unsafe { TypedDomain::<T>::create(instances, data, module) }.inspect_err(|_| {
            // SAFETY: the domain was not made, so the reference is still ours. It is not the last
            // one: the core has one for the master.
            unsafe { helpers::rust_iommu_helper_module_put(module) };
        })
    })();

    match domain {
        Ok(domain) => domain.as_ptr(),
        Err(e) => e.to_ptr(),
    }
}

/// Maps a run of pages. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
pub(super) unsafe extern "C" fn map_pages<T: Operations>(
    domain: *mut bindings::iommu_domain,
    iova: usize,
    paddr: bindings::phys_addr_t,
    pgsize: usize,
    pgcount: usize,
    prot: c_int,
    gfp: bindings::gfp_t,
    mapped: *mut usize,
) -> c_int {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };
    let (iova, prot, gfp) = (iova as u64, Prot::from_raw(prot), Gfp::from_raw(gfp));
    if !domain.contains(iova, pgsize, pgcount) {
        return ERANGE.to_errno();
    }

    let paddr = paddr as PhysAddr;
    // The core counts the pages of a range that does not wrap.
    let end = paddr.saturating_add(pgsize.wrapping_mul(pgcount) as PhysAddr);
    let (count, result) = if end > domain.data().paddr_end() {
        (0, Err(ERANGE))
    } else {
        let table = domain.data().table();
        table.map(iova, paddr, pgsize, pgcount, prot, gfp)
    };
    // A larger count than `pgcount` would make the core continue beyond the range; success without
    // progress would make it loop forever.
    // SAFETY: the core passes a valid pointer to a number of this call's own, which is 0.
    unsafe { *mapped = count.min(pgcount).wrapping_mul(pgsize) };
    match result {
        Ok(()) if count == 0 => EINVAL.to_errno(),
        Ok(()) => 0,
        Err(e) => e.to_errno(),
    }
}

/// Unmaps a run of pages. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
pub(super) unsafe extern "C" fn unmap_pages<T: Operations>(
    domain: *mut bindings::iommu_domain,
    iova: usize,
    pgsize: usize,
    pgcount: usize,
    gather: *mut bindings::iommu_iotlb_gather,
) -> usize {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };
    if !domain.contains(iova as u64, pgsize, pgcount) {
        return 0;
    }

    let all = pgsize.wrapping_mul(pgcount);
    let size = domain.data().table().unmap(iova as u64, all).min(all);
    if size != 0 {
        // SAFETY: the core passes a valid gather that is the caller's own.
        unsafe { gather_range(gather, iova, size) };
    }
    size
}

/// Corresponds to `iommu_iotlb_gather_add_range()`, without a call for each page.
///
/// # Safety
///
/// `gather` is valid and the caller's own.
#[inline(always)]
unsafe fn gather_range(gather: *mut bindings::iommu_iotlb_gather, iova: usize, size: usize) {
    // SAFETY: by the safety requirement.
    let gather = unsafe { &mut *gather };

    gather.start = gather.start.min(iova);
    gather.end = gather.end.max(iova.wrapping_add(size.wrapping_sub(1)));
}

/// Invalidates everything cached of a domain. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
pub(super) unsafe extern "C" fn flush_iotlb_all<T: Operations>(
    domain: *mut bindings::iommu_domain,
) {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };

    domain.data().flush_all(&mut domain.instances().engines());
}

/// Makes a range usable that was mapped. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
pub(super) unsafe extern "C" fn iotlb_sync_map<T: Operations>(
    domain: *mut bindings::iommu_domain,
    iova: usize,
    size: usize,
) -> c_int {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };
    let iova = iova as u64;
    if size == 0 {
        return ERANGE.to_errno();
    }
    let Some(range) = domain.range(iova, iova.wrapping_add((size as u64).wrapping_sub(1))) else {
        return ERANGE.to_errno();
    };

    match domain
        .data()
        .sync_map(&mut domain.instances().engines(), range)
    {
        Ok(()) => 0,
        Err(e) => e.to_errno(),
    }
}

/// Invalidates everything cached of a range that was unmapped. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
pub(super) unsafe extern "C" fn iotlb_sync<T: Operations>(
    domain: *mut bindings::iommu_domain,
    gather: *mut bindings::iommu_iotlb_gather,
) {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };
    // SAFETY: the core passes a valid gather.
    let gather = unsafe { &*gather };
    let (start, end) = (gather.start as u64, gather.end as u64);
    let mut engines = domain.instances().engines();
    match domain.range(start, end) {
        Some(range) => domain.data().sync(&mut engines, range),
        None if start > end => {}
        // Addresses outside the aperture were never mapped, if the driver keeps to its aperture. If
        // it does not, it is not told which range to invalidate, but still invalidates everything.
        None => domain.data().flush_all(&mut engines),
    }
}

/// Translates an address in software. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
pub(super) unsafe extern "C" fn iova_to_phys<T: Operations>(
    domain: *mut bindings::iommu_domain,
    iova: bindings::dma_addr_t,
) -> bindings::phys_addr_t {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };

    // 0 means "not mapped". The core itself asks for address 1 to test whether page 0 is mapped.
    #[allow(clippy::unnecessary_cast, reason = "32 bits in some kernels")]
    let iova = iova as u64;
    let paddr = domain.data().table().iova_to_phys(iova);
    paddr.unwrap_or(0) as bindings::phys_addr_t
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_gather)]
mod tests {
    use super::*;

    /// As `iommu_iotlb_gather_init()` makes it.
    fn empty() -> bindings::iommu_iotlb_gather {
        bindings::iommu_iotlb_gather {
            start: usize::MAX,
            ..pin_init::zeroed()
        }
    }

    #[test]
    fn covers_all_ranges_in_any_order() {
        const RANGES: [(usize, usize); 3] = [(0x3000, 0x2000), (0x1000, 0x1000), (0x8000, 0x1000)];

        for first in 0..3 {
            for step in 1..3 {
                let mut gather = empty();

                for n in 0..3 {
                    let (iova, size) = RANGES[(first + n * step) % 3];
                    // SAFETY: it is our own.
                    unsafe { gather_range(&mut gather, iova, size) };
                }
                assert_eq!((gather.start, gather.end), (0x1000, 0x8fff));
            }
        }
    }

    #[test]
    fn reaches_the_last_address() {
        let mut gather = empty();

        // SAFETY: it is our own.
        unsafe { gather_range(&mut gather, usize::MAX - 0xfff, 0x1000) };
        assert_eq!((gather.start, gather.end), (usize::MAX - 0xfff, usize::MAX));
    }
}
