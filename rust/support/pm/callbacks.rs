// SPDX-License-Identifier: GPL-2.0

//! Callbacks for changes of a device's power state.
//!
//! C header: [`include/linux/pm.h`](srctree/include/linux/pm.h), `struct dev_pm_ops`

use core::{
    marker::PhantomData,
    ops::Deref, //
};

use kernel::{
    bindings,
    device::Device,
    error::{
        from_result,
        VTABLE_DEFAULT_ERROR, //
    },
    ffi::c_int,
    prelude::*, //
};

use crate::bindings::{
    rust_iommu_helper_pm_runtime_force_resume,
    rust_iommu_helper_pm_runtime_force_suspend, //
};

/// The callbacks of a driver for changes of its device's power state.
///
/// All callbacks are optional, and all may sleep.
///
/// A driver that has only the runtime pair needs no more for system sleep:
/// `pm_runtime_force_suspend()` and `pm_runtime_force_resume()` call them then.
///
/// System sleep callbacks are called in the *noirq* phase of suspend and of resume: the kernel has
/// disabled the device's interrupt then, and its power domain is on. An interrupt handler never
/// runs between the two, and whenever it runs the registers are accessible. Masters are suspended
/// earlier and resumed later. A callback must not wait for an interrupt.
#[vtable]
pub(crate) trait PmOps {
    /// The device will not be used for a while: save the state that is lost, and stop clocks.
    ///
    /// An error leaves the device active; only `EBUSY` and `EAGAIN` do not end runtime PM for good.
    fn runtime_suspend(&self, _dev: &Device) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The device is needed again: start clocks and restore what it should translate now.
    ///
    /// The user that needs the device gets the error, and the next one tries again.
    fn runtime_resume(&self, _dev: &Device) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// System sleep begins. An error aborts it.
    fn suspend(&self, _dev: &Device) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// System sleep has ended.
    fn resume(&self, _dev: &Device) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// Finds the driver's data for a device.
pub(crate) trait PmDevice {
    /// The driver's data.
    type Ops: PmOps;

    /// Keeps the data in place during a callback.
    type Ref<'a>: Deref<Target = Self::Ops>;

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
    unsafe fn from_device(dev: &Device) -> Option<Self::Ref<'_>>;
}

/// The C side of [`PmOps`], for the `pm` of a driver.
pub(crate) struct PmCallbacks<T: PmDevice>(PhantomData<T>);

impl<T: PmDevice> PmCallbacks<T> {
    const SYSTEM_SLEEP: bool = T::Ops::HAS_SUSPEND || T::Ops::HAS_RESUME;
    const RUNTIME: bool = T::Ops::HAS_RUNTIME_SUSPEND || T::Ops::HAS_RUNTIME_RESUME;

    const SUSPEND: Option<unsafe extern "C" fn(*mut bindings::device) -> c_int> =
        if T::Ops::HAS_SUSPEND {
            Some(Self::suspend)
        } else if Self::RUNTIME && !Self::SYSTEM_SLEEP {
            Some(rust_iommu_helper_pm_runtime_force_suspend)
        } else {
            None
        };

    const RESUME: Option<unsafe extern "C" fn(*mut bindings::device) -> c_int> =
        if T::Ops::HAS_RESUME {
            Some(Self::resume)
        } else if Self::RUNTIME && !Self::SYSTEM_SLEEP {
            Some(rust_iommu_helper_pm_runtime_force_resume)
        } else {
            None
        };

    /// The callbacks of `T`; those that `T` does not implement are NULL.
    const OPS: bindings::dev_pm_ops = bindings::dev_pm_ops {
        runtime_suspend: if T::Ops::HAS_RUNTIME_SUSPEND {
            Some(Self::runtime_suspend)
        } else {
            None
        },
        runtime_resume: if T::Ops::HAS_RUNTIME_RESUME {
            Some(Self::runtime_resume)
        } else {
            None
        },
        suspend_noirq: Self::SUSPEND,
        resume_noirq: Self::RESUME,
        freeze_noirq: Self::SUSPEND,
        thaw_noirq: Self::RESUME,
        poweroff_noirq: Self::SUSPEND,
        restore_noirq: Self::RESUME,
        ..pin_init::zeroed()
    };

    /// Returns [`PmCallbacks::OPS`] at a static address.
    pub(crate) const fn ops() -> &'static bindings::dev_pm_ops {
        const { &Self::OPS }
    }

    /// Calls `callback` with the driver's data for `dev`, or returns `nothing` if there is none.
    ///
    /// # Safety
    ///
    /// The caller is a callback of [`PmCallbacks::OPS`], and `dev` the device that it was called
    /// for.
    unsafe fn call(
        dev: *mut bindings::device,
        callback: impl FnOnce(&T::Ops, &Device) -> Result,
        nothing: Result,
    ) -> c_int {
        // SAFETY: Valid by the safety requirement.
        let dev: &Device = unsafe { Device::from_raw(dev) };

        from_result(|| {
            // SAFETY: By the safety requirement. The driver core calls the callbacks in a driver's
            // `pm` for the devices of that driver.
            match unsafe { T::from_device(dev) } {
                Some(ops) => callback(&ops, dev),
                None => nothing,
            }
            .map(|()| 0)
        })
    }

    /// # Safety
    ///
    /// Called by the driver core for a device that is valid during the call.
    unsafe extern "C" fn runtime_suspend(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { Self::call(dev, T::Ops::runtime_suspend, Ok(())) }
    }

    /// # Safety
    ///
    /// Called by the driver core for a device that is valid during the call.
    unsafe extern "C" fn runtime_resume(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { Self::call(dev, T::Ops::runtime_resume, Err(ENODEV)) }
    }

    /// # Safety
    ///
    /// Called by the driver core for a device that is valid during the call.
    unsafe extern "C" fn suspend(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { Self::call(dev, T::Ops::suspend, Ok(())) }
    }

    /// # Safety
    ///
    /// Called by the driver core for a device that is valid during the call.
    unsafe extern "C" fn resume(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { Self::call(dev, T::Ops::resume, Ok(())) }
    }
}
