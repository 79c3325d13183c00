// SPDX-License-Identifier: GPL-2.0

//! The device under `/sys/class/iommu` that stands for an instance.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use core::ptr::{
    self,
    NonNull, //
};

use kernel::{
    bindings,
    device::Device,
    error::to_result,
    prelude::*, //
};

use crate::bindings::as_raw;

/// An instance's entry in `/sys/class/iommu`, removed on drop.
///
/// The core links every master to it, in both directions. It must exist before the instance is
/// registered, and until after it is unregistered.
///
/// # Invariants
///
/// `iommu` points to a valid `struct iommu_device` whose `dev` is a registered device.
pub(crate) struct SysfsDevice {
    iommu: NonNull<bindings::iommu_device>,
}

// SAFETY: The device can be removed by any task.
unsafe impl Send for SysfsDevice {}

// SAFETY: A shared reference only allows to read the device.
unsafe impl Sync for SysfsDevice {}

impl SysfsDevice {
    /// Adds the entry `name` below `parent`.
    ///
    /// C takes a format. Here `name` is passed as an argument, so a `%` in it is literal.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, and `EEXIST` if `name` is taken. `iommu->dev` is NULL then.
    ///
    /// # Safety
    ///
    /// - `iommu` points to a valid `struct iommu_device` until the result has been dropped, and has
    ///   no entry yet.
    /// - It is registered with the core at most between this call and the drop.
    ///
    /// Corresponds to `iommu_device_sysfs_add()`, and `iommu_device_sysfs_remove()` on drop.
    pub(crate) unsafe fn new(
        iommu: NonNull<bindings::iommu_device>,
        parent: &Device,
        name: &CStr,
    ) -> Result<Self> {
        // SAFETY: `iommu` is valid by the safety requirement; `parent` is valid and C takes a
        // reference; the format matches its one argument, which C copies.
        let ret = to_result(unsafe {
            bindings::iommu_device_sysfs_add(
                iommu.as_ptr(),
                as_raw(parent),
                ptr::null_mut(),
                c"%s".as_char_ptr(),
                name.as_char_ptr(),
            )
        });

        if let Err(err) = ret {
            // SAFETY: `iommu` is valid by the safety requirement. C has put the device, or has not
            // got one.
            unsafe { (*iommu.as_ptr()).dev = ptr::null_mut() };
            return Err(err);
        }

        // INVARIANT: Added above, and valid by the safety requirement.
        Ok(Self { iommu })
    }
}

impl Drop for SysfsDevice {
    fn drop(&mut self) {
        // SAFETY: By the type invariants the device is registered. By the safety requirement of
        // `new` the core does not use it any more.
        unsafe { bindings::iommu_device_sysfs_remove(self.iommu.as_ptr()) };
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_sysfs)]
mod tests {
    use super::*;

    use kernel::faux;

    #[test]
    fn name_is_no_format() -> Result {
        let parent = faux::Registration::new(c"iommu-test-sysfs", None)?;
        let mut iommu = KBox::new(bindings::iommu_device::default(), GFP_KERNEL)?;
        let raw = NonNull::from(&mut *iommu);
        let name = c"iommu-test-%s%n%d";

        // SAFETY: `iommu` is dropped after `entry`, and is never registered.
        let entry = unsafe { SysfsDevice::new(raw, parent.as_ref().as_ref(), name) }?;
        // SAFETY: There is an entry, so there is a device.
        let dev: &Device = unsafe { Device::from_raw((*raw.as_ptr()).dev) };
        assert!(dev.name().to_bytes() == name.to_bytes());

        drop(entry);
        // SAFETY: `iommu` is still there.
        assert!(unsafe { (*raw.as_ptr()).dev }.is_null());
        Ok(())
    }
}
