// SPDX-License-Identifier: GPL-2.0

//! Reset lines of a device.
//!
//! C header: [`include/linux/reset.h`](srctree/include/linux/reset.h)

use core::ptr;

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*,
    sync::Mutex, //
};

use crate::{
    bindings::{
        as_raw,
        rust_iommu_helper_reset_control_assert,
        rust_iommu_helper_reset_control_deassert,
        rust_iommu_helper_reset_control_get_exclusive,
        rust_iommu_helper_reset_control_put,
        rust_iommu_helper_reset_control_status, //
    },
    lock_class::new_lock, //
};

/// A reset line that belongs to this user alone: it is asserted whenever this user asserts it.
///
/// Getting and dropping it leaves the line as it is. [`ResetSwitch`] changes it.
///
/// # Invariants
///
/// `raw` is NULL, which C accepts everywhere as a line that does nothing, or the result of a
/// successful `reset_control_get_exclusive()`, whose reference this owns.
pub struct Reset {
    raw: *mut bindings::reset_control,
}

// SAFETY: A reset control may be used and put by any task.
unsafe impl Send for Reset {}

// SAFETY: The calls of the reset framework do not race with each other: an exclusive line is
// serialised by its controller.
unsafe impl Sync for Reset {}

impl Reset {
    /// Gets the line that `dev` calls `name`, or its first one if `name` is [`None`]. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none, `EPROBE_DEFER` if its controller is not registered yet, `EBUSY`
    /// if the line has a user already.
    ///
    /// Corresponds to `reset_control_get_exclusive()`.
    pub fn get(dev: &Device<Bound>, name: Option<&CStr>) -> Result<Self> {
        let name = name.map_or(ptr::null(), |name| name.as_char_ptr());

        // SAFETY: `dev` is valid by its type invariants; `name` is NULL or a C string. C does not
        // keep either.
        let raw = unsafe { rust_iommu_helper_reset_control_get_exclusive(as_raw(dev), name) };

        // INVARIANT: The call was successful.
        from_err_ptr(raw).map(|raw| Self { raw })
    }
}

impl Drop for Reset {
    fn drop(&mut self) {
        // SAFETY: By the type invariants this owns the reference, if there is one.
        unsafe { rust_iommu_helper_reset_control_put(self.raw) };
    }
}

/// A line that is switched from callbacks, where no value can be kept from one to the
/// next.
///
/// If this has deasserted the line, dropping it asserts the line again. Runtime PM does not do
/// that: a driver may be unbound without being suspended first. All methods may sleep.
#[pin_data(PinnedDrop)]
pub struct ResetSwitch {
    reset: Reset,
    /// Whether this has released the device from reset.
    #[pin]
    deasserted: Mutex<bool>,
}

impl ResetSwitch {
    /// Makes a switch that leaves the line as it is.
    pub fn new(reset: Reset) -> impl PinInit<Self> {
        pin_init!(Self {
            reset,
            deasserted <- new_lock!(Mutex, false, c"iommu_reset_switch"),
        })
    }

    /// Releases the device from reset.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the controller has been removed, and the controller's own errors.
    ///
    /// Corresponds to `reset_control_deassert()`.
    pub fn deassert(&self) -> Result {
        let mut deasserted = self.deasserted.lock();

        // SAFETY: `raw` is valid for this call by its type invariants.
        to_result(unsafe { rust_iommu_helper_reset_control_deassert(self.reset.raw) })?;
        *deasserted = true;
        Ok(())
    }

    /// Holds the device in reset.
    ///
    /// # Errors
    ///
    /// `ENOTSUPP` if the controller cannot assert the line, `ENODEV` if it has been removed, and
    /// the controller's own errors.
    ///
    /// Corresponds to `reset_control_assert()`.
    pub fn assert(&self) -> Result {
        let mut deasserted = self.deasserted.lock();

        // SAFETY: `raw` is valid for this call by its type invariants.
        to_result(unsafe { rust_iommu_helper_reset_control_assert(self.reset.raw) })?;
        *deasserted = false;
        Ok(())
    }

    /// Releases ownership of the line without changing it, for a device that must keep running
    /// although no driver controls it any more.
    pub fn leave(&self) {
        *self.deasserted.lock() = false;
    }

    /// Whether the device is held in reset, by this or by other means.
    ///
    /// # Errors
    ///
    /// `ENOTSUPP` if the controller cannot read the line, `ENODEV` if it has been removed.
    ///
    /// Corresponds to `reset_control_status()`.
    pub fn is_asserted(&self) -> Result<bool> {
        // SAFETY: `raw` is valid for this call by its type invariants.
        let status = unsafe { rust_iommu_helper_reset_control_status(self.reset.raw) };

        to_result(status)?;
        Ok(status > 0)
    }

    /// Whether this has released the device from reset, and will assert the line again.
    fn is_deasserted(&self) -> bool {
        *self.deasserted.lock()
    }
}

#[pinned_drop]
impl PinnedDrop for ResetSwitch {
    fn drop(self: Pin<&mut Self>) {
        if self.is_deasserted() {
            // An error cannot be reported here.
            let _ = self.assert();
        }
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_reset)]
mod tests {
    use super::*;

    use kernel::faux;

    #[test]
    fn device_without_resets() -> Result {
        let faux = faux::Registration::new(c"iommu-test-reset", None)?;

        assert!(Reset::get(faux.as_ref().as_ref(), None).is_err());
        Ok(())
    }

    #[test]
    fn switch_knows_what_it_did() -> Result {
        // INVARIANT: NULL.
        let line = Reset {
            raw: ptr::null_mut(),
        };
        let switch = KBox::pin_init(ResetSwitch::new(line), GFP_KERNEL)?;

        assert!(!switch.is_deasserted());
        switch.deassert()?;
        switch.deassert()?;
        assert!(switch.is_deasserted());
        switch.assert()?;
        assert!(!switch.is_deasserted() && !switch.is_asserted()?);
        switch.deassert()?;
        switch.leave();
        assert!(!switch.is_deasserted());
        Ok(())
    }
}
