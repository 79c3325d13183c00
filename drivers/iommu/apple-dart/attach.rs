// SPDX-License-Identifier: GPL-2.0

//! Changes of what a master goes through, at all of its instances or at none.

use iommu::{
    domain::DomainRef,
    live::Live,
    master::Master, //
};
use kernel::prelude::*;

use crate::{
    engine::Path,
    hardware::Hardware,
    streams::Streams,
    AppleDart, //
};

/// Puts `master` into `domain`.
///
/// What can fail comes first, at all instances: room, and a block that does not drop what it has
/// cached. Streams that are translated are denied meanwhile. Until the last instance is ready, none
/// has let the master through the new tables, so the way back needs no flush, and cannot fail.
pub(crate) fn paging(
    live: &Live<'_, AppleDart>,
    master: &Master<AppleDart>,
    domain: &DomainRef<AppleDart>,
) -> Result {
    for (index, hw) in live.hardware() {
        hw.make_room(master.streams(index).len())?;
    }
    let mut ready = 0;
    let result = live.hardware().try_for_each(|(index, hw)| {
        let streams: Streams = master.streams(index).into();

        ready = index + 1;
        domain.add(index, &streams);
        hw.engine.prepare(&streams, domain.path(index))
    });
    if let Err(e) = result {
        for (index, hw) in live.hardware().take_while(|(index, _)| *index < ready) {
            let mut left = Streams::NONE;
            for &id in master.streams(index) {
                if !hw.is_in(id, domain) {
                    left.insert(id);
                }
            }
            hw.engine.roll_back(&master.streams(index).into());
            domain.remove(index, &left);
        }
        return Err(e);
    }
    for (index, hw) in live.hardware() {
        hw.enter(
            index,
            &master.streams(index).into(),
            domain.path(index),
            Some(domain),
            true,
        );
    }
    Ok(())
}

/// Lets `master` through untranslated, whatever the hardware says.
pub(crate) fn identity(live: &Live<'_, AppleDart>, master: &Master<AppleDart>) {
    for (index, hw) in live.hardware() {
        settle(
            index,
            hw,
            &master.streams(index).into(),
            &hw.engine.identity(),
        );
    }
}

/// Denies `master`, whatever the hardware says, but not those it shares a stream with. Instances that
/// are gone are left out.
pub(crate) fn blocked(live: &Live<'_, AppleDart>, master: &Master<AppleDart>) {
    for (index, hw) in live.hardware() {
        let mut streams = Streams::NONE;
        for id in master.unshared(index) {
            streams.insert(id);
        }
        settle(index, hw, &streams, &Path::BLOCKED);
    }
}

/// Puts streams where they go through no tables.
fn settle(index: usize, hw: &Hardware<'_>, streams: &Streams, path: &Path) {
    if streams.is_empty() {
        return;
    }
    let dropped = hw.engine.prepare(streams, path).is_ok();

    hw.enter(index, streams, path, None, dropped);
}
