// SPDX-License-Identifier: GPL-2.0

//! Claiming the register region of a device, so that no other driver uses it.
//!
//! The kernel crate's `ExclusiveIoMem` claims a region below the device's own resource. The devices
//! of a devicetree are not in the tree of resources, so two nodes with the same `reg` do not
//! collide there, and releasing the region fails. This claims it in the tree, as
//! `devm_request_mem_region()` does.
//!
//! C header: [`include/linux/ioport.h`](srctree/include/linux/ioport.h)

use kernel::{
    bindings,
    device::Bound,
    io::{
        PhysAddr,
        ResourceSize, //
    },
    platform,
    prelude::*,
    str::CString, //
};

/// A claimed region of memory-mapped registers. Dropping it releases the region.
///
/// # Invariants
///
/// The region is claimed in `iomem_resource`, under the name `_name`.
pub struct MemRegion {
    start: PhysAddr,
    size: ResourceSize,
    _name: CString,
}

impl MemRegion {
    /// Claims the register region of `pdev` with this index.
    ///
    /// # Errors
    ///
    /// `EINVAL` if there is none, `EBUSY` if it overlaps one that is claimed already, `ENOMEM`.
    ///
    /// Corresponds to `request_mem_region()`, and `release_mem_region()` on drop. May sleep.
    pub fn request(pdev: &platform::Device<Bound>, index: u32) -> Result<Self> {
        let resource = pdev.resource_by_index(index).ok_or(EINVAL)?;
        let (start, size) = (resource.start(), resource.size());
        let name = pdev.as_ref().name().to_cstring()?;

        // SAFETY: the name stays until the region is released. The tree has its own lock.
        let region = unsafe {
            bindings::__request_region(
                &raw mut bindings::iomem_resource,
                start,
                size,
                name.as_char_ptr(),
                0,
            )
        };
        if region.is_null() {
            return Err(EBUSY);
        }
        // INVARIANT: claimed above.
        Ok(Self {
            start,
            size,
            _name: name,
        })
    }
}

impl Drop for MemRegion {
    fn drop(&mut self) {
        // SAFETY: by the type invariants the region is claimed by this.
        unsafe {
            bindings::__release_region(&raw mut bindings::iomem_resource, self.start, self.size)
        };
    }
}
