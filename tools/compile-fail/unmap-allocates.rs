// SPDX-License-Identifier: GPL-2.0

//! `unmap` takes allocation flags. It is called in atomic context and must not allocate.

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

    fn unmap(&self, _iova: u64, _size: usize, _gfp: Gfp) -> usize {
        //~^ ERROR method `unmap` has 4 parameters but the declaration in trait
        0
    }
}
