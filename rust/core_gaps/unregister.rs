// SPDX-License-Identifier: GPL-2.0

//! The gap: `iommu_device_unregister()` takes no lock that a probe holds.
//!
//! A probe looks up the instance of a master twice. If the instance is unregistered in between, the
//! core reads `of_xlate` through a NULL pointer. A master that has its group, but is not in the
//! group's list yet, loses a reference of its group. And the core releases only the masters that it
//! lists under the instance, which is the first of their instances.
//!
//! So the crate first clears `ready`, and takes the core's probe lock once. After that no probe is
//! under way that has found the instance in the registry. The core reads `ready` before its second
//! look-up, but only for the first phandle of a device that it does not know yet. The lock is
//! private to the core, but the core takes it for each device whose DMA is configured, even one
//! without an IOMMU.
//!
//! Closed by `patches/core/0001-iommu-Unregister-an-instance-under-the-probe-lock.patch`. With
//! that, [`ProbeLock`] can go, and so can clearing `ready`; [`evict`] stays, for the masters of
//! several instances.

use kernel::{
    bindings,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    }, //
};

use super::replay;

use crate::{
    bare_device::BareDevice,
    bindings::as_raw,
    group::Group,
    instance::Instance, //
};

/// A device with which the core's probe lock is taken once. Made early, so that this cannot fail.
pub(crate) struct ProbeLock(BareDevice);

impl ProbeLock {
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        BareDevice::new().map(Self)
    }

    /// Waits for all callbacks that held the probe lock when this was called.
    ///
    /// Must not be called with the lock held, in `of_xlate` or `probe_device`. May sleep.
    ///
    /// Corresponds to a `mutex_lock()` and `mutex_unlock()` of that lock, which configuring the DMA
    /// of a device does.
    pub(crate) fn wait(self) {
        // SAFETY: the root of the devicetree is never freed, and describes no IOMMU.
        drop(unsafe { self.0.configure(bindings::of_root) });
    }
}

/// Unregisters an instance, and releases all of its masters.
///
/// # Safety
///
/// The instance was registered with the core, and not unregistered since. It is not in the registry
/// any more.
pub(crate) unsafe fn unregister(instance: &Instance, lock: Option<ProbeLock>) {
    release_drivers(instance);
    let _walk = replay::walk();
    // SAFETY: the core writes this only while it registers the instance, which has ended, and
    // otherwise only reads it, atomically.
    unsafe { (&raw mut (*instance.as_raw()).ready).write_volatile(false) };
    if let Some(lock) = lock {
        lock.wait();
    }
    // SAFETY: by the safety requirement.
    unsafe { bindings::iommu_device_unregister(instance.as_raw()) };
    evict(instance);
}

/// Unbinds the drivers of masters without a link to the instance. Those with a link have none by
/// now.
///
/// A link can be missing: it could not be made, or the driver was bound while the driver core began
/// to unbind the instance.
fn release_drivers(instance: &Instance) {
    let mut n = 0;

    while let Some((master, _)) = instance.masters.nth(n) {
        // SAFETY: the device is valid. The driver core unbinds consumers in the same context, under
        // the lock of the supplier.
        unsafe { bindings::device_release_driver(as_raw(&master)) };
        n += 1;
    }
}

/// Releases masters that the core has left after it unregistered the instance: those that it lists
/// under another instance, and, where a registration failed half-way, those that another task has
/// probed.
pub(crate) fn evict(instance: &Instance) {
    while let Some((master, group)) = instance.masters.nth(0) {
        if group.is_some_and(|group| group.contains(&master)) {
            // SAFETY: `contains` was checked above. The instance is not in the registry, so the
            // master has not been probed anew. Otherwise only the core takes masters out, when a
            // device is removed: it does not do that twice at a time, and its interface gives no
            // way to exclude it.
            unsafe { Group::remove(&master) };
        } else {
            fsleep(Delta::from_millis(1));
        }
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_probe_lock)]
mod tests {
    use super::*;

    #[test]
    fn comes_back() -> Result {
        // Twice, to see that the lock was released.
        ProbeLock::new()?.wait();
        ProbeLock::new()?.wait();
        // One that is not used is freed.
        drop(ProbeLock::new()?);
        Ok(())
    }
}
