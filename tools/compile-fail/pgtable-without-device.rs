// SPDX-License-Identifier: GPL-2.0

//! A page table is created without a device, in a format that needs one.

#[macro_use]
mod skeleton;

use iommu::pgtable::io::IoPageTable; //~ ERROR module `io` is private
use kernel::iommu::pgtable::{Config, ARM64LPAES1};
use skeleton::*;

fn make(config: &Config) -> bool {
    IoPageTable::<ARM64LPAES1>::new(None, config, None).is_ok()
}
