// SPDX-License-Identifier: GPL-2.0

//! The base crate is initialised once more, under those who use it.

#[macro_use]
mod skeleton;

use skeleton::*;

fn again(module: &'static kernel::ThisModule) -> bool {
    <iommu::Iommu as kernel::Module>::init(module).is_ok()
    //~^ ERROR struct `Iommu` is private
}
