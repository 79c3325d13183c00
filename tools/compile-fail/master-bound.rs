// SPDX-License-Identifier: GPL-2.0

//! `probe_device` takes a bound device, but a master may be unbound when it is called.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types master of_xlate
        domain_alloc attach attach_identity attach_blocked);

    fn probe_device(
        _iommus: &Instances<'_, Self>,
        _dev: &Device<Bound>, //~ ERROR incompatible type for trait
        _streams: &[KVec<u16>],
    ) -> Result {
        Ok(())
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
