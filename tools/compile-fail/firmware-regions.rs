// SPDX-License-Identifier: GPL-2.0

//! A driver lists the regions that the firmware reserves, which the crate lists already.

#[macro_use]
mod skeleton;

use iommu::regions::ReservedRegions;
use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types master of_xlate
        probe_device domain_alloc attach attach_identity attach_blocked);

    fn reserved_regions(_master: &Master<Self>, regions: &mut ReservedRegions<'_>) {
        regions.push_firmware();
        //~^ ERROR method `push_firmware` is private
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
