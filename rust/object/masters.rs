// SPDX-License-Identifier: GPL-2.0

//! The list of the masters of an instance, with their streams.

use core::ptr::NonNull;

use kernel::{
    device::Device,
    prelude::*,
    sync::{
        aref::ARef,
        Mutex,
        SpinLockIrq, //
    },
};

use crate::{
    group::Group,
    lock_class::new_lock,
    master_base::{
        Attached,
        MasterBase, //
    },
};

/// A stream of an instance, and the master it belongs to.
///
/// # Invariants
///
/// `master` is valid as long as the entry is in an instance's list.
#[derive(Clone, Copy)]
struct StreamEntry {
    id: u16,
    master: NonNull<MasterBase>,
}

// SAFETY: a `MasterBase` may be used from any thread; the list it is in bounds its life.
unsafe impl Send for StreamEntry {}

/// The masters of an instance.
#[pin_data]
pub(crate) struct Masters {
    /// One entry for each master, with one of its streams.
    #[pin]
    masters: Mutex<KVec<StreamEntry>>,
    /// One entry for each stream of each master, for the interrupt handler.
    #[pin]
    streams: SpinLockIrq<KVec<StreamEntry>>,
}

impl Masters {
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            masters <- new_lock!(Mutex, KVec::new(), c"iommu_masters"),
            streams <- new_lock!(SpinLockIrq, KVec::new(), c"iommu_streams"),
        })
    }

    /// Adds the streams of a master. Process context.
    pub(crate) fn add(&self, master: NonNull<MasterBase>, ids: &[u16]) -> Result {
        let mut masters = self.masters.lock();

        // The list that the interrupt reads is replaced as a whole: nothing is allocated or freed
        // under the spinlock. Writers are serialised by `masters`.
        let count = self.streams.lock().len();
        let mut fresh = KVec::with_capacity(count + ids.len(), GFP_KERNEL)?;
        for entry in self.streams.lock().iter() {
            fresh.push_within_capacity(*entry).map_err(|_| ENOMEM)?;
        }
        for &id in ids {
            fresh.push(StreamEntry { id, master }, GFP_KERNEL)?;
        }
        let id = ids.first().copied().unwrap_or_default();
        masters.push(StreamEntry { id, master }, GFP_KERNEL)?;

        let old = core::mem::replace(&mut *self.streams.lock(), fresh);
        drop(masters);
        drop(old);
        Ok(())
    }

    /// Removes a master from all lists. It is not found here any more when this returns, but a
    /// caller that has found it before may still hold its gate.
    pub(crate) fn remove(&self, master: NonNull<MasterBase>) {
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

    /// Returns a master, and its group if it has one by now. `n` counts in the
    /// order in which masters were added.
    pub(crate) fn nth(&self, n: usize) -> Option<(ARef<Device>, Option<ARef<Group>>)> {
        let masters = self.masters.lock();
        let entry = masters.get(n)?;
        // SAFETY: by the invariant of `StreamEntry`: it is in the list, whose lock is held.
        let dev = unsafe { entry.master.as_ref() }.dev();
        // SAFETY: the master is in the list, so `release_device` has not returned, and the core
        // still has the reference that `device_group` returned, if that was called.
        let group = unsafe { Group::of(dev) };

        Some((dev.into(), group))
    }

    /// Whether `dev` is one of the masters. Process context.
    pub(crate) fn has(&self, dev: &Device) -> bool {
        let mut found = false;

        self.for_each(|master| found |= core::ptr::eq(master.dev(), dev));
        found
    }

    /// Calls `f` with every master. Process context; `f` must not add or remove any.
    pub(crate) fn for_each(&self, mut f: impl FnMut(&MasterBase)) {
        for entry in self.masters.lock().iter() {
            // SAFETY: by the invariant of `StreamEntry`: it is in the list, whose lock is held.
            f(unsafe { entry.master.as_ref() });
        }
    }

    /// Calls `f` with each master other than `master` that has a group, and with that group.
    pub(crate) fn for_each_grouped(
        &self,
        master: &MasterBase,
        mut f: impl FnMut(&MasterBase, ARef<Group>) -> Result,
    ) -> Result {
        for entry in self.masters.lock().iter() {
            if entry.master == NonNull::from(master) {
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
            // SAFETY: by the invariant of `StreamEntry`: it is in the list, whose lock is held.
            let other = unsafe { entry.master.as_ref() };

            !core::ptr::eq(other, master)
                && self.has_stream(other, &[id])
                && other.with_attached(|attached| {
                    matches!(attached, Attached::Identity | Attached::Paging(_))
                })
        })
    }

    /// Whether `master` has a stream of `ids`.
    pub(crate) fn has_stream(&self, master: &MasterBase, ids: &[u16]) -> bool {
        self.streams
            .lock()
            .iter()
            .any(|stream| stream.master == NonNull::from(master) && ids.contains(&stream.id))
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
}
