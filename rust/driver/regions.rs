// SPDX-License-Identifier: GPL-2.0

//! Reserved regions: parts of a master's address space that are not free to use.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    io::PhysAddr,
    prelude::*, //
};

use crate::{
    bindings::{
        rust_iommu_helper_dev_iommu_fwspec_get,
        rust_iommu_helper_iommu_dma_get_resv_regions, //
    },
    prot::Prot,
};

/// Why a region is reserved.
///
/// Corresponds to `enum iommu_resv_type`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum RegionKind {
    /// Must be mapped one to one at all times. The core maps it before the first attach, and
    /// refuses to block the master.
    Direct = bindings::iommu_resv_type_IOMMU_RESV_DIRECT,
    /// Like [`RegionKind::Direct`], but not when the master is assigned to user space.
    DirectRelaxable = bindings::iommu_resv_type_IOMMU_RESV_DIRECT_RELAXABLE,
    /// Must not be used: the hardware does not translate it.
    Reserved = bindings::iommu_resv_type_IOMMU_RESV_RESERVED,
    /// The doorbell for message-signalled interrupts, which the hardware does not translate.
    Msi = bindings::iommu_resv_type_IOMMU_RESV_MSI,
    /// A window in which the doorbell is mapped by software.
    SoftwareMsi = bindings::iommu_resv_type_IOMMU_RESV_SW_MSI,
}

/// The list on which the core collects a master's reserved regions.
///
/// Regions can only be added. The core owns those on the list, and frees them.
///
/// # Invariants
///
/// - `dev` is valid for `'a`, and neither it nor its fwspec is freed.
/// - `list` is a valid, initialised list of `struct iommu_resv_region` that has no other user for
///   `'a`.
pub struct ReservedRegions<'a> {
    dev: NonNull<bindings::device>,
    list: NonNull<bindings::list_head>,
    _list: PhantomData<&'a mut bindings::list_head>,
}

impl<'a> ReservedRegions<'a> {
    /// Takes over the arguments of a `get_resv_regions` callback.
    ///
    /// # Safety
    ///
    /// - For `'a`, `dev` points to a valid device that the core has probed, and keeps so.
    /// - For `'a`, `list` points to a valid and initialised list of `struct iommu_resv_region` that
    ///   has no other user.
    pub(crate) unsafe fn from_raw(
        dev: NonNull<bindings::device>,
        list: NonNull<bindings::list_head>,
    ) -> Self {
        // INVARIANT: By the safety requirements.
        Self {
            dev,
            list,
            _list: PhantomData,
        }
    }

    /// Reserves `len` bytes from `start`. A direct region is mapped with `prot`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the region is empty or wraps around, `ENOMEM`. The callback cannot return an
    /// error to the core: a driver that cannot reserve a region can only log that.
    ///
    /// Corresponds to `iommu_alloc_resv_region()`. May sleep.
    pub fn push(&mut self, kind: RegionKind, start: PhysAddr, len: usize, prot: Prot) -> Result {
        let last = len.checked_sub(1).ok_or(EINVAL)?;
        start.checked_add(last as PhysAddr).ok_or(EINVAL)?;

        // SAFETY: The function may be called with any arguments.
        let region = unsafe {
            bindings::iommu_alloc_resv_region(
                start,
                len,
                prot.as_raw(),
                kind as bindings::iommu_resv_type,
                bindings::GFP_KERNEL,
            )
        };
        let region = NonNull::new(region).ok_or(ENOMEM)?;

        // SAFETY: `region` was just allocated, so its field `list` is valid.
        let entry = unsafe { &raw mut (*region.as_ptr()).list };

        // SAFETY: `entry` is initialised and on no list; by the type invariants `list` is valid
        // and ours. The list owns the region now.
        unsafe { bindings::list_add_tail(entry, self.list.as_ptr()) };
        Ok(())
    }

    /// Adds the regions that the firmware reserves for the master: `memory-region`s with
    /// `iommu-addresses` in the devicetree, interrupt doorbells on ACPI. The crate does that for
    /// each driver.
    ///
    /// Does nothing for a master without fwspec, and without `CONFIG_IOMMU_DMA`. May sleep.
    ///
    /// Corresponds to `iommu_dma_get_resv_regions()`.
    pub(crate) fn push_firmware(&mut self) {
        // SAFETY: `dev` is valid by the type invariants.
        let fwspec = unsafe { rust_iommu_helper_dev_iommu_fwspec_get(self.dev.as_ptr()) };

        if fwspec.is_null() {
            return;
        }
        // SAFETY: By the type invariants `dev` is valid, and its fwspec stays; it was checked
        // above, as C expects. `list` is valid and ours.
        unsafe {
            rust_iommu_helper_iommu_dma_get_resv_regions(self.dev.as_ptr(), self.list.as_ptr())
        };
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_regions)]
mod tests {
    use super::*;

    use kernel::{
        faux,
        types::Opaque, //
    };

    use crate::bindings::as_raw;

    #[test]
    fn keeps_order_and_bounds() -> Result {
        const REGIONS: [(RegionKind, PhysAddr, usize); 5] = [
            (RegionKind::Msi, 0xffff_f000, 0x1000),
            (RegionKind::Direct, 0x4000_0000, 0x20_0000),
            (RegionKind::DirectRelaxable, 0, 1),
            (RegionKind::Reserved, PhysAddr::MAX, 1),
            (RegionKind::SoftwareMsi, 0x800_0000, 0x10_0000),
        ];

        let faux = faux::Registration::new(c"iommu-test-regions", None)?;
        let dev = NonNull::new(as_raw(faux.as_ref().as_ref())).ok_or(EINVAL)?;
        let list: Opaque<bindings::list_head> = Opaque::uninit();
        let head = NonNull::new(list.get()).ok_or(EINVAL)?;

        // SAFETY: `head` may be written.
        unsafe { bindings::INIT_LIST_HEAD(head.as_ptr()) };

        // SAFETY: Both outlive `regions`. The device has not been probed, which is equivalent to
        // having no fwspec.
        let mut regions = unsafe { ReservedRegions::from_raw(dev, head) };

        for (kind, start, len) in REGIONS {
            regions.push(kind, start, len, Prot::READ_WRITE)?;
        }
        regions.push_firmware();

        let kind = RegionKind::Reserved;
        assert!(regions.push(kind, 0x1000, 0, Prot::NONE) == Err(EINVAL));
        assert!(regions.push(kind, PhysAddr::MAX, 2, Prot::NONE) == Err(EINVAL));

        // SAFETY: `list` was initialised above.
        let mut entry = unsafe { (*head.as_ptr()).next };
        for (kind, start, len) in REGIONS {
            assert!(entry != head.as_ptr());
            // CAST: `list` is the first field of `struct iommu_resv_region`.
            // SAFETY: Not the head, thus part of a region.
            let region = unsafe { &*entry.cast::<bindings::iommu_resv_region>() };

            assert_eq!(region.type_, kind as bindings::iommu_resv_type);
            assert_eq!(region.start, start);
            assert_eq!(region.length, len);
            assert_eq!(region.prot, Prot::READ_WRITE.as_raw());
            entry = region.list.next;
        }
        assert!(entry == head.as_ptr());

        // SAFETY: The list holds regions only, and is not used any more.
        unsafe { bindings::iommu_put_resv_regions(dev.as_ptr(), head.as_ptr()) };
        Ok(())
    }
}
