// SPDX-License-Identifier: GPL-2.0

//! KUnit cases of power management.

#[kernel::macros::kunit_tests(rust_iommu_pm)]
mod tests {
    use super::super::{
        callbacks::*,
        *, //
    };

    use kernel::sync::atomic::{
        Atomic,
        Relaxed, //
    };

    use crate::test_device::TestDevice;

    struct Fake {
        powered: Atomic<i32>,
        resumes: Atomic<i32>,
        fail: Atomic<bool>,
        gone: Atomic<bool>,
    }

    static FAKE: Fake = Fake {
        powered: Atomic::new(0),
        resumes: Atomic::new(0),
        fail: Atomic::new(false),
        gone: Atomic::new(false),
    };

    impl PmDevice for Fake {
        type Data = Fake;

        unsafe fn from_device(_dev: &Device) -> Option<&Fake> {
            (!FAKE.gone.load(Relaxed)).then_some(&FAKE)
        }

        fn runtime_suspend(fake: &Fake) -> Result {
            fake.powered.store(0, Relaxed);
            Ok(())
        }

        fn runtime_resume(fake: &Fake) -> Result {
            if fake.fail.load(Relaxed) {
                return Err(EBUSY);
            }
            fake.powered.store(1, Relaxed);
            fake.resumes.fetch_add(1, Relaxed);
            Ok(())
        }

        fn suspend(fake: &Fake) -> Result {
            Self::runtime_suspend(fake)
        }

        fn resume(fake: &Fake) -> Result {
            Self::runtime_resume(fake)
        }
    }

    /// A device, bound to a driver that does nothing but power management.
    struct Bus(TestDevice);

    impl Bus {
        fn new(name: &'static CStr) -> Result<Self> {
            FAKE.powered.store(0, Relaxed);
            FAKE.resumes.store(0, Relaxed);
            FAKE.fail.store(false, Relaxed);
            FAKE.gone.store(false, Relaxed);
            TestDevice::with_pm(name, ops::<Fake>()).map(Self)
        }

        fn dev(&self) -> &Device<Bound> {
            // SAFETY: The device was bound when it was made. It is the consumer of no link, and its
            // driver is dropped together with it.
            unsafe { Device::from_raw(as_raw(&*self.0)) }
        }
    }

    #[cfg(CONFIG_PM)]
    fn users(bus: &Bus) -> i32 {
        // SAFETY: The device is valid; the count is only read.
        unsafe { (*as_raw(bus.dev())).power.usage_count.counter }
    }

    fn powered() -> bool {
        FAKE.powered.load(Relaxed) != 0
    }

    #[test]
    #[cfg(CONFIG_PM)]
    fn guards_hold_the_power() -> Result {
        let bus = Bus::new(c"iommu-test-pm")?;
        let pm = RuntimePm::enable(bus.dev());

        assert_eq!(users(&bus), 0);
        let first = get(bus.dev())?;
        assert!(powered());
        let second = get(bus.dev())?;
        first.put_sync();
        assert!(powered());

        assert!(as_raw(&second.dev) == as_raw(bus.dev()));
        let last = get(bus.dev())?;
        assert_eq!(users(&bus), 2);
        drop(second);
        assert!(powered());
        last.put_sync();
        assert!(!powered());
        assert_eq!(FAKE.resumes.load(Relaxed), 1);

        drop(pm);
        assert!(get(bus.dev()).err() == Some(EACCES));
        Ok(())
    }

    #[test]
    #[cfg(CONFIG_PM)]
    fn starts_suspended() -> Result {
        let bus = Bus::new(c"iommu-test-pm-again")?;
        let pm = RuntimePm::enable(bus.dev());

        get(bus.dev())?.put_sync();
        assert_eq!(FAKE.resumes.load(Relaxed), 1);

        // It can be enabled again, and starts suspended then, too.
        drop(pm);
        let _pm = RuntimePm::enable(bus.dev());
        get(bus.dev())?.put_sync();
        assert_eq!(FAKE.resumes.load(Relaxed), 2);
        Ok(())
    }

    #[test]
    #[cfg(CONFIG_PM)]
    fn hold_outlives_driver() -> Result {
        let bus = Bus::new(c"iommu-test-pm-hold")?;
        let pm = RuntimePm::enable(bus.dev());
        let held = get(bus.dev())?;

        drop(pm);
        drop(bus);
        assert!(get(&held.dev).is_err());
        drop(held);
        Ok(())
    }

    #[test]
    #[cfg(CONFIG_PM)]
    fn resume_fails() -> Result {
        let bus = Bus::new(c"iommu-test-pm-fail")?;
        let _pm = RuntimePm::enable(bus.dev());

        FAKE.fail.store(true, Relaxed);
        assert!(get(bus.dev()).err() == Some(EBUSY));
        assert_eq!(users(&bus), 0);
        FAKE.fail.store(false, Relaxed);
        // An error that does not disable runtime PM; and no count was left behind.
        get(bus.dev())?.put_sync();
        assert!(!powered());

        FAKE.gone.store(true, Relaxed);
        assert!(get(bus.dev()).err() == Some(ENODEV));
        Ok(())
    }

    #[test]
    #[cfg(CONFIG_PM)]
    fn quiet_whatever_the_order() -> Result {
        let bus = Bus::new(c"iommu-test-pm-quiet")?;
        let pm = RuntimePm::enable(bus.dev());

        let quiet = quiesce(bus.dev());
        assert!(get(bus.dev()).err() == Some(EACCES));
        drop(quiet);
        get(bus.dev())?.put_sync();

        // Whichever of the two is dropped first, runtime PM is off in the end.
        let quiet = quiesce(bus.dev());
        drop(pm);
        drop(quiet);
        assert!(get(bus.dev()).err() == Some(EACCES));
        assert_eq!(FAKE.resumes.load(Relaxed), 1);
        Ok(())
    }

    #[test]
    fn system_sleep_has_its_callbacks() -> Result {
        let ops = ops::<Fake>();

        assert!(ops.runtime_suspend.is_some() && ops.runtime_resume.is_some());
        assert!(ops.suspend_noirq.is_some() && ops.resume_noirq.is_some());
        assert!(ops.freeze_noirq.is_some() && ops.thaw_noirq.is_some());
        assert!(ops.poweroff_noirq.is_some() && ops.restore_noirq.is_some());
        assert!(ops.suspend.is_none() && ops.resume.is_none());
        assert!(ops.suspend_late.is_none() && ops.resume_early.is_none());
        assert!(ops.runtime_idle.is_none());

        #[cfg(CONFIG_PM)]
        {
            let bus = Bus::new(c"iommu-test-pm-sleep")?;
            let _pm = RuntimePm::enable(bus.dev());
            let held = get(bus.dev())?;
            let suspend = ops.suspend_noirq.ok_or(EINVAL)?;
            let resume = ops.resume_noirq.ok_or(EINVAL)?;
            // The driver core disables runtime PM first, too.
            let quiet = quiesce(bus.dev());

            // SAFETY: The driver core calls it in the same way for a bound device.
            to_result(unsafe { suspend(as_raw(bus.dev())) })?;
            assert!(!powered());
            assert_eq!(users(&bus), 1);

            // SAFETY: As above.
            to_result(unsafe { resume(as_raw(bus.dev())) })?;
            assert!(powered());
            drop(quiet);
            drop(held);
        }
        Ok(())
    }
}
