// SPDX-License-Identifier: GPL-2.0

//! What only the core can close. Each file works around one gap of the core or of the driver core,
//! and says which patch makes it superfluous. The patches are in `rust/core_gaps/patches/`; none of
//! them is in the kernels that users run.

pub(crate) mod links;
pub(crate) mod replay;
pub(crate) mod unregister;
