// SPDX-License-Identifier: GPL-2.0

//! An address space has a lock that sleeps, but is mapped in atomic context.

#[macro_use]
mod skeleton;

use skeleton::*;

atomic_safe! {
    struct Domain {
        table: Mutex<u32>, //~ ERROR AtomicSafe` is not satisfied
    }
}

impl<Driver: Operations> PagingDomain<Driver> for Domain {
    //~^ ERROR AtomicSafe` is not satisfied
    domain!(all);
}
