// SPDX-License-Identifier: GPL-2.0

//! The power management callbacks of an instance, which call those of the driver.

use kernel::{
    bindings,
    prelude::*, //
};

use super::{
    Adapter,
    Driven, //
};

use crate::{
    bindings::as_raw,
    pm::callbacks::PmDevice,
    prelude::*, //
};

impl<T: Operations> PmDevice for Adapter<T> {
    type Data = Driven<T>;

    unsafe fn from_device(dev: &Device) -> Option<&Driven<T>> {
        // SAFETY: `dev` is valid.
        let data = unsafe { bindings::dev_get_drvdata(as_raw(dev)) };

        // SAFETY: by the safety requirement `dev` is bound to this driver. Its data is not NULL
        // only between probe and unbind, when it is `Driven<T>`. `Driven` is not found here any
        // more when it is dropped, and dropping it waits for running callbacks.
        unsafe { data.cast::<Driven<T>>().as_ref() }
    }

    fn runtime_suspend(driven: &Driven<T>) -> Result {
        T::runtime_suspend(driven.live())
    }

    fn runtime_resume(driven: &Driven<T>) -> Result {
        T::runtime_resume(driven.live())
    }

    fn suspend(driven: &Driven<T>) -> Result {
        T::suspend(driven.live())
    }

    fn resume(driven: &Driven<T>) -> Result {
        T::resume(driven.live())
    }
}
