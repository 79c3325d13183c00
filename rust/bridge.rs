// SPDX-License-Identifier: GPL-2.0

//! From the C callbacks of the core, the driver core, the buses and debugfs to a driver's traits.

pub mod adapter;
pub(crate) mod bus;
pub mod callbacks;
pub(crate) mod debugfs;
pub mod part;
