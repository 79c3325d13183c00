// SPDX-License-Identifier: GPL-2.0

//! The page table of `rust/`, compiled for the host: the same source files, with a stand-in for the
//! kernel crate. `random` has random calls and a reference, `interleavings` two CPUs under loom. The
//! KUnit suites run as well.

// The kernel's pin-init is a crate of its own.
extern crate kernel as pin_init;
// Drivers know the crate by this name.
extern crate self as iommu;
// The source's `core`, with loom's atomics.
#[cfg(feature = "loom")]
extern crate loom_core as core;

#[allow(dead_code, unused_imports)]
#[path = "../../../rust"]
mod rust {
    pub mod gfp;
    pub mod prot;
    pub mod table;
    pub mod walker;

    pub mod support {
        pub mod gate;
        pub mod lock_class;
        pub mod streaming;
    }

    pub mod object {
        pub mod mapped_tables;
    }
}

#[allow(dead_code)]
#[path = "../../../drivers/iommu/sun50i/format.rs"]
mod sun50i;

#[cfg(test)]
#[cfg_attr(feature = "loom", allow(dead_code))]
mod hardware;
#[cfg_attr(not(test), allow(dead_code))]
mod instance;
#[cfg(all(test, feature = "loom"))]
mod interleavings;
#[cfg(all(test, not(feature = "loom")))]
mod random;

pub use rust::{
    gfp,
    prot,
    table,
    walker, //
};

use rust::{
    object::mapped_tables,
    support::{
        gate,
        lock_class,
        streaming, //
    },
    table::pages, //
};

/// Where drivers find the interface of a page table.
pub mod paging {
    pub use crate::table::interface::*;
}

/// The marker is a matter of types, and is checked when the modules are built.
pub mod atomic_safe {
    /// As in `rust/`.
    ///
    /// # Safety
    ///
    /// None here.
    pub unsafe trait AtomicSafe {}
}

/// As in `rust/`.
pub type PhysAddr = kernel::bindings::phys_addr_t;

#[cfg(all(test, not(feature = "loom")))]
mod suite {
    use crate::sun50i::Sun50iFormat;

    crate::table_suite!(sun50i_table, sun50i, Sun50iFormat);
}
