// SPDX-License-Identifier: GPL-2.0

//! The hardware is kept after the callback it was borrowed for.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types constants probe remove shutdown engine interrupt of_xlate domain_alloc
        attach attach_identity attach_blocked);

    type Master = &'static Hardware<'static>;

    fn probe_device(
        live: &Live<'_, Self>,
        _dev: &Device,
        _streams: &[KVec<u16>],
    ) -> Result<Self::Master> {
        live.first().ok_or(ENODEV) //~ ERROR lifetime may not live long enough
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
