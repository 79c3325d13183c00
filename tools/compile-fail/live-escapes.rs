// SPDX-License-Identifier: GPL-2.0

//! The guard of an instance is kept after the callback.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types of_xlate domain_alloc attach attach_identity attach_blocked);

    type Master = Live<'static, Driver>;

    fn probe_device(
        iommus: &Instances<'_, Self>,
        _dev: &Device,
        _streams: &[KVec<u16>],
    ) -> Result<Self::Master> {
        iommus.first() //~ ERROR lifetime may not live long enough
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
