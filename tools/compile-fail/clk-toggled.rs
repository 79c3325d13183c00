// SPDX-License-Identifier: GPL-2.0

//! A clock is disabled that was not enabled, through a trait that drivers cannot name.

#[macro_use]
mod skeleton;

use iommu::clk::ClkSource;
use skeleton::*;

fn off<C: ClkSource>(clock: &C) {
    clock.disable_unprepare(); //~ ERROR this method takes 1 argument but 0 arguments were supplied
}
