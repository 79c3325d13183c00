// SPDX-License-Identifier: GPL-2.0

//! The type of the resources does not prove that their lifetime can be shortened.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!(types);
space!();

impl Hardware for Driver {
    instance!(info engine constants probe remove shutdown interrupt);

    type Resources = ForLt!(Resources<'_>); //~ ERROR CovariantForLt` is not satisfied
}

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
