// SPDX-License-Identifier: GPL-2.0

//! An instance, as far as page tables need it: the gate, the lock, and the list of tables.

use std::sync::atomic::Ordering;

use core::ptr::NonNull;

use kernel::{
    bindings,
    device::Device,
    prelude::*,
    sync::{
        Arc,
        SpinLockIrq, //
    },
};

use crate::{
    gate::Gate,
    lock_class::new_lock,
    mapped_tables::MappedTables,
    walker::BoundWalker, //
};

/// Whether the device is bound.
pub(crate) struct Presence(pub(crate) Option<()>);

/// As in `rust/object/instance.rs`, without masters, domains and a driver.
#[pin_data]
pub(crate) struct Instance {
    raw: Box<bindings::device>,
    #[pin]
    gate: Gate,
    #[pin]
    presence: SpinLockIrq<Presence>,
    #[pin]
    pub(crate) tables: MappedTables,
}

impl Instance {
    pub(crate) fn new(raw: bindings::device) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                raw: Box::new(raw),
                gate <- Gate::new(),
                presence <- new_lock!(SpinLockIrq, Presence(Some(())), c"iommu_engine"),
                tables <- MappedTables::new(),
            }),
            GFP_KERNEL,
        )
    }

    pub(crate) fn close(&self) {
        self.gate.close();
        *self.presence.lock() = Presence(None);
    }

    /// As the adapter does, once the instance is closed and its walker stopped.
    pub(crate) fn unbind(&self) {
        // SAFETY: nothing walks the tables.
        unsafe { self.tables.unmap_all(self.dev_ptr()) };
        self.raw.is_unbound.store(true, Ordering::Relaxed);
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(crate) fn presence(&self) -> &SpinLockIrq<Presence> {
        &self.presence
    }

    pub(crate) fn raw(&self) -> *mut bindings::device {
        core::ptr::from_ref(&*self.raw).cast_mut()
    }

    pub(crate) fn dev_ptr(&self) -> NonNull<Device> {
        NonNull::from(&*self.raw).cast()
    }

    /// # Safety
    ///
    /// As in `rust/object/instance.rs`.
    pub(crate) unsafe fn walker(&self) -> BoundWalker<'_> {
        // SAFETY: by the safety requirement. The address is a number that no other device has.
        unsafe { BoundWalker::new(Device::from_raw(self.raw()), self.raw().addr()) }
    }
}
