// SPDX-License-Identifier: GPL-2.0

//! An address space is not declared as safe for atomic context.

#[macro_use]
mod skeleton;

use skeleton::*;

struct Domain;

impl<Driver: Operations> PagingDomain<Driver> for Domain {
    //~^ ERROR `Domain: AtomicSafe` is not satisfied
    domain!(all);
}
