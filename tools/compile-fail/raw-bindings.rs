// SPDX-License-Identifier: GPL-2.0

//! A driver uses the crate's bindings to C, which are private.

#[macro_use]
mod skeleton;

use skeleton::*;

use iommu::bindings::as_raw; //~ ERROR module `bindings` is private
