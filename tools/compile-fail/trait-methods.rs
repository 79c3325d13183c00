// SPDX-License-Identifier: GPL-2.0

//! A driver calls internal trait methods of public types.

#[macro_use]
mod skeleton;

use core::ptr::NonNull;
use iommu::adapter::Adapter;
use iommu::callbacks::HasStatics;
use iommu::walker::{BoundWalker, Mapped, WalkerDevice};
use kernel::bindings::platform_driver;
use kernel::driver::RegistrationOps;
use kernel::sync::aref::AlwaysRefCounted;
use kernel::types::Opaque;
use kernel::ThisModule;
use skeleton::*;

driver!();
hardware!();
space!();

impl Operations for Driver {
    operations!(all);
}

impl PagingDomain<Driver> for Domain {
    domain!(all);
}

fn statics(module: &'static ThisModule) -> Result {
    Driver::statics().init(module) //~ ERROR method `init` is private
}

fn register(driver: &Opaque<platform_driver>, module: &'static ThisModule) -> Result {
    Adapter::<Driver>::register(driver, c"again", module) //~ ERROR requires unsafe block
}

fn unregister(driver: &Opaque<platform_driver>) {
    Adapter::<Driver>::unregister(driver); //~ ERROR requires unsafe block
}

fn list(walker: &Walker, table: NonNull<dyn Mapped>) -> Result {
    walker.list(table) //~ ERROR requires unsafe block
}

fn remove(walker: &Walker, table: NonNull<dyn Mapped>) {
    walker.remove(table); //~ ERROR requires unsafe block
}

fn unmap(table: &dyn Mapped, dev: &Device<Bound>) {
    table.unmap(dev); //~ ERROR requires unsafe block
}

fn walker(dev: &Device<Bound>) {
    BoundWalker::new(dev, 0); //~ ERROR associated function `new` is private
}

fn put(group: &Group) {
    Group::dec_ref(NonNull::from(group)); //~ ERROR requires unsafe block
}
