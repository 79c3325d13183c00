// SPDX-License-Identifier: GPL-2.0

//! The lifetime of the resources cannot be shortened, but callbacks borrow them for a shorter one.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!(engine);
space!();

struct Resources<'bound> {
    last: Mutex<&'bound u32>,
}

impl Hardware for Driver {
    instance!(info engine constants remove shutdown interrupt);

    type Resources = CovariantForLt!(Resources<'_>); //~ ERROR lifetime may not live long enough

    fn probe<'bound>(
        _pdev: &'bound platform::Device<Core<'_>>,
        _info: &'bound (),
    ) -> Result<(impl PinInit<Resources<'bound>, Error> + 'bound, Engine)> {
        Err::<(Result<Resources<'bound>>, _), _>(ENODEV)
    }
}

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
