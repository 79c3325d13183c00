// SPDX-License-Identifier: GPL-2.0

//! Boxes and vectors whose allocations can fail.

use core::{
    ops::{
        Deref,
        DerefMut, //
    },
    pin::Pin,
};

use crate::{
    error::{
        code::ENOMEM,
        Error,
        Result, //
    },
    init::PinInit,
    memory::must_fail,
};

/// Flags of an allocation.
#[derive(Clone, Copy)]
pub struct Flags;

/// The flags.
pub mod flags {
    /// May sleep.
    pub const GFP_KERNEL: super::Flags = super::Flags;
}

/// There is no memory.
#[derive(Debug)]
pub struct AllocError;

impl From<AllocError> for Error {
    fn from(_: AllocError) -> Self {
        ENOMEM
    }
}

pub(crate) fn may_fail() -> Result<(), AllocError> {
    match must_fail() {
        true => Err(AllocError),
        false => Ok(()),
    }
}

/// A box.
pub type KBox<T> = Box<T>;

/// Initialisation in the place where a value stays.
pub trait InPlaceInit<T>: Sized {
    /// Allocates and initialises.
    fn pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Pin<Self>>
    where
        Error: From<E>;
}

impl<T> InPlaceInit<T> for Box<T> {
    fn pin_init<E>(init: impl PinInit<T, E>, _flags: Flags) -> Result<Pin<Self>>
    where
        Error: From<E>,
    {
        may_fail()?;
        let mut place = Box::<T>::new_uninit();

        // SAFETY: the place is valid, and the box is not moved out of.
        unsafe { init.init(place.as_mut_ptr()) }?;
        // SAFETY: initialised above.
        Ok(Box::into_pin(unsafe { place.assume_init() }))
    }
}

/// A vector.
pub struct KVec<T>(Vec<T>);

/// As [`KVec`]: large ones are no different here.
pub type KVVec<T> = KVec<T>;

impl<T> KVec<T> {
    /// An empty one.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Allocates.
    pub fn with_capacity(capacity: usize, _flags: Flags) -> Result<Self, AllocError> {
        may_fail()?;
        Ok(Self(Vec::with_capacity(capacity)))
    }

    /// Appends, and allocates if there is no space.
    pub fn push(&mut self, value: T, _flags: Flags) -> Result<(), AllocError> {
        if self.0.len() == self.0.capacity() {
            may_fail()?;
        }
        self.0.push(value);
        Ok(())
    }

    /// Keeps those for which `f` is true.
    pub fn retain(&mut self, f: impl FnMut(&mut T) -> bool) {
        self.0.retain_mut(f);
    }
}

impl<T> Default for KVec<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for KVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for KVec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
