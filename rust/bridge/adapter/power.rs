// SPDX-License-Identifier: GPL-2.0

//! The power management callbacks of an instance, which call those of the driver.

use kernel::{
    bindings,
    device::Device,
    prelude::*, //
};

use super::{
    Adapter,
    Driven, //
};

use crate::{
    bindings::as_raw,
    ops::Operations,
    pm::callbacks::{
        PmDevice,
        PmOps, //
    },
};

impl<T: Operations> PmDevice for Adapter<T> {
    type Ops = DrivenPm<T>;
    type Ref<'a> = &'a DrivenPm<T>;

    unsafe fn from_device(dev: &Device) -> Option<Self::Ref<'_>> {
        // SAFETY: `dev` is valid.
        let data = unsafe { bindings::dev_get_drvdata(as_raw(dev)) };

        // SAFETY: by the safety requirement `dev` is bound to this driver. Its data is not NULL
        // only between probe and unbind, when it is `Driven<T>`, which `DrivenPm` is a transparent
        // wrapper of. `Driven` is not found here any more when it is dropped, and dropping it waits
        // for running callbacks.
        unsafe { data.cast::<DrivenPm<T>>().as_ref() }
    }
}

/// [`Driven`] as its PM callbacks see it.
#[repr(transparent)]
pub(crate) struct DrivenPm<T: Operations>(Driven<T>);

#[vtable]
impl<T: Operations> PmOps for DrivenPm<T> {
    fn runtime_suspend(&self, _dev: &Device) -> Result {
        T::runtime_suspend(self.0.live())
    }

    fn runtime_resume(&self, _dev: &Device) -> Result {
        T::runtime_resume(self.0.live())
    }

    fn suspend(&self, _dev: &Device) -> Result {
        T::suspend(self.0.live())
    }

    fn resume(&self, _dev: &Device) -> Result {
        T::resume(self.0.live())
    }
}
