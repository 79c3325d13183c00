// SPDX-License-Identifier: GPL-2.0

//! The engine of an instance is used after its lock was released.

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
    domain!(geometry map unmap iova_to_phys sync_map flush_all translations table_usage);

    fn sync(&self, engines: &mut Engines<'_, Driver>, _range: RangeInclusive<u64>) {
        let engine = engines.first().map(|mut engaged| engaged.get().0);
        //~^ ERROR cannot return value referencing function parameter `engaged`
        let _ = engine.map(|engine| engine.registers);
    }
}
