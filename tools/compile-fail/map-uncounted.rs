// SPDX-License-Identifier: GPL-2.0

//! `map` returns an error without the number of mapped pages, which would never be unmapped.

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
    table!(geometry unmap iova_to_phys translations usage);

    fn map(
        &self,
        _iova: u64,
        _paddr: PhysAddr,
        _pgsize: usize,
        _pgcount: usize,
        _prot: Prot,
        _gfp: Gfp,
    ) -> Result<usize> {
        //~^ ERROR incompatible type for trait
        Ok(0)
    }
}
