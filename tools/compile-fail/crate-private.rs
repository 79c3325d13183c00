// SPDX-License-Identifier: GPL-2.0

//! Uses modules that are private to the crate: their functions rely on how the crate calls them.

#[macro_use]
mod skeleton;

use iommu::domain::Domain; //~ ERROR struct `Domain` is private
use iommu::gate; //~ ERROR module `gate` is private
use iommu::link; //~ ERROR module `link` is private
use iommu::pages; //~ ERROR module `pages` is private
use iommu::registry; //~ ERROR module `registry` is private
