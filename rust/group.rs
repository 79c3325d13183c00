// SPDX-License-Identifier: GPL-2.0

//! Groups: masters that the hardware cannot tell apart.
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
/// Owned as [`ARef<Group>`]. A driver that puts later masters into an earlier one's group keeps such
/// a reference: there is no way to look up a group that may be going away.
///
/// # Invariants
///
/// A valid `struct iommu_group` with at least one reference.
#[repr(transparent)]
pub struct Group(Opaque<bindings::iommu_group>);

// SAFETY: The last reference may be put by any task.
unsafe impl Send for Group {}

// SAFETY: C serialises the operations on a shared reference, or they read constants. A group cannot be
// named: `iommu_group_set_name()` frees the old name without a lock.
unsafe impl Sync for Group {}

// SAFETY: The reference count of the group's `devices` directory keeps the group, and is changed by
// these functions.
unsafe impl AlwaysRefCounted for Group {
    fn inc_ref(&self) {
        // SAFETY: By the type invariants the group is valid and has a reference.
        unsafe { bindings::iommu_group_ref_get(self.as_raw()) };
    }

    unsafe fn dec_ref(group: NonNull<Self>) {
        // SAFETY: By the safety requirement there is a reference to give up.
        unsafe { bindings::iommu_group_put(group.as_ptr().cast()) };
    }
}

impl Group {
    /// Makes a group without masters.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, and what sysfs fails with.
    ///
    /// Corresponds to `iommu_group_alloc()`, and with it to `generic_device_group()`. May sleep.
    pub(crate) fn new() -> Result<ARef<Self>> {
        // SAFETY: Callable at any time after the core's own initialisation, which is before that of
        // any module.
        let group = unsafe { bindings::iommu_group_alloc() };

        // SAFETY: The result is an error, or a group with one reference, which is ours.
        unsafe { Self::from_result(group) }
    }

    /// The one group of all masters of the instance.
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

    /// The group that the PCI topology demands for `dev`: with it come the devices that share its
    /// requester ID, or could reach it behind the IOMMU's back.
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
        // SAFETY: `dev` is valid. In `device_group` the groups it walks do not go away.
        let group = unsafe { bindings::pci_device_group(as_raw(dev)) };

        // SAFETY: The result is an error, or a group with one reference for us.
        unsafe { Self::from_result(group) }
    }

    /// The group of `dev`, if it has one.
    ///
    /// # Safety
    ///
    /// The reference that `dev` has to its group, if it has one, is not put during the call.
    ///
    /// Corresponds to `iommu_group_get()`.
    pub(crate) unsafe fn of(dev: &Device) -> Option<ARef<Self>> {
        // SAFETY: `dev` is valid; by the safety requirement the group does not go meanwhile.
        let group = unsafe { bindings::iommu_group_get(as_raw(dev)) };

        // SAFETY: NULL, or a group with one reference for us.
        unsafe { Self::from_result(group) }.ok()
    }

    /// Whether `dev` is among the group's devices by now. That comes last when it is probed.
    ///
    /// Waits for a probe that is in the middle of attaching it. Not to be called by one.
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

    /// Takes `dev` out of the group, which releases it.
    ///
    /// # Safety
    ///
    /// `dev` is in a group, all the way ([`Group::contains`]), and nobody else takes it out.
    ///
    /// Corresponds to `iommu_group_remove_device()`.
    pub(crate) unsafe fn remove(dev: &Device) {
        // SAFETY: `dev` is valid; the rest by the safety requirement.
        unsafe { bindings::iommu_group_remove_device(as_raw(dev)) };
    }

    /// Gives the reference away, as the result of a `device_group` callback is.
    pub(crate) fn into_raw(group: ARef<Self>) -> *mut bindings::iommu_group {
        ARef::into_raw(group).as_ptr().cast()
    }

    /// The number of the group, its name under `/sys/kernel/iommu_groups`.
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
    /// `group` is an error pointer, NULL, or points to a group. In the last case the caller gives up
    /// one reference.
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

        // A number is free again when its group is gone.
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

        // SAFETY: The reference is taken out of one and put into the other.
        let group = unsafe { Group::from_result(Group::into_raw(group)) }?;
        assert_eq!(group.id(), id);

        // SAFETY: NULL is allowed.
        assert!(unsafe { Group::from_result(core::ptr::null_mut()) }.err() == Some(ENODEV));
        Ok(())
    }
}
