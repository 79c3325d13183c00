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
//! `patches/core/0002-driver-core-Mark-a-device-as-probing-only-if-it-is.patch`. This file can go
//! when the core makes the links, or passes the instance in when it is bound.

use kernel::{
    device::Device,
    prelude::*,
    sync::Arc, //
};

use crate::{
    instance::Instance,
    link,
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

/// Links the masters of an instance whose device, `dev`, has been bound. They were added while it
/// was being probed.
pub(crate) fn link_all(dev: &Device) {
    let Some(instance) = registry::find(|instance| instance.is_of(dev)) else {
        return;
    };
    instance.set_bound();
    instance.masters.for_each(|master| {
        if let Err(e) = add(master.dev(), dev) {
            dev_err!(master.dev(), "{}: no device link: {:?}\n", dev.name(), e);
        }
    });
}

/// Links a master to its instances: a driver is about to be bound to it.
pub(crate) fn link_consumer(dev: &Device) {
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
