// SPDX-License-Identifier: GPL-2.0

//! The part of the hardware that interrupts use has a lock that sleeps.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
space!();

struct Engine {
    registers: Mutex<u32>,
}

struct Hardware<'bound> {
    engine: &'bound Engine,
}

impl Operations for Driver {
    operations!(master constants remove shutdown interrupt of_xlate probe_device domain_alloc attach
        attach_identity attach_blocked);

    operations!(info hardware);
    type Engine<'bound> = Engine; //~ ERROR `Engine: AtomicSafe` is not satisfied
    type Domain = Domain;

    fn probe<'bound>(
        _pdev: &'bound platform::Device<Core<'_>>,
        _info: &'bound (),
        _lock: EngineLock,
    ) -> impl PinInit<Hardware<'bound>, Error> + 'bound {
        Err::<Hardware<'bound>, _>(ENODEV)
    }

    fn engine<'a>(hw: &'a Hardware<'a>) -> &'a Engine {
        hw.engine
    }
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}
