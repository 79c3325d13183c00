// SPDX-License-Identifier: GPL-2.0

//! `sync` may be called in atomic context, but takes a lock that sleeps through the instance.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Resources<'_> {
    /// Would take a mutex.
    fn attached(&self) {}
}

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    domain!(table sync_map flush_all);

    fn sync(&self, engines: &mut Engines<'_, Driver>, _range: RangeInclusive<u64>) {
        if let Some(engine) = engines.first() {
            engine.attached(); //~ ERROR no method named `attached` found
        }
        for (_, iommu) in engines.iter() {
            //~^ ERROR no method named `iter` found
            iommu.attached();
        }
    }
}
