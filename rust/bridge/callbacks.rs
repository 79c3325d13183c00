// SPDX-License-Identifier: GPL-2.0

//! The C callbacks of [`Operations`]: one `struct iommu_ops` per driver, and the functions it
//! points to.
//!
//! Callbacks are thin: they turn pointers into references, check what the core does not promise,
//! keep the instances bound where the callback may sleep, and call the driver. They log each
//! failure of one master, with the master's name.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    mem::MaybeUninit, //
};

use kernel::{
    bindings,
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Full,
        Release, //
    },
    ThisModule, //
};

use crate::{
    bindings as helpers,
    domain_base,
    master::Master,
    ops::Operations, //
};

mod attach;
mod device;
mod paging;
mod resolver;

use attach::*;
use device::{
    def_domain_type,
    device_group,
    get_resv_regions,
    release_device, //
};
use paging::*;
use resolver::*;

/// The structures by which the core knows a driver.
///
/// The core compares their addresses, and writes to some of them. So each driver has exactly one,
/// in writable memory: a `static` made by [`module_iommu_driver!`].
///
/// [`module_iommu_driver!`]: crate::module_iommu_driver
///
/// # Invariants
///
/// `inner` is written once, by the caller that changes `state` from `Self::EMPTY` to
/// `Self::FILLING`. When `state` is `Self::FILLED`, only the core writes.
pub struct Statics<T: Operations> {
    inner: UnsafeCell<Inner>,
    state: Atomic<u32>,
    _driver: PhantomData<fn(T) -> T>,
}

struct Inner {
    ops: bindings::iommu_ops,
    paging_ops: bindings::iommu_domain_ops,
    identity_ops: bindings::iommu_domain_ops,
    blocked_ops: bindings::iommu_domain_ops,
    identity: bindings::iommu_domain,
    blocked: bindings::iommu_domain,
}

// SAFETY: by the type invariants `inner` is written once, before the driver is registered;
// afterwards only the core writes, under its own rules.
unsafe impl<T: Operations> Sync for Statics<T> {}

/// Gives a driver its [`Statics`]. Implemented by [`module_iommu_driver!`].
///
/// # Safety
///
/// [`HasStatics::statics`] returns the same address at each call, and it is that of no other
/// driver.
///
/// [`module_iommu_driver!`]: crate::module_iommu_driver
pub unsafe trait HasStatics {
    /// Returns the driver's only instance.
    fn statics() -> &'static Statics<Self>
    where
        Self: Operations;
}

impl<T: Operations> Statics<T> {
    const EMPTY: u32 = 0;
    const FILLING: u32 = 1;
    const FILLED: u32 = 2;

    /// Makes zeroed statics, to be filled in by [`Self::init`].
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self {
            // SAFETY: all of these are C structures for which zeroes are valid.
            inner: UnsafeCell::new(unsafe { MaybeUninit::zeroed().assume_init() }),
            state: Atomic::new(Self::EMPTY),
            _driver: PhantomData,
        }
    }

    /// Address of the driver's `struct iommu_ops`.
    #[inline]
    pub(crate) fn ops(&self) -> *const bindings::iommu_ops {
        // SAFETY: only the address is taken.
        unsafe { &raw const (*self.inner.get()).ops }
    }

    /// Fills in all structures, the first time. Later calls write nothing, because the core may use
    /// them.
    ///
    /// # Errors
    ///
    /// `EBUSY` if the first call was for another module, or is still running.
    pub(crate) fn init(&'static self, module: &'static ThisModule) -> Result {
        if self
            .state
            .cmpxchg(Self::EMPTY, Self::FILLING, Full)
            .is_err()
        {
            let same = self.state.load(Acquire) == Self::FILLED && self.module() == module.as_ptr();
            return if same { Ok(()) } else { Err(EBUSY) };
        }

        // INVARIANT: this caller has changed `state`.
        // SAFETY: by the type invariants there is no other user now.
        let inner = unsafe { &mut *self.inner.get() };

        inner.paging_ops.attach_dev = Some(attach_paging::<T>);
        inner.paging_ops.map_pages = Some(map_pages::<T>);
        inner.paging_ops.unmap_pages = Some(unmap_pages::<T>);
        inner.paging_ops.flush_iotlb_all = Some(flush_iotlb_all::<T>);
        inner.paging_ops.iotlb_sync_map = Some(iotlb_sync_map::<T>);
        inner.paging_ops.iotlb_sync = Some(iotlb_sync::<T>);
        inner.paging_ops.iova_to_phys = Some(iova_to_phys::<T>);
        inner.paging_ops.free = Some(domain_base::free);

        inner.identity_ops.attach_dev = Some(attach_identity::<T>);
        inner.identity.type_ = bindings::IOMMU_DOMAIN_IDENTITY;
        inner.identity.ops = &raw const inner.identity_ops;

        inner.blocked_ops.attach_dev = Some(attach_blocked::<T>);
        inner.blocked.type_ = bindings::IOMMU_DOMAIN_BLOCKED;
        inner.blocked.ops = &raw const inner.blocked_ops;

        inner.ops.of_xlate = Some(of_xlate::<T>);
        inner.ops.probe_device = Some(probe_device::<T>);
        inner.ops.release_device = Some(release_device::<T>);
        inner.ops.device_group = Some(device_group::<T>);
        inner.ops.get_resv_regions = Some(get_resv_regions::<T>);
        inner.ops.def_domain_type = Some(def_domain_type::<T>);
        inner.ops.domain_alloc_paging = Some(domain_alloc_paging::<T>);
        inner.ops.default_domain_ops = &raw const inner.paging_ops;
        inner.ops.blocked_domain = &raw mut inner.blocked;
        inner.ops.release_domain = &raw mut inner.blocked;
        if T::IDENTITY {
            inner.ops.identity_domain = &raw mut inner.identity;
        }
        inner.ops.owner = module.as_ptr();
        self.state.store(Self::FILLED, Release);
        Ok(())
    }

    /// Returns the driver's module.
    fn module(&self) -> *mut bindings::module {
        // SAFETY: set once, by `init`, before any callback can run.
        unsafe { (*self.inner.get()).ops.owner }
    }
}

/// Returns the master of an attach, if it is one of driver `T`.
///
/// The core does not compare the drivers of a domain and a device on every path. It attaches all
/// devices of a group to the domain of the group, and in a group of a bus another driver may have
/// put one of them there.
///
/// # Safety
///
/// `dev` is valid for `'a`, and was probed by some IOMMU driver that has not released it.
unsafe fn own_master<'a, T: Operations>(dev: *mut bindings::device) -> Option<&'a Master<T>> {
    // SAFETY: by the safety requirement; the core sets the instance of a device it has probed.
    let ops = unsafe { (*(*(*dev).iommu).iommu_dev).ops };

    // SAFETY: by the safety requirement; the driver is `T`.
    core::ptr::eq(ops, T::statics().ops()).then(|| unsafe { master::<T>(dev) })
}

/// Returns the master of a callback.
///
/// # Safety
///
/// `dev` is valid for `'a`, and between `probe_device` and `release_device` of driver `T`.
#[inline]
unsafe fn master<'a, T: Operations>(dev: *mut bindings::device) -> &'a Master<T> {
    // SAFETY: by the safety requirement.
    let ptr = unsafe { helpers::rust_iommu_helper_dev_iommu_priv_get(dev) };

    // SAFETY: `probe_device` stored it; only `release_device` frees it.
    unsafe { &*ptr.cast::<Master<T>>() }
}
