// SPDX-License-Identifier: GPL-2.0

//! A driver registers an instance itself. The crate owns the registration, so none can be leaked.

#[macro_use]
mod skeleton;

use skeleton::*;

use iommu::registry; //~ ERROR module `registry` is private
use iommu::sysfs::SysfsDevice; //~ ERROR module `sysfs` is private

fn register(dev: &Device<Bound>) {
    let _ = iommu::instance::Instance::new(dev, 0, core::ptr::null());
    //~^ ERROR module `instance` is private
    //~^^ ERROR associated function `new` is private
}
