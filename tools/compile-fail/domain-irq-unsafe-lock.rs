// SPDX-License-Identifier: GPL-2.0

//! An address space has a lock that does not disable interrupts, but is also mapped in interrupts.

#[macro_use]
mod skeleton;

use skeleton::*;

space!(tables);

struct Domain {
    tables: Tables,
    users: SpinLock<u32>,
}

atomic_safe!(Domain { tables, users }); //~ ERROR AtomicSafe` is not satisfied

impl<Driver: Hardware> PagingDomain<Driver> for Domain {
    domain!(all);
}
