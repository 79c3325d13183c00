// SPDX-License-Identifier: GPL-2.0

//! A device for the KUnit suites that looks to the driver core like an IOMMU or a master.
//!
//! A device of the faux bus does not: it has no power management, so with `CONFIG_PM_SLEEP` it is
//! not in the driver core's list of devices to suspend, and cannot be the supplier of a link.
//!
//! C header: [`include/linux/platform_device.h`](srctree/include/linux/platform_device.h)

use core::{
    ops::Deref,
    ptr, //
};

use kernel::{
    bindings,
    device::Device,
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*,
    types::Opaque, //
};

/// A platform device, bound to a driver of its own name that does nothing when it is probed.
///
/// # Invariants
///
/// `pdev` is a registered platform device, `driver` a registered driver.
pub(crate) struct TestDevice {
    driver: Pin<KBox<Opaque<bindings::platform_driver>>>,
    pdev: *mut bindings::platform_device,
}

impl TestDevice {
    /// Registers a device, and a driver without power management, of a name that is not in use.
    pub(crate) fn new(name: &'static CStr) -> Result<Self> {
        Self::with_pm(name, ptr::null())
    }

    /// As [`Self::new`], with power management, which is NULL or a static.
    pub(crate) fn with_pm(name: &'static CStr, ops: *const bindings::dev_pm_ops) -> Result<Self> {
        let mut driver = bindings::platform_driver::default();

        driver.driver.pm = ops;
        driver.driver.name = name.as_char_ptr();
        let driver = KBox::pin(Opaque::new(driver), GFP_KERNEL)?;

        // SAFETY: Valid until it is unregistered on drop. No module owns it.
        to_result(unsafe {
            bindings::__platform_driver_register(driver.get(), ptr::null_mut(), name.as_char_ptr())
        })?;

        let info = bindings::platform_device_info {
            name: name.as_char_ptr(),
            id: -1,
            ..Default::default()
        };
        // SAFETY: All fields but the name may be zero.
        let pdev = from_err_ptr(unsafe { bindings::platform_device_register_full(&info) })
            .inspect_err(|_| {
                // SAFETY: Registered above.
                unsafe { bindings::platform_driver_unregister(driver.get()) }
            })?;

        // INVARIANT: Both have just been registered.
        let dev = Self { driver, pdev };
        dev.is_bound().then_some(dev).ok_or(ENODEV)
    }

    /// Whether the device still has its driver.
    pub(crate) fn is_bound(&self) -> bool {
        // SAFETY: By the type invariant the device is valid. Meanwhile only the task of the suite
        // binds or unbinds it.
        !unsafe { (*self.pdev).dev.driver }.is_null()
    }
}

impl Deref for TestDevice {
    type Target = Device;

    fn deref(&self) -> &Device {
        // SAFETY: By the type invariant the device is registered until `self` is dropped.
        unsafe { Device::from_raw(&raw mut (*self.pdev).dev) }
    }
}

impl Drop for TestDevice {
    fn drop(&mut self) {
        // SAFETY: By the type invariant it is registered.
        unsafe { bindings::platform_device_unregister(self.pdev) };
        // SAFETY: By the type invariant it is registered.
        unsafe { bindings::platform_driver_unregister(self.driver.get()) };
    }
}
