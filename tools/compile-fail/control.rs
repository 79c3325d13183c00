// SPDX-License-Identifier: GPL-2.0

//! Builds: a complete driver, without `unsafe`.

#![forbid(unsafe_code)]

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
    domain!(all);
}
