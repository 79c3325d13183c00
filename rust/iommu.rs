// SPDX-License-Identifier: GPL-2.0

//! IOMMU drivers.
//!
//! A driver implements three traits, and declares itself with [`module_iommu_driver!`]:
//! [`hardware::Hardware`] for the platform device, [`ops::Operations`] for the masters, and
//! [`paging::PagingDomain`] for an address space. The crate registers the hardware with the IOMMU core
//! and finds the instance that a master is behind. It passes that instance to the driver's
//! callbacks, and keeps all that the core or the hardware may still use alive.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use kernel::prelude::*;

pub mod access;
pub mod adapter;
pub mod atomic_safe;
mod bindings;
pub mod callbacks;
pub mod clk;
mod debugfs;
pub mod domain;
pub mod fault;
mod fwnode;
mod gate;
pub mod gfp;
pub mod group;
pub mod hardware;
pub mod instance;
mod link;
mod lock_class;
pub mod master;
mod notifier;
pub mod ops;
mod pages;
pub mod paging;
#[cfg(CONFIG_IOMMU_IO_PGTABLE)]
pub mod pgtable;
pub mod pm;
mod probe_lock;
pub mod prot;
mod refusal;
pub mod regions;
#[cfg(CONFIG_HAS_IOMEM)]
pub mod registers;
mod registry;
pub mod reset;
mod storm;
mod sysfs;
pub mod table;
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
mod test_device;
pub mod walker;

/// A physical address.
///
/// Corresponds to `phys_addr_t`.
pub type PhysAddr = kernel::bindings::phys_addr_t;

/// The module. Private, because `init` is a safe function that must run only once.
struct Iommu;

impl kernel::Module for Iommu {
    fn init(module: &'static ThisModule) -> Result<Self> {
        // SAFETY: this is called once, before a driver can call anything: its module needs this
        // one's symbols.
        unsafe { registry::init() };
        // SAFETY: as above.
        unsafe { refusal::init() };
        // SAFETY: this is called once, and the module stays loaded from here on if it succeeds.
        unsafe { notifier::register() }?;
        debugfs::init();

        // The function that frees a domain returns to this module's code after the driver's module
        // may have been unloaded, so this module must stay loaded. See `domain::free`.
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
