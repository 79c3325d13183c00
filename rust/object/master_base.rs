// SPDX-License-Identifier: GPL-2.0

//! The part of a client device that does not depend on the driver.

use kernel::{
    device::Device,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Atomic,
            Relaxed, //
        },
        SetOnce,
        SpinLockIrq, //
    },
};

use crate::{
    domain_base::Domain,
    gate::Gate,
    lock_class::new_lock, //
};

/// Whether `dev` is on a PCI bus. Corresponds to `dev_is_pci()`.
pub(crate) fn is_pci(dev: &Device) -> bool {
    #[cfg(CONFIG_PCI)]
    {
        // SAFETY: `dev` is valid, and its bus does not change.
        let bus = unsafe { (*crate::bindings::as_raw(dev)).bus };

        core::ptr::eq(bus, &raw const kernel::bindings::pci_bus_type)
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
    faults: Atomic<u64>,
    /// The driver's key for its group, see `GroupRequest::keyed`.
    key: SetOnce<u32>,
}

impl MasterBase {
    pub(crate) fn new(dev: &Device, instances: KVec<u16>) -> impl PinInit<Self, Error> + '_ {
        try_pin_init!(Self {
            dev: ARef::from(dev),
            instances,
            gate <- Gate::new(),
            attached <- new_lock!(SpinLockIrq, Attached::Nothing, c"iommu_attached"),
            faults: Atomic::new(0),
            key: SetOnce::new(),
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

    /// Whether its group was chosen by this key.
    pub(crate) fn has_key(&self, key: u32) -> bool {
        self.key.as_ref() == Some(&key)
    }

    /// Records the key by which its group is chosen.
    pub(crate) fn set_key(&self, key: u32) {
        self.key.populate(key);
    }

    /// Counts a fault.
    pub(crate) fn count_fault(&self) {
        self.faults.fetch_add(1, Relaxed);
    }

    /// Returns the number of faults since the master was probed.
    pub(crate) fn faults(&self) -> u64 {
        self.faults.load(Relaxed)
    }
}
