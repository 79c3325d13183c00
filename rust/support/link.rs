// SPDX-License-Identifier: GPL-2.0

//! Managed device links: a consumer never outlives the driver of its supplier.
//!
//! C header: [`include/linux/device.h`](srctree/include/linux/device.h)

use kernel::{
    bindings,
    device::Device,
    prelude::*,
    types::NotThreadSafe, //
};

use crate::bindings::as_raw;

/// Makes `consumer` depend on `supplier`.
///
/// From now on the driver core
///
/// - unbinds the driver of `consumer` before it unbinds the driver of `supplier`,
/// - binds no driver to `consumer` while `supplier` has none,
/// - suspends `consumer` before, and resumes it after `supplier`, in each phase of system sleep.
///
/// # Ownership of the link
///
/// The two devices own it, and the driver core removes the link with either of them. Hence nothing
/// is returned:
///
/// - Only *managed* links order unbinding; a link with `DL_FLAG_STATELESS` orders power
///   management alone. In turn, the driver core refuses to delete a managed link on request.
/// - `DL_FLAG_AUTOREMOVE_CONSUMER` would drop the link when the driver of `consumer` unbinds. An
///   IOMMU is not asked again when that driver, or another one, binds later: the second driver
///   would run without the link.
/// - `DL_FLAG_AUTOREMOVE_SUPPLIER` would drop the link when the driver of `supplier` unbinds.
///   `consumer` could then bind without its supplier: behind an IOMMU, it would do DMA
///   untranslated.
///
/// Links are not counted: when the link exists already, made here, from the firmware's description
/// or by other code, this call makes it persist and changes nothing else. It may be called for
/// every reference a consumer has to the same supplier.
///
/// # Runtime power management
///
/// The link does not affect it (`DL_FLAG_PM_RUNTIME` is not set). That flag resumes `supplier`
/// whenever `consumer` runs and releases it when `consumer` suspends. An IOMMU must be powered in
/// other cases: while translation is set up for `consumer`, in any power state of `consumer`. So
/// its driver holds a [`AwakeHold`](crate::pm::AwakeHold) for that time.
///
/// # When to call
///
/// When the driver of `supplier` is bound. `consumer` may be in any state. If it is being probed,
/// and the probe succeeds, the link is in use.
///
/// Not while [`is_deferred`] says that the probe of `consumer` was deferred.
///
/// Not while `supplier` is being probed. The driver core allows that for a consumer whose probe is
/// sure to succeed, and warns if it fails.
///
/// # Errors
///
/// If the driver of `supplier` is being unbound, `ENODEV`. If unbinding started just before the
/// link was made, there is a link, which takes effect when `supplier` is bound again; until then
/// the driver core warns about a driver that is bound to `consumer`. So if one is being probed,
/// `EPROBE_DEFER`: its probe has to fail, and is repeated when its supplier is bound.
///
/// `EINVAL` if there is no link afterwards: both devices are the same, `supplier` is not
/// registered, or takes no part in system sleep, like a faux device, or depends on `consumer`, or
/// memory is short. The C function does not distinguish these.
///
/// Corresponds to `device_link_add()`. May sleep.
pub(crate) fn add(consumer: &Device, supplier: &Device) -> Result {
    if state(supplier) == bindings::dl_dev_state_DL_DEV_UNBINDING {
        return Err(ENODEV);
    }
    // SAFETY: Both are valid devices by the type invariants of `Device`. The link takes its own
    // references to them.
    let link = unsafe { bindings::device_link_add(as_raw(consumer), as_raw(supplier), 0) };

    if link.is_null() {
        return Err(EINVAL);
    }
    judge(consumer, supplier)
}

/// Whether `dev` has the state that it is being probed, although its probe was deferred.
///
/// The driver core sets the state before it checks whether all suppliers are bound, and leaves it
/// when one is not. A link that is made in this state counts as used by a probe, although there is
/// none. When the supplier's driver is unbound, it would wait for the end of that probe: forever,
/// if there is no driver for the consumer any more.
///
/// The answer is "no" while other code holds the lock of `dev`, which may be probing it.
pub(crate) fn is_deferred(dev: &Device) -> bool {
    state(dev) == bindings::dl_dev_state_DL_DEV_PROBING && Locked::try_new(dev).is_some()
}

/// The lock of a device, held. Drivers are bound to it, and unbound from it, under that lock.
pub(crate) struct Locked<'a>(&'a Device, NotThreadSafe);

impl<'a> Locked<'a> {
    /// Waits for the lock. Sleeps.
    ///
    /// Corresponds to `device_lock()`.
    pub(crate) fn new(dev: &'a Device) -> Self {
        // SAFETY: The device is valid, and so is its lock.
        unsafe { bindings::mutex_lock(&raw mut (*as_raw(dev)).mutex) };
        Self(dev, NotThreadSafe)
    }

    /// Returns `None` if the lock is held already: by the caller, if the device is being probed, or
    /// by other code. Does not wait.
    ///
    /// Corresponds to `device_trylock()`.
    fn try_new(dev: &'a Device) -> Option<Self> {
        // SAFETY: The device is valid, and so is its lock.
        let taken = unsafe { bindings::mutex_trylock(&raw mut (*as_raw(dev)).mutex) };

        (taken != 0).then(|| Self(dev, NotThreadSafe))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: Taken when `self` was made, by this task, since the type is not `Send`.
        unsafe { bindings::mutex_unlock(&raw mut (*as_raw(self.0)).mutex) };
    }
}

/// Checks whether a link was made before unbinding of `supplier` started.
///
/// Unbinding starts under the lock that the link was made under: either it waits for `consumer`, or
/// it is seen here.
fn judge(consumer: &Device, supplier: &Device) -> Result {
    if state(supplier) != bindings::dl_dev_state_DL_DEV_UNBINDING {
        return Ok(());
    }
    if state(consumer) == bindings::dl_dev_state_DL_DEV_PROBING {
        return Err(EPROBE_DEFER);
    }
    Err(ENODEV)
}

/// Whether a device is bound to a driver, as the driver core has it for links.
pub(crate) fn is_bound(dev: &Device) -> bool {
    state(dev) == bindings::dl_dev_state_DL_DEV_DRIVER_BOUND
}

/// Returns the state of a device that the driver core keeps for its links.
fn state(dev: &Device) -> bindings::dl_dev_state {
    // SAFETY: `dev` is valid. Other code may write meanwhile, whole words.
    unsafe { (&raw const (*as_raw(dev)).links.status).read_volatile() }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_link)]
mod tests {
    use super::*;

    use kernel::faux;

    use crate::test_device::TestDevice;

    #[test]
    fn consumer_goes_first() -> Result {
        let supplier = TestDevice::new(c"iommu-test-supplier")?;
        let consumer = TestDevice::new(c"iommu-test-consumer")?;
        let bystander = TestDevice::new(c"iommu-test-bystander")?;

        add(&consumer, &supplier)?;
        // As for a master with two streams behind one instance.
        add(&consumer, &supplier)?;

        assert!(consumer.is_bound());
        drop(supplier);
        assert!(!consumer.is_bound());
        assert!(bystander.is_bound());
        Ok(())
    }

    #[test]
    fn supplier_stays() -> Result {
        let supplier = TestDevice::new(c"iommu-test-supplier")?;

        for _ in 0..2 {
            let consumer = TestDevice::new(c"iommu-test-consumer")?;

            add(&consumer, &supplier)?;
            // Its link is removed with it.
            drop(consumer);
            assert!(supplier.is_bound());
        }
        Ok(())
    }

    /// Sets the link state of `dev` while `f` runs.
    fn marked<R>(dev: &Device, mark: bindings::dl_dev_state, f: impl FnOnce() -> R) -> R {
        // SAFETY: Only takes an address; the device is valid.
        let status = unsafe { &raw mut (*as_raw(dev)).links.status };
        // SAFETY: As above; the device is not bound or unbound meanwhile.
        let before = unsafe { status.replace(mark) };
        let ret = f();

        // SAFETY: As above.
        unsafe { *status = before };
        ret
    }

    #[test]
    fn refused_while_unbinding() -> Result {
        let supplier = TestDevice::new(c"iommu-test-supplier")?;
        let consumer = TestDevice::new(c"iommu-test-consumer")?;
        let going = bindings::dl_dev_state_DL_DEV_UNBINDING;

        marked(&supplier, going, || {
            assert!(add(&consumer, &supplier) == Err(ENODEV));
        });
        // There is no link: `supplier` is removed without `consumer`.
        drop(supplier);
        assert!(consumer.is_bound());
        Ok(())
    }

    #[test]
    fn refused_if_unbinding_has_begun_meanwhile() -> Result {
        let supplier = TestDevice::new(c"iommu-test-supplier")?;
        let consumer = TestDevice::new(c"iommu-test-consumer")?;
        let going = bindings::dl_dev_state_DL_DEV_UNBINDING;
        let coming = bindings::dl_dev_state_DL_DEV_PROBING;

        assert!(judge(&consumer, &supplier).is_ok());
        marked(&supplier, going, || {
            assert!(judge(&consumer, &supplier) == Err(ENODEV));
            marked(&consumer, coming, || {
                assert!(judge(&consumer, &supplier) == Err(EPROBE_DEFER));
            });
        });
        Ok(())
    }

    /// Returns the state of the only link of `consumer` to a supplier.
    fn link_state(consumer: &Device) -> bindings::device_link_state {
        // SAFETY: The device is valid; its links are not changed meanwhile.
        let node = unsafe { (*as_raw(consumer)).links.suppliers.next };

        // SAFETY: The list is not empty, so this is the node in a link.
        unsafe { (*kernel::container_of!(node, bindings::device_link, c_node)).status }
    }

    #[test]
    fn deferred_probe_is_known() -> Result {
        let consumer = TestDevice::new(c"iommu-test-consumer")?;

        assert!(!is_deferred(&consumer));
        marked(&consumer, bindings::dl_dev_state_DL_DEV_PROBING, || {
            assert!(is_deferred(&consumer));
            // A probe holds the device's lock.
            let probe = Locked::try_new(&consumer);
            assert!(probe.is_some());
            assert!(!is_deferred(&consumer));
        });
        Ok(())
    }

    #[test]
    fn link_made_by_a_probe_is_in_use() -> Result {
        let supplier = TestDevice::new(c"iommu-test-supplier")?;
        let consumer = TestDevice::new(c"iommu-test-consumer")?;
        let probe = Locked::try_new(&consumer);

        assert!(probe.is_some());
        assert!(Locked::try_new(&consumer).is_none());
        marked(&consumer, bindings::dl_dev_state_DL_DEV_PROBING, || {
            add(&consumer, &supplier)?;
            assert!(link_state(&consumer) == bindings::device_link_state_DL_STATE_CONSUMER_PROBE);
            Ok(())
        })
    }

    #[test]
    fn no_circles() -> Result {
        let a = TestDevice::new(c"iommu-test-a")?;
        let b = TestDevice::new(c"iommu-test-b")?;

        assert!(add(&a, &a) == Err(EINVAL));
        add(&a, &b)?;
        assert!(add(&b, &a) == Err(EINVAL));
        Ok(())
    }

    /// In a kernel that can sleep, a device without power management cannot be a supplier. An IOMMU
    /// can, because it is a platform device, which has power management.
    #[test]
    fn supplier_takes_part_in_sleep() -> Result {
        let supplier = faux::Registration::new(c"iommu-test-faux", None)?;
        let consumer = TestDevice::new(c"iommu-test-consumer")?;
        let made = add(&consumer, supplier.as_ref().as_ref());

        assert!(
            made == if cfg!(CONFIG_PM_SLEEP) {
                Err(EINVAL)
            } else {
                Ok(())
            }
        );
        Ok(())
    }
}
