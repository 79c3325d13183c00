// SPDX-License-Identifier: GPL-2.0

//! A device without a bus and a driver.
//!
//! C header: [`include/linux/device.h`](srctree/include/linux/device.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    device::Device,
    prelude::*,
    sync::aref::ARef,
    types::Opaque, //
};

/// The memory of a device that is not initialised yet.
pub(crate) struct BareDevice(KBox<Opaque<bindings::device>>);

/// Frees the device.
///
/// # Safety
///
/// Called by the driver core only, with the last reference to a device of this module.
unsafe extern "C" fn release(dev: *mut bindings::device) {
    // SAFETY: made by `into_raw` in `configure`.
    drop(unsafe { KBox::<Opaque<bindings::device>>::from_raw(dev.cast()) });
}

impl BareDevice {
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        KBox::init(
            pin_init::init_zeroed::<Opaque<bindings::device>>(),
            GFP_KERNEL,
        )
        .map(Self)
    }

    /// Makes a device that does DMA as the devicetree node `np` says: with this coherency, and
    /// through these ranges. It keeps no reference to the node.
    ///
    /// Takes the core's probe lock, so it must not be called from `of_xlate` or `probe_device`, nor
    /// from callbacks that these lead to. May sleep.
    ///
    /// Corresponds to `device_initialize()` and `of_dma_configure_id()`.
    ///
    /// # Safety
    ///
    /// `np` is NULL or a valid node, and has no `iommus` and no `memory-region` property.
    pub(crate) unsafe fn configure(self, np: *mut bindings::device_node) -> ARef<Device> {
        let dev: *mut bindings::device = KBox::into_raw(self.0).cast();

        // SAFETY: zeroed memory of our own. The last reference frees it, by `release`.
        unsafe {
            bindings::device_initialize(dev);
            (*dev).release = Some(release);
            (*dev).coherent_dma_mask = u64::MAX;
            (*dev).dma_mask = &raw mut (*dev).coherent_dma_mask;
            // The function reads the ranges of the parent's bus only for the device's own node.
            (*dev).of_node = np;
        }
        // It fails only for a node with `iommus`.
        //
        // SAFETY: the device is initialised, and the node is as demanded.
        let _ = unsafe { bindings::of_dma_configure_id(dev, np, true, core::ptr::null()) };
        // SAFETY: there is no other pointer to the device yet.
        unsafe { (*dev).of_node = core::ptr::null_mut() };
        // SAFETY: not NULL. This is the reference of `device_initialize`.
        // CAST: `Device` is a transparent wrapper of an `Opaque<bindings::device>`.
        unsafe { ARef::from_raw(NonNull::new_unchecked(dev.cast())) }
    }
}
