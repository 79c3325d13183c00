// SPDX-License-Identifier: GPL-2.0

//! Abstractions that are not about IOMMUs, and belong elsewhere in the kernel crate.
//!
//! They depend on nothing else of this crate, except for the declarations of C functions.

pub mod atomic_safe;
pub(crate) mod bare_device;
pub mod clk;
pub(crate) mod gate;
pub(crate) mod link;
pub(crate) mod lock_class;
pub mod pm;
pub mod reset;
pub(crate) mod storm;
pub(crate) mod streaming;
pub mod supplier;
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
pub(crate) mod test_device;
