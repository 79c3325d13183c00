// SPDX-License-Identifier: GPL-2.0

//! The SMMU of Tegra.

mod board;
mod caches;
mod chain;
mod flushes;
#[path = "../common/ram.rs"]
mod ram;
mod registers;
mod socs;
mod walk;
