// SPDX-License-Identifier: GPL-2.0

//! `Faults` is kept after the interrupt. It is valid only there, while the instance is held.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(types master constants probe remove shutdown engine of_xlate probe_device
        domain_alloc attach attach_identity attach_blocked);

    fn interrupt(_engine: &Engine, faults: &Faults<'_>) -> IrqReturn {
        let _kept: &'static Faults<'static> = faults; //~ ERROR lifetime may not live long enough
        IrqReturn::Handled
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
