// SPDX-License-Identifier: GPL-2.0

//! An address space with a lock that sleeps: it is mapped in atomic context.

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
