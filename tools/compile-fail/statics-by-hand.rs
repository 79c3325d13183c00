// SPDX-License-Identifier: GPL-2.0

//! The core compares addresses: one set of statics per driver, made by the macro.

#[macro_use]
mod skeleton;

use skeleton::*;

struct Driver;

impl iommu::callbacks::HasStatics for Driver {
    //~^ ERROR the trait `HasStatics` requires an `unsafe impl` declaration
    fn statics() -> &'static iommu::callbacks::Statics<Self>
    where
        Self: Operations,
    {
        loop {}
    }
}
