// SPDX-License-Identifier: GPL-2.0

//! Changes of a master's attachment, at all of its instances or at none.

use iommu::{
    domain::DomainRef,
    live::Live,
    master::Master, //
};
use kernel::prelude::*;

use crate::{
    engine::Path,
    streams::Streams,
    AppleDart, //
};

/// Attaches `master` to `domain`.
///
/// The steps that can fail are done first, at all instances: a block may fail to invalidate its
/// TLB. Streams that are translated are denied meanwhile. Until the last instance is ready, none
/// has let the master through the new tables. So undoing the change needs no invalidation, and
/// cannot fail.
pub(crate) fn paging(
    live: &Live<'_, AppleDart>,
    master: &Master<AppleDart>,
    domain: &DomainRef<AppleDart>,
) -> Result {
    let last = live.count() - 1;
    let mut ready = 0;
    let result = live.hardware().try_for_each(|(index, hw)| {
        let streams = master.data().streams(index);
        let path = domain.path(index);

        ready = index + 1;
        domain.add(index, streams);
        let prepared = if index < last {
            hw.engine.prepare(streams, path)
        } else {
            hw.switch(index, streams, path, domain)
        };
        prepared.map_err(|e| {
            let why = if e == ETIMEDOUT {
                "its TLB does not answer"
            } else {
                "it has no power, or is shut down"
            };
            master.attach_failed(hw.dev, why, e)
        })
    });
    if let Err(e) = result {
        for (index, hw) in live.hardware().take_while(|(index, _)| *index < ready) {
            let streams = master.data().streams(index);

            hw.engine.roll_back(streams);
            for id in streams.iter() {
                if !hw.is_in(id, domain) {
                    domain.remove(index, id);
                }
            }
        }
        return Err(e);
    }
    for (index, hw) in live.hardware().take_while(|(index, _)| *index < last) {
        let streams = master.data().streams(index);

        hw.enter(index, streams, domain.path(index), domain);
    }
    Ok(())
}

/// Lets `master` through untranslated, even if the hardware fails to invalidate its TLB.
pub(crate) fn identity(live: &Live<'_, AppleDart>, master: &Master<AppleDart>) {
    for (index, hw) in live.hardware() {
        let streams = master.data().streams(index);

        hw.leave(index, streams, &hw.engine.identity());
    }
}

/// Denies `master`, but not the streams that it shares with other masters, even if the hardware
/// fails to invalidate its TLB. Unbound instances are left out.
pub(crate) fn blocked(live: &Live<'_, AppleDart>, master: &Master<AppleDart>) {
    for (index, hw) in live.hardware() {
        let mut streams = Streams::NONE;
        for id in master.unshared(index) {
            streams.insert(id);
        }
        if !streams.is_empty() {
            hw.leave(index, &streams, &Path::BLOCKED);
        }
    }
}
