// SPDX-License-Identifier: GPL-2.0

//! A gate is only let go by who holds it.

#[macro_use]
mod skeleton;

use skeleton::*;

fn release(gate: &iommu::gate::Gate) {
    gate.release(); //~ ERROR method `release` is private
}
