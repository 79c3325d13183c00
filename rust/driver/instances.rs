// SPDX-License-Identifier: GPL-2.0

//! The instances of one master or one domain, and access to all of them.

use core::marker::PhantomData;

use kernel::{
    device::Device,
    fmt,
    prelude::*,
    sync::{
        barrier::{
            smp_mb,
            Full, //
        },
        Arc,
        SetOnce, //
    },
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

/// The instances of one master or domain, in the order of the devicetree, and those that have
/// joined a domain later.
///
/// # Invariants
///
/// There are 1 to [`InstanceSet::MAX`] `instances`, all distinct. They and those that have joined
/// are of driver `T`.
pub(crate) struct InstanceSet<T: Hardware> {
    instances: KVec<Arc<Instance>>,
    joined: KVec<SetOnce<Arc<Instance>>>,
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
            joined: KVec::new(),
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

    /// As a set of its own, to which `places` other instances can be joined.
    pub(crate) fn try_clone(&self, places: usize) -> Result<Self> {
        let mut joined = KVec::with_capacity(places, GFP_KERNEL)?;
        for _ in 0..places {
            joined.push(SetOnce::new(), GFP_KERNEL)?;
        }
        let mut instances = KVec::with_capacity(self.instances.len(), GFP_KERNEL)?;
        for instance in self.instances.iter() {
            instances.push(instance.clone(), GFP_KERNEL)?;
        }
        // INVARIANT: as `self`.
        Ok(Self {
            instances,
            joined,
            _driver: PhantomData,
        })
    }

    /// All instances, those that have joined last.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Instance>> {
        let joined = self.joined.iter().filter_map(SetOnce::as_ref);

        Iterator::chain(self.instances.iter(), joined)
    }

    /// Joins those instances of `other` that are not in this set yet, and calls `add` for each.
    /// They stay until the set is dropped. Called by one caller at a time.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if there are not enough places left; none is taken then. The errors of `add`.
    pub(crate) fn join(&self, other: &Self, add: impl Fn(&Instance) -> Result) -> Result {
        let is_new = |new: &&Arc<Instance>| !self.all().any(|known| Arc::ptr_eq(known, new));
        let places = self.joined.iter().filter(|place| place.as_ref().is_none());

        if other.instances.iter().filter(is_new).count() > places.count() {
            return Err(ENOSPC);
        }
        for instance in other.instances.iter().filter(is_new) {
            add(instance)?;
            // INVARIANT: as `other`.
            self.joined
                .iter()
                .any(|place| place.populate(instance.clone()));
        }
        // Pairs with that of `Engines::each`: a page is unmapped before the hardware of a joined
        // instance can walk the tables, or its caches are invalidated.
        smp_mb(Full);
        Ok(())
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
/// Indices are those of the phandles of the master that the domain was made for, with each instance
/// counted once. Instances that have joined have none.
///
/// Methods take it by exclusive reference, so that only one lock is held at a time.
pub struct Engines<'a, T: Hardware>(&'a InstanceSet<T>);

impl<T: Hardware> Engines<'_, T> {
    /// Takes the lock of the instance with this index, unless that is unbound.
    #[inline(always)]
    pub fn at(&mut self, index: usize) -> Option<EngineGuard<'_, T>> {
        if index == 0 {
            return self.first();
        }
        // SAFETY: by the invariants of the set.
        unsafe { EngineGuard::new(self.0.instances.get(index)?) }
    }

    /// As [`Self::at`] for the first instance, for hardware whose masters are behind one only.
    #[inline(always)]
    pub fn first(&mut self) -> Option<EngineGuard<'_, T>> {
        // SAFETY: by the invariants of the set.
        unsafe { EngineGuard::new(self.0.first()) }
    }

    /// Calls `f` with the engine of each instance that is not unbound, one after the other: those
    /// that have joined the domain, too. See [`Operations::SHARING`].
    ///
    /// [`Operations::SHARING`]: crate::ops::Operations::SHARING
    pub fn each(&mut self, mut f: impl FnMut(EngineGuard<'_, T>)) {
        if !self.0.joined.is_empty() {
            // Pairs with that of `InstanceSet::join`.
            smp_mb(Full);
        }
        for instance in self.0.all() {
            // SAFETY: by the invariants of the set.
            if let Some(engine) = unsafe { EngineGuard::new(instance) } {
                f(engine);
            }
        }
    }

    /// Logs `text` for the instance with this index if its engine has to, unless it is unbound. No
    /// lock is held meanwhile, because a console may do DMA through the same instance.
    #[cold]
    #[inline(never)]
    pub fn log_if(&mut self, index: usize, has_to: fn(&mut T::Engine) -> bool, text: &str) {
        let logs = self.at(index).is_some_and(|mut engine| has_to(&mut engine));

        if let Some(instance) = self.0.instances.get(index).filter(|_| logs) {
            if let Some(_guard) = instance.gate().enter() {
                // SAFETY: the gate is held.
                dev_err!(unsafe { instance.dev() }, "{text}\n");
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

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_instances)]
mod tests {
    use super::*;

    use core::ptr::NonNull;

    use kernel::{
        device::Core,
        device_id::IdArray,
        of,
        platform,
        types::CovariantForLt, //
    };

    use crate::{
        access::InstanceData,
        hardware::Resources,
        test_device::TestDevice, //
    };

    /// Hardware whose engine is a number.
    struct Test;

    struct Nothing;

    impl Hardware for Test {
        type IdInfo = ();
        type Resources = CovariantForLt!(Nothing);
        type Engine = u32;

        const NAME: &'static CStr = c"iommu-test";
        const OF_ID_TABLE: of::IdTable<()> = &IdArray::<_, _, 0>::new([]);

        fn probe<'bound>(
            _pdev: &'bound platform::Device<Core<'_>>,
            _info: &'bound (),
        ) -> Result<(impl PinInit<Resources<'bound, Self>, Error> + 'bound, u32)> {
            Ok((Ok::<_, Error>(Nothing), 0))
        }

        fn remove(_iommu: Live<'_, Self>) {}

        fn shutdown(_iommu: Live<'_, Self>) {}
    }
    /// An instance whose engine is `number`, until it is dropped.
    struct TestInstance {
        instance: Arc<Instance>,
        _data: Pin<KBox<InstanceData<Test>>>,
    }

    impl TestInstance {
        fn new(dev: &TestDevice, number: u32) -> Result<Self> {
            let resources = Ok::<_, Error>(Nothing);
            let data = KBox::pin_init(InstanceData::<Test>::new(resources, number), GFP_KERNEL)?;
            // SAFETY: the device is bound, and stays so until after `drop`.
            let instance = unsafe { Instance::new(dev.as_bound(), 0, core::ptr::null()) }?;
            // SAFETY: of this driver, and there until `drop`.
            unsafe { instance.set_data(NonNull::from(&*data).cast()) };

            Ok(Self {
                instance,
                _data: data,
            })
        }

        fn set(&self) -> Result<InstanceSet<Test>> {
            let mut instances = KVec::new();
            instances.push(self.instance.clone(), GFP_KERNEL)?;

            // SAFETY: of this driver.
            unsafe { InstanceSet::new(instances) }
        }
    }

    impl Drop for TestInstance {
        fn drop(&mut self) {
            self.instance.close();
        }
    }

    /// The engines of a set, one decimal digit each.
    fn engines(set: &InstanceSet<Test>) -> u32 {
        let mut digits = 0;

        set.engines().each(|engine| digits = digits * 10 + *engine);
        digits
    }

    /// Joins `other`, and returns the number of instances that are new.
    fn join(set: &InstanceSet<Test>, other: &TestInstance) -> Result<u32> {
        let new = core::cell::Cell::new(0);

        set.join(&other.set()?, |_| {
            new.set(new.get() + 1);
            Ok(())
        })?;
        Ok(new.get())
    }

    #[test]
    fn instances_come_and_go() -> Result {
        let dev = TestDevice::new(c"iommu-test-instances")?;
        let (first, second, third) = (
            TestInstance::new(&dev, 1)?,
            TestInstance::new(&dev, 2)?,
            TestInstance::new(&dev, 3)?,
        );
        let set = first.set()?.try_clone(1)?;
        assert_eq!(engines(&set), 1);

        assert_eq!(join(&set, &second), Ok(1));
        assert_eq!(engines(&set), 12);
        // One that is known takes no place. For another one there is none left.
        assert_eq!(join(&set, &second), Ok(0));
        assert_eq!(join(&set, &first), Ok(0));
        assert_eq!(join(&set, &third), Err(ENOSPC));
        assert_eq!(engines(&set), 12);

        // The set outlives the instance that it was made for.
        drop(first);
        assert_eq!(engines(&set), 2);
        drop(second);
        assert_eq!(engines(&set), 0);
        Ok(())
    }

    #[test]
    fn no_places() -> Result {
        let dev = TestDevice::new(c"iommu-test-instances")?;
        let (first, second) = (TestInstance::new(&dev, 1)?, TestInstance::new(&dev, 2)?);
        let set = first.set()?.try_clone(0)?;

        assert_eq!(join(&set, &second), Err(ENOSPC));
        assert_eq!(engines(&set), 1);
        Ok(())
    }
}
