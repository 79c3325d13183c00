// SPDX-License-Identifier: GPL-2.0

//! The gap: a device link cannot always be made when the core gives a master to its instance.
//!
//! - The core probes masters while the instance's device is still being probed. If the driver of a
//!   master is being probed, too, and fails, the driver core finds a link that was made then in a
//!   state that it does not expect.
//! - A device whose probe was deferred for a missing supplier keeps the state that it is being
//!   probed. A link that is made then counts as used by a probe, and when the supplier's driver is
//!   unbound, the driver core waits for the end of that probe.
//!
//! So the masters of an instance are linked when the driver core reports the instance as bound, and
//! a master in the second state when a driver is about to be bound to it.
//!
//! The second is closed by
//! `patches/0002-driver-core-Mark-a-device-as-probing-only-if-it-is.patch`. This file can go when
//! the core makes the links, or passes the instance in when it is bound.
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
    sync::Arc,
    types::Opaque, //
};

use crate::{
    instance::Instance,
    link,
    refusal,
    registry, //
};

/// Links `master` to `instance`, if that can be done now.
///
/// `master` is listed by now, so if the instance is about to be bound, [`link_all`] links it.
///
/// # Errors
///
/// Those of [`link::add`].
///
/// # Safety
///
/// The gate of the instance is held.
pub(crate) unsafe fn link_master(instance: &Instance, master: &Device) -> Result {
    if !instance.is_bound() {
        return Ok(());
    }
    // SAFETY: the gate is held.
    add(master, unsafe { instance.dev() })
}

fn add(master: &Device, iommu: &Device) -> Result {
    if link::is_deferred(master) {
        return Ok(());
    }
    link::add(master, iommu)
}

/// Links the masters that were added while `dev`, the device of `instance`, was being probed.
fn link_all(instance: &Instance, dev: &Device) {
    instance.set_bound();
    instance.masters.for_each(|master| {
        if let Err(e) = add(master.dev(), dev) {
            dev_err!(master.dev(), "{}: no device link: {:?}\n", dev.name(), e);
        }
    });
}

/// Links a master to its instances: a driver is about to be bound to it.
fn link_consumer(dev: &Device) {
    let mut instances: KVec<Arc<Instance>> = KVec::new();

    registry::for_each(|instance| {
        if instance.masters.has(dev) && instances.push(instance.clone(), GFP_KERNEL).is_err() {
            dev_err!(dev, "no device link: no memory is free\n");
        }
    });
    for instance in instances {
        let Some(_guard) = instance.gate().enter() else {
            continue;
        };
        // SAFETY: the gate is held.
        let result = unsafe { link_master(&instance, dev) };
        if let Err(e) = result {
            dev_err!(dev, "no device link: {:?}\n", e);
        }
    }
}

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
        link_consumer(dev);
    } else if event == bindings::bus_notifier_event_BUS_NOTIFY_BOUND_DRIVER as c_ulong {
        if let Some(instance) = registry::find_dev(dev) {
            link_all(&instance, dev);
        }
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
