// SPDX-License-Identifier: GPL-2.0

//! The engine, which interrupts use, has a lock that sleeps.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
space!();

struct Engine {
    registers: Mutex<u32>,
}

struct Resources<'bound> {
    dev: &'bound Device<Bound>,
}

impl Hardware for Driver {
    instance!(info resources constants remove shutdown interrupt);

    type Engine = Engine; //~ ERROR `Engine: AtomicSafe` is not satisfied

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
