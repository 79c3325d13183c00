// SPDX-License-Identifier: GPL-2.0

//! Callbacks for changes of a device's power state.
//!
//! C header: [`include/linux/pm.h`](srctree/include/linux/pm.h), `struct dev_pm_ops`

use kernel::{
    bindings,
    device::Device,
    error::from_result,
    ffi::c_int,
    prelude::*, //
};

/// A driver's callbacks for changes of its device's power state, and how they find its data.
///
/// All of them may sleep.
///
/// System sleep callbacks are called in the *noirq* phase of suspend and of resume: the kernel has
/// disabled the device's interrupt then, and its power domain is on. An interrupt handler never
/// runs between the two, and whenever it runs the registers are accessible. Masters are suspended
/// earlier and resumed later. A callback must not wait for an interrupt.
pub(crate) trait PmDevice {
    /// The driver's data.
    type Data;

    /// Returns the data of `dev`.
    ///
    /// Callbacks are called whenever runtime PM is enabled, or system sleep begins, and are not
    /// ordered with probe and unbind: this returns [`None`] if the data does not exist yet or any
    /// more. Suspending then succeeds, and runtime resume fails with `ENODEV`.
    ///
    /// # Safety
    ///
    /// The caller is a power management callback for `dev`, of the driver that this is implemented
    /// for, and does not use the result after the callback has returned.
    unsafe fn from_device(dev: &Device) -> Option<&Self::Data>;

    /// The device will not be used for a while: save the state that is lost, and stop clocks.
    ///
    /// An error leaves the device active; only `EBUSY` and `EAGAIN` do not end runtime PM for good.
    fn runtime_suspend(data: &Self::Data) -> Result;

    /// The device is needed again: start clocks and restore what it should translate now.
    ///
    /// The user that needs the device gets the error, and the next one tries again.
    fn runtime_resume(data: &Self::Data) -> Result;

    /// System sleep begins. An error aborts it.
    fn suspend(data: &Self::Data) -> Result;

    /// System sleep has ended.
    fn resume(data: &Self::Data) -> Result;
}

/// Returns the callbacks of `T`, for the `pm` of a driver.
pub(crate) const fn ops<T: PmDevice>() -> &'static bindings::dev_pm_ops {
    const {
        &bindings::dev_pm_ops {
            runtime_suspend: Some(runtime_suspend::<T>),
            runtime_resume: Some(runtime_resume::<T>),
            suspend_noirq: Some(suspend::<T>),
            resume_noirq: Some(resume::<T>),
            freeze_noirq: Some(suspend::<T>),
            thaw_noirq: Some(resume::<T>),
            poweroff_noirq: Some(suspend::<T>),
            restore_noirq: Some(resume::<T>),
            ..pin_init::zeroed()
        }
    }
}

/// Calls `callback` with the driver's data for `dev`, or returns `nothing` if there is none.
///
/// # Safety
///
/// The caller is a callback of [`ops`], and `dev` the device that it was called for.
unsafe fn call<T: PmDevice>(
    dev: *mut bindings::device,
    callback: fn(&T::Data) -> Result,
    nothing: Result,
) -> c_int {
    from_result(|| {
        // SAFETY: By the safety requirement the device is valid. The driver core calls the
        // callbacks in a driver's `pm` for the devices of that driver.
        unsafe { T::from_device(Device::from_raw(dev)) }.map_or(nothing, callback)?;
        Ok(0)
    })
}

/// # Safety
///
/// Called by the driver core for a device that is valid during the call.
unsafe extern "C" fn runtime_suspend<T: PmDevice>(dev: *mut bindings::device) -> c_int {
    // SAFETY: By the safety requirement.
    unsafe { call::<T>(dev, T::runtime_suspend, Ok(())) }
}

/// # Safety
///
/// Called by the driver core for a device that is valid during the call.
unsafe extern "C" fn runtime_resume<T: PmDevice>(dev: *mut bindings::device) -> c_int {
    // SAFETY: By the safety requirement.
    unsafe { call::<T>(dev, T::runtime_resume, Err(ENODEV)) }
}

/// # Safety
///
/// Called by the driver core for a device that is valid during the call.
unsafe extern "C" fn suspend<T: PmDevice>(dev: *mut bindings::device) -> c_int {
    // SAFETY: By the safety requirement.
    unsafe { call::<T>(dev, T::suspend, Ok(())) }
}

/// # Safety
///
/// Called by the driver core for a device that is valid during the call.
unsafe extern "C" fn resume<T: PmDevice>(dev: *mut bindings::device) -> c_int {
    // SAFETY: By the safety requirement.
    unsafe { call::<T>(dev, T::resume, Ok(())) }
}
