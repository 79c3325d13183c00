// SPDX-License-Identifier: GPL-2.0

//! A driver implements traits wrongly on which the soundness of the crate relies.

#[macro_use]
mod skeleton;

use core::ptr::NonNull;
use iommu::clk::ClkSource;
use iommu::walker::{BoundWalker, Mapped, WalkerDevice};
use skeleton::*;

struct Lock(Mutex<u32>);

impl AtomicSafe for Lock {} //~ ERROR requires an `unsafe impl` declaration

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
