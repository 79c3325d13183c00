// SPDX-License-Identifier: GPL-2.0

//! `of_xlate` takes a master, but masters exist only from `probe_device` on.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types master probe_device
        domain_alloc attach attach_identity attach_blocked);

    fn of_xlate(_iommu: Live<'_, Self>, _dev: &Device, cells: &[u32]) -> Result<u16> {
        //~^ ERROR method `of_xlate` has 3 parameters but the declaration in trait
        Ok(cells[0] as u16)
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
