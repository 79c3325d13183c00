// SPDX-License-Identifier: GPL-2.0

//! Callbacks that attach a master to a domain: paging, identity and blocked.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use kernel::{
    bindings,
    prelude::*, //
};

use super::own_master;

use crate::{
    domain::TypedDomain,
    instances::Names,
    master_base::Attached,
    prelude::*, //
};

/// Logs a first attach that fails before the driver is called. Later ones fail silently, as the
/// core expects. Returns `e`.
fn not_attached<T: Operations>(
    iommus: &Instances<'_, T>,
    master: &Master<T>,
    why: &str,
    e: Error,
) -> Error {
    if master.base().is_unattached() {
        master.log_attach_failed(fmt!("{}", Names(iommus)), why, e);
    }
    e
}

/// Attaches a master by calling `change`, if all of its instances are bound. Records the outcome,
/// and makes the result for the core.
///
/// The core requires: "Drivers are not allowed to fail the first domain attach". In a replay of
/// masters it would refuse the instance for all of them, and they would run untranslated. So a
/// master whose first attach fails is denied until it is attached to another domain, and the core
/// gets success.
///
/// # Safety
///
/// The core calls an attach callback for `dev`, between `probe_device` and `release_device`.
unsafe fn attach<T: Operations>(
    dev: *mut bindings::device,
    change: impl FnOnce(&Instances<'_, T>, &Master<T>) -> Result<Attached>,
) -> c_int {
    // SAFETY: by the safety requirement.
    let Some(master) = (unsafe { own_master::<T>(dev) }) else {
        return EINVAL.to_errno();
    };
    let iommus = master.instances().enter();
    let result = if iommus.is_complete() {
        change(&iommus, master)
    } else {
        Err(not_attached(
            &iommus,
            master,
            "an IOMMU is being unbound",
            ENODEV,
        ))
    };

    let attached = match result {
        Ok(attached) => attached,
        Err(e) if !master.base().is_unattached() => return e.to_errno(),
        Err(_) => {
            T::attach_blocked(&iommus, master);
            Attached::Blocked
        }
    };
    master.base().set_attached(attached);
    0
}

/// Attaches a master to a paging domain. Called with the lock of its group held.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
pub(super) unsafe extern "C" fn attach_paging<T: Operations>(
    domain: *mut bindings::iommu_domain,
    dev: *mut bindings::device,
    _old: *mut bindings::iommu_domain,
) -> c_int {
    // `_old` is a hint that can be wrong. The driver records what the hardware uses.

    // SAFETY: the core passes a valid domain.
    let Some(domain) = (unsafe { TypedDomain::<T>::from_raw(domain) }) else {
        return EINVAL.to_errno();
    };
    let change = |iommus: &Instances<'_, T>, master: &Master<T>| {
        domain.join(master.instances()).map_err(|e| {
            let why = match e {
                EINVAL => "its IOMMUs are not those of the domain",
                ENOSPC => "too many IOMMUs have joined the domain",
                _ => "no memory is free",
            };
            not_attached(iommus, master, why, e)
        })?;
        domain.with_reference(|domain| T::attach(iommus, master, domain))?;
        Ok(Attached::Paging(domain.base().into()))
    };

    // SAFETY: this is the callback.
    unsafe { attach(dev, change) }
}

/// Attaches a master to the identity domain. Called with the lock of its group held.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
pub(super) unsafe extern "C" fn attach_identity<T: Operations>(
    _domain: *mut bindings::iommu_domain,
    dev: *mut bindings::device,
    _old: *mut bindings::iommu_domain,
) -> c_int {
    let change = |iommus: &Instances<'_, T>, master: &Master<T>| {
        T::attach_identity(iommus, master)
            .map(|()| Attached::Identity)
            .map_err(|e| not_attached(iommus, master, "no identity domain", e))
    };

    // SAFETY: this is the callback.
    unsafe { attach(dev, change) }
}

/// Attaches a master to the blocked domain. Called with the lock of its group held.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
pub(super) unsafe extern "C" fn attach_blocked<T: Operations>(
    _domain: *mut bindings::iommu_domain,
    dev: *mut bindings::device,
    _old: *mut bindings::iommu_domain,
) -> c_int {
    // SAFETY: the core calls this between `probe_device` and `release_device`.
    let Some(master) = (unsafe { own_master::<T>(dev) }) else {
        return EINVAL.to_errno();
    };

    // Unbound instances deny everything already.
    T::attach_blocked(&master.instances().enter(), master);
    master.base().set_attached(Attached::Blocked);
    0
}
