// SPDX-License-Identifier: GPL-2.0

//! A driver defines its statics without the macro. The core compares their addresses, so there must
//! be one set per driver.

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
