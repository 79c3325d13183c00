// SPDX-License-Identifier: GPL-2.0

//! The platform driver around [`Operations`], and the owner of its resources while a device is
//! bound.
//!
//! [`kernel::platform::Adapter`] cannot set what an IOMMU driver needs: power management,
//! `shutdown`, no unbinding through sysfs. It also sets the driver's data only after `probe`, but
//! the core calls the driver back earlier. So this is an adapter of its own. It also owns the
//! registration with the core and the interrupt, so that a driver cannot forget either.
//!
//! The registration is not held by devres: the driver core releases devres after it has dropped the
//! driver data, which the callbacks of a registered instance use. While it is stored, the lifetime
//! of the bound device is erased from the driver data; `forever` is the one place that does so.
//!
//! C header: [`include/linux/platform_device.h`](srctree/include/linux/platform_device.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    device::CoreInternal,
    driver,
    error::{
        from_result,
        to_result, //
    },
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    types::Opaque,
    ThisModule, //
};

mod interrupt;
mod power;

use interrupt::Interrupt;

use crate::{
    access::InstanceData,
    bindings::as_raw,
    core_gaps::{
        replay::{
            self,
            Replay, //
        },
        unregister::{
            self,
            ProbeLock, //
        },
    },
    debugfs,
    hardware::Resources,
    instance::Instance,
    lock_class::new_lock,
    part,
    pm::{
        self,
        callbacks,
        RuntimePm, //
    },
    prelude::*,
    registry,
    sysfs::SysfsDevice, //
};

/// Registers platform drivers for [`Operations`].
pub struct Adapter<T: Operations>(PhantomData<T>);

/// The crate's data for a bound device. It is the device's driver data.
///
/// Fields are dropped in this order, after [`Adapter::remove`] has run or probe has failed.
#[doc(hidden)]
#[pin_data(PinnedDrop)]
pub struct Driven<T: Operations> {
    /// The interrupts, requested before the core learns of the instance and freed after the last
    /// master is released.
    #[pin]
    irqs: Mutex<KVec<Interrupt<T>>>,
    /// Runtime PM, enabled while its callbacks find the driver data.
    #[pin]
    pm: Mutex<Option<RuntimePm<'static>>>,
    #[pin]
    sysfs: Mutex<Option<SysfsDevice>>,
    #[pin]
    debugfs: Mutex<Option<Pin<KBox<debugfs::InstanceDir>>>>,
    #[pin]
    probe_lock: Mutex<Option<ProbeLock>>,
    instance: Arc<Instance>,
    /// Callbacks use it through `instance`.
    _data: Pin<KBox<InstanceData<T>>>,
}

impl<T: Operations> Driven<T> {
    /// Returns the instance. The device is bound as long as there is `self`.
    fn live(&self) -> Live<'_, T> {
        // SAFETY: the instance is of driver `T`, and `self` has its data.
        unsafe { Live::new(&self.instance) }
    }

    /// Undoes the part of probe that follows setting the driver data. `dev` is still bound.
    fn tear_down(&self) {
        self.debugfs.lock().take();
        // This precedes `remove`, which may stop the clocks: no callback of a domain accesses the
        // hardware after it. A callback that finds the instance closed skips its invalidation. That
        // is safe because the hardware translates for no master: the core has released them all,
        // which has put them into the blocked domain, or into identity where firmware demands that.
        self.instance.close();
        T::remove(self.live());
        // This follows `remove`, which leaves no fault latched: on a shared line the other handlers
        // would be called for it without end.
        self.irqs.lock().clear();
        // This follows `remove`, which turns the power off.
        self.pm.lock().take();
        // SAFETY: the instance is closed, and after `remove` the hardware walks no table. No
        // callback of the driver is left that could use the walker.
        unsafe { self.instance.tables.unmap_all(self.instance.dev_ptr()) };
        self.sysfs.lock().take();
    }
}

#[pinned_drop]
impl<T: Operations> PinnedDrop for Driven<T> {
    fn drop(self: Pin<&mut Self>) {
        // Runtime PM callbacks find this through the device's driver data, which is cleared before
        // it is dropped. Wait for running callbacks; later ones find no data.
        //
        // SAFETY: driver data is dropped while the device is being unbound.
        drop(pm::quiesce(unsafe { self.instance.dev() }));

        // This is for a probe that failed after the data was set. After a remove it does nothing.
        registry::remove(&self.instance);
        if !self.instance.gate().is_closed() {
            self.tear_down();
        }
    }
}

impl<T: Operations> Adapter<T> {
    fn try_probe(pdev: &platform::Device<CoreInternal<'_>>) -> Result
    where
        Resources<'static, T>: Send + Sync,
    {
        let dev: &Device<CoreInternal<'_>> = pdev.as_ref();
        let bound: &Device<Bound> = dev;
        if bound.fwnode().is_none() {
            dev_err!(dev, "no devicetree node\n");
            return Err(ENODEV);
        }
        // SAFETY: data of the match tables of this adapter's drivers is `T::IdInfo`.
        let info = unsafe { <Self as driver::Adapter>::id_info(dev) }
            .or_else(|| part::id_info::<T>(bound))
            .ok_or(ENODEV)?;
        part::depend(bound)?;

        let index = registry::next_index().inspect_err(|_| {
            dev_err!(
                dev,
                "too many IOMMU instances since the module was loaded\n"
            );
        })?;
        // SAFETY: `Driven` closes the gate before it drops the driver's data, and is dropped before
        // the device is unbound.
        let instance = unsafe { Instance::new(bound, index, T::statics().ops()) }?;
        let requests = interrupt::requests(forever(pdev), T::interrupts(info))?;
        let (resources, engine) = T::probe(forever(pdev), info)?;

        let probe_lock = ProbeLock::new()?;
        let owned = instance.clone();

        // The driver's data is last: between making it and storing it in the driver data, from
        // where `tear_down` releases it, nothing can fail.
        dev.set_drvdata(try_pin_init!(Driven::<T> {
            irqs <- new_lock!(Mutex, KVec::new(), c"iommu_irqs"),
            pm <- new_lock!(Mutex, None, c"iommu_pm"),
            sysfs <- new_lock!(Mutex, None, c"iommu_sysfs"),
            debugfs <- new_lock!(Mutex, None, c"iommu_debugfs"),
            probe_lock <- new_lock!(Mutex, Some(probe_lock), c"iommu_probe_lock"),
            instance: owned,
            _data: {
                let data = KBox::pin_init(InstanceData::<T>::new(resources, engine), GFP_KERNEL)
                    // No later code would close the instance.
                    .inspect_err(|_| instance.close())?;
                // SAFETY: dropped after `tear_down`, which closes the instance; the device is being
                // bound.
                unsafe { instance.set_data(NonNull::from(&*data).cast()) };
                data
            },
        }? Error))?;
        // From here on, an error drops the driver data, which undoes everything.

        // SAFETY: set just now, with this type.
        let driven = unsafe { dev.drvdata_borrow::<Driven<T>>() };

        // After the driver data is set, because callbacks find the hardware through it.
        *driven.pm.lock() = Some(RuntimePm::enable(forever(pdev).as_ref()));

        // `start` precedes the request of the line: it acknowledges faults that were latched before
        // probe. A level-triggered line whose interrupt no handler answers is disabled by the
        // kernel.
        T::start(driven.live())?;

        // SAFETY: the instance of `pdev`; they are dropped in `tear_down`, never forgotten.
        let irqs = unsafe { Interrupt::request_all(forever(pdev), &instance, requests) }?;
        *driven.irqs.lock() = irqs;

        // SAFETY: the `iommu_device` lives in the instance, and is not registered.
        *driven.sysfs.lock() = Some(unsafe {
            SysfsDevice::new(
                NonNull::new_unchecked(instance.as_raw()),
                bound,
                bound.name(),
            )
        }?);
        // SAFETY: an instance of `T`, whose device is being probed; `tear_down` drops the files.
        *driven.debugfs.lock() = Some(unsafe { debugfs::create::<T>(&instance) }?);

        registry::insert(instance.clone())?;
        let replay = Replay::start()?;
        let walk = replay::walk();
        // SAFETY: all that the core needs exists, since the core probes masters in this call. On
        // error the core has undone everything itself.
        let ret = to_result(unsafe {
            bindings::iommu_device_register(instance.as_raw(), T::statics().ops(), as_raw(bound))
        });
        drop(walk);
        drop(replay);
        if let Err(e) = ret {
            dev_err!(dev, "the IOMMU core refuses the instance: {e:?}\n");
            registry::remove(&instance);
            // A probe that has found the instance lists its master before this returns.
            if let Some(lock) = driven.probe_lock.lock().take() {
                lock.wait();
            }
            unregister::evict(&instance);
            return Err(e);
        }
        Ok(())
    }

    fn remove(driven: &Driven<T>) {
        let instance = &driven.instance;
        let lock = driven.probe_lock.lock().take();

        registry::remove(instance);
        // SAFETY: registered by a successful probe, and not unregistered since.
        unsafe { unregister::unregister(instance, lock) };
        driven.tear_down();
    }

    extern "C" fn probe_callback(pdev: *mut bindings::platform_device) -> c_int
    where
        Resources<'static, T>: Send + Sync,
    {
        // SAFETY: the platform bus passes a valid device, which is being probed.
        let pdev = unsafe { &*pdev.cast::<platform::Device<CoreInternal<'_>>>() };

        from_result(|| Self::try_probe(pdev).map(|()| 0))
    }

    extern "C" fn remove_callback(pdev: *mut bindings::platform_device) {
        // SAFETY: the platform bus passes a valid device, which is being unbound.
        let pdev = unsafe { &*pdev.cast::<platform::Device<CoreInternal<'_>>>() };
        // SAFETY: the device was probed, so its data was set.
        let driven = unsafe { pdev.as_ref().drvdata_borrow::<Driven<T>>() };

        Self::remove(&driven);
    }

    extern "C" fn shutdown_callback(pdev: *mut bindings::platform_device) {
        // SAFETY: the platform bus passes a valid device, with its lock held.
        let pdev = unsafe { &*pdev.cast::<platform::Device<CoreInternal<'_>>>() };
        // SAFETY: called for bound devices only.
        let driven = unsafe { pdev.as_ref().drvdata_borrow::<Driven<T>>() };

        T::shutdown(driven.live());
    }
}

/// Returns `pdev` for as long as its driver data lives.
fn forever(pdev: &platform::Device<CoreInternal<'_>>) -> &'static platform::Device<Core<'static>> {
    let pdev: &platform::Device<Core<'_>> = pdev;

    // SAFETY: everything made from it is in `Driven`, which is dropped before the device is
    // unbound. The context's lifetime is a brand without effect on layout.
    unsafe { &*core::ptr::from_ref(pdev).cast() }
}

impl<T: Operations> driver::Adapter for Adapter<T> {
    type IdInfo = T::IdInfo;

    fn of_id_table() -> Option<of::IdTable<Self::IdInfo>> {
        Some(T::OF_ID_TABLE)
    }

    fn acpi_id_table() -> Option<kernel::acpi::IdTable<Self::IdInfo>> {
        None
    }
}

// SAFETY: `platform_driver` is `repr(C)` and embeds a `device_driver` at this offset. The device's
// private data is set in `try_probe`, and is of this type.
unsafe impl<T: Operations> driver::DriverLayout for Adapter<T> {
    type DriverType = bindings::platform_driver;
    type DriverData<'bound> = Driven<T>;
    const DEVICE_DRIVER_OFFSET: usize = core::mem::offset_of!(Self::DriverType, driver);
}

// SAFETY: `unregister` undoes a successful `register`.
unsafe impl<T: Operations> driver::RegistrationOps for Adapter<T>
where
    Resources<'static, T>: Send + Sync,
{
    unsafe fn register(
        pdrv: &Opaque<Self::DriverType>,
        name: &'static CStr,
        module: &'static ThisModule,
    ) -> Result {
        T::statics().init(module)?;

        // SAFETY: there is no other user of the driver before it is registered.
        let driver = unsafe { &mut *pdrv.get() };
        driver.probe = Some(Self::probe_callback);
        driver.remove = Some(Self::remove_callback);
        driver.shutdown = Some(Self::shutdown_callback);
        driver.driver.name = name.as_char_ptr();
        driver.driver.of_match_table = T::OF_ID_TABLE.as_ptr();
        driver.driver.suppress_bind_attrs = true;
        driver.driver.pm = callbacks::ops::<Self>();

        // SAFETY: `pdrv` is valid and stays pinned until `unregister`.
        to_result(unsafe {
            bindings::__platform_driver_register(pdrv.get(), module.as_ptr(), name.as_char_ptr())
        })?;
        part::register::<T>(name)
            // SAFETY: registered above.
            .inspect_err(|_| unsafe { bindings::platform_driver_unregister(pdrv.get()) })
    }

    unsafe fn unregister(pdrv: &Opaque<Self::DriverType>) {
        // SAFETY: by the safety requirement of the trait.
        unsafe { bindings::platform_driver_unregister(pdrv.get()) };
        part::unregister::<T>();
    }
}

/// Declares a module that is one IOMMU driver.
///
/// # Examples
///
/// ```ignore
/// iommu::module_iommu_driver! {
///     type: MyIommu,
///     name: "my_iommu",
///     authors: ["A. U. Thor"],
///     description: "My IOMMU",
///     license: "GPL v2",
/// }
/// ```
#[macro_export]
macro_rules! module_iommu_driver {
    (type: $type:ty, $($f:tt)*) => {
        // SAFETY: there is one static.
        unsafe impl $crate::callbacks::HasStatics for $type {
            fn statics() -> &'static $crate::callbacks::Statics<Self> {
                static STATICS: $crate::callbacks::Statics<$type> = $crate::callbacks::Statics::new();
                &STATICS
            }
        }

        ::kernel::module_driver!(<T>, $crate::adapter::Adapter<T>, { type: $type, $($f)* });
    };
}
