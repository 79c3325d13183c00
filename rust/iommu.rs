// SPDX-License-Identifier: GPL-2.0

//! IOMMU drivers.
//!
//! A driver implements three traits, and declares itself with [`module_iommu_driver!`]:
//! [`hardware::Hardware`] for the platform device, [`ops::Operations`] for the masters, and
//! [`paging::PagingDomain`] for an address space. The crate registers the hardware with the IOMMU
//! core and finds the instance that a master is behind. It passes that instance to the driver's
//! callbacks, and keeps all that the core or the hardware may still use alive.
//!
//! The modules. Each may use those below it, and the traits of `driver`:
//!
//! - `bridge`: from C callbacks to the traits.
//! - `driver`: the traits that a driver implements, and the types that it uses.
//! - `core_gaps`: workarounds for gaps of the core.
//! - `object`: the objects that the core knows. They do not depend on the driver.
//! - [`table`], [`pgtable`]: page tables. [`walker`] is how they reach the hardware, [`prot`] and
//!   [`gfp`] are arguments of the core's calls.
//! - `support`: what is not about IOMMUs.
//! - [`prelude`]: the names that most files of a driver import.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use kernel::prelude::*;

mod bindings;
mod bridge;
mod core_gaps;
mod driver;
pub mod gfp;
mod object;
#[cfg(CONFIG_IOMMU_IO_PGTABLE_DART)]
pub mod pgtable;
pub mod prelude;
pub mod prot;
mod support;
pub mod table;
pub mod walker;

use table::pages;

// The folders are for the reader: each module is named without its folder, and is as public as the
// folder's file says.
pub use bridge::*;
pub use driver::*;
pub use object::*;
pub use support::*;

/// A physical address.
///
/// Corresponds to `phys_addr_t`, which has 32 bits in some kernels for 32-bit CPUs.
pub type PhysAddr = u64;

/// The module. Private, because `init` is a safe function that must run only once.
struct Iommu;

impl kernel::Module for Iommu {
    fn init(module: &'static ThisModule) -> Result<Self> {
        // SAFETY: this is called once, before a driver can call anything: its module needs this
        // one's symbols.
        unsafe { registry::init() };
        // SAFETY: as above.
        unsafe { refusal::init() };
        // SAFETY: as above.
        unsafe { core_gaps::replay::init() };
        // SAFETY: as above.
        unsafe { part::init() };
        // SAFETY: this is called once, and the module stays loaded from here on if it succeeds.
        unsafe { bus::register() }?;
        debugfs::init();

        // The function that frees a domain returns to this module's code after the driver's module
        // may have been unloaded, so this module must stay loaded. See `domain_base::free`.
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
