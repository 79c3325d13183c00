// SPDX-License-Identifier: GPL-2.0

//! The page tables that are mapped for the walker of an instance.

use core::ptr::NonNull;

use kernel::{
    device::{
        Device, //
    },
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
};

use crate::{
    atomic_safe::AtomicSafe,
    instance::Instance,
    lock_class::new_lock,
    walker::{
        BoundWalker,
        Mapped,
        WalkerDevice, //
    },
};

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

/// The page tables that are mapped for an instance.
#[pin_data]
pub(crate) struct MappedTables {
    #[pin]
    list: Mutex<KVec<MappedEntry>>,
}

impl MappedTables {
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            list <- new_lock!(Mutex, KVec::new(), c"iommu_tables"),
        })
    }

    /// Undoes all mappings. Called before the device is unbound.
    ///
    /// # Safety
    ///
    /// `dev` is the device of the instance, which is [closed](Instance::close). Its hardware walks
    /// no table any more.
    pub(crate) unsafe fn unmap_all(&self, dev: NonNull<Device>) {
        for entry in self.list.lock().iter_mut() {
            // SAFETY: by the safety requirement. There is a `BoundWalker` only while the gate is
            // held, or the lock of a presence that has the driver's data.
            unsafe { entry.unmap(dev) };
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
        let _guard = self.0.gate().enter()?;

        // SAFETY: the gate is held.
        Some(f(&unsafe { self.0.walker() }))
    }

    fn lock<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        let presence = self.0.presence().lock();

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
        self.0.tables.list.lock().push(entry, GFP_KERNEL)?;
        Ok(())
    }

    unsafe fn remove(&self, table: NonNull<dyn Mapped>) {
        let mut tables = self.0.tables.list.lock();

        tables.retain(|entry| {
            if !core::ptr::addr_eq(entry.table.as_ptr(), table.as_ptr()) {
                return true;
            }
            // SAFETY: the device of this instance. By the invariants of the entry it is valid if
            // the table is mapped. The caller drops the table, so it has no other users.
            unsafe { entry.unmap(self.0.dev_ptr()) };
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
