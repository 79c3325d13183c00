// SPDX-License-Identifier: GPL-2.0

//! The engine borrows from the bound device. A callback could write a reference of its own into it.

#[macro_use]
mod skeleton;

use skeleton::*;

struct Driver;

kernel::of_device_table!(
    OF_TABLE,
    (),
    [(of::DeviceId::new(c"test,compile-fail"), ())]
);

struct Engine<'bound> {
    dev: &'bound Device<Bound>,
}

struct Resources<'bound> {
    dev: &'bound Device<Bound>,
}

impl Hardware for Driver {
    //~^ ERROR missing: `probe`
    instance!(info resources constants remove shutdown interrupt);

    type Engine = Engine<'_>; //~ ERROR cannot be used here
}
