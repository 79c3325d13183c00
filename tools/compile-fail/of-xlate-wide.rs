// SPDX-License-Identifier: GPL-2.0

//! `of_xlate` returns 32 bits. A stream has 16: the upper half of an ID names the instance.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types master probe_device
        domain_alloc attach attach_identity attach_blocked);

    fn of_xlate(_iommu: Live<'_, Self>, cells: &[u32]) -> Result<u32> {
        //~^ ERROR incompatible type for trait
        Ok(cells[0])
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
