// SPDX-License-Identifier: GPL-2.0

//! A page table is created without a device, in a format that needs one.

#[macro_use]
mod skeleton;

use iommu::pgtable::{Config, Entries, PageTable};
use skeleton::*;

fn make(config: Config) -> bool {
    PageTable::new(Entries::Arm64LpaeS1, config).is_ok() //~ ERROR no variant or associated item named `Arm64LpaeS1`
}
