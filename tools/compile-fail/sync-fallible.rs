// SPDX-License-Identifier: GPL-2.0

//! `sync` returns an error. It cannot fail, because the core frees the pages after it.

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
    domain!(table sync_map flush_all);

    fn sync(&self, _engines: &mut Engines<'_, Driver>, _range: RangeInclusive<u64>) -> Result {
        //~^ ERROR incompatible type for trait
        Err(ETIMEDOUT)
    }
}
