// SPDX-License-Identifier: GPL-2.0

//! `map` takes an exclusive reference, but several CPUs map at once.

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
        &mut self, //~ ERROR incompatible type for trait
        _iova: u64,
        _paddr: PhysAddr,
        _pgsize: usize,
        _pgcount: usize,
        _prot: Prot,
        _gfp: Gfp,
    ) -> (usize, Result) {
        (0, Ok(()))
    }
}
