// SPDX-License-Identifier: GPL-2.0

//! Waiting for the core's probe lock.
//!
//! The core holds its `iommu_probe_device_lock` from the look-up of an instance for a master until
//! the callback has returned, but not while it unregisters the instance. Unregistering must wait
//! for such callbacks, but the lock is private to the core. However, the core takes it for each
//! device whose DMA is configured, even one without an IOMMU.

use kernel::{
    bindings,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
    types::Opaque, //
};

/// Frees the device that [`wait`] makes.
///
/// # Safety
///
/// Called by the driver core only, with the last reference to such a device.
unsafe extern "C" fn release(dev: *mut bindings::device) {
    // SAFETY: made by `into_raw` in `wait`.
    drop(unsafe { KBox::<Opaque<bindings::device>>::from_raw(dev.cast()) });
}

/// Waits for all callbacks that held the probe lock when this was called.
///
/// If memory is short, it sleeps for a time that is long compared to the callbacks under the lock.
///
/// Must not be called with the lock held, in `of_xlate` or `probe_device`. May sleep.
///
/// Corresponds to a `mutex_lock()` and `mutex_unlock()` of that lock, which `of_dma_configure_id()`
/// does for a device that only this function knows.
pub(crate) fn wait() {
    let Ok(dev) = KBox::init(
        pin_init::init_zeroed::<Opaque<bindings::device>>(),
        GFP_KERNEL,
    ) else {
        fsleep(Delta::from_millis(100));
        return;
    };
    let dev: *mut bindings::device = KBox::into_raw(dev).cast();

    // SAFETY: zeroed memory of our own. The last reference frees it, by `release`.
    unsafe {
        bindings::device_initialize(dev);
        (*dev).release = Some(release);
        (*dev).dma_mask = &raw mut (*dev).coherent_dma_mask;
    }
    // SAFETY: the device is initialised. The root of the devicetree is never freed. It describes no
    // DMA and no IOMMU, so the only effect is the DMA mask of this device.
    let _ =
        unsafe { bindings::of_dma_configure_id(dev, bindings::of_root, true, core::ptr::null()) };
    // SAFETY: this puts the reference of `device_initialize`.
    unsafe { bindings::put_device(dev) };
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_probe_lock)]
mod tests {
    use super::*;

    #[test]
    fn comes_back() {
        // Twice, to see that the lock was released.
        wait();
        wait();
    }
}
