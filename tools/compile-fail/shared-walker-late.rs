// SPDX-License-Identifier: GPL-2.0

//! The walker of shared tables is made in a callback of the core, which holds the lock that this
//! takes.

#[macro_use]
mod skeleton;

use iommu::access::SharedWalker;
use skeleton::*;

driver!();
hardware!();
space!();

impl PagingDomain<Driver> for Domain {
    domain!(all);
}

impl Operations for Driver {
    operations!(types master of_xlate probe_device attach attach_identity attach_blocked);

    fn domain_alloc(
        iommus: &Instances<'_, Self>,
        _master: &Master<Self>,
    ) -> impl PinInit<Domain, Error> {
        let _ = SharedWalker::new(iommus.first()?.dev()); //~ ERROR mismatched types
        iommus.first().map(|iommu| Domain {
            walker: iommu.walker(),
            tables: Tables {},
        })
    }
}
