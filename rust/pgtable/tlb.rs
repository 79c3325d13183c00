// SPDX-License-Identifier: GPL-2.0

//! What the library wants dropped from TLBs: [`Tlb`], and [`Gather`] for what can wait.

use core::{
    ffi::c_void,
    mem::MaybeUninit,
    ops::RangeInclusive, //
};

use kernel::{
    bindings,
    prelude::*, //
};

use crate::{
    atomic_safe::AtomicSafe,
    bindings::{
        rust_iommu_helper_iommu_iotlb_gather_add_range,
        rust_iommu_helper_iommu_iotlb_gather_init, //
    },
};

/// Drops what hardware has cached of a page table. Called in any context.
///
/// Corresponds to `struct iommu_flush_ops`.
pub trait Tlb: Send + Sync + AtomicSafe + 'static {
    /// Drops everything, and returns when that is done.
    ///
    /// Corresponds to `tlb_flush_all`.
    fn flush_all(&self);

    /// Drops what leads to the pages of `granule` bytes in `range`, and returns when that is done: a
    /// table has been taken out and will be freed.
    ///
    /// Corresponds to `tlb_flush_walk`.
    fn flush_walk(&self, range: RangeInclusive<u64>, granule: usize);

    /// The page of `granule` bytes at `iova` is to be dropped, at the latest when what is gathered
    /// is. There is no gather if nobody will do that: then it is to be dropped now.
    ///
    /// Corresponds to `tlb_add_page`.
    fn add_page(&self, gather: Option<&mut Gather<'_>>, iova: u64, granule: usize) {
        match gather {
            Some(gather) => gather.add(iova, granule),
            None => self.flush_walk(iova..=iova + (granule as u64 - 1), granule),
        }
    }
}

crate::atomic_safe! {
    /// For page tables whose user drops what it has changed by itself. There is none.
    pub enum NoTlb {}
}

impl Tlb for NoTlb {
    fn flush_all(&self) {
        match *self {}
    }

    fn flush_walk(&self, _range: RangeInclusive<u64>, _granule: usize) {
        match *self {}
    }
}

/// A range of addresses that is to be dropped, growing.
///
/// Corresponds to `struct iommu_iotlb_gather`.
pub struct Gather<'a>(&'a mut bindings::iommu_iotlb_gather);

/// What a gather is made of that tells the library not to look after the TLB: its owner will drop
/// everything. Nothing is put into it, and it has no list of pages to free.
#[inline]
pub(super) fn queued() -> bindings::iommu_iotlb_gather {
    bindings::iommu_iotlb_gather {
        queued: true,
        ..Zeroable::zeroed()
    }
}

impl<'a> Gather<'a> {
    #[inline]
    pub(super) fn new(raw: &'a mut bindings::iommu_iotlb_gather) -> Self {
        Self(raw)
    }

    /// Calls `f` with an empty one, and says what is in it afterwards, if anything is.
    ///
    /// Corresponds to `iommu_iotlb_gather_init()`.
    pub fn collect<R>(f: impl FnOnce(&mut Gather<'_>) -> R) -> (R, Option<RangeInclusive<u64>>) {
        let mut raw = MaybeUninit::uninit();

        // SAFETY: it is valid for writes, and is not moved from here on, nor can it be from outside
        // of this module.
        let raw = unsafe {
            rust_iommu_helper_iommu_iotlb_gather_init(raw.as_mut_ptr());
            raw.assume_init_mut()
        };
        let mut gather = Gather::new(raw);
        let result = f(&mut gather);
        let range = gather.range();
        (result, range)
    }

    #[inline]
    pub(super) fn as_raw(&mut self) -> *mut bindings::iommu_iotlb_gather {
        self.0
    }

    /// Adds `size` bytes from `iova`.
    ///
    /// Corresponds to `iommu_iotlb_gather_add_range()`.
    pub fn add(&mut self, iova: u64, size: usize) {
        // SAFETY: it is valid, and ours.
        unsafe {
            rust_iommu_helper_iommu_iotlb_gather_add_range(self.as_raw(), iova as usize, size)
        };
    }

    /// What is to be dropped, if anything is.
    pub fn range(&self) -> Option<RangeInclusive<u64>> {
        let (start, end) = (self.0.start as u64, self.0.end as u64);

        (start <= end).then_some(start..=end)
    }
}

/// The operations of a page table whose cookie is a `T`.
pub(super) fn flush_ops<T: Tlb>() -> &'static bindings::iommu_flush_ops {
    const {
        &bindings::iommu_flush_ops {
            tlb_flush_all: Some(flush_all::<T>),
            tlb_flush_walk: Some(flush_walk::<T>),
            tlb_add_page: Some(add_page::<T>),
        }
    }
}

/// # Safety
///
/// `cookie` is a `T` that stays for the call.
unsafe extern "C" fn flush_all<T: Tlb>(cookie: *mut c_void) {
    // SAFETY: by this function's contract.
    unsafe { &*cookie.cast::<T>() }.flush_all();
}

/// # Safety
///
/// `cookie` is a `T` that stays for the call.
unsafe extern "C" fn flush_walk<T: Tlb>(
    iova: usize,
    size: usize,
    granule: usize,
    cookie: *mut c_void,
) {
    let first = iova as u64;

    if size != 0 {
        // SAFETY: by this function's contract.
        unsafe { &*cookie.cast::<T>() }.flush_walk(first..=first + (size as u64 - 1), granule);
    }
}

/// # Safety
///
/// `cookie` is a `T` that stays for the call; `gather` is NULL or valid, and the caller's alone.
unsafe extern "C" fn add_page<T: Tlb>(
    gather: *mut bindings::iommu_iotlb_gather,
    iova: usize,
    granule: usize,
    cookie: *mut c_void,
) {
    // SAFETY: by this function's contract.
    let (tlb, gather) = unsafe { (&*cookie.cast::<T>(), gather.as_mut()) };

    tlb.add_page(gather.map(Gather::new).as_mut(), iova as u64, granule);
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_pgtable_tlb)]
mod tests {
    use super::*;

    use kernel::{
        iommu::pgtable::Config,
        sync::Arc, //
    };

    use crate::pgtable::{
        io::IoPageTable,
        v7s::ArmV7s, //
    };

    #[cfg(CONFIG_IOMMU_IO_PGTABLE_DART)]
    use crate::pgtable::dart::Dart1;
    use core::sync::atomic::{
        AtomicU32,
        AtomicUsize,
        Ordering::Relaxed, //
    };

    crate::atomic_safe! {
        /// Counts what it is told.
        struct Counts {
            all: AtomicU32,
            walks: AtomicU32,
            bytes: AtomicUsize,
        }
    }

    impl Tlb for Counts {
        fn flush_all(&self) {
            self.all.fetch_add(1, Relaxed);
        }

        fn flush_walk(&self, range: RangeInclusive<u64>, _granule: usize) {
            self.walks.fetch_add(1, Relaxed);
            self.bytes
                .fetch_add((range.end() - range.start() + 1) as usize, Relaxed);
        }
    }

    fn counts() -> Result<Arc<Counts>> {
        Ok(Arc::new(
            Counts {
                all: AtomicU32::new(0),
                walks: AtomicU32::new(0),
                bytes: AtomicUsize::new(0),
            },
            GFP_KERNEL,
        )?)
    }

    fn config(page_sizes: usize, coherent_walk: bool) -> Config {
        Config {
            quirks: 0,
            pgsize_bitmap: page_sizes,
            ias: 32,
            oas: 36,
            coherent_walk,
        }
    }

    #[test]
    fn gathers_a_range() {
        let (nothing, range) = Gather::collect(|gather| gather.range());
        assert!(nothing.is_none() && range.is_none());

        let ((), range) = Gather::collect(|gather| {
            gather.add(0x5000, 0x1000);
            gather.add(0x2000, 0x1000);
        });
        assert!(range == Some(0x2000..=0x5fff));

        let ((), range) = Gather::collect(|gather| gather.add(0, 0x1000));
        assert!(range == Some(0..=0xfff));
    }

    /// What a page table of a format that calls them finds behind its cookie.
    #[cfg(CONFIG_IOMMU_IO_PGTABLE_DART)]
    #[test]
    fn operations_reach_their_owner() -> Result {
        let owner = counts()?;
        {
            let table =
                IoPageTable::<Dart1, _>::new(None, &config(0x1000, true), Some(owner.clone()))?;
            // SAFETY: the library hands the cookie to these; it is ours, and so is the table.
            let (ops, cookie) = unsafe { (&*table.cfg().tlb, table.cookie()) };

            // SAFETY: the cookie is the `Arc` that the table holds.
            unsafe {
                ops.tlb_flush_all.ok_or(EINVAL)?(cookie);
                ops.tlb_flush_walk.ok_or(EINVAL)?(0x10000, 0x4000, 0x1000, cookie);
                ops.tlb_flush_walk.ok_or(EINVAL)?(0x10000, 0, 0x1000, cookie);
            }
            assert_eq!(owner.all.load(Relaxed), 1);
            assert_eq!(owner.walks.load(Relaxed), 1);
            assert_eq!(owner.bytes.load(Relaxed), 0x4000);

            let add = ops.tlb_add_page.ok_or(EINVAL)?;
            let ((), range) = Gather::collect(|gather| {
                // SAFETY: as above, with a gather that is valid.
                unsafe { add(gather.as_raw(), 0x7000, 0x1000, cookie) }
            });
            assert!(range == Some(0x7000..=0x7fff));
            assert_eq!(owner.walks.load(Relaxed), 1);
            // SAFETY: as above; without a gather it cannot wait.
            unsafe { add(core::ptr::null_mut(), 0x7000, 0x1000, cookie) };
            assert_eq!(owner.bytes.load(Relaxed), 0x5000);

            let left = table.config();
            assert!(left.pgsize_bitmap == 0x1000 && left.ias == 32 && left.oas == 36);
        }
        // Nobody else has it any more.
        assert!(Arc::into_unique_or_drop(owner).is_some());
        Ok(())
    }

    #[test]
    fn refuses_what_cannot_be() -> Result {
        // A walk that is not coherent needs a device to map the tables for.
        let table = IoPageTable::<ArmV7s>::new(None, &config(0x1000, false), None);
        assert_eq!(table.err(), Some(EINVAL));
        // Addresses with no room for a page, and no page at all.
        for (page_sizes, ias) in [(0x1000, 12), (0, 32)] {
            let narrow = Config {
                ias,
                ..config(page_sizes, true)
            };
            let table = IoPageTable::<ArmV7s>::new(None, &narrow, None);
            assert_eq!(table.err(), Some(EINVAL));
        }
        // A format that the kernel lacks, or page sizes that it does not have.
        let owner = counts()?;
        let table = IoPageTable::<ArmV7s, _>::new(None, &config(0x2000, true), Some(owner.clone()));
        assert_eq!(table.err(), Some(ENOMEM));
        assert!(Arc::into_unique_or_drop(owner).is_some());
        Ok(())
    }
}
