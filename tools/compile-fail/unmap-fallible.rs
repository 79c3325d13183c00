// SPDX-License-Identifier: GPL-2.0

//! `unmap` returns an error, but must not fail.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!(types);

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}

impl PagingTable for Tables {
    table!(geometry map iova_to_phys translations usage);

    fn unmap(&self, _iova: u64, _size: usize) -> Result<usize> {
        //~^ ERROR incompatible type for trait
        Err(EIO)
    }
}
