// SPDX-License-Identifier: GPL-2.0

//! Locks, references and completions. Those of loom are scheduled by it.

use core::{
    ops::Deref,
    pin::Pin, //
};

#[cfg(not(feature = "loom"))]
use std::sync as base;

#[cfg(feature = "loom")]
use loom::sync as base;

use crate::{
    alloc::{
        may_fail,
        AllocError,
        Flags,
        InPlaceInit, //
    },
    error::{
        Error,
        Result, //
    },
    init::PinInit,
    str::CStr,
};

pub mod atomic;

/// Memory barriers.
pub mod barrier {
    /// Orders writes.
    pub struct Write;

    /// Orders what the device sees.
    pub fn dma_mb(_: Write) {
        #[cfg(feature = "loom")]
        loom::sync::atomic::fence(core::sync::atomic::Ordering::Release);
        #[cfg(not(feature = "loom"))]
        core::sync::atomic::fence(core::sync::atomic::Ordering::Release);
    }
}

/// A lock's class.
#[derive(Clone, Copy)]
pub struct LockClassKey;

/// Makes a class.
#[macro_export]
macro_rules! static_lock_class {
    () => {
        $crate::sync::LockClassKey
    };
}
pub use static_lock_class;

/// Makes a lock.
#[macro_export]
macro_rules! new_spinlock {
    ($inner:expr $(,)?) => {
        $crate::sync::SpinLock::new($inner, c"", $crate::sync::LockClassKey)
    };
}
pub use new_spinlock;

/// A lock.
pub struct Mutex<T>(base::Mutex<T>);

/// A lock.
pub type SpinLock<T> = Mutex<T>;

/// A lock.
pub type SpinLockIrq<T> = Mutex<T>;

impl<T> Mutex<T> {
    /// Makes a lock.
    #[allow(clippy::new_ret_no_self)]
    pub fn new(inner: T, _name: &'static CStr, _key: LockClassKey) -> impl PinInit<Self> {
        Self(base::Mutex::new(inner))
    }

    /// Makes a lock that is not in its place yet.
    pub fn of(inner: T) -> Self {
        Self(base::Mutex::new(inner))
    }

    /// Takes the lock.
    pub fn lock(&self) -> base::MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}

/// An event that happens once.
pub struct Completion {
    done: base::Mutex<bool>,
    changed: base::Condvar,
}

impl Completion {
    /// It has not happened.
    #[allow(clippy::new_ret_no_self)]
    pub fn new() -> impl PinInit<Self> {
        Self {
            done: base::Mutex::new(false),
            changed: base::Condvar::new(),
        }
    }

    /// It happens.
    pub fn complete_all(&self) {
        *self.done.lock().unwrap() = true;
        self.changed.notify_all();
    }

    /// Waits.
    pub fn wait_for_completion(&self) {
        let mut done = self.done.lock().unwrap();

        while !*done {
            done = self.changed.wait(done).unwrap();
        }
    }
}

/// A reference.
pub struct Arc<T>(std::sync::Arc<T>);

impl<T> Arc<T> {
    /// Allocates.
    pub fn new(value: T, _flags: Flags) -> Result<Self, AllocError> {
        may_fail()?;
        Ok(Self(std::sync::Arc::new(value)))
    }

    /// Allocates and initialises.
    pub fn pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Self>
    where
        Error: From<E>,
    {
        let value = <Box<T> as InPlaceInit<T>>::pin_init(init, flags)?;

        // SAFETY: nothing that the tests keep in an `Arc` depends on its place.
        Ok(Self(unsafe { Pin::into_inner_unchecked(value) }.into()))
    }
}

impl<T> Clone for Arc<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
