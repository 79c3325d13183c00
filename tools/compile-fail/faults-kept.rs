// SPDX-License-Identifier: GPL-2.0

//! `Faults` is kept after the interrupt. It is valid only there, while the instance is held.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!(types);
space!();

impl Hardware for Driver {
    instance!(info resources engine constants probe remove shutdown);

    fn interrupt(_: EngineGuard<'_, Self>, _index: u32, faults: &Faults<'_>) -> IrqReturn {
        let _kept: &'static Faults<'static> = faults; //~ ERROR lifetime may not live long enough
        IrqReturn::Handled
    }
}

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
