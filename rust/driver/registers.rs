// SPDX-License-Identifier: GPL-2.0

//! The memory-mapped registers of an instance, claimed so that no other driver uses them.
//!
//! The kernel crate's `IoMem` has the lifetime of the bound device, but a lock hands out its data
//! by exclusive reference, under which a lifetime cannot be shortened. A mapping as such does not
//! need the device, so [`Registers`] has no lifetime. The crate drops the
//! [engine](crate::hardware::Hardware::Engine) before the device is unbound. A driver can take
//! registers out of it; they stay claimed and mapped then, but may have lost their clock.
//!
//! The kernel crate's `ExclusiveIoMem` claims a region below the device's own resource. The devices
//! of a devicetree are not in the tree of resources, so two nodes with the same `reg` do not
//! collide there, and releasing the region fails. This claims it in the tree, as
//! `devm_request_mem_region()` does.
//!
//! C headers: [`include/linux/io.h`](srctree/include/linux/io.h),
//! [`include/linux/ioport.h`](srctree/include/linux/ioport.h)

use kernel::{
    bindings,
    device::{
        Bound,
        DeviceContext, //
    },
    ffi::c_void,
    io::{
        self,
        resource::{
            Flags,
            Resource, //
        },
        IoBase,
        Mmio,
        MmioBackend,
        MmioRaw,
        PhysAddr,
        ResourceSize, //
    },
    platform,
    prelude::*,
    str::CString,
    types::Opaque, //
};

use crate::atomic_safe::AtomicSafe;

/// At least `SIZE` bytes of memory-mapped registers. Dropping it unmaps them.
///
/// # Invariants
///
/// `io` is a mapping of registers that this owns.
pub struct Registers<const SIZE: usize> {
    io: MmioRaw<io::Region<SIZE>>,
    _claim: Claim,
}

// SAFETY: register accesses take no lock.
unsafe impl<const SIZE: usize> AtomicSafe for Registers<SIZE> {}

impl<const SIZE: usize> Registers<SIZE> {
    /// Claims and maps the register region of `pdev` with this index. On error, logs a line.
    ///
    /// # Errors
    ///
    /// `EINVAL` if there is none or it is too small, `EBUSY` if it overlaps one that is claimed
    /// already, `ENOMEM`.
    ///
    /// Corresponds to `request_mem_region()` and `ioremap()`. May sleep.
    pub fn claim(pdev: &platform::Device<Bound>, index: u32) -> Result<Self> {
        let resource = Self::resource(pdev, index)?;
        Self::map(pdev, resource, &raw mut bindings::iomem_resource)
    }

    /// Maps the register region of `pdev` with this index, which another driver has claimed: that
    /// of the device whose part the instance is. On error, logs a line.
    ///
    /// # Errors
    ///
    /// `EINVAL` if there is none or it is too small, `EBUSY` if it overlaps one that another
    /// instance shares, `ENOMEM`.
    ///
    /// Corresponds to `ioremap()`. May sleep.
    pub fn share(pdev: &platform::Device, index: u32) -> Result<Self> {
        Self::map(pdev, Self::resource(pdev, index)?, SHARED.0.get())
    }

    fn resource<C: DeviceContext>(pdev: &platform::Device<C>, index: u32) -> Result<&Resource> {
        pdev.resource_by_index(index).ok_or_else(|| {
            dev_err!(pdev.as_ref(), "no register region (reg)\n");
            EINVAL
        })
    }

    fn map<C: DeviceContext>(
        pdev: &platform::Device<C>,
        resource: &Resource,
        tree: *mut bindings::resource,
    ) -> Result<Self> {
        let claim = Claim::new(pdev, resource, tree).inspect_err(|e| {
            dev_err!(pdev.as_ref(), "registers cannot be claimed: {:?}\n", *e);
        })?;
        ioremap(resource)
            // INVARIANT: mapped just now.
            .map(|io| Self { io, _claim: claim })
            .inspect_err(|e| {
                dev_err!(pdev.as_ref(), "registers cannot be mapped: {:?}\n", *e);
            })
    }
}

fn ioremap<const SIZE: usize>(resource: &Resource) -> Result<MmioRaw<io::Region<SIZE>>> {
    let (start, size) = (resource.start(), usize::try_from(resource.size())?);
    if size == 0 {
        return Err(EINVAL);
    }
    let addr = if resource.flags().contains(Flags::IORESOURCE_MEM_NONPOSTED) {
        // SAFETY: the region of a device, which is not empty.
        unsafe { bindings::ioremap_np(start, size) }
    } else {
        // SAFETY: as above.
        unsafe { bindings::ioremap(start, size) }
    };
    if addr.is_null() {
        return Err(ENOMEM);
    }
    // SAFETY: mapped above, and not used after the error.
    MmioRaw::new_region(addr as usize, size).inspect_err(|_| unsafe { bindings::iounmap(addr) })
}

impl<const SIZE: usize> Drop for Registers<SIZE> {
    fn drop(&mut self) {
        // SAFETY: by the type invariants.
        unsafe { bindings::iounmap(self.io.addr() as *mut c_void) };
    }
}

impl<'a, const SIZE: usize> IoBase<'a> for &'a Registers<SIZE> {
    type Backend = MmioBackend;
    type Target = io::Region<SIZE>;

    #[inline]
    fn as_view(self) -> Mmio<'a, Self::Target> {
        // SAFETY: by the type invariants it is mapped as long as `self` is borrowed.
        unsafe { Mmio::from_raw(self.io) }
    }
}

/// The regions that instances share with other drivers. They exclude each other.
struct Tree(Opaque<bindings::resource>);

// SAFETY: the kernel's functions for resources take their lock.
unsafe impl Sync for Tree {}

static SHARED: Tree = Tree(Opaque::new(bindings::resource {
    name: c"iommu".to_bytes_with_nul().as_ptr(),
    end: PhysAddr::MAX,
    flags: bindings::IORESOURCE_MEM as usize,
    ..pin_init::zeroed()
}));

/// A claimed region.
///
/// # Invariants
///
/// The region is claimed in `tree`, which is `iomem_resource` or [`SHARED`], under the name
/// `_name`.
struct Claim {
    tree: *mut bindings::resource,
    start: PhysAddr,
    size: ResourceSize,
    _name: CString,
}

impl Claim {
    fn new<C: DeviceContext>(
        pdev: &platform::Device<C>,
        resource: &Resource,
        tree: *mut bindings::resource,
    ) -> Result<Self> {
        let (start, size) = (resource.start(), resource.size());
        let name = pdev.as_ref().name().to_cstring()?;

        // SAFETY: the name stays until the region is released. The tree has its own lock.
        let region =
            unsafe { bindings::__request_region(tree, start, size, name.as_char_ptr(), 0) };
        if region.is_null() {
            return Err(EBUSY);
        }
        // INVARIANT: claimed above.
        Ok(Self {
            tree,
            start,
            size,
            _name: name,
        })
    }
}

// SAFETY: the kernel's functions for resources take their lock.
unsafe impl Send for Claim {}
// SAFETY: it is only read.
unsafe impl Sync for Claim {}

impl Drop for Claim {
    fn drop(&mut self) {
        // SAFETY: by the type invariants the region is claimed by this.
        unsafe { bindings::__release_region(self.tree, self.start, self.size) };
    }
}
