// SPDX-License-Identifier: GPL-2.0

//! Models of IOMMU hardware and of a DMA master behind it.
//!
//! The models implement registers, tables, caches and faults, and do not depend on any driver. A
//! board passes them register accesses and the accesses of masters, and provides guest memory
//! through [`Memory`]. The same source is built by cargo for host tests and by Kbuild as a kernel
//! crate. So it has no `std`, no `alloc`, no `unsafe` and no floating point. All state has a fixed
//! size and is built by `const fn new` for a `static`, since it is far too large for a stack.
//!
//! - [`sun50i`]: the IOMMU of Allwinner H6 and H616.
//! - [`dart`]: DART, the IOMMU of Apple SoCs.
//! - [`tegra`]: the SMMU of Tegra30 to Tegra210.
//! - [`dma`]: a DMA engine with several channels, which is one master.
//!
//! Further modules are common to the IOMMUs: [`counters`], the access [`log`], knobs that can be
//! set by name, commands that take time, and the cache of table entries.
//!
//! The models were not compared with silicon. Where public documents say nothing or disagree, a
//! model has the reading that is strictest for a driver, and its documentation names it.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod access;
mod burst;
mod cache;
mod command;
mod kind;
mod knobs;
mod memory;
mod model;
mod show;

pub mod counters;
pub mod dart;
pub mod dma;
pub mod log;
pub mod sun50i;
pub mod tegra;

pub use access::{
    Cause,
    Denied, //
};
pub use kind::Kind;
pub use memory::Memory;
pub use model::Model;
pub use show::Line;
