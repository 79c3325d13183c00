// SPDX-License-Identifier: GPL-2.0

//! The data of another driver's device is used as that of this driver.

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

fn confuse(dev: &Device) -> bool {
    <iommu::adapter::Adapter<Driver> as iommu::pm::callbacks::PmDevice>::from_device(dev).is_some()
    //~^ ERROR module `callbacks` is private
    //~^^ ERROR is unsafe and requires unsafe block
}
