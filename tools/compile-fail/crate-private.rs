// SPDX-License-Identifier: GPL-2.0

//! Modules that are the crate's own: what they offer relies on the crate's use of it.

#[macro_use]
mod skeleton;

use iommu::domain::Domain; //~ ERROR struct `Domain` is private
use iommu::fwnode; //~ ERROR module `fwnode` is private
use iommu::gate; //~ ERROR module `gate` is private
use iommu::link; //~ ERROR module `link` is private
use iommu::pages; //~ ERROR module `pages` is private
use iommu::registry; //~ ERROR module `registry` is private
