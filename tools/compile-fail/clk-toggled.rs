// SPDX-License-Identifier: GPL-2.0

//! A clock is switched off that was not switched on, by way of a trait that has no name here.

#[macro_use]
mod skeleton;

use iommu::clk::ClkSource;
use skeleton::*;

fn off<C: ClkSource>(clock: &C) {
    clock.disable_unprepare(); //~ ERROR this method takes 1 argument but 0 arguments were supplied
}
