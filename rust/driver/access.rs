// SPDX-License-Identifier: GPL-2.0

//! Access to an instance from callbacks: one guard for callbacks that may sleep, one for atomic
//! context.
//!
//! An instance can be unbound at any time, while the core still has masters and domains that refer
//! to it. So a callback gets access through a guard, and unbinding waits for all guards:
//!
//! - [`Live`] keeps the device bound, and may be held across sleeping. It dereferences to the
//!   driver's [`Hardware::Resources`].
//! - [`EngineGuard`] is the instance's lock, held with interrupts off. It dereferences to the
//!   driver's [`Hardware::Engine`], by exclusive reference.
//!
//! A master can be behind several instances. [`Instances`] has the first guard of each,
//! [`Engines`] takes the second of one at a time. An instance that is unbound is left out.

use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    ops::{
        Deref,
        DerefMut, //
    },
    ptr::NonNull, //
};

use kernel::{
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::{
        Arc,
        SpinLockIrqGuard, //
    },
};

use crate::{
    atomic_safe::AtomicSafe,
    hardware::{
        Hardware,
        Resources, //
    },
    instance::{
        Instance,
        Presence, //
    },
    walker::BoundWalker, //
};

pub use crate::{
    instances::{
        Engines,
        Instances, //
    },
    mapped_tables::Walker,
    shared_walker::SharedWalker, //
};

/// The driver's data for one instance: its resources, and its engine.
///
/// Fields are dropped in this order.
#[pin_data]
pub(crate) struct InstanceData<T: Hardware> {
    #[pin]
    resources: Resources<'static, T>,
    /// Used only under the lock of the instance.
    engine: UnsafeCell<T::Engine>,
}

impl<T: Hardware> InstanceData<T> {
    pub(crate) fn new<'a>(
        resources: impl PinInit<Resources<'static, T>, Error> + 'a,
        engine: T::Engine,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
    {
        try_pin_init!(Self {
            resources <- resources,
            engine: UnsafeCell::new(engine),
        }? Error)
    }

    /// Returns the engine of the data at `data`.
    ///
    /// # Safety
    ///
    /// `data` points to a valid `Self`.
    #[inline(always)]
    unsafe fn engine(data: *const Self) -> NonNull<T::Engine> {
        // SAFETY: by the safety requirement, so the address of its field is not NULL.
        unsafe { NonNull::new_unchecked(UnsafeCell::raw_get(&raw const (*data).engine)) }
    }
}

/// An instance whose device stays bound as long as this exists. For callbacks that may sleep.
///
/// Invariant in `T`: two types can be a sub- and a supertype, and still implement [`Hardware`]
/// differently.
///
/// # Invariants
///
/// `instance` is of driver `T`. During `'a` its device is bound, and the driver's data is in place.
pub struct Live<'a, T: Hardware> {
    instance: &'a Arc<Instance>,
    _driver: PhantomData<fn(T) -> T>,
}

impl<T: Hardware> Clone for Live<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Hardware> Copy for Live<'_, T> {}

impl<'a, T: Hardware> Live<'a, T> {
    /// # Safety
    ///
    /// As the type invariants have it: for example, the gate of the instance is held during `'a`.
    #[inline]
    pub(crate) unsafe fn new(instance: &'a Arc<Instance>) -> Self {
        // INVARIANT: by the safety requirement.
        Self {
            instance,
            _driver: PhantomData,
        }
    }

    /// Returns the device of the instance.
    #[inline]
    pub fn dev(&self) -> &'a Device<Bound> {
        // SAFETY: by the type invariants.
        unsafe { self.instance.dev().as_bound() }
    }

    /// Takes the lock of the instance. A caller that has the lock already must not call this.
    #[inline]
    pub fn lock(&self) -> EngineGuard<'a, T> {
        let lock = self.instance.presence().lock();

        // INVARIANT: by the type invariants.
        EngineGuard {
            instance: self.instance,
            // SAFETY: by the type invariants.
            engine: unsafe { InstanceData::<T>::engine(self.instance.data().cast()) },
            _lock: lock,
        }
    }

    /// Returns a reference that may be kept. It does not keep the device bound.
    pub fn reference(&self) -> InstanceRef<T> {
        InstanceRef {
            instance: self.instance.clone(),
            _driver: PhantomData,
        }
    }

    /// Returns the device as the one whose walker reads the tables of a domain. See
    /// [`crate::walker::WalkerDevice`].
    pub fn walker(&self) -> Walker {
        Walker(self.instance.clone())
    }
}

/// A reference to an instance, which may be unbound meanwhile. A domain has one if it has to give
/// back what it has taken from the instance, such as an address space ID.
pub struct InstanceRef<T: Hardware> {
    instance: Arc<Instance>,
    _driver: PhantomData<fn(T) -> T>,
}

// SAFETY: `lock` takes a lock with interrupts off, and gives access to an engine, which is
// atomic-safe itself.
unsafe impl<T: Hardware> AtomicSafe for InstanceRef<T> {}

impl<T: Hardware> InstanceRef<T> {
    /// Takes the lock of the instance, unless that is unbound. Any context.
    pub fn lock(&self) -> Option<EngineGuard<'_, T>> {
        // SAFETY: made from a `Live` of the same driver.
        unsafe { EngineGuard::new(&self.instance) }
    }
}

impl<'a, T: Hardware> Deref for Live<'a, T> {
    type Target = Resources<'a, T>;

    #[inline]
    fn deref(&self) -> &Resources<'a, T> {
        // SAFETY: by the type invariants.
        let resources: *const Resources<'static, T> =
            unsafe { &raw const (*self.instance.data().cast::<InstanceData<T>>()).resources };

        // SAFETY: the resources are covariant, so this only shortens their lifetime.
        unsafe { &*resources.cast::<Resources<'a, T>>() }
    }
}

/// The engine of an instance, whose lock is held until this is dropped. For any context.
///
/// # Invariants
///
/// `engine` is that of `instance`, which is of driver `T`. It is valid during `'a` as long as the
/// lock is held, and so is the instance's device bound.
#[clippy::has_significant_drop]
#[must_use = "the lock is released when this is dropped"]
pub struct EngineGuard<'a, T: Hardware> {
    instance: &'a Instance,
    engine: NonNull<T::Engine>,
    _lock: SpinLockIrqGuard<'a, Presence>,
}

impl<'a, T: Hardware> EngineGuard<'a, T> {
    /// Takes the lock, unless the instance is unbound.
    ///
    /// # Safety
    ///
    /// `instance` is of driver `T`.
    #[inline(always)]
    pub(crate) unsafe fn new(instance: &'a Instance) -> Option<Self> {
        let lock = instance.presence().lock();
        let data = lock.0?;

        // INVARIANT: the driver is `T` by the safety requirement. The data is there until the
        // presence is changed, which takes the lock.
        Some(Self {
            instance,
            // SAFETY: by the invariants of `Presence` the data is valid.
            engine: unsafe { InstanceData::<T>::engine(data.as_ptr().cast()) },
            _lock: lock,
        })
    }

    /// Returns the walker of the instance, for which page tables are cleaned.
    #[inline(always)]
    pub fn walker(&self) -> BoundWalker<'_> {
        // SAFETY: by the type invariants the device is bound. No guard is made any more when
        // mappings are undone.
        unsafe { self.instance.walker() }
    }
}

impl<T: Hardware> Deref for EngineGuard<'_, T> {
    type Target = T::Engine;

    #[inline(always)]
    fn deref(&self) -> &T::Engine {
        // SAFETY: by the type invariants; the lock is held.
        unsafe { self.engine.as_ref() }
    }
}

impl<T: Hardware> DerefMut for EngineGuard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T::Engine {
        // SAFETY: by the type invariants; the lock is held, and there is one guard for each time
        // that it is taken.
        unsafe { self.engine.as_mut() }
    }
}
