// SPDX-License-Identifier: GPL-2.0

//! From the notifiers of the buses to the crate: a driver is bound to a device, a device is
//! removed.
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
    core_gaps::links,
    part,
    refusal, //
};

/// The crate's entry in the list of a bus. It is never removed, as the crate stays loaded.
struct Block(Opaque<bindings::notifier_block>);

// SAFETY: only the list's owner writes it, under the list's lock.
unsafe impl Sync for Block {}

impl Block {
    const fn new() -> Self {
        Self(Opaque::new(bindings::notifier_block {
            notifier_call: Some(notified),
            next: core::ptr::null_mut(),
            priority: 0,
        }))
    }
}

static PLATFORM: Block = Block::new();

#[cfg(CONFIG_PCI)]
static PCI: Block = Block::new();

/// Handles an event of a device. May sleep.
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

    // The driver core holds the lock of the device when it reports the first two.
    if event == bindings::bus_notifier_event_BUS_NOTIFY_BIND_DRIVER as c_ulong {
        links::link_consumer(dev);
    } else if event == bindings::bus_notifier_event_BUS_NOTIFY_BOUND_DRIVER as c_ulong {
        links::link_all(dev);
        part::parent_bound(dev);
    } else if event == bindings::bus_notifier_event_BUS_NOTIFY_REMOVED_DEVICE as c_ulong {
        refusal::forget(dev);
    }
    bindings::NOTIFY_DONE as c_int
}

/// Registers the notifiers of the platform and the PCI bus. A master on another bus (AMBA, for
/// example) that was deferred is not linked; its driver is unbound when the instance is
/// unregistered.
///
/// # Safety
///
/// Called once. If it succeeds, the module is never unloaded.
///
/// Corresponds to `bus_register_notifier()`.
pub(crate) unsafe fn register() -> Result {
    let platform = &raw const bindings::platform_bus_type;

    // SAFETY: both are statics, and by the safety requirement stay if this succeeds.
    to_result(unsafe { bindings::bus_register_notifier(platform, PLATFORM.0.get()) })?;
    #[cfg(CONFIG_PCI)]
    // SAFETY: as above.
    to_result(unsafe {
        bindings::bus_register_notifier(&raw const bindings::pci_bus_type, PCI.0.get())
    })
    // SAFETY: registered above. No event uses it any more when this returns.
    .inspect_err(|_| unsafe {
        bindings::bus_unregister_notifier(platform, PLATFORM.0.get());
    })?;
    Ok(())
}
