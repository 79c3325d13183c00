// SPDX-License-Identifier: GPL-2.0

//! What a driver implements and uses.

pub mod access;
pub mod domain;
pub mod hardware;
pub mod master;
pub mod ops;
pub mod paging;
pub mod regions;
#[cfg(CONFIG_HAS_IOMEM)]
pub mod registers;
