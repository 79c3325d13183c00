// SPDX-License-Identifier: GPL-2.0

//! The C side of the crate is not for drivers.

#[macro_use]
mod skeleton;

use skeleton::*;

use iommu::bindings::as_raw; //~ ERROR module `bindings` is private
