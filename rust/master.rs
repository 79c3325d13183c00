// SPDX-License-Identifier: GPL-2.0

//! A client device, from `probe_device` to `release_device`.

use core::{
    ptr::NonNull,
    sync::atomic::{
        AtomicU64,
        Ordering, //
    },
};

use kernel::{
    bindings,
    device::Device,
    fmt,
    prelude::*,
    sync::{
        aref::ARef,
        SpinLockIrq, //
    },
};

use crate::{
    access::InstanceSet,
    domain::Domain,
    gate::Gate,
    lock_class::new_lock,
    ops::Operations, //
};

/// Whether `dev` is on a PCI bus. Corresponds to `dev_is_pci()`.
pub(crate) fn is_pci(dev: &Device) -> bool {
    #[cfg(CONFIG_PCI)]
    {
        // SAFETY: `dev` is valid, and its bus does not change.
        let bus = unsafe { (*crate::bindings::as_raw(dev)).bus };

        core::ptr::eq(bus, &raw const bindings::pci_bus_type)
    }
    #[cfg(not(CONFIG_PCI))]
    {
        let _ = dev;
        false
    }
}

/// The kind of domain that a master is attached to.
pub(crate) enum Attached {
    /// The core has not attached it to anything yet.
    Nothing,
    /// Accesses pass untranslated.
    Identity,
    /// Accesses are denied.
    Blocked,
    /// Accesses are translated.
    Paging(ARef<Domain>),
}

/// The part of a master that does not depend on the driver.
#[pin_data]
pub(crate) struct MasterBase {
    dev: ARef<Device>,
    /// The numbers of its instances, in the order of the devicetree.
    instances: KVec<u16>,
    /// Held while a fault of this master is reported; closed before it is freed.
    #[pin]
    gate: Gate,
    #[pin]
    attached: SpinLockIrq<Attached>,
    faults: AtomicU64,
}

impl MasterBase {
    fn new(dev: &Device, instances: KVec<u16>) -> impl PinInit<Self, Error> + '_ {
        try_pin_init!(Self {
            dev: ARef::from(dev),
            instances,
            gate <- Gate::new(),
            attached <- new_lock!(SpinLockIrq, Attached::Nothing, c"iommu_attached"),
            faults: AtomicU64::new(0),
        }? Error)
    }

    #[inline]
    pub(crate) fn dev(&self) -> &Device {
        &self.dev
    }

    /// Whether both are behind the same instances, in the same order.
    pub(crate) fn is_behind_those_of(&self, other: &Self) -> bool {
        self.instances[..] == other.instances[..]
    }

    #[inline]
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Records the attachment that the hardware has accepted. Process context: the old domain may
    /// be freed here.
    pub(crate) fn set_attached(&self, new: Attached) {
        let old = core::mem::replace(&mut *self.attached.lock(), new);
        drop(old);
    }

    /// Calls `f` with the current attachment of the master. `f` runs under an IRQ-safe spinlock.
    pub(crate) fn with_attached<R>(&self, f: impl FnOnce(&Attached) -> R) -> R {
        f(&self.attached.lock())
    }

    /// Whether the core has not attached it to any domain yet.
    pub(crate) fn is_unattached(&self) -> bool {
        self.with_attached(|attached| matches!(attached, Attached::Nothing))
    }

    /// Counts a fault.
    pub(crate) fn count_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of faults since the master was probed.
    pub(crate) fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }
}

/// A client device behind one or more instances of driver `T`.
///
/// # Invariants
///
/// While a `Master` is alive, it is in the list of each of its instances.
#[repr(C)]
#[pin_data(PinnedDrop)]
pub struct Master<T: Operations> {
    #[pin]
    base: MasterBase,
    instances: InstanceSet<T>,
    streams: KVec<KVec<u16>>,
    data: T::Master,
}

impl<T: Operations> Master<T> {
    /// Makes the master and adds it to the lists of its instances. `streams` has one list per
    /// instance.
    pub(crate) fn new(
        dev: &Device,
        instances: InstanceSet<T>,
        streams: KVec<KVec<u16>>,
        data: T::Master,
    ) -> Result<Pin<KBox<Self>>> {
        let mut numbers = KVec::with_capacity(instances.as_slice().len(), GFP_KERNEL)?;
        for instance in instances.as_slice() {
            numbers.push(instance.index(), GFP_KERNEL)?;
        }
        // Pinned first, because the lists hold its address. `drop` removes it from those that have
        // it.
        let this = KBox::pin_init(
            try_pin_init!(Self {
                base <- MasterBase::new(dev, numbers),
                instances,
                streams,
                data,
            }? Error),
            GFP_KERNEL,
        )?;

        let base = NonNull::from(&this.base);
        for (instance, ids) in this.instances.as_slice().iter().zip(this.streams.iter()) {
            instance.add_master(base, ids)?;
        }
        // INVARIANT: it is in the lists of all instances now.
        Ok(this)
    }

    /// Returns the client device. It need not be bound to a driver.
    #[inline]
    pub fn dev(&self) -> &Device {
        self.base.dev()
    }

    /// Whether it is on a PCI bus.
    pub fn is_pci(&self) -> bool {
        is_pci(self.dev())
    }

    /// Logs that the instance of `iommu` cannot attach the master, and the reason. Returns `e`, the
    /// error for [`Operations::attach`].
    pub fn attach_failed(&self, iommu: &Device, why: &str, e: Error) -> Error {
        self.log_attach_failed(fmt!("{}", iommu.name()), why, e);
        e
    }

    pub(crate) fn log_attach_failed(&self, iommu: fmt::Arguments<'_>, why: &str, e: Error) {
        dev_err!(
            self.dev(),
            "{}: attach failed, {}: {}: {:?}\n",
            iommu,
            if self.base.is_unattached() {
                "all accesses are denied"
            } else {
                "nothing changes"
            },
            why,
            e
        );
    }

    /// Returns the driver's data for it.
    #[inline]
    pub fn data(&self) -> &T::Master {
        &self.data
    }

    /// Returns the stream IDs at the instance with this index.
    #[inline]
    pub fn streams(&self, instance: usize) -> &[u16] {
        self.streams.get(instance).map_or(&[], |ids| ids)
    }

    /// Returns those of [`Self::streams`] through which no other master has access to memory.
    ///
    /// Releasing a master must not block a stream that another master of its group has, too. When a
    /// whole group is blocked, the last of its masters finds the stream unused.
    pub fn unshared(&self, instance: usize) -> impl Iterator<Item = u16> + '_ {
        let entry = self.instances.as_slice().get(instance);

        self.streams(instance)
            .iter()
            .copied()
            .filter(move |&id| entry.is_some_and(|entry| !entry.is_in_use(&self.base, id)))
    }

    #[inline]
    pub(crate) fn base(&self) -> &MasterBase {
        &self.base
    }

    #[inline]
    pub(crate) fn instances(&self) -> &InstanceSet<T> {
        &self.instances
    }

    /// Returns the `struct iommu_device` that the core records for this master.
    #[inline]
    pub(crate) fn iommu_device(&self) -> *mut bindings::iommu_device {
        self.instances.first().as_raw()
    }
}

#[pinned_drop]
impl<T: Operations> PinnedDrop for Master<T> {
    fn drop(self: Pin<&mut Self>) {
        let base = NonNull::from(&self.base);
        for instance in self.instances.as_slice() {
            instance.remove_master(base);
        }
        // The master is not found any more; wait for callers that have found it before.
        self.base.gate().close();
        self.base.set_attached(Attached::Nothing);
    }
}
