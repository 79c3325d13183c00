// SPDX-License-Identifier: GPL-2.0

//! The domains whose tables the streams of an instance may use.

use iommu::{
    pm::AwakeHold,
    prelude::*, //
};
use kernel::prelude::*;

use crate::{
    engine::Path,
    streams::Streams,
    AppleDart, //
};

/// The domains whose tables one stream may use.
#[derive(Clone, Default)]
pub(crate) struct Slot {
    /// The domain that it is attached to.
    pub(crate) domain: Option<DomainRef<AppleDart>>,
    /// The domain that it was attached to before, if invalidating its cached entries failed. There
    /// is at most one: a stream is attached to a domain only after all its cached entries were
    /// invalidated.
    pub(crate) lingering: Option<DomainRef<AppleDart>>,
}

/// The references that the current state needs.
pub(crate) struct Slots {
    /// One for each possible stream.
    pub(crate) streams: KVec<Slot>,
    /// The number of slots with a lingering domain.
    pub(crate) lingering: usize,
    /// Keeps the clocks running.
    pub(crate) power: Option<AwakeHold>,
}

/// Attaches `streams` to `domain`, for whose `path` the block was prepared.
pub(crate) fn enter(
    iommu: Live<'_, AppleDart>,
    index: usize,
    streams: &Streams,
    path: &Path,
    domain: &DomainRef<AppleDart>,
) {
    let mut slots = iommu.slots.lock();

    iommu.lock().commit(streams, path);
    record(iommu, &mut slots, index, streams, Some(domain), true);
}

/// Lets `streams` through without tables, as `tcr` has it, even if the block fails to invalidate
/// its TLB.
pub(crate) fn leave(iommu: Live<'_, AppleDart>, index: usize, streams: &Streams, tcr: u32) {
    let mut slots = iommu.slots.lock();
    let mut engine = iommu.lock();
    let dropped = engine.leave(streams, tcr).is_ok();
    let log = !dropped && engine.has_to_log();
    drop(engine);

    if log {
        dev_err!(
            iommu.dev(),
            "invalidation timed out, tables that were in use are kept until one succeeds\n"
        );
    }
    record(iommu, &mut slots, index, streams, None, dropped);
}

/// Records that `streams` are attached to `domain`. `dropped` says whether the block has
/// invalidated the entries of the former domains.
fn record(
    iommu: Live<'_, AppleDart>,
    slots: &mut Slots,
    index: usize,
    streams: &Streams,
    domain: Option<&DomainRef<AppleDart>>,
    dropped: bool,
) {
    for id in streams.iter() {
        let Some(slot) = slots.streams.get_mut(usize::from(id)) else {
            continue;
        };
        let Some(old) = core::mem::replace(&mut slot.domain, domain.cloned()) else {
            continue;
        };
        if !domain.is_some_and(|new| new.is(&old)) {
            old.remove(index, id);
        }
        if !dropped && slot.lingering.replace(old).is_none() {
            slots.lingering += 1;
        }
    }
    if dropped && slots.lingering > 0 && iommu.lock().flush_all().is_ok() {
        for slot in slots.streams.iter_mut() {
            slot.lingering = None;
        }
        slots.lingering = 0;
    }
}

/// Restores the paths of `streams`, which were prepared for `domain`, and removes them from it,
/// except those that were attached to it before.
pub(crate) fn undo(
    iommu: Live<'_, AppleDart>,
    index: usize,
    streams: &Streams,
    domain: &DomainRef<AppleDart>,
) {
    let slots = iommu.slots.lock();

    iommu.lock().roll_back(streams);
    for id in streams.iter() {
        let slot = slots.streams.get(usize::from(id));
        let current = slot.and_then(|slot| slot.domain.as_ref());
        if !current.is_some_and(|current| current.is(domain)) {
            domain.remove(index, id);
        }
    }
}
