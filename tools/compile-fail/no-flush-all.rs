// SPDX-License-Identifier: GPL-2.0

//! The core flushes everything without asking whether a driver can.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    //~^ ERROR missing: `flush_all`
    domain!(geometry map unmap iova_to_phys sync_map sync translations table_usage);
}
