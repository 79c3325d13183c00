// SPDX-License-Identifier: GPL-2.0

//! The objects that the core knows: instances, masters, domains and groups.
//!
//! Nothing here is generic over the driver, so this code stays loaded when the module of a driver
//! is unloaded.

pub(crate) mod domain_base;
pub mod fault;
pub mod group;
pub(crate) mod instance;
pub(crate) mod mapped_tables;
pub(crate) mod master_base;
pub(crate) mod masters;
pub(crate) mod refusal;
pub(crate) mod registry;
pub(crate) mod shared_walker;
pub(crate) mod sysfs;
