// SPDX-License-Identifier: GPL-2.0

//! A reference to a group of the core, `struct iommu_group`. Which masters share one is for
//! `driver/group_request.rs`.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use core::ptr::{
    self,
    NonNull, //
};

use kernel::{
    bindings,
    device::Device,
    error::from_err_ptr,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    sync::aref::{
        ARef,
        AlwaysRefCounted, //
    },
    types::Opaque, //
};

use crate::bindings::as_raw;

/// A group of masters. All of them are attached to the same domain.
///
/// Owned as [`ARef<Group>`]. A driver that puts later masters into an earlier one's group keeps
/// such a reference: there is no way to look up a group that may be about to be freed.
///
/// # Invariants
///
/// A valid `struct iommu_group` with at least one reference.
#[repr(transparent)]
pub struct Group(Opaque<bindings::iommu_group>);

// SAFETY: Any task may put the last reference.
unsafe impl Send for Group {}

// SAFETY: The operations on a shared reference are serialised by C, or read constants. A group
// cannot be given a name: `iommu_group_set_name()` frees the old name without a lock.
unsafe impl Sync for Group {}

// SAFETY: These functions change the reference count of the group's `devices` directory, which
// keeps the group.
unsafe impl AlwaysRefCounted for Group {
    fn inc_ref(&self) {
        // SAFETY: By the type invariants the group is valid and has a reference.
        unsafe { bindings::iommu_group_ref_get(self.as_raw()) };
    }

    unsafe fn dec_ref(group: NonNull<Self>) {
        // SAFETY: By the safety requirement there is a reference to put.
        unsafe { bindings::iommu_group_put(group.as_ptr().cast()) };
    }
}

impl Group {
    /// Makes a group without masters.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, and errors of sysfs.
    ///
    /// Corresponds to `iommu_group_alloc()`, and with it to `generic_device_group()`. May sleep.
    pub(crate) fn new() -> Result<ARef<Self>> {
        // SAFETY: May be called at any time after the core's own initialisation, which precedes
        // that of any module.
        let group = unsafe { bindings::iommu_group_alloc() };

        // SAFETY: The result is an error, or a group with one reference, which is ours.
        unsafe { Self::from_result(group) }
    }

    /// Returns the one group of all masters of the instance.
    ///
    /// The core holds a reference to it until the instance is unregistered.
    ///
    /// # Safety
    ///
    /// The caller is in the `device_group` callback for `dev`.
    ///
    /// Corresponds to `generic_single_device_group()`.
    pub(crate) unsafe fn single(dev: &Device) -> Result<ARef<Self>> {
        // SAFETY: In `device_group` the core has set the instance of `dev`, and serialises the call
        // with others for the same instance.
        let group = unsafe { bindings::generic_single_device_group(as_raw(dev)) };

        // SAFETY: The result is an error, or a group with one reference for us.
        unsafe { Self::from_result(group) }
    }

    /// Returns the group that the PCI topology demands for `dev`. It includes the devices that
    /// share its requester ID, or could access it without passing through the IOMMU.
    ///
    /// # Errors
    ///
    /// `EINVAL` with a warning if `dev` is no PCI device, `ENOMEM`.
    ///
    /// # Safety
    ///
    /// The caller is in the `device_group` callback for `dev`.
    ///
    /// Corresponds to `pci_device_group()`.
    #[cfg(CONFIG_PCI)]
    pub(crate) unsafe fn pci(dev: &Device) -> Result<ARef<Self>> {
        // SAFETY: `dev` is valid. The groups that this walks are freed meanwhile only in a window
        // of the core, see "Gaps of the core" in soundness.rst.
        let group = unsafe { bindings::pci_device_group(as_raw(dev)) };

        // SAFETY: The result is an error, or a group with one reference for us.
        unsafe { Self::from_result(group) }
    }

    /// Returns the group of `dev`, if it has one.
    ///
    /// # Safety
    ///
    /// The reference that `dev` has to its group, if it has one, is not put during the call.
    ///
    /// Corresponds to `iommu_group_get()`.
    pub(crate) unsafe fn of(dev: &Device) -> Option<ARef<Self>> {
        // SAFETY: `dev` is valid; by the safety requirement the group is not freed meanwhile.
        let group = unsafe { bindings::iommu_group_get(as_raw(dev)) };

        // SAFETY: NULL, or a group with one reference for us.
        unsafe { Self::from_result(group) }.ok()
    }

    /// Whether `dev` is among the group's devices by now. Adding it there is the last step of its
    /// probe.
    ///
    /// Waits for a probe that is attaching it. Must not be called by such a probe.
    ///
    /// Corresponds to `iommu_group_for_each_dev()`.
    pub(crate) fn contains(&self, dev: &Device) -> bool {
        /// # Safety
        ///
        /// None: only addresses are compared.
        unsafe extern "C" fn is(dev: *mut bindings::device, other: *mut c_void) -> c_int {
            c_int::from(ptr::eq(dev, other.cast()))
        }

        // SAFETY: The group is valid by the type invariants; the callback compares addresses.
        unsafe {
            bindings::iommu_group_for_each_dev(self.as_raw(), as_raw(dev).cast(), Some(is)) != 0
        }
    }

    /// Removes `dev` from the group, which releases it.
    ///
    /// # Safety
    ///
    /// `dev` is completely in a group ([`Group::contains`]), and no other caller removes it.
    ///
    /// Corresponds to `iommu_group_remove_device()`.
    pub(crate) unsafe fn remove(dev: &Device) {
        // SAFETY: `dev` is valid; the rest by the safety requirement.
        unsafe { bindings::iommu_group_remove_device(as_raw(dev)) };
    }

    /// Returns the reference as a pointer, for the result of a `device_group` callback.
    pub(crate) fn into_raw(group: ARef<Self>) -> *mut bindings::iommu_group {
        ARef::into_raw(group).as_ptr().cast()
    }

    /// Returns the number of the group, its name under `/sys/kernel/iommu_groups`.
    ///
    /// Corresponds to `iommu_group_id()`.
    pub fn id(&self) -> i32 {
        // SAFETY: The group is valid by the type invariants.
        unsafe { bindings::iommu_group_id(self.as_raw()) }
    }

    fn as_raw(&self) -> *mut bindings::iommu_group {
        self.0.get()
    }

    /// # Safety
    ///
    /// `group` is an error pointer, NULL, or points to a group. In the last case the caller passes
    /// on one reference.
    unsafe fn from_result(group: *mut bindings::iommu_group) -> Result<ARef<Self>> {
        let group = NonNull::new(from_err_ptr(group)?).ok_or(ENODEV)?;

        // INVARIANT: A valid group.
        // SAFETY: By the safety requirement the reference is ours.
        // CAST: `Group` is a transparent wrapper of an `Opaque<bindings::iommu_group>`.
        Ok(unsafe { ARef::from_raw(group.cast()) })
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_group)]
mod tests {
    use super::*;

    #[test]
    fn goes_with_the_last_reference() -> Result {
        let group = Group::new()?;
        let id = group.id();
        let clone = group.clone();

        // A number is free again when its group is freed.
        drop(group);
        let other = Group::new()?;
        assert!(other.id() != id);

        drop(clone);
        assert_eq!(Group::new()?.id(), id);
        Ok(())
    }

    #[test]
    fn travels_through_c() -> Result {
        let group = Group::new()?;
        let id = group.id();

        // SAFETY: The reference of the first becomes that of the second.
        let group = unsafe { Group::from_result(Group::into_raw(group)) }?;
        assert_eq!(group.id(), id);

        // SAFETY: NULL is allowed.
        assert!(unsafe { Group::from_result(core::ptr::null_mut()) }.err() == Some(ENODEV));
        Ok(())
    }
}
