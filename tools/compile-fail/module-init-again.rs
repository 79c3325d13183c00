// SPDX-License-Identifier: GPL-2.0

//! A driver initializes the base crate again.

#[macro_use]
mod skeleton;

use skeleton::*;

fn again(module: &'static kernel::ThisModule) -> bool {
    <iommu::Iommu as kernel::Module>::init(module).is_ok()
    //~^ ERROR struct `Iommu` is private
}
