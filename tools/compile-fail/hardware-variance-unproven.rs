// SPDX-License-Identifier: GPL-2.0

//! The hardware's type does not prove that its lifetime can be shortened.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(master constants probe remove shutdown engine interrupt of_xlate probe_device
        domain_alloc attach attach_identity attach_blocked);

    operations!(info engine_type);
    type Hardware = ForLt!(Hardware<'_>); //~ ERROR CovariantForLt` is not satisfied
    type Domain = Domain;
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
