// SPDX-License-Identifier: GPL-2.0

//! One line in the log for each reason to refuse a master.
//!
//! The core probes the same master several times: when its device is added, when an instance
//! registers, and when a driver is probed for it. The result is the same each time.

use core::fmt::Write;

use kernel::{
    device::Device,
    fmt,
    prelude::*, //
};

/// The number of refusals to remember. At one more the oldest is forgotten, and may be logged
/// again.
const MAX_REFUSALS: usize = 64;

/// A refusal that has been logged.
#[derive(PartialEq)]
struct Logged {
    /// The address of the device. The entry is removed when the device is.
    dev: usize,
    /// The hash of the text.
    text: u64,
}

kernel::sync::global_lock! {
    // SAFETY: initialised by `init`, before anything else of the crate runs.
    unsafe(uninit) static LOGGED_REFUSALS: Mutex<KVec<Logged>> = KVec::new();
}

/// Prepares the list.
///
/// # Safety
///
/// Called once, before any driver can be registered.
pub(crate) unsafe fn init() {
    // SAFETY: by the safety requirement.
    unsafe { LOGGED_REFUSALS.init() };
}

/// FNV-1a over the formatted text.
struct Hash(u64);

impl Write for Hash {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        for byte in s.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
        Ok(())
    }
}

fn key(dev: &Device, why: fmt::Arguments<'_>) -> Logged {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);

    // `Hash` reports no error; an error of a `Display` implementation only shortens the text.
    let _ = hash.write_fmt(why);
    Logged {
        dev: core::ptr::from_ref(dev).addr(),
        text: hash.0,
    }
}

/// Logs why `dev` is refused, unless the log has that line already. Returns the error with which
/// the core continues without an IOMMU for this device.
///
/// Process context.
pub(crate) fn refuse(dev: &Device, why: fmt::Arguments<'_>) -> Error {
    if is_new(key(dev, why)) {
        dev_err!(dev, "{why}\n");
    }
    ENODEV
}

/// Remembers a refusal. Returns false if it is remembered already.
fn is_new(new: Logged) -> bool {
    let mut logged = LOGGED_REFUSALS.lock();

    if logged.contains(&new) {
        return false;
    }
    if logged.len() == MAX_REFUSALS {
        // This succeeds, because the list is full.
        let _ = logged.remove(0);
    }
    // If memory is short, the line may be logged twice.
    let _ = logged.push(new, GFP_KERNEL);
    true
}

/// Forgets the refusals of `dev`, which has been accepted or is being removed.
pub(crate) fn forget(dev: &Device) {
    let mut logged = LOGGED_REFUSALS.lock();

    logged.retain(|old| old.dev != core::ptr::from_ref(dev).addr());
    if logged.is_empty() {
        *logged = KVec::new();
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_refusal)]
mod tests {
    use super::*;

    use crate::test_device::TestDevice;

    #[test]
    fn a_reason_is_logged_once() -> Result {
        let dev = TestDevice::new(c"iommu-test-refused")?;
        let other = TestDevice::new(c"iommu-test-refused-too")?;

        assert!(is_new(key(&dev, fmt!("no stream {}", 7))));
        assert!(!is_new(key(&dev, fmt!("no stream {}", 7))));
        assert!(is_new(key(&dev, fmt!("no stream {}", 8))));
        assert!(is_new(key(&other, fmt!("no stream {}", 7))));
        forget(&dev);
        assert!(is_new(key(&dev, fmt!("no stream {}", 7))));
        assert!(!is_new(key(&other, fmt!("no stream {}", 7))));
        forget(&dev);
        forget(&other);
        Ok(())
    }

    #[test]
    fn the_list_is_bounded() -> Result {
        let dev = TestDevice::new(c"iommu-test-refused")?;

        for n in 0..2 * MAX_REFUSALS {
            assert!(is_new(key(&dev, fmt!("reason {n}"))));
        }
        assert!(LOGGED_REFUSALS.lock().len() <= MAX_REFUSALS);
        forget(&dev);
        Ok(())
    }
}
