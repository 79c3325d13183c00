// SPDX-License-Identifier: GPL-2.0

//! The instances behind a master or a domain, held alive for one callback.

use core::{
    marker::PhantomData,
    ops::Deref, //
};

use kernel::{
    device::Device,
    prelude::*,
    sync::Arc, //
};

use crate::{
    instance::{
        Instance,
        Walker, //
    },
    ops::{
        Hardware,
        Operations, //
    },
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
    /// As many instances as one master can be behind: one bit each in [`LiveEngines`].
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

    /// Whether both are the same instances in the same order.
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

    /// Holds those instances alive that still are.
    #[inline]
    pub(crate) fn enter(&self) -> Live<'_, T> {
        Live(self.enter_atomic())
    }

    /// As [`Self::enter`], for callbacks in atomic context.
    #[inline(always)]
    pub(crate) fn enter_atomic(&self) -> LiveEngines<'_, T> {
        LiveEngines::enter(self)
    }
}

/// Instances that stay alive as long as this exists, for callbacks in atomic context: of each there is
/// only what may be used there.
///
/// An instance that is gone is left out; nothing can be done to its hardware any more, and nothing
/// needs to be. Indices are those of the devicetree's phandles, each instance counted once.
///
/// # Invariants
///
/// - There is at least one of `instances`, and all of them belong to driver `T`.
/// - Bit `i` of `entered` is set only if the gate of `instances[i]` is held by this.
pub struct LiveEngines<'a, T: Operations> {
    instances: &'a [Arc<Instance>],
    entered: u32,
    _driver: PhantomData<fn() -> T>,
}

impl<'a, T: Operations> LiveEngines<'a, T> {
    /// What most have is one instance, and all that is done to hardware comes through here: so the
    /// first one goes by itself, here and in `drop`.
    #[inline(always)]
    fn enter(instances: &'a InstanceSet<T>) -> Self {
        let mut entered = u32::from(instances.first().gate().try_hold());
        let instances = instances.as_slice();
        if instances.len() > 1 {
            entered = Self::enter_others(instances, entered);
        }
        // INVARIANT: only held gates are marked. The set's invariants give the driver and that there is
        // an instance.
        Self {
            instances,
            entered,
            _driver: PhantomData,
        }
    }

    #[inline(never)]
    fn enter_others(instances: &[Arc<Instance>], mut entered: u32) -> u32 {
        for (i, instance) in instances.iter().enumerate().skip(1) {
            if instance.gate().try_hold() {
                entered |= 1 << i;
            }
        }
        entered
    }

    /// # Safety
    ///
    /// As for [`Gate::release`](crate::gate::Gate::release), for each of `entered` but the first.
    #[inline(never)]
    unsafe fn leave_others(instances: &[Arc<Instance>], entered: u32) {
        for (i, instance) in instances.iter().enumerate().skip(1) {
            if entered & (1 << i) != 0 {
                // SAFETY: by the safety requirement.
                unsafe { instance.gate().release() };
            }
        }
    }

    #[inline(always)]
    fn first_instance(&self) -> &'a Arc<Instance> {
        // SAFETY: by the type invariants there is one.
        unsafe { self.instances.get_unchecked(0) }
    }

    #[inline(always)]
    fn hardware_at(&self, index: usize) -> Option<&Hardware<'_, T>> {
        if self.entered & (1 << index) == 0 {
            return None;
        }
        let instance = match index {
            0 => self.first_instance(),
            _ => &self.instances[index],
        };
        // SAFETY: by the type invariants the instance is of driver `T` and its gate is held until
        // `self` is dropped, which is after the returned reference.
        Some(unsafe { instance.hardware::<T>() })
    }

    /// Whether no instance is missing.
    #[inline]
    pub fn is_complete(&self) -> bool {
        self.entered.count_ones() as usize == self.count()
    }

    /// How many instances there are, with those that are missing.
    #[inline]
    pub fn count(&self) -> usize {
        self.instances.len()
    }

    /// What atomic context may use of the live instances, with their indices.
    #[inline]
    pub fn engines(&self) -> impl Iterator<Item = (usize, &T::Engine<'_>)> {
        (0..self.instances.len()).filter_map(|i| Some((i, T::engine(self.hardware_at(i)?))))
    }

    /// That of the first instance, for hardware whose masters are behind one only.
    #[inline(always)]
    pub fn engine(&self) -> Option<&T::Engine<'_>> {
        self.hardware_at(0).map(T::engine)
    }

    /// The device of the live instance with this index, to name it in the log.
    #[inline(always)]
    pub fn dev(&self, index: usize) -> Option<&Device> {
        if index >= self.instances.len() || self.entered & (1 << index) == 0 {
            return None;
        }
        // SAFETY: by the type invariants the gate is held until `self` is dropped.
        Some(unsafe { self.instances[index].dev() })
    }
}

impl<T: Operations> Drop for LiveEngines<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.entered > 1 {
            // SAFETY: by the type invariant this holds these gates, and lets them go only here.
            unsafe { Self::leave_others(self.instances, self.entered) };
        }
        if self.entered & 1 != 0 {
            // SAFETY: by the type invariant this holds the gate, and lets it go only here.
            unsafe { self.first_instance().gate().release() };
        }
    }
}

/// As [`LiveEngines`], for callbacks that may sleep: all of the hardware.
pub struct Live<'a, T: Operations>(LiveEngines<'a, T>);

impl<T: Operations> Live<'_, T> {
    /// The live instances with their indices.
    #[inline]
    pub fn hardware(&self) -> impl Iterator<Item = (usize, &Hardware<'_, T>)> {
        (0..self.0.instances.len()).filter_map(|i| Some((i, self.0.hardware_at(i)?)))
    }

    /// The first instance, for hardware whose masters are behind one only.
    #[inline]
    pub fn first(&self) -> Option<&Hardware<'_, T>> {
        self.0.hardware_at(0)
    }

    /// What keeps the tables of this set's first instance in its memory, see
    /// [`crate::walker::WalkerDevice`].
    pub fn walker(&self) -> Walker {
        Walker(self.0.instances[0].clone())
    }
}

impl<'a, T: Operations> Deref for Live<'a, T> {
    type Target = LiveEngines<'a, T>;

    #[inline]
    fn deref(&self) -> &LiveEngines<'a, T> {
        &self.0
    }
}
