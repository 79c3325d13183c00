// SPDX-License-Identifier: GPL-2.0

//! `attach_identity` takes a domain. The identity and blocked domains belong to no instance.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types master of_xlate
        probe_device domain_alloc attach attach_blocked);

    fn attach_identity(
        _iommus: &Instances<'_, Self>, //~ ERROR method `attach_identity` has 3 parameters but the declaration in trait
        _master: &Master<Self>,
        _domain: &DomainRef<Self>,
    ) -> Result {
        Ok(())
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
