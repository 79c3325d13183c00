// SPDX-License-Identifier: GPL-2.0

//! A driver's data of a master has a borrowed reference. It must own what it refers to.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types of_xlate domain_alloc
        attach attach_identity attach_blocked);

    type Master = &'static Device;

    fn probe_device(
        _iommus: &Instances<'_, Self>,
        dev: &Device,
        _streams: &[KVec<u16>],
    ) -> Result<Self::Master> {
        Ok(dev) //~ ERROR lifetime may not live long enough
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
