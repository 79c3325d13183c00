// SPDX-License-Identifier: GPL-2.0

//! The engine of an instance is used after its lock was released.

#[macro_use]
mod skeleton;

use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    domain!(table sync_map flush_all);

    fn sync(&self, engines: &mut Engines<'_, Driver>, _range: RangeInclusive<u64>) {
        let registers = engines.first().map(|engine| &engine.registers);
        //~^ ERROR cannot return value referencing function parameter `engine`
        let _ = registers.copied();
    }
}

/// An engine that keeps a reference with the lifetime of a callback.
struct Borrowing<'a>(&'a u32);

fn kept<'a>(live: Live<'a, Driver>) -> Borrowing<'a> {
    Borrowing(&live.lock().registers) //~ ERROR cannot return value referencing temporary value
}
