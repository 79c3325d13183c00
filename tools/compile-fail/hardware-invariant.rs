// SPDX-License-Identifier: GPL-2.0

//! The lifetime of the hardware cannot be shortened, but callbacks borrow it for a shorter one.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
space!();

hardware!(engine);

struct Hardware<'bound> {
    engine: Engine,
    last: Mutex<&'bound u32>,
}

impl Operations for Driver {
    operations!(master constants remove shutdown engine interrupt of_xlate probe_device domain_alloc
        attach attach_identity attach_blocked);

    operations!(info engine_type);
    type Hardware = CovariantForLt!(Hardware<'_>); //~ ERROR lifetime may not live long enough
    type Domain = Domain;

    fn probe<'bound>(
        _pdev: &'bound platform::Device<Core<'_>>,
        _info: &'bound (),
        _lock: EngineLock,
    ) -> impl PinInit<Hardware<'bound>, Error> + 'bound {
        Err::<Hardware<'bound>, _>(ENODEV)
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
