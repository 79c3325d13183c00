// SPDX-License-Identifier: GPL-2.0

//! The traits that a driver implements, and the types that it uses.

pub mod access;
pub mod domain;
pub(crate) mod group_request;
pub mod hardware;
pub(crate) mod instances;
pub mod master;
pub mod ops;
pub mod paging;
pub mod regions;
#[cfg(CONFIG_HAS_IOMEM)]
pub mod registers;
