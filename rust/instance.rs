// SPDX-License-Identifier: GPL-2.0

//! One IOMMU instance: the object that the core registers, and the lists of its masters, domains
//! and tables.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h), `struct iommu_device`.

use core::{
    ffi::c_void,
    ptr::NonNull,
    sync::atomic::{
        AtomicBool,
        AtomicPtr,
        Ordering, //
    },
};

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::{
        aref::ARef,
        Arc,
        Mutex,
        SpinLockIrq, //
    },
    types::Opaque,
};

use crate::{
    access::{
        Body,
        Presence, //
    },
    atomic_safe::AtomicSafe,
    domain::Domain,
    fault::RateLimit,
    gate::Gate,
    group::Group,
    hardware::Hardware,
    link,
    lock_class::new_lock,
    master::{
        Attached,
        MasterBase, //
    },
    ops::Operations,
    walker::{
        BoundWalker,
        Mapped,
        WalkerDevice, //
    },
};

/// A stream of an instance, and the master it belongs to.
///
/// # Invariants
///
/// `master` is valid as long as the entry is in an instance's list.
#[derive(Clone, Copy)]
pub(crate) struct StreamEntry {
    pub(crate) id: u16,
    pub(crate) master: NonNull<MasterBase>,
}

// SAFETY: a `MasterBase` may be used from any thread; the list it is in bounds its life.
unsafe impl Send for StreamEntry {}

/// A domain in an instance's list.
///
/// # Invariants
///
/// The domain is valid as long as the entry is in the list: it removes itself, under the list's
/// lock, before it is freed.
struct DomainEntry(NonNull<Domain>);

// SAFETY: a `Domain` may be used from any thread; the list it is in bounds its life.
unsafe impl Send for DomainEntry {}

/// A page table that is mapped for the walker of an instance, in its list.
///
/// # Invariants
///
/// - `table` is valid as long as the entry is in the list.
/// - If `is_mapped`, the instance's device is bound.
struct MappedEntry {
    table: NonNull<dyn Mapped>,
    is_mapped: bool,
}

impl MappedEntry {
    /// Undoes the mapping, once.
    ///
    /// # Safety
    ///
    /// `dev` is the device of the instance in whose list this is, and valid if `is_mapped`. Its
    /// hardware does not walk the table any more, and no [`BoundWalker`] of it can install tables
    /// in this one.
    unsafe fn unmap(&mut self, dev: NonNull<Device>) {
        if core::mem::replace(&mut self.is_mapped, false) {
            // SAFETY: by the safety requirement.
            let dev = unsafe { dev.as_ref() };
            // SAFETY: by the type invariants the device is bound.
            let dev = unsafe { dev.as_bound() };
            // SAFETY: by the type invariants.
            let table = unsafe { self.table.as_ref() };
            // SAFETY: this is the instance that it is listed with; the rest is the safety
            // requirement.
            unsafe { table.unmap(dev) };
        }
    }
}

// SAFETY: `Mapped` is `Send` and `Sync`. It is valid while the entry is in the list.
unsafe impl Send for MappedEntry {}

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
/// - `body` points to the [`Body`] of the driver whose `iommu_ops` are at `ops`, and is valid while
///   `gate` can be held, and while `presence` has it.
/// - `dev` is valid and bound while `gate` can be held, and until the instance has been torn down.
///   No reference is held: an unbound instance must not keep its device, nor its devicetree node.
#[pin_data]
pub(crate) struct Instance {
    #[pin]
    iommu: Opaque<bindings::iommu_device>,
    dev: NonNull<Device>,
    index: u16,
    ops: *const bindings::iommu_ops,
    body: AtomicPtr<c_void>,
    /// The driver core has bound the device: masters may be linked to it.
    bound: AtomicBool,
    #[pin]
    gate: Gate,
    #[pin]
    presence: SpinLockIrq<Presence>,
    #[pin]
    masters: Mutex<KVec<StreamEntry>>,
    #[pin]
    streams: SpinLockIrq<KVec<StreamEntry>>,
    #[pin]
    domains: Mutex<KVec<DomainEntry>>,
    #[pin]
    tables: Mutex<KVec<MappedEntry>>,
    #[pin]
    pub(crate) rate: RateLimit,
}

// SAFETY: the `iommu_device` is used by the core under its own locks; `ops` is only compared and
// `body` is only used while it is there, by types that are `Send` and `Sync`.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

impl Instance {
    /// Makes the instance of driver `T` for `dev`.
    ///
    /// # Safety
    ///
    /// The gate is closed before `dev` is unbound, and is not entered before
    /// [`Self::set_hardware`].
    pub(crate) unsafe fn new<T: Operations>(dev: &Device<Bound>, index: u16) -> Result<Arc<Self>> {
        Arc::pin_init(
            try_pin_init!(Self {
                iommu: Opaque::zeroed(),
                dev: NonNull::from(&**dev),
                index,
                ops: T::statics().ops(),
                body: AtomicPtr::new(core::ptr::null_mut()),
                bound: AtomicBool::new(false),
                gate <- Gate::new(),
                presence <- new_lock!(SpinLockIrq, Presence(None), c"iommu_engine"),
                masters <- new_lock!(Mutex, KVec::new(), c"iommu_masters"),
                streams <- new_lock!(SpinLockIrq, KVec::new(), c"iommu_streams"),
                domains <- new_lock!(Mutex, KVec::new(), c"iommu_domains"),
                tables <- new_lock!(Mutex, KVec::new(), c"iommu_tables"),
                rate <- RateLimit::new(),
            }? Error),
            GFP_KERNEL,
        )
    }

    /// Lets callbacks find what the driver has made for the instance.
    ///
    /// # Safety
    ///
    /// `body` is the [`Body`] of this instance's driver. It stays there, and the device bound,
    /// until [`Self::close`] has returned.
    pub(crate) unsafe fn set_body(&self, body: NonNull<c_void>) {
        self.body.store(body.as_ptr(), Ordering::Release);
        // INVARIANT: by the safety requirement.
        *self.presence.lock() = Presence(Some(body));
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

    /// Whether this is an instance of driver `T`.
    #[inline]
    pub(crate) fn is<T: Operations>(&self) -> bool {
        core::ptr::eq(self.ops, T::statics().ops())
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

    /// Returns what the driver has made for this instance.
    ///
    /// # Safety
    ///
    /// The instance is of driver `T`. For as long as the result is used, its gate is held, or the
    /// lock of a presence that has the body, or the body is known by other means to be there.
    #[inline]
    pub(crate) unsafe fn body<T: Hardware>(&self) -> &Body<T> {
        let body = self.body.load(Ordering::Acquire).cast::<Body<T>>();

        // SAFETY: by the type invariants and the safety requirement.
        unsafe { &*body }
    }

    /// Adds the streams of a master. Process context.
    pub(crate) fn add_master(&self, master: NonNull<MasterBase>, ids: &[u16]) -> Result {
        let mut masters = self.masters.lock();
        masters.reserve(1, GFP_KERNEL)?;

        // The list that the interrupt reads is replaced as a whole: nothing is allocated or freed
        // under the spinlock. Writers are serialised by `masters`.
        let count = self.streams.lock().len();
        let mut fresh = KVec::with_capacity(count + ids.len(), GFP_KERNEL)?;
        for entry in self.streams.lock().iter() {
            fresh.push_within_capacity(*entry).map_err(|_| ENOMEM)?;
        }
        for &id in ids {
            fresh
                .push_within_capacity(StreamEntry { id, master })
                .map_err(|_| ENOMEM)?;
        }
        let id = ids.first().copied().unwrap_or_default();
        masters
            .push_within_capacity(StreamEntry { id, master })
            .map_err(|_| ENOMEM)?;

        let old = core::mem::replace(&mut *self.streams.lock(), fresh);
        drop(masters);
        drop(old);
        Ok(())
    }

    /// Removes a master from all lists. It is not found here any more when this returns, but a
    /// caller that has found it before may still hold its gate.
    pub(crate) fn remove_master(&self, master: NonNull<MasterBase>) {
        let mut masters = self.masters.lock();
        masters.retain(|entry| entry.master != master);

        let mut streams = self.streams.lock();
        streams.retain(|entry| entry.master != master);
        if masters.is_empty() {
            // Memory must not be freed under the spinlock.
            let none = core::mem::replace(&mut *streams, KVec::new());
            drop(streams);
            drop(none);
            *masters = KVec::new();
        }
    }

    /// Returns the number of masters of this instance.
    pub(crate) fn master_count(&self) -> usize {
        self.masters.lock().len()
    }

    /// Returns a master of this instance, and its group if it has one by now. `n` counts in the
    /// order in which masters were added.
    pub(crate) fn nth_master(&self, n: usize) -> Option<(ARef<Device>, Option<ARef<Group>>)> {
        let masters = self.masters.lock();
        let entry = masters.get(n)?;
        // SAFETY: by the invariant of `StreamEntry`: it is in the list, whose lock is held.
        let dev = unsafe { entry.master.as_ref() }.dev();
        // SAFETY: the master is in the list, so `release_device` has not returned, and the core
        // still has the reference that `device_group` returned, if that was called.
        let group = unsafe { Group::of(dev) };

        Some((dev.into(), group))
    }

    /// Calls `f` with every master. Process context; `f` must not add or remove any.
    pub(crate) fn for_each_master(&self, mut f: impl FnMut(&MasterBase)) {
        for entry in self.masters.lock().iter() {
            // SAFETY: by the invariant of `StreamEntry`: it is in the list, whose lock is held.
            f(unsafe { entry.master.as_ref() });
        }
    }

    /// Makes the core defer the drivers of masters that are probed from now on.
    ///
    /// The core looks up the instance of a master twice, and does not expect it to be removed in
    /// between: if the second look-up fails, the core reads `of_xlate` through a NULL pointer.
    /// Before the second look-up it checks `ready`, which it sets at the end of the registration.
    pub(crate) fn defer_masters(&self) {
        // SAFETY: the core writes this only while it registers the instance, which has ended, and
        // otherwise only reads it, atomically.
        unsafe { (&raw mut (*self.as_raw()).ready).write_volatile(false) };
    }

    /// Links the driver of `master` to that of this instance.
    ///
    /// The core replays masters while the instance's device is still being probed. A link cannot be
    /// made then: if the driver of `master` is being probed, too, and fails, the driver core finds
    /// the link in a state that it does not expect. Those masters are linked by [`Self::on_bound`].
    ///
    /// `master` is listed by now, so at least one of the two functions links it.
    ///
    /// # Safety
    ///
    /// The gate is held.
    pub(crate) unsafe fn link(&self, master: &Device) -> Result {
        if !self.bound.load(Ordering::Acquire) {
            return Ok(());
        }
        // SAFETY: the gate is held.
        link::add(master, unsafe { self.dev() })
    }

    /// Links the masters that were added while `dev`, the device of this instance, was being
    /// probed.
    pub(crate) fn on_bound(&self, dev: &Device) {
        // A master that is listed from now on sees this, since the list's lock orders the two.
        self.bound.store(true, Ordering::Release);
        self.for_each_master(|master| {
            if let Err(e) = link::add(master.dev(), dev) {
                dev_err!(master.dev(), "{}: no device link: {:?}\n", dev.name(), e);
            }
        });
    }

    /// Calls `f` with each master other than `master` that has a stream of `ids` and a group, and
    /// with that group.
    pub(crate) fn for_each_sharing(
        &self,
        master: &MasterBase,
        ids: &[u16],
        mut f: impl FnMut(&MasterBase, ARef<Group>) -> Result,
    ) -> Result {
        for entry in self.masters.lock().iter() {
            if entry.master == NonNull::from(master) || !self.has_stream(entry.master, ids) {
                continue;
            }
            // SAFETY: by the invariant of `StreamEntry`: it is in the list, whose lock is held.
            let other = unsafe { entry.master.as_ref() };
            // SAFETY: a master is removed from the list before the core puts its group.
            if let Some(group) = unsafe { Group::of(other.dev()) } {
                f(other, group)?;
            }
        }
        Ok(())
    }

    /// Whether a master other than `master` has stream `id`, and is attached to a domain that is
    /// not blocked.
    pub(crate) fn is_in_use(&self, master: &MasterBase, id: u16) -> bool {
        self.masters.lock().iter().any(|entry| {
            if entry.master == NonNull::from(master) || !self.has_stream(entry.master, &[id]) {
                return false;
            }
            // SAFETY: by the invariant of `StreamEntry`: it is in the list, whose lock is held.
            let other = unsafe { entry.master.as_ref() };

            other.with_attached(|attached| {
                matches!(attached, Attached::Identity | Attached::Paging(_))
            })
        })
    }

    /// Whether `master` has a stream of `ids`.
    fn has_stream(&self, master: NonNull<MasterBase>, ids: &[u16]) -> bool {
        self.streams
            .lock()
            .iter()
            .any(|stream| stream.master == master && ids.contains(&stream.id))
    }

    /// Calls `f` with each stream of `master`. `f` runs under an IRQ-safe spinlock.
    pub(crate) fn streams_of<E>(
        &self,
        master: &MasterBase,
        mut f: impl FnMut(u16) -> Result<(), E>,
    ) -> Result<(), E> {
        let streams = self.streams.lock();
        streams
            .iter()
            .filter(|entry| entry.master == NonNull::from(master))
            .try_for_each(|entry| f(entry.id))
    }

    /// Runs `f` with the master of stream `id`, if there is one. Any context.
    pub(crate) fn with_stream<R>(&self, id: u16, f: impl FnOnce(&MasterBase) -> R) -> Option<R> {
        let streams = self.streams.lock();
        let entry = streams.iter().find(|entry| entry.id == id)?;

        // SAFETY: by the invariant of `StreamEntry`: it is in the list, whose lock is held.
        Some(f(unsafe { entry.master.as_ref() }))
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

    /// Undoes the mappings of all page tables for the device. Called before the device is unbound.
    ///
    /// # Safety
    ///
    /// The instance is [closed](Self::close), and its hardware walks no table any more.
    pub(crate) unsafe fn unmap_tables(&self) {
        for entry in self.tables.lock().iter_mut() {
            // SAFETY: the device of this instance, which is being torn down. There is a
            // `BoundWalker` only while the gate is held, or the lock of a presence that has
            // the body.
            unsafe { entry.unmap(self.dev) };
        }
    }

    /// # Safety
    ///
    /// The gate is held during `'a`, or the lock of the presence, which has the body; or the device
    /// is bound, and mappings are not undone before the end of `'a`.
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

/// The device whose table walker reads a domain's tables.
#[derive(Clone)]
pub struct Walker(pub(crate) Arc<Instance>);

// SAFETY: an instance has one device. The adapter closes the instance before the device is unbound,
// so that no call of `enter` or `lock` is under way, then undoes the mappings of all tables.
unsafe impl WalkerDevice for Walker {
    fn enter<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        let _guard = self.0.gate.enter()?;

        // SAFETY: the gate is held.
        Some(f(&unsafe { self.0.walker() }))
    }

    fn lock<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        let presence = self.0.presence.lock();

        // SAFETY: the lock is held until `f` has returned.
        presence.0.is_some().then(|| f(&unsafe { self.0.walker() }))
    }

    unsafe fn list(&self, table: NonNull<dyn Mapped>) -> Result {
        let entry = MappedEntry {
            table,
            is_mapped: true,
        };
        // INVARIANT: valid by the safety requirement. The gate is held, so the device stays bound
        // until `unmap_tables` has run.
        self.0.tables.lock().push(entry, GFP_KERNEL)?;
        Ok(())
    }

    unsafe fn remove(&self, table: NonNull<dyn Mapped>) {
        let mut tables = self.0.tables.lock();

        tables.retain(|entry| {
            if !core::ptr::addr_eq(entry.table.as_ptr(), table.as_ptr()) {
                return true;
            }
            // SAFETY: the device of this instance. By the invariants of the entry it is valid if
            // the table is mapped. The caller drops the table, so it has no other users.
            unsafe { entry.unmap(self.0.dev) };
            false
        });
        if tables.is_empty() {
            *tables = KVec::new();
        }
    }
}

// SAFETY: `lock` takes a lock with interrupts off. The others are for process context. Dropping the
// last reference only frees memory.
unsafe impl AtomicSafe for Walker {}
