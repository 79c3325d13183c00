// SPDX-License-Identifier: GPL-2.0

//! Platform devices that another device needs, and names by a property.
//!
//! C headers: [`include/linux/property.h`](srctree/include/linux/property.h),
//! [`include/linux/device/bus.h`](srctree/include/linux/device/bus.h)

use core::ptr::{
    self,
    NonNull, //
};

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::to_result,
    platform,
    prelude::*,
    sync::aref::ARef, //
};

use crate::link;

/// Returns the platform device that reference `index` of `property` names, and makes `dev` depend
/// on it: its driver is unbound only after that of `dev`.
///
/// # Errors
///
/// `ENOENT` or `EINVAL` if there is no such reference, `EPROBE_DEFER` if the device does not exist
/// or has no driver yet, and the errors of the link.
///
/// Corresponds to `fwnode_property_get_reference_args()`, `bus_find_device_by_fwnode()` and
/// `device_link_add()`. May sleep. Called while `dev` is being probed.
pub fn find(dev: &Device<Bound>, property: &CStr, index: u32) -> Result<ARef<platform::Device>> {
    let fwnode = dev.fwnode().ok_or(EINVAL)?;
    let mut args = bindings::fwnode_reference_args::default();

    // SAFETY: the node and the name are valid; without a name for the cells, no cell is read.
    to_result(unsafe {
        bindings::fwnode_property_get_reference_args(
            ptr::from_ref(fwnode).cast_mut().cast(),
            property.as_char_ptr(),
            ptr::null(),
            0,
            index,
            &mut args,
        )
    })?;
    // SAFETY: the bus is registered, and the node valid. The result has a reference of its own.
    let found = unsafe {
        bindings::bus_find_device(
            &raw const bindings::platform_bus_type,
            ptr::null_mut(),
            args.fwnode.cast(),
            Some(bindings::device_match_fwnode),
        )
    };
    // SAFETY: the reference that the first call has taken.
    unsafe { bindings::fwnode_handle_put(args.fwnode) };
    let found = NonNull::new(found).ok_or(EPROBE_DEFER)?;
    // SAFETY: a device, with the reference that was taken above.
    let supplier: ARef<Device> = unsafe { ARef::from_raw(found.cast()) };

    depend(dev, &supplier)?;
    let pdev: &platform::Device = (&*supplier).try_into()?;
    Ok(pdev.into())
}

/// Logs that `dev` has no `what`, unless that may still come. Returns the error for probe.
///
/// Corresponds to `dev_err_probe()`.
pub fn missing(dev: &Device<Bound>, what: &str, e: Error) -> Error {
    if e != EPROBE_DEFER {
        dev_err!(dev, "no {what}: {e:?}\n");
    }
    e
}

/// Makes `dev`, which is being probed, depend on `supplier`: its driver is unbound only after that
/// of `dev`.
///
/// # Errors
///
/// `EPROBE_DEFER` if it has no driver, and the errors of the link.
pub(crate) fn depend(dev: &Device, supplier: &Device) -> Result {
    // A link to a device that is being probed must not be made; a driver that is unbound after the
    // first check is seen by the second.
    is_bound(supplier)?;
    link::add(dev, supplier)?;
    is_bound(supplier)
}

/// A driver that has been unbound is not bound for links before `device_is_bound()` says so.
fn is_bound(supplier: &Device) -> Result {
    link::is_bound(supplier).then_some(()).ok_or(EPROBE_DEFER)
}
