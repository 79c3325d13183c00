// SPDX-License-Identifier: GPL-2.0

//! The part of a paging domain that does not depend on the driver.

use core::ptr::NonNull;

use kernel::{
    bindings,
    prelude::*,
    sync::{
        aref::AlwaysRefCounted,
        atomic::{
            Atomic,
            Relaxed, //
        },
        Refcount, //
    },
    types::Opaque,
};

use crate::{
    bindings::rust_iommu_helper_module_put,
    gate::Gate,
    table::interface::Translation, //
};

/// The functions of a domain that the base crate calls without knowing its driver.
#[derive(Clone, Copy)]
pub(crate) struct DomainVTable {
    pub(crate) destroy: unsafe fn(NonNull<Domain>),
    pub(crate) translations: unsafe fn(NonNull<Domain>, &mut dyn FnMut(Translation)),
    pub(crate) table_usage: unsafe fn(NonNull<Domain>) -> (usize, usize),
}

/// Number of the next domain.
static NEXT_ID: Atomic<u32> = Atomic::new(0);

/// A paging domain of any driver.
///
/// # Invariants
///
/// - This is the first field of a `TypedDomain` whose driver's functions are in `vtable`.
/// - `refs` counts the core's reference, from `domain_alloc` to `free`, and one for each
///   [`ARef`] and [`DomainRef`].
#[repr(C)]
#[pin_data]
pub(crate) struct Domain {
    #[pin]
    raw: Opaque<bindings::iommu_domain>,
    #[pin]
    refs: Refcount,
    module: *mut bindings::module,
    vtable: DomainVTable,
    /// The domain's number, for debugfs only.
    id: u32,
    /// Held while a fault is reported to the owner; closed when the owner frees the domain.
    #[pin]
    gate: Gate,
}

// SAFETY: the C part is the core's, under its own rules; the rest is `Send` and `Sync`, or
// constant.
unsafe impl Send for Domain {}
// SAFETY: as above.
unsafe impl Sync for Domain {}

impl Domain {
    /// Makes the base of a domain, with one reference.
    ///
    /// # Safety
    ///
    /// It is the first field of a domain whose driver's functions are in `vtable`. That owns a
    /// reference to the driver's `module`.
    pub(crate) unsafe fn new(
        module: *mut bindings::module,
        vtable: DomainVTable,
    ) -> impl PinInit<Self, Error> {
        // INVARIANT: by the safety requirement; the reference is the core's.
        try_pin_init!(Self {
            raw: Opaque::zeroed(),
            refs: Refcount::new(1),
            module,
            vtable,
            id: NEXT_ID.fetch_add(1, Relaxed),
            gate <- Gate::new(),
        }? Error)
    }

    /// Returns the core's view of the domain.
    #[inline]
    pub(crate) fn as_raw(&self) -> *mut bindings::iommu_domain {
        self.raw.get()
    }

    /// Returns the domain's number in debugfs.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Returns the gate that is held while a fault is reported to the owner.
    #[inline]
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Calls `f` with each range of translations.
    pub(crate) fn translations(&self, f: &mut dyn FnMut(Translation)) {
        // SAFETY: by the type invariants.
        unsafe { (self.vtable.translations)(NonNull::from(self), f) }
    }

    /// Returns the number of table pages, and the bytes of all tables.
    pub(crate) fn table_usage(&self) -> (usize, usize) {
        // SAFETY: by the type invariants.
        unsafe { (self.vtable.table_usage)(NonNull::from(self)) }
    }
}

// SAFETY: `refs` is the count, and the domain is destroyed only when it is zero.
unsafe impl AlwaysRefCounted for Domain {
    #[inline]
    fn inc_ref(&self) {
        self.refs.inc();
    }

    #[inline]
    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: the caller holds a reference.
        let this = unsafe { obj.as_ref() };
        if this.refs.dec_and_test() {
            // SAFETY: this was the last reference; by the type invariants the function fits.
            unsafe { (this.vtable.destroy)(obj) };
        }
    }
}

/// The outermost frame of `iommu_domain_ops::free`, for every driver.
///
/// It is neither generic nor ever inlined, hence code of the base crate, which stays loaded: after
/// the reference to the driver's module is put, no code returns into that module.
///
/// # Safety
///
/// `domain` was made by [`TypedDomain::create`]; the core does not use it afterwards.
#[inline(never)]
pub(crate) unsafe extern "C" fn free(domain: *mut bindings::iommu_domain) {
    // SAFETY: by the safety requirement.
    let base = unsafe { NonNull::new_unchecked(domain.cast::<Domain>()) };
    // SAFETY: the core's reference still keeps it alive.
    let this = unsafe { base.as_ref() };
    let module = this.module;

    // The owner's fault handler may be freed as soon as this returns. So no CPU may be in it, or
    // enter it afterwards, even if other references to the domain remain.
    this.gate.close();

    // SAFETY: the reference that `create` gave to the core.
    unsafe { Domain::dec_ref(base) };
    // SAFETY: the reference that `create` was given. The other holders of references to the domain
    // keep the module by other means: the driver's data of an instance belongs to a device that is
    // bound to the module's driver, and `release_device` forgets the domain that a master is
    // attached to, before the core puts the reference that it has for each master.
    unsafe { rust_iommu_helper_module_put(module) };
}
