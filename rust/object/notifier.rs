// SPDX-License-Identifier: GPL-2.0

//! A notifier of the platform bus, for two events: a driver was bound to an instance's device, and
//! a device was removed.
//!
//! C header: [`include/linux/device/bus.h`](srctree/include/linux/device/bus.h)

use kernel::{
    bindings,
    device::Device,
    error::to_result,
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*,
    types::Opaque, //
};

use crate::{
    refusal,
    registry, //
};

/// The crate's entry in the bus's list. It is never removed, as the crate stays loaded.
struct Block(Opaque<bindings::notifier_block>);

// SAFETY: only the list's owner writes it, under the list's lock.
unsafe impl Sync for Block {}

static BLOCK: Block = Block(Opaque::new(bindings::notifier_block {
    notifier_call: Some(notified),
    next: core::ptr::null_mut(),
    priority: 0,
}));

/// Handles an event of a device of the platform bus. May sleep.
///
/// # Safety
///
/// Called by the bus only, as its notifiers are.
unsafe extern "C" fn notified(
    _block: *mut bindings::notifier_block,
    event: c_ulong,
    dev: *mut c_void,
) -> c_int {
    // SAFETY: the bus passes a valid device.
    let dev: &Device = unsafe { Device::from_raw(dev.cast()) };

    if event == bindings::bus_notifier_event_BUS_NOTIFY_BOUND_DRIVER as c_ulong {
        // The driver core holds the lock of the device, so its driver is not unbound meanwhile.
        if let Some(instance) = registry::find_dev(dev) {
            instance.on_bound(dev);
        }
    } else if event == bindings::bus_notifier_event_BUS_NOTIFY_REMOVED_DEVICE as c_ulong {
        refusal::forget(dev);
    }
    bindings::NOTIFY_DONE as c_int
}

/// Registers the notifier.
///
/// # Safety
///
/// Called once. If it succeeds, the module is never unloaded.
///
/// Corresponds to `bus_register_notifier()`.
pub(crate) unsafe fn register() -> Result {
    // SAFETY: both are statics, and by the safety requirement stay.
    to_result(unsafe {
        bindings::bus_register_notifier(&raw const bindings::platform_bus_type, BLOCK.0.get())
    })
}
