// SPDX-License-Identifier: GPL-2.0

//! A driver defines a second set of statics.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}

mod again {
    use super::Driver;

    iommu::module_iommu_driver! {
        //~^ ERROR conflicting implementations of trait
        type: Driver,
        name: "again",
        authors: ["Rust IOMMU drivers for Linux contributors"],
        description: "Case that must not build",
        license: "GPL v2",
    }
}
