// SPDX-License-Identifier: GPL-2.0

//! Finds the instance of a phandle: the two forms of `of_xlate` and `probe_device`.
//!
//! In Linux as released the core passes no instance, so the one whose device has the node of the
//! phandle is looked up. The core with the series `patches/core` passes the instance. The registry
//! then tells whether masters may still use it, since its device is unbound after a master could
//! find it here. Kbuild reads in `linux/iommu.h` which form the kernel has.
//!
//! Both forms keep the number of the instance in the master's ID: the core passes `probe_device`
//! the first instance of a master only.

use kernel::{
    bindings,
    prelude::*, //
};

use super::device;

#[cfg(not(IOMMU_CORE_PASSES_INSTANCE))]
use crate::bindings::{
    self as helpers,
    as_raw, //
};
use crate::{
    ops::Operations,
    registry, //
};

/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
#[cfg(not(IOMMU_CORE_PASSES_INSTANCE))]
pub(super) unsafe extern "C" fn of_xlate<T: Operations>(
    dev: *mut bindings::device,
    args: *const bindings::of_phandle_args,
) -> c_int {
    // SAFETY: the core passes valid arguments, and holds a reference to the node of the phandle.
    let node = unsafe { helpers::rust_iommu_helper_of_fwnode_handle((*args).np) };
    let instance = registry::find(|instance| {
        // SAFETY: the device of an instance in the registry is bound.
        let is_it = unsafe { bindings::device_match_fwnode(as_raw(instance.dev()), node.cast()) };
        is_it != 0 && instance.is_of_driver(T::statics().ops())
    });
    // SAFETY: the core has called this, and the instance is of `T`.
    unsafe { device::of_xlate::<T>(dev, instance, args) }
}

/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
#[cfg(not(IOMMU_CORE_PASSES_INSTANCE))]
pub(super) unsafe extern "C" fn probe_device<T: Operations>(
    dev: *mut bindings::device,
) -> *mut bindings::iommu_device {
    // SAFETY: the core has called this.
    unsafe { device::probe_device::<T>(dev) }
}

/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
#[cfg(IOMMU_CORE_PASSES_INSTANCE)]
pub(super) unsafe extern "C" fn of_xlate<T: Operations>(
    dev: *mut bindings::device,
    iommu: *mut bindings::iommu_device,
    args: *const bindings::of_phandle_args,
) -> c_int {
    let instance = registry::find(|instance| instance.as_raw() == iommu);
    // SAFETY: the core has called this, through the operations of the instance, which are `T`'s.
    unsafe { device::of_xlate::<T>(dev, instance, args) }
}

/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
#[cfg(IOMMU_CORE_PASSES_INSTANCE)]
pub(super) unsafe extern "C" fn probe_device<T: Operations>(
    dev: *mut bindings::device,
    _: *mut bindings::iommu_device,
) -> *mut bindings::iommu_device {
    // SAFETY: the core has called this.
    unsafe { device::probe_device::<T>(dev) }
}
