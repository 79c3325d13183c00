// SPDX-License-Identifier: GPL-2.0

//! The SMMU of Tegra.

mod board;
mod caches;
mod chain;
mod driver;
mod faults;
mod firmware;
mod flushes;
#[path = "../common/lines.rs"]
mod lines;
mod masters;
mod posted;
#[path = "../common/ram.rs"]
mod ram;
mod reference;
mod refetch;
mod registers;
mod shown;
mod socs;
mod walk;
