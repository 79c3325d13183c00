// SPDX-License-Identifier: GPL-2.0

//! Power management of a device: keeping it powered, and callbacks for changes of its power state.
//!
//! C header: [`include/linux/pm_runtime.h`](srctree/include/linux/pm_runtime.h)
//!
//! # Limits of the state that runtime PM reports
//!
//! Only code that holds a power reference knows for certain that a device is powered. During system
//! sleep, and on the way to it, runtime PM is disabled: [`get_if_active`] returns [`None`] although
//! the device may still run, and the recorded status may be "active" although
//! [`Operations::runtime_suspend`] was called. Code that must not miss a powered device, such as
//! the invalidation of a TLB, should read a flag of its own that the callbacks below change under a
//! lock. All of them are called on each way into and out of low power.
//!
//! [`Operations::runtime_suspend`]: crate::ops::Operations::runtime_suspend

use core::{
    marker::PhantomData,
    mem,
    ops::Deref,
    ptr, //
};

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::{
        from_result,
        to_result,
        VTABLE_DEFAULT_ERROR, //
    },
    ffi::c_int,
    prelude::*,
    sync::aref::ARef, //
};

use crate::bindings::{
    as_raw,
    rust_iommu_helper_pm_runtime_disable,
    rust_iommu_helper_pm_runtime_enable,
    rust_iommu_helper_pm_runtime_force_resume,
    rust_iommu_helper_pm_runtime_force_suspend,
    rust_iommu_helper_pm_runtime_get_if_active,
    rust_iommu_helper_pm_runtime_put,
    rust_iommu_helper_pm_runtime_put_sync,
    rust_iommu_helper_pm_runtime_resume_and_get,
    rust_iommu_helper_pm_runtime_set_active,
    rust_iommu_helper_pm_runtime_set_suspended, //
};

/// The state in which a driver hands its device to runtime PM.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum InitialState {
    /// Without power: the first [`get`] calls [`Operations::runtime_resume`].
    ///
    /// [`Operations::runtime_resume`]: crate::ops::Operations::runtime_resume
    Suspended,
    /// With power, switched on by probe: [`Operations::runtime_suspend`] is the first callback.
    ///
    /// [`Operations::runtime_suspend`]: crate::ops::Operations::runtime_suspend
    Active,
}

/// Runtime PM of a device, enabled by its driver.
///
/// Dropping it disables runtime PM, after running callbacks have returned, and the device counts as
/// suspended. No callback is called for that. The driver must also switch off what the callbacks
/// had switched on, for instance by dropping a [`ClkSwitch`](crate::clk::ClkSwitch). Drop this
/// first, so that no callback finds the switch freed.
///
/// If it is forgotten instead, the PM core calls the driver for as long as the driver is bound. The
/// crate's callbacks accept a device that has no instance, so this is sound.
///
/// # Invariants
///
/// Runtime PM was enabled once for `dev`, and has not been disabled in return.
pub struct RuntimePm<'a> {
    dev: &'a Device<Bound>,
}

impl<'a> RuntimePm<'a> {
    /// Enables runtime PM for `dev`. Callbacks may be called before this returns.
    ///
    /// # Errors
    ///
    /// Only with [`InitialState::Active`]: `EBUSY` if the parent has no power, `EAGAIN` if runtime
    /// PM is enabled already.
    ///
    /// Corresponds to `pm_runtime_enable()`, after `pm_runtime_set_active()` where asked for. On
    /// drop, `pm_runtime_disable()` and `pm_runtime_set_suspended()`. May sleep.
    pub fn enable(dev: &'a Device<Bound>, state: InitialState) -> Result<Self> {
        if state == InitialState::Active {
            // SAFETY: `dev` is valid by its type invariants.
            to_result(unsafe { rust_iommu_helper_pm_runtime_set_active(as_raw(dev)) })?;
        }

        // SAFETY: `dev` is valid by its type invariants.
        unsafe { rust_iommu_helper_pm_runtime_enable(as_raw(dev)) };

        // INVARIANT: Enabled above.
        Ok(Self { dev })
    }

    /// Powers the device; see [`get`].
    pub fn get(&self) -> Result<PmRef<'a>> {
        get(self.dev)
    }
}

impl Drop for RuntimePm<'_> {
    fn drop(&mut self) {
        // SAFETY: `dev` is valid; enabled once by the type invariants.
        unsafe { rust_iommu_helper_pm_runtime_disable(as_raw(self.dev)) };

        // Tells the parent that this child needs no power. Fails only if other code has enabled
        // runtime PM as well, which then decides about the status.
        // SAFETY: `dev` is valid.
        let _ = unsafe { rust_iommu_helper_pm_runtime_set_suspended(as_raw(self.dev)) };
    }
}

/// Prevents runtime PM callbacks of a device until dropped.
///
/// For the adapter, around the drop of the object that [`PmDevice::from_device`] finds: the order
/// in which a driver drops its own fields, among them its [`RuntimePm`], must not matter.
///
/// # Invariants
///
/// Runtime PM was disabled once for `dev`, and has not been enabled in return.
#[must_use = "callbacks may come again when this is dropped"]
pub(crate) struct Quiet<'a> {
    dev: &'a Device,
}

/// Waits for running runtime PM callbacks of `dev`, and prevents new ones.
///
/// System sleep callbacks are not affected. In the phases used here the driver core holds no lock
/// of the device. They cannot run during unbinding because user space is frozen by then, and
/// probing is blocked. Kernel code that unbinds a device in these phases has to exclude that
/// itself.
///
/// Corresponds to `pm_runtime_disable()`, and `pm_runtime_enable()` on drop. May sleep.
pub(crate) fn quiesce(dev: &Device) -> Quiet<'_> {
    // SAFETY: `dev` is valid by its type invariants.
    unsafe { rust_iommu_helper_pm_runtime_disable(as_raw(dev)) };

    // INVARIANT: Disabled above.
    Quiet { dev }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // SAFETY: `dev` is valid; disabled once by the type invariants.
        unsafe { rust_iommu_helper_pm_runtime_enable(as_raw(self.dev)) };
    }
}

/// Keeps a device powered until dropped.
///
/// Dropping it never sleeps: the device is suspended later, by a worker.
///
/// # Invariants
///
/// Owns one count of `dev` being in use.
#[must_use = "the device may lose power when this is dropped"]
pub struct PmRef<'a> {
    dev: &'a Device,
}

/// Powers `dev` and keeps it powered.
///
/// # Errors
///
/// `EACCES` if runtime PM is not enabled and the device is suspended, as it is when its driver has
/// been unbound. If [`Operations::runtime_resume`] fails, its error, and `EINVAL` from then on.
///
/// Corresponds to `pm_runtime_resume_and_get()`, and `pm_runtime_put()` on drop. May sleep.
///
/// [`Operations::runtime_resume`]: crate::ops::Operations::runtime_resume
pub fn get(dev: &Device) -> Result<PmRef<'_>> {
    // SAFETY: `dev` is valid by its type invariants.
    to_result(unsafe { rust_iommu_helper_pm_runtime_resume_and_get(as_raw(dev)) })?;

    // INVARIANT: Counted by the call above.
    Ok(PmRef { dev })
}

/// Keeps `dev` powered if it is powered now.
///
/// Returns [`None`] if it is suspended, and also if runtime PM is disabled; see the section at the
/// [top](self) for the consequences.
///
/// Corresponds to `pm_runtime_get_if_active()`, and `pm_runtime_put()` on drop. Does not sleep; may
/// be called in any context. Without `CONFIG_PM` the device is always active.
pub fn get_if_active(dev: &Device) -> Option<PmRef<'_>> {
    // SAFETY: `dev` is valid by its type invariants.
    let got = unsafe { rust_iommu_helper_pm_runtime_get_if_active(as_raw(dev)) };

    // INVARIANT: A positive result means that the use was counted. Otherwise there must be no
    // `PmRef`, not even for a moment: dropping it would release another user's count.
    (got > 0).then(|| PmRef { dev })
}

impl PmRef<'_> {
    /// Converts to a value that borrows nothing and keeps the device powered.
    pub fn into_owned(self) -> PmHold {
        let dev = self.dev.into();

        // The count moves on to the result.
        mem::forget(self);
        // INVARIANT: By the invariants of `PmRef`.
        PmHold { dev }
    }

    /// Releases the power reference, and suspends the device before returning if it has no other
    /// user.
    ///
    /// Corresponds to `pm_runtime_put_sync()`. May sleep.
    pub fn put_sync(self) {
        // SAFETY: `dev` is valid; by the type invariants there is a count to release, which is not
        // released again below.
        let _ = unsafe { rust_iommu_helper_pm_runtime_put_sync(as_raw(self.dev)) };

        mem::forget(self);
    }
}

impl Drop for PmRef<'_> {
    fn drop(&mut self) {
        // SAFETY: `dev` is valid; by the type invariants there is a count to release.
        unsafe { rust_iommu_helper_pm_runtime_put(as_raw(self.dev)) };
    }
}

/// Keeps a device powered until dropped, and its memory in place.
///
/// May be held after the driver was unbound, and then has no effect. Must not be dropped in atomic
/// context: it may be the last reference to the device.
///
/// # Invariants
///
/// Owns one count of `dev` being in use.
#[must_use = "the device may lose power when this is dropped"]
pub struct PmHold {
    dev: ARef<Device>,
}

impl PmHold {
    /// The device that is kept powered.
    pub fn device(&self) -> &Device {
        &self.dev
    }

    /// Releases the power reference, and suspends the device before returning if it has no other
    /// user.
    ///
    /// Corresponds to `pm_runtime_put_sync()`. May sleep.
    pub fn put_sync(self) {
        let hold = mem::ManuallyDrop::new(self);
        // SAFETY: The reference moves out of `hold`, which is neither used nor dropped after this.
        let dev = unsafe { ptr::read(&hold.dev) };

        // INVARIANT: The count moves on from `hold`.
        PmRef { dev: &dev }.put_sync();
    }
}

impl Drop for PmHold {
    fn drop(&mut self) {
        // INVARIANT: By the invariants of `PmHold`. Dropping the `PmRef` releases the count.
        drop(PmRef { dev: &self.dev });
    }
}

/// The callbacks of a driver for changes of its device's power state.
///
/// All callbacks are optional, and all may sleep.
///
/// A driver that has only the runtime pair needs no more for system sleep:
/// `pm_runtime_force_suspend()` and `pm_runtime_force_resume()` call them then.
///
/// System sleep callbacks are called in the *noirq* phase of suspend and of resume: the kernel has
/// disabled the device's interrupt then, and its power domain is on. An interrupt handler never
/// runs between the two, and whenever it runs the registers are accessible. Masters are suspended
/// earlier and resumed later. A callback must not wait for an interrupt.
#[vtable]
pub(crate) trait PmOps {
    /// The device will not be used for a while: save the state that is lost, and stop clocks.
    ///
    /// An error leaves the device active; only `EBUSY` and `EAGAIN` do not end runtime PM for good.
    fn runtime_suspend(&self, _dev: &Device) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The device is needed again: start clocks and restore what it should translate now.
    ///
    /// The user that needs the device gets the error, which ends runtime PM for good.
    fn runtime_resume(&self, _dev: &Device) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// System sleep begins. An error aborts it.
    fn suspend(&self, _dev: &Device) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// System sleep has ended.
    fn resume(&self, _dev: &Device) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// Finds the driver's data for a device.
pub(crate) trait PmDevice {
    /// The driver's data.
    type Ops: PmOps;

    /// Keeps the data in place during a callback.
    type Ref<'a>: Deref<Target = Self::Ops>;

    /// Returns the data of `dev`.
    ///
    /// Callbacks are called whenever runtime PM is enabled, or system sleep begins, and are not
    /// ordered with probe and unbind: this returns [`None`] if the data does not exist yet or any
    /// more. Suspending then succeeds, and runtime resume fails with `ENODEV`.
    ///
    /// # Safety
    ///
    /// The caller is a power management callback for `dev`, of the driver that this is implemented
    /// for, and does not use the result after the callback has returned.
    unsafe fn from_device(dev: &Device) -> Option<Self::Ref<'_>>;
}

/// The C side of [`PmOps`], for the `pm` of a driver.
pub(crate) struct PmCallbacks<T: PmDevice>(PhantomData<T>);

impl<T: PmDevice> PmCallbacks<T> {
    const SYSTEM_SLEEP: bool = T::Ops::HAS_SUSPEND || T::Ops::HAS_RESUME;
    const RUNTIME: bool = T::Ops::HAS_RUNTIME_SUSPEND || T::Ops::HAS_RUNTIME_RESUME;

    const SUSPEND: Option<unsafe extern "C" fn(*mut bindings::device) -> c_int> =
        if T::Ops::HAS_SUSPEND {
            Some(Self::suspend)
        } else if Self::RUNTIME && !Self::SYSTEM_SLEEP {
            Some(rust_iommu_helper_pm_runtime_force_suspend)
        } else {
            None
        };

    const RESUME: Option<unsafe extern "C" fn(*mut bindings::device) -> c_int> =
        if T::Ops::HAS_RESUME {
            Some(Self::resume)
        } else if Self::RUNTIME && !Self::SYSTEM_SLEEP {
            Some(rust_iommu_helper_pm_runtime_force_resume)
        } else {
            None
        };

    /// The callbacks of `T`; those that `T` does not implement are NULL.
    const OPS: bindings::dev_pm_ops = bindings::dev_pm_ops {
        runtime_suspend: if T::Ops::HAS_RUNTIME_SUSPEND {
            Some(Self::runtime_suspend)
        } else {
            None
        },
        runtime_resume: if T::Ops::HAS_RUNTIME_RESUME {
            Some(Self::runtime_resume)
        } else {
            None
        },
        suspend_noirq: Self::SUSPEND,
        resume_noirq: Self::RESUME,
        freeze_noirq: Self::SUSPEND,
        thaw_noirq: Self::RESUME,
        poweroff_noirq: Self::SUSPEND,
        restore_noirq: Self::RESUME,
        ..pin_init::zeroed()
    };

    /// Returns [`PmCallbacks::OPS`] at a static address.
    pub(crate) const fn ops() -> &'static bindings::dev_pm_ops {
        const { &Self::OPS }
    }

    /// Calls `callback` with the driver's data for `dev`, or returns `nothing` if there is none.
    ///
    /// # Safety
    ///
    /// The caller is a callback of [`PmCallbacks::OPS`], and `dev` the device that it was called
    /// for.
    unsafe fn call(
        dev: *mut bindings::device,
        callback: impl FnOnce(&T::Ops, &Device) -> Result,
        nothing: Result,
    ) -> c_int {
        // SAFETY: Valid by the safety requirement.
        let dev: &Device = unsafe { Device::from_raw(dev) };

        from_result(|| {
            // SAFETY: By the safety requirement. The driver core calls the callbacks in a driver's
            // `pm` for the devices of that driver.
            match unsafe { T::from_device(dev) } {
                Some(ops) => callback(&ops, dev),
                None => nothing,
            }
            .map(|()| 0)
        })
    }

    /// # Safety
    ///
    /// Called by the driver core for a device that is valid during the call.
    unsafe extern "C" fn runtime_suspend(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { Self::call(dev, T::Ops::runtime_suspend, Ok(())) }
    }

    /// # Safety
    ///
    /// Called by the driver core for a device that is valid during the call.
    unsafe extern "C" fn runtime_resume(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { Self::call(dev, T::Ops::runtime_resume, Err(ENODEV)) }
    }

    /// # Safety
    ///
    /// Called by the driver core for a device that is valid during the call.
    unsafe extern "C" fn suspend(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { Self::call(dev, T::Ops::suspend, Ok(())) }
    }

    /// # Safety
    ///
    /// Called by the driver core for a device that is valid during the call.
    unsafe extern "C" fn resume(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the safety requirement.
        unsafe { Self::call(dev, T::Ops::resume, Ok(())) }
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_pm)]
mod tests {
    use super::*;

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

    #[vtable]
    impl PmOps for Fake {
        fn runtime_suspend(&self, _dev: &Device) -> Result {
            self.powered.store(0, Relaxed);
            Ok(())
        }

        fn runtime_resume(&self, _dev: &Device) -> Result {
            if self.fail.load(Relaxed) {
                return Err(EBUSY);
            }
            self.powered.store(1, Relaxed);
            self.resumes.fetch_add(1, Relaxed);
            Ok(())
        }
    }

    struct FakeDevice;

    impl PmDevice for FakeDevice {
        type Ops = Fake;
        type Ref<'a> = &'static Fake;

        unsafe fn from_device(_dev: &Device) -> Option<&'static Fake> {
            (!FAKE.gone.load(Relaxed)).then_some(&FAKE)
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
            TestDevice::with_pm(name, PmCallbacks::<FakeDevice>::ops()).map(Self)
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
        let pm = RuntimePm::enable(bus.dev(), InitialState::Suspended)?;

        assert!(get_if_active(bus.dev()).is_none());
        assert_eq!(users(&bus), 0);
        let first = pm.get()?;
        assert!(powered());
        let second = get_if_active(bus.dev()).ok_or(EINVAL)?;
        first.put_sync();
        assert!(powered());

        let held = second.into_owned();
        assert!(as_raw(held.device()) == as_raw(bus.dev()));
        let last = get(bus.dev())?;
        assert_eq!(users(&bus), 2);
        drop(held);
        assert!(powered());
        last.into_owned().put_sync();
        assert!(!powered());
        assert_eq!(FAKE.resumes.load(Relaxed), 1);

        drop(pm);
        assert!(get(bus.dev()).err() == Some(EACCES));
        assert!(get_if_active(bus.dev()).is_none());
        Ok(())
    }

    #[test]
    #[cfg(CONFIG_PM)]
    fn starts_active() -> Result {
        let bus = Bus::new(c"iommu-test-pm-active")?;
        let pm = RuntimePm::enable(bus.dev(), InitialState::Active)?;

        pm.get()?.put_sync();
        assert_eq!(FAKE.resumes.load(Relaxed), 0);
        pm.get()?.put_sync();
        assert_eq!(FAKE.resumes.load(Relaxed), 1);

        // It can be enabled again, and starts suspended then.
        drop(pm);
        let pm = RuntimePm::enable(bus.dev(), InitialState::Suspended)?;
        pm.get()?.put_sync();
        assert_eq!(FAKE.resumes.load(Relaxed), 2);
        Ok(())
    }

    #[test]
    #[cfg(CONFIG_PM)]
    fn hold_outlives_driver() -> Result {
        let bus = Bus::new(c"iommu-test-pm-hold")?;
        let pm = RuntimePm::enable(bus.dev(), InitialState::Suspended)?;
        let held = pm.get()?.into_owned();

        drop(pm);
        drop(bus);
        assert!(get(held.device()).is_err());
        drop(held);
        Ok(())
    }

    #[test]
    #[cfg(CONFIG_PM)]
    fn resume_fails() -> Result {
        let bus = Bus::new(c"iommu-test-pm-fail")?;
        let pm = RuntimePm::enable(bus.dev(), InitialState::Suspended)?;

        FAKE.fail.store(true, Relaxed);
        assert!(pm.get().err() == Some(EBUSY));
        assert_eq!(users(&bus), 0);
        FAKE.fail.store(false, Relaxed);
        // An error that does not disable runtime PM; and no count was left behind.
        pm.get()?.put_sync();
        assert!(!powered());

        FAKE.gone.store(true, Relaxed);
        assert!(pm.get().err() == Some(ENODEV));
        Ok(())
    }

    #[test]
    #[cfg(CONFIG_PM)]
    fn quiet_whatever_the_order() -> Result {
        let bus = Bus::new(c"iommu-test-pm-quiet")?;
        let pm = RuntimePm::enable(bus.dev(), InitialState::Suspended)?;

        let quiet = quiesce(bus.dev());
        assert!(pm.get().err() == Some(EACCES));
        drop(quiet);
        pm.get()?.put_sync();

        // Whichever of the two is dropped first, runtime PM is off in the end.
        let quiet = quiesce(bus.dev());
        drop(pm);
        drop(quiet);
        assert!(get(bus.dev()).err() == Some(EACCES));
        assert_eq!(FAKE.resumes.load(Relaxed), 1);
        Ok(())
    }

    #[test]
    fn system_sleep_goes_through_runtime_pm() -> Result {
        let ops = PmCallbacks::<FakeDevice>::ops();

        assert!(ops.runtime_suspend.is_some() && ops.runtime_resume.is_some());
        assert!(ops.suspend_noirq.is_some() && ops.resume_noirq.is_some());
        assert!(ops.poweroff_noirq.is_some() && ops.restore_noirq.is_some());
        assert!(ops.suspend.is_none() && ops.resume.is_none());
        assert!(ops.suspend_late.is_none() && ops.resume_early.is_none());
        assert!(ops.runtime_idle.is_none());

        #[cfg(CONFIG_PM)]
        {
            let bus = Bus::new(c"iommu-test-pm-sleep")?;
            let pm = RuntimePm::enable(bus.dev(), InitialState::Suspended)?;
            let held = pm.get()?;
            let suspend = ops.suspend_noirq.ok_or(EINVAL)?;

            // SAFETY: The driver core calls it in the same way for a bound device.
            to_result(unsafe { suspend(as_raw(bus.dev())) })?;
            assert!(!powered());
            // Runtime PM does not know the state during system sleep.
            assert!(get_if_active(bus.dev()).is_none());
            assert_eq!(users(&bus), 1);

            drop(held);
            // SAFETY: The device is valid. Makes up for the disable in suspend.
            unsafe { rust_iommu_helper_pm_runtime_enable(as_raw(bus.dev())) };
        }
        Ok(())
    }
}
