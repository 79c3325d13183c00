// SPDX-License-Identifier: GPL-2.0

//! Reset lines of a device.
//!
//! C header: [`include/linux/reset.h`](srctree/include/linux/reset.h)

use core::{
    marker::PhantomData,
    ptr, //
};

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
        rust_iommu_helper_reset_control_get_shared,
        rust_iommu_helper_reset_control_put,
        rust_iommu_helper_reset_control_status, //
    },
    lock_class::new_lock, //
};

/// The line belongs to this user alone: it is asserted whenever this user asserts it.
pub enum Exclusive {}

/// The line has several users: it can be asserted only when none of them has it deasserted.
pub enum Shared {}

/// A reset line. `K` is [`Exclusive`] or [`Shared`].
///
/// Getting and dropping it leaves the line as it is. All methods may sleep.
///
/// # Invariants
///
/// `raw` is NULL for an optional line that does not exist, or the result of a successful
/// `reset_control_get` of kind `K`, whose reference this owns. C accepts NULL everywhere.
pub struct Reset<K = Exclusive> {
    raw: *mut bindings::reset_control,
    _kind: PhantomData<K>,
}

// SAFETY: A reset control may be used and put by any task.
unsafe impl<K> Send for Reset<K> {}

// SAFETY: The calls of the reset framework do not race with each other: the counts of a shared
// line are atomic, and an exclusive line is serialised by its controller.
unsafe impl<K> Sync for Reset<K> {}

type GetFn = unsafe extern "C" fn(
    *mut bindings::device,
    *const kernel::ffi::c_char,
    bool,
) -> *mut bindings::reset_control;

impl<K> Reset<K> {
    /// # Safety
    ///
    /// `get` is the helper that gets a line of kind `K`.
    unsafe fn get_with(
        get: GetFn,
        dev: &Device<Bound>,
        name: Option<&CStr>,
        optional: bool,
    ) -> Result<Self> {
        let name = name.map_or(ptr::null(), |name| name.as_char_ptr());

        // SAFETY: `dev` is valid by its type invariants; `name` is NULL or a C string. C does not
        // keep either.
        let raw = from_err_ptr(unsafe { get(as_raw(dev), name, optional) })?;

        // INVARIANT: The call was successful, and of kind `K` by the safety requirement.
        Ok(Self {
            raw,
            _kind: PhantomData,
        })
    }

    /// Whether the line exists. An optional one may not.
    pub fn is_present(&self) -> bool {
        !self.raw.is_null()
    }

    /// Whether the device is held in reset.
    ///
    /// # Errors
    ///
    /// `ENOTSUPP` if the controller cannot read the line, `ENODEV` if it has been removed.
    ///
    /// Corresponds to `reset_control_status()`.
    pub fn is_asserted(&self) -> Result<bool> {
        // SAFETY: `raw` is valid for this call by the type invariants.
        let status = unsafe { rust_iommu_helper_reset_control_status(self.raw) };

        to_result(status)?;
        Ok(status > 0)
    }
}

impl Reset<Exclusive> {
    /// Gets the line that `dev` calls `name`, or its first one if `name` is [`None`].
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none, `EPROBE_DEFER` if its controller is not registered yet, `EBUSY`
    /// if the line has a user already.
    ///
    /// Corresponds to `reset_control_get_exclusive()`.
    pub fn get(dev: &Device<Bound>, name: Option<&CStr>) -> Result<Self> {
        // SAFETY: The helper gets exclusive lines.
        unsafe {
            Self::get_with(
                rust_iommu_helper_reset_control_get_exclusive,
                dev,
                name,
                false,
            )
        }
    }

    /// Like [`Reset::get`], but if there is no line this returns one that does nothing.
    ///
    /// Corresponds to `reset_control_get_optional_exclusive()`.
    pub fn get_optional(dev: &Device<Bound>, name: Option<&CStr>) -> Result<Self> {
        // SAFETY: The helper gets exclusive lines.
        unsafe {
            Self::get_with(
                rust_iommu_helper_reset_control_get_exclusive,
                dev,
                name,
                true,
            )
        }
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
        // SAFETY: `raw` is valid for this call by the type invariants.
        to_result(unsafe { rust_iommu_helper_reset_control_assert(self.raw) })
    }

    /// Releases the device from reset.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the controller has been removed, and the controller's own errors.
    ///
    /// Corresponds to `reset_control_deassert()`.
    pub fn deassert(&self) -> Result {
        // SAFETY: `raw` is valid for this call by the type invariants.
        to_result(unsafe { rust_iommu_helper_reset_control_deassert(self.raw) })
    }
}

impl Reset<Shared> {
    /// Gets the line that `dev` calls `name`, or its first one if `name` is [`None`].
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none, `EPROBE_DEFER` if its controller is not registered yet, `EBUSY`
    /// if the line has an exclusive user.
    ///
    /// Corresponds to `reset_control_get_shared()`.
    pub fn get(dev: &Device<Bound>, name: Option<&CStr>) -> Result<Self> {
        // SAFETY: The helper gets shared lines.
        unsafe { Self::get_with(rust_iommu_helper_reset_control_get_shared, dev, name, false) }
    }

    /// Like [`Reset::get`], but if there is no line this returns one that does nothing.
    ///
    /// Corresponds to `reset_control_get_optional_shared()`.
    pub fn get_optional(dev: &Device<Bound>, name: Option<&CStr>) -> Result<Self> {
        // SAFETY: The helper gets shared lines.
        unsafe { Self::get_with(rust_iommu_helper_reset_control_get_shared, dev, name, true) }
    }

    /// Keeps the device out of reset for as long as the result is held.
    ///
    /// C counts the users that have deasserted the line, and warns about an assert without a
    /// deassert. A value that is dropped once cannot unbalance the count.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the controller has been removed, and the controller's own errors.
    ///
    /// Corresponds to `reset_control_deassert()`, and `reset_control_assert()` on drop.
    pub fn deassert(&self) -> Result<Deasserted<'_>> {
        // SAFETY: `raw` is valid for this call by the type invariants.
        let ret = to_result(unsafe { rust_iommu_helper_reset_control_deassert(self.raw) });

        // INVARIANT: C counts the call also if the controller fails. Where C refuses the call,
        // because the controller was removed or another user pulses the line, it refuses the
        // opposite as well.
        let deasserted = Deasserted { reset: self };
        ret.map(|()| deasserted)
    }
}

impl<K> Drop for Reset<K> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants this owns the reference, if there is one.
        unsafe { rust_iommu_helper_reset_control_put(self.raw) };
    }
}

/// Keeps a shared reset line deasserted until dropped.
///
/// # Invariants
///
/// Owns one of the counts of `reset` being deasserted, or C refuses to change the count.
#[must_use = "the line may be asserted when this is dropped"]
pub struct Deasserted<'a> {
    reset: &'a Reset<Shared>,
}

impl Drop for Deasserted<'_> {
    fn drop(&mut self) {
        // SAFETY: `raw` is valid for this call by the invariants of `Reset`. By those of this type
        // there is a count to release, or C does not change it.
        let _ = unsafe { rust_iommu_helper_reset_control_assert(self.reset.raw) };
    }
}

/// An exclusive line that is switched from callbacks, where no value can be kept from one to the
/// next.
///
/// If this has deasserted the line, dropping it asserts the line again. Runtime PM does not do
/// that: a driver may be unbound without being suspended first. All methods may sleep.
#[pin_data(PinnedDrop)]
pub struct ResetSwitch {
    reset: Reset<Exclusive>,
    /// Whether this has released the device from reset.
    #[pin]
    deasserted: Mutex<bool>,
}

impl ResetSwitch {
    /// Makes a switch that leaves the line as it is.
    pub fn new(reset: Reset<Exclusive>) -> impl PinInit<Self> {
        pin_init!(Self {
            reset,
            deasserted <- new_lock!(Mutex, false, c"iommu_reset_switch"),
        })
    }

    /// Releases the device from reset.
    ///
    /// # Errors
    ///
    /// As [`Reset::deassert`].
    pub fn deassert(&self) -> Result {
        let mut deasserted = self.deasserted.lock();

        self.reset.deassert()?;
        *deasserted = true;
        Ok(())
    }

    /// Holds the device in reset.
    ///
    /// # Errors
    ///
    /// As [`Reset::assert`].
    pub fn assert(&self) -> Result {
        let mut deasserted = self.deasserted.lock();

        self.reset.assert()?;
        *deasserted = false;
        Ok(())
    }

    /// Releases ownership of the line without changing it, for a device that must keep running
    /// although no driver controls it any more.
    pub fn leave(&self) {
        *self.deasserted.lock() = false;
    }

    /// Whether the device is held in reset, by this or by other means. See
    /// [`Reset::is_asserted`].
    pub fn is_asserted(&self) -> Result<bool> {
        self.reset.is_asserted()
    }

    /// Whether this has released the device from reset, and will assert the line again.
    pub fn is_deasserted(&self) -> bool {
        *self.deasserted.lock()
    }
}

#[pinned_drop]
impl PinnedDrop for ResetSwitch {
    fn drop(self: Pin<&mut Self>) {
        if self.is_deasserted() {
            // An error cannot be reported here.
            let _ = self.reset.assert();
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
        let dev = faux.as_ref().as_ref();

        assert!(Reset::<Exclusive>::get(dev, None).is_err());
        assert!(Reset::<Shared>::get(dev, None).is_err());

        let exclusive = Reset::<Exclusive>::get_optional(dev, Some(c"core"))?;
        assert!(!exclusive.is_present());
        exclusive.deassert()?;
        exclusive.assert()?;

        let shared = Reset::<Shared>::get_optional(dev, None)?;
        drop(shared.deassert()?);
        assert!(!shared.is_asserted()?);
        Ok(())
    }

    #[test]
    fn switch_knows_what_it_did() -> Result {
        let faux = faux::Registration::new(c"iommu-test-reset", None)?;
        let line = Reset::<Exclusive>::get_optional(faux.as_ref().as_ref(), None)?;
        let switch = KBox::pin_init(ResetSwitch::new(line), GFP_KERNEL)?;

        assert!(!switch.is_deasserted());
        switch.deassert()?;
        switch.deassert()?;
        assert!(switch.is_deasserted());
        switch.assert()?;
        assert!(!switch.is_deasserted());
        switch.deassert()?;
        switch.leave();
        assert!(!switch.is_deasserted());
        Ok(())
    }
}
