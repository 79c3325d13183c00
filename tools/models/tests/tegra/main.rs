// SPDX-License-Identifier: GPL-2.0

//! The SMMU of Tegra.

mod board;
mod caches;
mod chain;
mod firmware;
mod flushes;
mod posted;
#[path = "../common/ram.rs"]
mod ram;
mod reference;
mod refetch;
mod registers;
mod socs;
mod walk;
