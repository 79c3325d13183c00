// SPDX-License-Identifier: GPL-2.0

//! One IOMMU instance: the object that the core registers.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h), `struct iommu_device`.

use core::{
    ffi::c_void,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Release, //
        },
        Arc,
        Mutex,
        SpinLockIrq, //
    },
    types::Opaque,
};

use crate::{
    domain_base::Domain,
    fault::RateLimit,
    gate::Gate,
    lock_class::new_lock,
    mapped_tables::MappedTables,
    masters::Masters,
    walker::BoundWalker, //
};

/// The address of the driver's data for an instance.
///
/// # Invariants
///
/// If there is an address, it is that of the driver's valid data for the instance, and the device
/// of the instance is bound.
pub(crate) struct Presence(pub(crate) Option<NonNull<c_void>>);

// SAFETY: the data is `Send` and `Sync` apart from its engine, which is `Send` and is used under
// the lock that has this.
unsafe impl Send for Presence {}

/// A domain in an instance's list.
///
/// # Invariants
///
/// The domain is valid as long as the entry is in the list: it removes itself, under the list's
/// lock, before it is freed.
struct DomainEntry(NonNull<Domain>);

// SAFETY: a `Domain` may be used from any thread; the list it is in bounds its life.
unsafe impl Send for DomainEntry {}

/// One instance of IOMMU hardware.
///
/// Exists as long as there is a reference to it: the adapter has one while the device is bound, and
/// each master and each domain has one. Everything that needs the bound device is behind
/// `Instance::gate` or, in atomic context, under the lock of `Instance::presence`. The adapter
/// closes both before the device is unbound. So the core's pointers stay valid after that, and the
/// callbacks find that the hardware is unbound.
///
/// Not generic, so that its code is in the base crate and stays loaded when a driver's module is
/// unloaded.
///
/// # Invariants
///
/// - `data` points to what the driver whose `iommu_ops` are at `ops` has made for the instance, and
///   is valid while `gate` can be held, and while `presence` has it.
/// - `dev` is valid and bound while `gate` can be held, and until the instance has been torn down.
///   No reference is held: an unbound instance must not keep its device, nor its devicetree node.
#[pin_data]
pub(crate) struct Instance {
    #[pin]
    iommu: Opaque<bindings::iommu_device>,
    dev: NonNull<Device>,
    index: u16,
    ops: *const bindings::iommu_ops,
    data: Atomic<*mut c_void>,
    /// The driver core has bound the device: masters may be linked to it.
    bound: Atomic<bool>,
    #[pin]
    gate: Gate,
    #[pin]
    presence: SpinLockIrq<Presence>,
    #[pin]
    pub(crate) masters: Masters,
    #[pin]
    domains: Mutex<KVec<DomainEntry>>,
    #[pin]
    pub(crate) tables: MappedTables,
    #[pin]
    pub(crate) rate: RateLimit,
}

// SAFETY: the `iommu_device` is used by the core under its own locks; `ops` is only compared and
// `data` is only used while it is there, by types that are `Send` and `Sync`.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

impl Instance {
    /// Makes the instance for `dev` of the driver whose `iommu_ops` are at `ops`.
    ///
    /// # Safety
    ///
    /// The gate is closed before `dev` is unbound, and is not entered before
    /// [`Self::set_data`].
    pub(crate) unsafe fn new(
        dev: &Device<Bound>,
        index: u16,
        ops: *const bindings::iommu_ops,
    ) -> Result<Arc<Self>> {
        Arc::pin_init(
            try_pin_init!(Self {
                iommu: Opaque::zeroed(),
                dev: NonNull::from(&**dev),
                index,
                ops,
                data: Atomic::new(core::ptr::null_mut()),
                bound: Atomic::new(false),
                gate <- Gate::new(),
                presence <- new_lock!(SpinLockIrq, Presence(None), c"iommu_engine"),
                masters <- Masters::new(),
                domains <- new_lock!(Mutex, KVec::new(), c"iommu_domains"),
                tables <- MappedTables::new(),
                rate <- RateLimit::new(),
            }? Error),
            GFP_KERNEL,
        )
    }

    /// Lets callbacks find what the driver has made for the instance.
    ///
    /// # Safety
    ///
    /// `data` is of this instance's driver. It stays there, and the device bound, until
    /// [`Self::close`] has returned.
    pub(crate) unsafe fn set_data(&self, data: NonNull<c_void>) {
        self.data.store(data.as_ptr(), Release);
        // INVARIANT: by the safety requirement.
        *self.presence.lock() = Presence(Some(data));
    }

    /// Waits until the hardware has no users, and prevents new ones. Sleeps.
    pub(crate) fn close(&self) {
        self.gate.close();
        // INVARIANT: there is no address any more.
        *self.presence.lock() = Presence(None);
    }

    /// Returns the core's view of the instance.
    #[inline]
    pub(crate) fn as_raw(&self) -> *mut bindings::iommu_device {
        self.iommu.get()
    }

    /// Returns the device of this instance.
    ///
    /// # Safety
    ///
    /// The gate is held for as long as the result is used, or the device is known to be bound by
    /// other means.
    #[inline]
    pub(crate) unsafe fn dev(&self) -> &Device {
        // SAFETY: by the safety requirement and the type invariants.
        unsafe { self.dev.as_ref() }
    }

    /// Returns the number of this instance, which no other instance ever gets.
    #[inline]
    pub(crate) fn index(&self) -> u16 {
        self.index
    }

    /// Whether this is the instance of `dev`.
    #[inline]
    pub(crate) fn is_of(&self, dev: &Device) -> bool {
        core::ptr::eq(self.dev.as_ptr(), dev)
    }

    /// Whether this is an instance of the driver whose `iommu_ops` are at `ops`.
    #[inline]
    pub(crate) fn is_of_driver(&self, ops: *const bindings::iommu_ops) -> bool {
        core::ptr::eq(self.ops, ops)
    }

    #[inline]
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Returns the lock under which the engine is used.
    #[inline(always)]
    pub(crate) fn presence(&self) -> &SpinLockIrq<Presence> {
        &self.presence
    }

    /// Returns what the driver has made for this instance. It is valid while the gate is held, or
    /// while the lock of a presence that has it.
    #[inline]
    pub(crate) fn data(&self) -> *mut c_void {
        self.data.load(Acquire)
    }

    /// Returns the device of this instance, which may be unbound.
    #[inline]
    pub(crate) fn dev_ptr(&self) -> NonNull<Device> {
        self.dev
    }

    /// Whether the driver core has bound the device.
    pub(crate) fn is_bound(&self) -> bool {
        self.bound.load(Acquire)
    }

    /// Records that the driver core has bound the device. A master that is listed from now on sees
    /// this, since the list's lock orders the two.
    pub(crate) fn set_bound(&self) {
        self.bound.store(true, Release);
    }

    /// Adds a domain to the list. Process context.
    pub(crate) fn add_domain(&self, domain: NonNull<Domain>) -> Result {
        // INVARIANT: the domain is valid, and removes itself.
        self.domains.lock().push(DomainEntry(domain), GFP_KERNEL)?;
        Ok(())
    }

    /// Removes a domain from the list that is about to be dropped.
    pub(crate) fn remove_domain(&self, domain: NonNull<Domain>) {
        let mut domains = self.domains.lock();
        domains.retain(|entry| entry.0 != domain);
        if domains.is_empty() {
            *domains = KVec::new();
        }
    }

    /// # Safety
    ///
    /// The gate is held during `'a`, or the lock of the presence, which has the driver's data; or
    /// the device is bound, and mappings are not undone before the end of `'a`.
    #[inline(always)]
    pub(crate) unsafe fn walker<'a>(&'a self) -> BoundWalker<'a> {
        // SAFETY: by the safety requirement.
        let dev = unsafe { self.dev() };
        // SAFETY: by the type invariants the device is bound then. `close` waits for such callers,
        // and mappings are undone after it.
        unsafe { BoundWalker::new(dev.as_bound(), self.index.into()) }
    }

    /// Calls `f` with every domain made for this instance. Process context.
    pub(crate) fn for_each_domain(&self, mut f: impl FnMut(&Domain)) {
        for entry in self.domains.lock().iter() {
            // SAFETY: by the invariant of `DomainEntry`: it is in the list, whose lock is held.
            f(unsafe { entry.0.as_ref() });
        }
    }
}
