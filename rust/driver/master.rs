// SPDX-License-Identifier: GPL-2.0

//! A client device, from `probe_device` to `release_device`.

use core::ptr::NonNull;

use kernel::{
    bindings,
    device::Device,
    fmt,
    prelude::*, //
};

use crate::{
    instances::InstanceSet,
    master_base::{
        is_pci,
        Attached,
        MasterBase, //
    },
    ops::Operations, //
};

/// A client device behind one or more instances of driver `T`.
///
/// # Invariants
///
/// While a `Master` is alive, it is in the list of each of its instances.
#[repr(C)]
#[pin_data(PinnedDrop)]
pub struct Master<T: Operations> {
    #[pin]
    base: MasterBase,
    instances: InstanceSet<T>,
    streams: KVec<KVec<u16>>,
    data: T::Master,
}

impl<T: Operations> Master<T> {
    /// Makes the master and adds it to the lists of its instances. `streams` has one list per
    /// instance.
    pub(crate) fn new(
        dev: &Device,
        instances: InstanceSet<T>,
        streams: KVec<KVec<u16>>,
        data: T::Master,
    ) -> Result<Pin<KBox<Self>>> {
        let mut numbers = KVec::with_capacity(instances.as_slice().len(), GFP_KERNEL)?;
        for instance in instances.as_slice() {
            numbers.push(instance.index(), GFP_KERNEL)?;
        }
        // Pinned first, because the lists hold its address. `drop` removes it from those that have
        // it.
        let this = KBox::pin_init(
            try_pin_init!(Self {
                base <- MasterBase::new(dev, numbers),
                instances,
                streams,
                data,
            }? Error),
            GFP_KERNEL,
        )?;

        let base = NonNull::from(&this.base);
        for (instance, ids) in this.instances.as_slice().iter().zip(this.streams.iter()) {
            instance.masters.add(base, ids)?;
        }
        // INVARIANT: it is in the lists of all instances now.
        Ok(this)
    }

    /// Returns the client device. It need not be bound to a driver.
    #[inline]
    pub fn dev(&self) -> &Device {
        self.base.dev()
    }

    /// Whether it is on a PCI bus.
    pub fn is_pci(&self) -> bool {
        is_pci(self.dev())
    }

    /// Logs that the instance of `iommu` cannot attach the master, and the reason. Returns `e`, the
    /// error for [`Operations::attach`].
    pub fn attach_failed(&self, iommu: &Device, why: &str, e: Error) -> Error {
        self.log_attach_failed(fmt!("{}", iommu.name()), why, e);
        e
    }

    pub(crate) fn log_attach_failed(&self, iommu: fmt::Arguments<'_>, why: &str, e: Error) {
        dev_err!(
            self.dev(),
            "{}: attach failed, {}: {}: {:?}\n",
            iommu,
            if self.base.is_unattached() {
                "all accesses are denied"
            } else {
                "nothing changes"
            },
            why,
            e
        );
    }

    /// Returns the driver's data for it.
    #[inline]
    pub fn data(&self) -> &T::Master {
        &self.data
    }

    /// Returns the stream IDs at the instance with this index.
    #[inline]
    pub fn streams(&self, instance: usize) -> &[u16] {
        self.streams.get(instance).map_or(&[], |ids| ids)
    }

    /// Returns those of [`Self::streams`] through which no other master has access to memory.
    ///
    /// Releasing a master must not block a stream that another master of its group has, too. When a
    /// whole group is blocked, the last of its masters finds the stream unused.
    pub fn unshared(&self, instance: usize) -> impl Iterator<Item = u16> + '_ {
        let entry = self.instances.as_slice().get(instance);

        self.streams(instance)
            .iter()
            .copied()
            .filter(move |&id| entry.is_some_and(|entry| !entry.masters.is_in_use(&self.base, id)))
    }

    #[inline]
    pub(crate) fn base(&self) -> &MasterBase {
        &self.base
    }

    #[inline]
    pub(crate) fn instances(&self) -> &InstanceSet<T> {
        &self.instances
    }

    /// Returns the `struct iommu_device` that the core records for this master.
    #[inline]
    pub(crate) fn iommu_device(&self) -> *mut bindings::iommu_device {
        self.instances.first().as_raw()
    }
}

#[pinned_drop]
impl<T: Operations> PinnedDrop for Master<T> {
    fn drop(self: Pin<&mut Self>) {
        let base = NonNull::from(&self.base);
        for instance in self.instances.as_slice() {
            instance.masters.remove(base);
        }
        // The master is not found any more; wait for callers that have found it before.
        self.base.gate().close();
        self.base.set_attached(Attached::Nothing);
    }
}
