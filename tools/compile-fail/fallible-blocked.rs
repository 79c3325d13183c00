// SPDX-License-Identifier: GPL-2.0

//! `attach_blocked` returns an error. The core falls back to it, so it must not fail.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types master of_xlate
        probe_device domain_alloc attach attach_identity);

    fn attach_blocked(_iommus: &Instances<'_, Self>, _master: &Master<Self>) -> Result {
        //~^ ERROR incompatible type for trait
        Err(EIO)
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
