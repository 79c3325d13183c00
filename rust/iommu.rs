// SPDX-License-Identifier: GPL-2.0

//! IOMMU drivers.
//!
//! A driver implements [`ops::Operations`] and declares itself with [`module_iommu_driver!`]. The
//! crate owns the registration with the IOMMU core, finds the instance a master is behind and
//! passes it in, and keeps alive whatever the core or hardware may still use.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use kernel::prelude::*;

pub mod adapter;
pub mod atomic_safe;
mod bindings;
pub mod clk;
mod debugfs;
pub mod domain;
pub mod fault;
mod fwnode;
mod gate;
pub mod gfp;
pub mod group;
pub mod hold;
pub mod instance;
mod link;
pub mod live;
mod lock_class;
pub mod master;
pub mod mem_region;
mod notifier;
pub mod ops;
mod pages;
#[cfg(CONFIG_IOMMU_IO_PGTABLE)]
pub mod pgtable;
pub mod pm;
mod probe_lock;
pub mod prot;
mod refusal;
pub mod regions;
mod registry;
pub mod reset;
mod storm;
mod sysfs;
pub mod table;
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
mod test_device;
pub mod vtable;
pub mod walker;

/// A physical address.
///
/// Corresponds to `phys_addr_t`.
pub type PhysAddr = kernel::bindings::phys_addr_t;

/// The module. Private: `init` is a safe function, and must run once.
struct Iommu;

impl kernel::Module for Iommu {
    fn init(module: &'static ThisModule) -> Result<Self> {
        // SAFETY: once, and before a driver can call anything: its module needs this one's symbols.
        unsafe { registry::init() };
        // SAFETY: as above.
        unsafe { refusal::init() };
        // SAFETY: once, and the module stays from here on if this succeeds.
        unsafe { notifier::register() }?;
        debugfs::init();

        // The frame that frees a domain returns here after the driver's module may be gone, so this
        // code must not go. See `domain::free`.
        //
        // SAFETY: the module is being loaded.
        unsafe { bindings::rust_iommu_helper___module_get(module.as_ptr()) };
        Ok(Self)
    }
}

module! {
    type: Iommu,
    name: "rust_iommu",
    authors: ["Rust IOMMU drivers for Linux contributors"],
    description: "Abstractions for IOMMU drivers",
    license: "GPL v2",
}
