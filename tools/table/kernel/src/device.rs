// SPDX-License-Identifier: GPL-2.0

//! Devices.

use core::{
    marker::PhantomData,
    ops::Deref, //
};

use crate::bindings;

/// A device that is bound to its driver.
pub struct Bound;

/// A device, bound or not.
pub struct Normal;

/// A device.
#[repr(transparent)]
pub struct Device<Context = Normal> {
    raw: bindings::device,
    _context: PhantomData<Context>,
}

impl<Context> Device<Context> {
    /// # Safety
    ///
    /// The device is valid, and in the state that `Context` names.
    pub unsafe fn from_raw<'a>(raw: *mut bindings::device) -> &'a Self {
        // SAFETY: a transparent wrapper, and the safety requirement.
        unsafe { &*raw.cast() }
    }
}

impl Device {
    /// # Safety
    ///
    /// The device is bound.
    pub unsafe fn as_bound(&self) -> &Device<Bound> {
        // SAFETY: both are transparent wrappers of the same.
        unsafe { &*core::ptr::from_ref(self).cast() }
    }
}

impl Deref for Device<Bound> {
    type Target = Device;

    fn deref(&self) -> &Device {
        // SAFETY: both are transparent wrappers of the same.
        unsafe { &*core::ptr::from_ref(self).cast() }
    }
}
