// SPDX-License-Identifier: GPL-2.0

//! A driver implements traits wrongly on which the soundness of the crate relies.

#[macro_use]
mod skeleton;

use core::ptr::NonNull;
use iommu::clk::ClkSource;
use iommu::pgtable::dart::DartFormat;
use iommu::pgtable::Robust;
use iommu::walker::{BoundWalker, Mapped, WalkerDevice};
use kernel::iommu::pgtable::IoPageTableFmt;
use skeleton::*;

struct Lock(Mutex<u32>);

impl AtomicSafe for Lock {} //~ ERROR requires an `unsafe impl` declaration

enum Freeing {}

impl IoPageTableFmt for Freeing {
    const FORMAT: kernel::bindings::io_pgtable_fmt = 0;
}

impl Robust for Freeing {} //~ ERROR requires an `unsafe impl` declaration

impl DartFormat for Freeing {
    //~^ ERROR requires an `unsafe impl` declaration
    const NO_WRITE: u64 = 0;
    const NO_READ: u64 = 0;

    fn paddr(entry: u64) -> PhysAddr {
        entry
    }
}

struct Unbound;

impl WalkerDevice for Unbound {
    //~^ ERROR requires an `unsafe impl` declaration
    fn enter<R>(&self, _f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        None
    }

    fn lock<R>(&self, _f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        None
    }

    unsafe fn list(&self, _table: NonNull<dyn Mapped>) -> Result {
        Ok(())
    }

    unsafe fn remove(&self, _table: NonNull<dyn Mapped>) {}
}

struct Unclocked;

impl ClkSource for Unclocked {} //~ ERROR private::Toggle` is not satisfied
