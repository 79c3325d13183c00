// SPDX-License-Identifier: GPL-2.0

//! The instances behind a master or a domain, held alive for one callback.

use core::marker::PhantomData;

use kernel::{
    device::Device,
    fmt,
    prelude::*,
    sync::{
        Arc,
        SpinLockIrqGuard, //
    },
};

use crate::{
    hold::{
        Hold,
        Presence, //
    },
    instance::{
        Instance,
        Walker, //
    },
    ops::{
        Hardware,
        Operations, //
    },
    refusal,
    walker::BoundWalker, //
};

/// The instances of one master or domain, in the order of the devicetree.
///
/// # Invariants
///
/// There are 1 to [`InstanceSet::MAX`] instances, all distinct, and all of driver `T`.
pub(crate) struct InstanceSet<T: Operations> {
    instances: KVec<Arc<Instance>>,
    _driver: PhantomData<fn() -> T>,
}

impl<T: Operations> InstanceSet<T> {
    /// The maximum number of instances that one master can be behind: one bit each in [`Live`].
    pub(crate) const MAX: usize = u32::BITS as usize;

    /// Makes a set of instances of driver `T`.
    ///
    /// # Safety
    ///
    /// All of `instances` belong to driver `T`.
    pub(crate) unsafe fn new(instances: KVec<Arc<Instance>>) -> Result<Self> {
        if instances.is_empty() || instances.len() > Self::MAX {
            return Err(EINVAL);
        }
        // INVARIANT: checked above, and by the safety requirement.
        Ok(Self {
            instances,
            _driver: PhantomData,
        })
    }

    #[inline(always)]
    pub(crate) fn first(&self) -> &Arc<Instance> {
        // SAFETY: by the type invariants there is one.
        unsafe { self.instances.get_unchecked(0) }
    }

    pub(crate) fn as_slice(&self) -> &[Arc<Instance>] {
        &self.instances
    }

    /// Whether both have the same instances in the same order.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.instances.len() == other.instances.len()
            && self
                .instances
                .iter()
                .zip(other.instances.iter())
                .all(|(a, b)| Arc::ptr_eq(a, b))
    }

    pub(crate) fn try_clone(&self) -> Result<Self> {
        let mut instances = KVec::with_capacity(self.instances.len(), GFP_KERNEL)?;
        for instance in self.instances.iter() {
            instances.push(instance.clone(), GFP_KERNEL)?;
        }
        // INVARIANT: as `self`.
        Ok(Self {
            instances,
            _driver: PhantomData,
        })
    }

    /// Enters the gates of those instances that are not being unbound.
    pub(crate) fn enter(&self) -> Live<'_, T> {
        let mut entered = 0;

        for (i, instance) in self.instances.iter().enumerate() {
            entered |= u32::from(instance.gate().try_hold()) << i;
        }
        // INVARIANT: only held gates are marked.
        Live {
            instances: self,
            entered,
        }
    }

    /// Returns access to the engines of the live instances, one at a time.
    #[inline(always)]
    pub(crate) fn engines(&self) -> Engines<'_, T> {
        Engines(self)
    }
}

/// The engines of some instances, for callbacks in atomic context. Only the parts of the hardware
/// that may be used there are accessible.
///
/// An unbound instance is left out: its hardware cannot and need not be accessed any more. Indices
/// are those of the devicetree's phandles, with each instance counted once.
///
/// Methods take it by exclusive reference, so that only one lock is held at a time.
pub struct Engines<'a, T: Operations>(&'a InstanceSet<T>);

impl<T: Operations> Engines<'_, T> {
    /// Returns the engine of an instance, unless that is unbound. Takes the lock of the instance.
    #[inline]
    pub fn at(&mut self, index: usize) -> Option<Engaged<'_, T>> {
        // SAFETY: by the invariants of the set.
        unsafe { Engaged::new(self.0.instances.get(index)?) }
    }

    /// As [`Self::at`] for the first instance, for hardware whose masters are behind one only.
    #[inline(always)]
    pub fn first(&mut self) -> Option<Engaged<'_, T>> {
        // SAFETY: by the invariants of the set.
        unsafe { Engaged::new(self.0.first()) }
    }

    /// Calls `f` with the device of an instance, for its name in the log, unless the instance is
    /// unbound. No lock is held meanwhile, because a console may do DMA through the same instance.
    #[cold]
    pub fn with_dev(&self, index: usize, f: impl FnOnce(&Device)) {
        if let Some(instance) = self.0.instances.get(index) {
            if let Some(_guard) = instance.gate().enter() {
                // SAFETY: the gate is held.
                f(unsafe { instance.dev() });
            }
        }
    }
}

/// The engine of an instance, whose lock is held until this is dropped.
///
/// # Invariants
///
/// `presence` is that of `instance`, which is of driver `T`, and says that the hardware is there.
#[must_use = "the lock is released when this is dropped"]
pub struct Engaged<'a, T: Operations> {
    instance: &'a Instance,
    presence: SpinLockIrqGuard<'a, Presence>,
    _driver: PhantomData<fn() -> T>,
}

impl<'a, T: Operations> Engaged<'a, T> {
    /// # Safety
    ///
    /// `instance` is of driver `T`.
    #[inline(always)]
    unsafe fn new(instance: &'a Instance) -> Option<Self> {
        let presence = instance.presence().lock();

        if !presence.0 {
            return None;
        }
        // INVARIANT: the driver is `T` by the safety requirement, and the presence was checked.
        Some(Self {
            instance,
            presence,
            _driver: PhantomData,
        })
    }

    /// Returns the walker, for which page tables are cleaned.
    #[inline(always)]
    pub fn walker(&self) -> BoundWalker<'_> {
        // SAFETY: by the type invariants.
        unsafe { self.instance.walker() }
    }

    /// Returns the engine, and evidence that the lock is held.
    #[inline(always)]
    pub fn get(&mut self) -> (&T::Engine<'_>, Hold<'_>) {
        // SAFETY: by the type invariants. The lock is held for longer than the result is borrowed.
        let hw = unsafe { self.instance.hardware::<T>() };
        (T::engine(hw), Hold::new(&mut self.presence))
    }
}

/// Instances that stay alive as long as this exists, for callbacks that may sleep.
///
/// As for [`Engines`], an unbound instance is left out.
///
/// # Invariants
///
/// Bit `i` of `entered` is set only if the gate of `instances[i]` is held by this.
pub struct Live<'a, T: Operations> {
    instances: &'a InstanceSet<T>,
    entered: u32,
}

impl<'a, T: Operations> Live<'a, T> {
    fn hardware_at(&self, index: usize) -> Option<&Hardware<'_, T>> {
        if self.entered & (1 << index) == 0 {
            return None;
        }
        // SAFETY: by the type invariants of the set the instance is of driver `T`; its gate is held
        // until `self` is dropped, which is after the returned reference.
        Some(unsafe { self.instances.instances[index].hardware::<T>() })
    }

    /// Whether no instance is missing.
    pub fn is_complete(&self) -> bool {
        self.entered.count_ones() as usize == self.count()
    }

    /// Returns the number of instances, including those that are missing.
    pub fn count(&self) -> usize {
        self.instances.instances.len()
    }

    /// The live instances with their indices.
    pub fn hardware(&self) -> impl Iterator<Item = (usize, &Hardware<'_, T>)> {
        (0..self.count()).filter_map(|i| Some((i, self.hardware_at(i)?)))
    }

    /// The first instance, for hardware whose masters are behind one only.
    pub fn first(&self) -> Option<&Hardware<'_, T>> {
        self.hardware_at(0)
    }

    /// Refuses the master `dev`: logs the reason once, with the names of the instances. Returns the
    /// error for [`Operations::probe_device`].
    pub fn refuse(&self, dev: &Device, why: fmt::Arguments<'_>) -> Error {
        refusal::refuse(dev, fmt!("{}: {}", Names(self), why))
    }

    /// Returns the engines, as callbacks in atomic context get them.
    pub fn engines(&self) -> Engines<'a, T> {
        self.instances.engines()
    }

    /// Returns the device whose walker reads the tables of a domain. See
    /// [`crate::walker::WalkerDevice`].
    ///
    /// For hardware whose masters are behind one instance only: it is that of the first.
    pub fn walker(&self) -> Walker {
        Walker(self.instances.first().clone())
    }
}

/// The names of the instances that are alive.
pub(crate) struct Names<'a, 'b, T: Operations>(pub(crate) &'a Live<'b, T>);

impl<T: Operations> fmt::Display for Names<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;

        for (index, instance) in self.0.instances.instances.iter().enumerate() {
            if self.0.entered & (1 << index) == 0 {
                continue;
            }
            if !core::mem::replace(&mut first, false) {
                f.write_str(", ")?;
            }
            // SAFETY: the gate is held.
            fmt::Display::fmt(unsafe { instance.dev() }.name(), f)?;
        }
        if first {
            f.write_str("its IOMMU, which is being unbound")?;
        }
        Ok(())
    }
}

impl<T: Operations> Drop for Live<'_, T> {
    fn drop(&mut self) {
        for (i, instance) in self.instances.instances.iter().enumerate() {
            if self.entered & (1 << i) != 0 {
                // SAFETY: by the type invariants this holds the gate, and only this releases it.
                unsafe { instance.gate().release() };
            }
        }
    }
}
