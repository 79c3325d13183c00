// SPDX-License-Identifier: GPL-2.0

//! Models of IOMMU hardware and of a DMA master that works behind it.
//!
//! The models know registers, tables, caches and faults; they know nothing about any driver. A
//! board feeds them register accesses and the accesses of masters, and gives them guest memory
//! through [`Memory`]. The same source is built by cargo for host tests and by Kbuild as a kernel
//! crate: no `std`, no `alloc`, no `unsafe`, no floating point. All state has a fixed size and is
//! built by `const fn new`, since it belongs into a `static`: it is far too large for a stack.
//!
//! - [`sun50i`]: the IOMMU of Allwinner H6 and H616.
//! - [`dart`]: DART, the IOMMU of Apple SoCs.
//! - [`dma`]: a DMA engine with several channels, which is one master.
//!
//! What the IOMMUs have in common lives once, beside them: [`counters`], the access [`log`], knobs
//! that can be turned by name, commands that take time, the cache of table entries.
//!
//! Nothing here was compared with silicon. Where public documents are silent or disagree, a model
//! takes the reading that is hardest on a driver, and its documentation says so.

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

pub use access::{
    Cause,
    Denied, //
};
pub use kind::Kind;
pub use memory::Memory;
pub use model::Model;
pub use show::Line;
