// SPDX-License-Identifier: GPL-2.0

//! Gaps of the core and of the driver core. Each file works around one of them, and says which
//! patch of the kernel makes it superfluous. The patches are in `rust/core_gaps/patches/`; none of
//! them is in the kernels that users run.

pub(crate) mod links;
pub(crate) mod replay;
pub(crate) mod unregister;
