// SPDX-License-Identifier: GPL-2.0

//! The lock of an instance, under which its engine is used.
//!
//! Callbacks in atomic context need a lock in any case, because commands take several register
//! accesses. The lock belongs to the instance, which exists as long as there is a reference to it.
//! The lock also protects the flag that says whether the hardware is still there. So holding the
//! lock keeps the hardware in place.

use core::ops::{
    Deref,
    DerefMut, //
};

use kernel::sync::{
    Arc,
    LockedBy,
    SpinLockIrqGuard, //
};

use crate::{
    atomic_safe::AtomicSafe,
    instance::Instance, //
};

/// The data under the lock of an instance, besides the state of its engine: whether the hardware is
/// there.
///
/// # Invariants
///
/// If this is true, the instance's hardware is in place, and its device is bound.
pub(crate) struct Presence(pub(crate) bool);

/// Evidence that the lock of an instance is held.
// The reference is private, so that the [`Presence`] behind it is never exchanged for another
// instance's.
pub struct Hold<'a>(&'a mut Presence);

impl<'a> Hold<'a> {
    #[inline(always)]
    pub(crate) fn new(presence: &'a mut Presence) -> Self {
        Self(presence)
    }
}

/// The lock of an instance.
pub struct EngineLock(Arc<Instance>);

impl EngineLock {
    pub(crate) fn new(instance: Arc<Instance>) -> Self {
        Self(instance)
    }

    /// Puts `state` under the lock.
    pub fn guard<S>(self, state: S) -> EngineState<S> {
        EngineState {
            state: LockedBy::new(self.0.presence(), state),
            lock: self,
        }
    }
}

/// State of an engine, under the lock of its instance.
pub struct EngineState<S> {
    lock: EngineLock,
    state: LockedBy<S, Presence>,
}

// SAFETY: the lock turns interrupts off, and what it protects is atomic-safe itself.
unsafe impl<S: AtomicSafe> AtomicSafe for EngineState<S> {}

impl<S> EngineState<S> {
    /// Takes the lock. A caller that has a [`Hold`] of the same instance must not call this: it
    /// holds that lock already.
    pub fn lock(&self) -> EngineGuard<'_, S> {
        EngineGuard {
            presence: self.lock.0.presence().lock(),
            state: &self.state,
        }
    }

    /// Returns the state. `hold` shows that the caller holds the lock of this instance.
    ///
    /// # Panics
    ///
    /// If `hold` is another instance's.
    #[inline(always)]
    pub fn get<'a>(&'a self, hold: &'a mut Hold<'_>) -> &'a mut S {
        self.state.access_mut(hold.0)
    }
}

/// The state of an engine, with the lock held.
pub struct EngineGuard<'a, S> {
    presence: SpinLockIrqGuard<'a, Presence>,
    state: &'a LockedBy<S, Presence>,
}

impl<S: Sync> Deref for EngineGuard<'_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        self.state.access(&self.presence)
    }
}

impl<S: Sync> DerefMut for EngineGuard<'_, S> {
    fn deref_mut(&mut self) -> &mut S {
        self.state.access_mut(&mut self.presence)
    }
}
