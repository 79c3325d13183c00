// SPDX-License-Identifier: GPL-2.0

//! A borrowed group is returned, which may be freed. The callback must return its own reference.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types master of_xlate
        probe_device domain_alloc attach attach_identity attach_blocked);

    fn device_group<'a>(
        _master: &'a Master<Self>,
        _request: GroupRequest<'a>,
    ) -> Result<&'a Group> {
        //~^ ERROR incompatible type for trait
        Err(ENODEV)
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
