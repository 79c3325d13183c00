// SPDX-License-Identifier: GPL-2.0

//! An address space is not declared as safe for atomic context.

#[macro_use]
mod skeleton;

use skeleton::*;

space!(tables);

struct Domain {
    tables: Tables,
}

impl<Driver: Hardware> PagingDomain<Driver> for Domain {
    //~^ ERROR `Domain: AtomicSafe` is not satisfied
    domain!(all);
}
