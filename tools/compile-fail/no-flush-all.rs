// SPDX-License-Identifier: GPL-2.0

//! `flush_all` is missing. The core calls it without a check.

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
    domain!(table sync_map sync);
}
