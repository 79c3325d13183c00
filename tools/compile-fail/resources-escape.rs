// SPDX-License-Identifier: GPL-2.0

//! The resources are kept after the callback they were borrowed for.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types of_xlate domain_alloc attach attach_identity attach_blocked);

    type Master = &'static Device<Bound>;

    fn probe_device(
        iommus: &Instances<'_, Self>,
        _dev: &Device,
        _streams: &[KVec<u16>],
    ) -> Result<Self::Master> {
        let iommu = iommus.first()?;
        Ok(iommu.dev) //~ ERROR lifetime may not live long enough
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
