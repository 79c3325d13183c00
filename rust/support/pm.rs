// SPDX-License-Identifier: GPL-2.0

//! Power management of a device: keeping it powered, and callbacks for changes of its power state.
//!
//! C header: [`include/linux/pm_runtime.h`](srctree/include/linux/pm_runtime.h)
//!
//! # Limits of the state that runtime PM reports
//!
//! Only code that holds a power reference knows for certain that a device is powered. During system
//! sleep, and on the way to it, runtime PM is disabled: `pm_runtime_get_if_active()` fails although
//! the device may still run, and the recorded status may be "active" although
//! [`Hardware::runtime_suspend`] was called. So there is no such function here. Code that must not
//! miss a powered device, such as the invalidation of a TLB, should read a flag of its own that the
//! callbacks below change under a lock. All of them are called on each way into and out of low
//! power.
//!
//! [`Hardware::runtime_suspend`]: crate::hardware::Hardware::runtime_suspend

use core::{
    mem::ManuallyDrop,
    ptr, //
};

use kernel::{
    device::{
        Bound,
        Device, //
    },
    error::to_result,
    prelude::*,
    sync::aref::ARef, //
};

use crate::bindings::{
    as_raw,
    rust_iommu_helper_pm_runtime_disable,
    rust_iommu_helper_pm_runtime_enable,
    rust_iommu_helper_pm_runtime_put,
    rust_iommu_helper_pm_runtime_put_sync,
    rust_iommu_helper_pm_runtime_resume_and_get,
    rust_iommu_helper_pm_runtime_set_suspended, //
};

pub(crate) mod callbacks;
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
mod kunit;

/// Runtime PM of a device, enabled by its driver.
///
/// Dropping it disables runtime PM, after running callbacks have returned, and the device counts as
/// suspended. No callback is called for that. The driver must also switch off what the callbacks
/// had switched on, for instance by dropping a [`ClkSwitch`](crate::clk::ClkSwitch). Drop this
/// first, so that no callback finds the switch freed.
///
/// If it is forgotten instead, the PM core calls the driver for as long as the driver is bound. The
/// crate's callbacks accept a device that has no instance, so this is sound.
///
/// # Invariants
///
/// Runtime PM was enabled once for `dev`, and has not been disabled in return.
pub(crate) struct RuntimePm<'a> {
    dev: &'a Device<Bound>,
}

impl<'a> RuntimePm<'a> {
    /// Enables runtime PM for `dev`, which counts as suspended. Callbacks may be called before this
    /// returns.
    ///
    /// Corresponds to `pm_runtime_enable()`; on drop, to `pm_runtime_disable()` and
    /// `pm_runtime_set_suspended()`. May sleep.
    pub(crate) fn enable(dev: &'a Device<Bound>) -> Self {
        // SAFETY: `dev` is valid by its type invariants.
        unsafe { rust_iommu_helper_pm_runtime_enable(as_raw(dev)) };

        // INVARIANT: Enabled above.
        Self { dev }
    }
}

impl Drop for RuntimePm<'_> {
    fn drop(&mut self) {
        // SAFETY: `dev` is valid; enabled once by the type invariants.
        unsafe { rust_iommu_helper_pm_runtime_disable(as_raw(self.dev)) };

        // Tells the parent that this child needs no power. Fails only if other code has enabled
        // runtime PM as well, which then decides about the status.
        // SAFETY: `dev` is valid.
        let _ = unsafe { rust_iommu_helper_pm_runtime_set_suspended(as_raw(self.dev)) };
    }
}

/// Prevents runtime PM callbacks of a device until dropped.
///
/// For the adapter, around the drop of the object that [`PmDevice::from_device`] finds: the order
/// in which a driver drops its own fields, among them its [`RuntimePm`], must not matter.
///
/// # Invariants
///
/// Runtime PM was disabled once for `dev`, and has not been enabled in return.
#[must_use = "callbacks may come again when this is dropped"]
pub(crate) struct Quiet<'a> {
    dev: &'a Device,
}

/// Waits for running runtime PM callbacks of `dev`, and prevents new ones.
///
/// System sleep callbacks are not affected. In the phases used here the driver core holds no lock
/// of the device. They cannot run during unbinding because user space is frozen by then, and
/// probing is blocked. Kernel code that unbinds a device in these phases has to exclude that
/// itself.
///
/// Corresponds to `pm_runtime_disable()`, and `pm_runtime_enable()` on drop. May sleep.
pub(crate) fn quiesce(dev: &Device) -> Quiet<'_> {
    // SAFETY: `dev` is valid by its type invariants.
    unsafe { rust_iommu_helper_pm_runtime_disable(as_raw(dev)) };

    // INVARIANT: Disabled above.
    Quiet { dev }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // SAFETY: `dev` is valid; disabled once by the type invariants.
        unsafe { rust_iommu_helper_pm_runtime_enable(as_raw(self.dev)) };
    }
}

/// Keeps a device powered until dropped, and its memory in place.
///
/// Dropping it suspends the device later, by a worker. It may be held after the driver was unbound,
/// and then has no effect. Must not be dropped in atomic context: it may be the last reference to
/// the device.
///
/// # Invariants
///
/// Owns one count of `dev` being in use.
#[must_use = "the device may lose power when this is dropped"]
pub struct AwakeHold {
    dev: ARef<Device>,
}

/// Powers `dev` and keeps it powered.
///
/// # Errors
///
/// `EACCES` if runtime PM is not enabled and the device is suspended, as it is when its driver has
/// been unbound. If [`Hardware::runtime_resume`] fails, its error; the next call tries again.
/// `EINVAL` once [`Hardware::runtime_suspend`] has failed.
///
/// Corresponds to `pm_runtime_resume_and_get()`, and `pm_runtime_put()` on drop. May sleep.
///
/// [`Hardware::runtime_resume`]: crate::hardware::Hardware::runtime_resume
/// [`Hardware::runtime_suspend`]: crate::hardware::Hardware::runtime_suspend
pub fn get(dev: &Device) -> Result<AwakeHold> {
    // SAFETY: `dev` is valid by its type invariants.
    to_result(unsafe { rust_iommu_helper_pm_runtime_resume_and_get(as_raw(dev)) })?;

    // INVARIANT: Counted by the call above.
    Ok(AwakeHold { dev: dev.into() })
}

impl AwakeHold {
    /// Releases the power reference, and suspends the device before returning if it has no other
    /// user.
    ///
    /// Corresponds to `pm_runtime_put_sync()`. May sleep.
    pub fn put_sync(self) {
        let hold = ManuallyDrop::new(self);
        // SAFETY: The reference moves out of `hold`, which is neither used nor dropped after this.
        let dev = unsafe { ptr::read(&hold.dev) };

        // SAFETY: `dev` is valid; by the type invariants there is a count to release, which is not
        // released again.
        let _ = unsafe { rust_iommu_helper_pm_runtime_put_sync(as_raw(&dev)) };
    }
}

impl Drop for AwakeHold {
    fn drop(&mut self) {
        // SAFETY: `dev` is valid; by the type invariants there is a count to release.
        unsafe { rust_iommu_helper_pm_runtime_put(as_raw(&self.dev)) };
    }
}
