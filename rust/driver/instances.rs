// SPDX-License-Identifier: GPL-2.0

//! The instances of one master or one domain, and access to all of them.

use core::marker::PhantomData;

use kernel::{
    device::Device,
    fmt,
    prelude::*,
    sync::Arc, //
};

use crate::{
    access::{
        EngineGuard,
        Live, //
    },
    hardware::Hardware,
    instance::Instance,
    refusal, //
};

/// The instances of one master or domain, in the order of the devicetree.
///
/// # Invariants
///
/// There are 1 to [`InstanceSet::MAX`] instances, all distinct, and all of driver `T`.
pub(crate) struct InstanceSet<T: Hardware> {
    instances: KVec<Arc<Instance>>,
    _driver: PhantomData<fn(T) -> T>,
}

impl<T: Hardware> InstanceSet<T> {
    /// The maximum number of instances that one master can be behind: one bit each in
    /// [`Instances`].
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
    pub(crate) fn enter(&self) -> Instances<'_, T> {
        let mut entered = 0;

        for (i, instance) in self.instances.iter().enumerate() {
            entered |= u32::from(instance.gate().try_hold()) << i;
        }
        // INVARIANT: only held gates are marked.
        Instances { set: self, entered }
    }

    /// Returns access to the engines of the live instances, one at a time.
    #[inline(always)]
    pub(crate) fn engines(&self) -> Engines<'_, T> {
        Engines(self)
    }
}

/// The engines of the instances of a domain, for callbacks in atomic context.
///
/// Indices are those of the devicetree's phandles, with each instance counted once.
///
/// Methods take it by exclusive reference, so that only one lock is held at a time.
pub struct Engines<'a, T: Hardware>(&'a InstanceSet<T>);

impl<T: Hardware> Engines<'_, T> {
    /// Takes the lock of the instance with this index, unless that is unbound.
    #[inline]
    pub fn at(&mut self, index: usize) -> Option<EngineGuard<'_, T>> {
        // SAFETY: by the invariants of the set.
        unsafe { EngineGuard::new(self.0.instances.get(index)?) }
    }

    /// As [`Self::at`] for the first instance, for hardware whose masters are behind one only.
    #[inline(always)]
    pub fn first(&mut self) -> Option<EngineGuard<'_, T>> {
        // SAFETY: by the invariants of the set.
        unsafe { EngineGuard::new(self.0.first()) }
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

/// The instances of a master that are not unbound, and stay bound as long as this exists.
///
/// # Invariants
///
/// Bit `i` of `entered` is set only if the gate of `set.instances[i]` is held by this.
pub struct Instances<'a, T: Hardware> {
    set: &'a InstanceSet<T>,
    entered: u32,
}

impl<'a, T: Hardware> Instances<'a, T> {
    fn at(&self, index: usize) -> Option<Live<'_, T>> {
        if self.entered & (1 << index) == 0 {
            return None;
        }
        // SAFETY: by the invariants of the set the instance is of driver `T`; its gate is held
        // until `self` is dropped.
        Some(unsafe { Live::new(&self.set.instances[index]) })
    }

    /// Whether no instance is missing.
    pub(crate) fn is_complete(&self) -> bool {
        self.entered.count_ones() as usize == self.count()
    }

    /// Returns the number of instances, including those that are missing.
    pub fn count(&self) -> usize {
        self.set.instances.len()
    }

    /// The instances with their indices, without those that are missing.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Live<'_, T>)> {
        (0..self.count()).filter_map(|i| Some((i, self.at(i)?)))
    }

    /// The first instance, for hardware whose masters are behind one only.
    ///
    /// # Errors
    ///
    /// `ENODEV` if it is missing.
    pub fn first(&self) -> Result<Live<'_, T>> {
        self.at(0).ok_or(ENODEV)
    }

    /// Refuses the master `dev`: logs the reason once, with the names of the instances. Returns the
    /// error for [`Operations::probe_device`].
    ///
    /// [`Operations::probe_device`]: crate::ops::Operations::probe_device
    pub fn refuse(&self, dev: &Device, why: fmt::Arguments<'_>) -> Error {
        refusal::refuse(dev, fmt!("{}: {}", Names(self), why))
    }

    /// Returns the engines, as callbacks in atomic context get them.
    pub fn engines(&self) -> Engines<'a, T> {
        self.set.engines()
    }
}

impl<T: Hardware> Drop for Instances<'_, T> {
    fn drop(&mut self) {
        for (i, instance) in self.set.instances.iter().enumerate() {
            if self.entered & (1 << i) != 0 {
                // SAFETY: by the type invariants this holds the gate, and only this releases it.
                unsafe { instance.gate().release() };
            }
        }
    }
}

/// The names of the instances that are not unbound.
pub(crate) struct Names<'a, 'b, T: Hardware>(pub(crate) &'a Instances<'b, T>);

impl<T: Hardware> fmt::Display for Names<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;

        for (_, live) in self.0.iter() {
            if !core::mem::replace(&mut first, false) {
                f.write_str(", ")?;
            }
            fmt::Display::fmt(live.dev().name(), f)?;
        }
        if first {
            f.write_str("its IOMMU, which is being unbound")?;
        }
        Ok(())
    }
}
