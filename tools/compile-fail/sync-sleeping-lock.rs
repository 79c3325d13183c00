// SPDX-License-Identifier: GPL-2.0

//! `sync` may be called in atomic context, but takes a lock that sleeps through the instance.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!(engine);
space!();

struct Hardware<'bound> {
    engine: Engine,
    dev: &'bound Device<Bound>,
}

impl Hardware<'_> {
    /// Would take a mutex.
    fn attached(&self) {}
}

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    domain!(geometry map unmap iova_to_phys sync_map flush_all translations table_usage);

    fn sync(&self, engines: &mut Engines<'_, Driver>, _range: RangeInclusive<u64>) {
        for (_, hw) in engines.hardware() {
            //~^ ERROR no method named `hardware` found
            hw.attached();
        }
    }
}
