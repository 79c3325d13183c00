// SPDX-License-Identifier: GPL-2.0

//! The traits of a driver, and the types that most of its files use.
//!
//! The names of the kernel that the traits' signatures have are here, too.
//!
//! A driver imports them with `use iommu::prelude::*`. Clocks, resets and the formats of page tables
//! are not here, because each driver needs others.

pub use core::ops::RangeInclusive;

pub use kernel::{
    device::{
        Bound,
        Core,
        Device, //
    },
    fmt,
    irq::IrqReturn,
    of,
    platform,
    sync::aref::ARef,
    types::CovariantForLt, //
};

pub use crate::{
    access::{
        EngineGuard,
        Engines,
        Instances,
        Live,
        Walker, //
    },
    atomic_safe,
    domain::DomainRef,
    fault::{
        Access,
        Fault,
        Faults, //
    },
    gfp::Gfp,
    group::Group,
    hardware::{
        DebugOps,
        Hardware, //
    },
    master::Master,
    ops::{
        DefaultDomain,
        GroupRequest,
        Operations, //
    },
    paging::{
        Geometry,
        PagingDomain,
        PagingTable,
        Translation, //
    },
    prot::Prot,
    PhysAddr, //
};

#[cfg(CONFIG_HAS_IOMEM)]
pub use crate::registers::Registers;
