// SPDX-License-Identifier: GPL-2.0

//! The locks of two instances are held at once. Another CPU could take them in the other order.

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

    fn sync(&self, engines: &mut Engines<'_, Driver>, _range: RangeInclusive<u64>) {
        let first = engines.at(0);
        let second = engines.at(1); //~ ERROR cannot borrow `*engines` as mutable more than once
        drop((first, second));
    }
}
