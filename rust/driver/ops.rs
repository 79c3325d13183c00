// SPDX-License-Identifier: GPL-2.0

//! The trait for what the IOMMU core asks of a driver about masters: [`Operations`].
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use kernel::{
    device::Device,
    prelude::*,
    sync::aref::ARef, //
};

use crate::{
    access::{
        Instances,
        Live, //
    },
    callbacks::HasStatics,
    domain::DomainRef,
    group::Group,
    hardware::{
        DebugOps,
        Hardware, //
    },
    master::Master,
    paging::PagingDomain,
    regions::ReservedRegions, //
};

/// The type of default domain that the core must choose for a master.
///
/// Corresponds to the result of `iommu_ops::def_domain_type`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum DefaultDomain {
    /// No preference: the command line and the configuration decide.
    Any,
    /// The master must start in the identity domain.
    Identity,
    /// The master must start in a translated domain. Without `CONFIG_IOMMU_DMA` this means
    /// [`DefaultDomain::Any`], since the core would refuse the master otherwise.
    Dma,
}

/// The core asks for a master's group.
pub struct GroupRequest<'a> {
    dev: &'a Device,
}

impl<'a> GroupRequest<'a> {
    /// # Safety
    ///
    /// The caller is in the `device_group` callback for `dev`, and passes this only to code that
    /// runs in that callback.
    pub(crate) unsafe fn new(dev: &'a Device) -> Self {
        Self { dev }
    }

    /// Returns a new group for this master alone.
    pub fn own(self) -> Result<ARef<Group>> {
        Group::new()
    }

    /// Returns the one group of all masters of the instance.
    pub fn single(self) -> Result<ARef<Group>> {
        // SAFETY: by the safety requirement of `new`.
        unsafe { Group::single(self.dev) }
    }

    /// Returns the group of the masters that share a stream with `master`, if there are any.
    ///
    /// # Errors
    ///
    /// `ENODEV`, with a line in the log, if these masters are in several groups: the hardware could
    /// not keep the groups apart. Also if one of them is behind other instances, or names them in
    /// another order: all masters of a group use one domain, and a domain is made for certain
    /// instances.
    pub fn sharing<T: Operations>(&self, master: &Master<T>) -> Result<Option<ARef<Group>>> {
        let mut group: Option<ARef<Group>> = None;
        let iommus = master.instances().enter();

        for (index, instance) in master.instances().as_slice().iter().enumerate() {
            let (base, ids) = (master.base(), master.streams(index));

            instance
                .masters
                .for_each_sharing(base, ids, |other, found| {
                    let why = match &group {
                        _ if !base.is_behind_those_of(other) => "whose IOMMUs are not the same",
                        Some(group) if !core::ptr::eq::<Group>(&**group, &*found) => {
                            "which is in another group than one it shares another stream with"
                        }
                        _ => {
                            group = Some(found);
                            return Ok(());
                        }
                    };
                    Err(iommus.refuse(
                        master.dev(),
                        fmt!("shares a stream with {}, {}", other.dev().name(), why),
                    ))
                })?;
        }
        Ok(group)
    }

    /// Returns the group of the masters behind the same instances for which the driver has given
    /// the same key, or a new one.
    ///
    /// # Errors
    ///
    /// `ENODEV`, with a line in the log, if a master with this key is behind other instances. Those
    /// of making a group.
    pub fn keyed<T: Operations>(self, master: &Master<T>, key: u32) -> Result<ARef<Group>> {
        let base = master.base();
        let iommus = master.instances().enter();
        let mut group = None;

        for instance in master.instances().as_slice() {
            instance.masters.for_each_grouped(base, |other, found| {
                if !other.has_key(key) {
                    return Ok(());
                }
                if !base.is_behind_those_of(other) {
                    return Err(iommus.refuse(
                        master.dev(),
                        fmt!(
                            "in one group with {}, whose IOMMUs are not the same",
                            other.dev().name()
                        ),
                    ));
                }
                group = Some(found);
                Ok(())
            })?;
        }
        base.set_key(key);
        match group {
            Some(group) => Ok(group),
            None => self.own(),
        }
    }

    /// Returns the group that the bus of the master demands.
    pub fn by_bus(self) -> Result<ARef<Group>> {
        #[cfg(CONFIG_PCI)]
        if crate::master_base::is_pci(self.dev) {
            return self.pci();
        }
        self.own()
    }

    /// Returns the group that the PCI topology demands.
    #[cfg(CONFIG_PCI)]
    pub fn pci(self) -> Result<ARef<Group>> {
        // SAFETY: by the safety requirement of `new`.
        unsafe { Group::pci(self.dev) }
    }
}

/// An IOMMU driver.
///
/// State of one client device is in [`Operations::Master`], and an address space is an
/// [`Operations::Domain`]. Each callback is passed the instances it concerns; a driver has no means
/// to look one up.
///
/// Corresponds to `struct iommu_ops`.
pub trait Operations: Hardware + HasStatics {
    /// The driver's data for one master, from `probe_device` to `release_device`.
    type Master: Send + Sync + 'static;

    /// An address space.
    type Domain: PagingDomain<Self>;

    /// The contents of the debugfs files: `Self`, or `()` for none.
    type Debug: DebugOps<Self>;

    /// Number of cells of one entry of a master's `iommus` property.
    const CELLS: usize = 1;

    /// The number of instances that can join a domain, apart from those that it was made for: their
    /// masters can be attached to it, and they are in [`Engines::each`] until it is freed. For
    /// hardware whose instances walk the same tables, see [`SharedWalker`].
    ///
    /// An instance that is bound again is a new one, and takes another place.
    ///
    /// [`Engines::each`]: crate::access::Engines::each
    /// [`SharedWalker`]: crate::access::SharedWalker
    const SHARING: usize = 0;

    /// Whether the hardware can let a master's accesses through untranslated.
    const IDENTITY: bool = true;

    /// Turns one entry of a master's `iommus` property into a stream ID of this instance.
    ///
    /// `cells` has exactly [`Operations::CELLS`] elements. The driver must keep nothing: the core
    /// can drop the master after this without calling the driver.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a stream that the hardware does not have; the crate logs it.
    fn of_xlate(iommu: Live<'_, Self>, cells: &[u32]) -> Result<u16>;

    /// Accepts a master whose streams are all known. `streams` has one list per instance, in the
    /// order of the instances.
    ///
    /// # Errors
    ///
    /// On error, the master runs without its IOMMU. [`Instances::refuse`] logs the reason and makes
    /// the error. For errors other than `ENODEV` the crate logs the number. `EPROBE_DEFER` counts
    /// as `EIO`: the core may not probe the master again.
    fn probe_device(
        iommus: &Instances<'_, Self>,
        dev: &Device,
        streams: &[KVec<u16>],
    ) -> Result<Self::Master>;

    /// Chooses the group that shares one address space with this master.
    fn device_group(_master: &Master<Self>, request: GroupRequest<'_>) -> Result<ARef<Group>> {
        request.own()
    }

    /// States a preference for the default domain.
    fn def_domain_type(_master: &Master<Self>) -> DefaultDomain {
        DefaultDomain::Any
    }

    /// Adds the IOVA ranges that this master must not use, or the only ones that it can use.
    fn reserved_regions(_master: &Master<Self>, _regions: &mut ReservedRegions<'_>) {}

    /// Makes an address space for the instances of `iommus`.
    ///
    /// Called in process context, possibly long before the first attach.
    fn domain_alloc(
        iommus: &Instances<'_, Self>,
        master: &Master<Self>,
    ) -> impl PinInit<Self::Domain, Error>;

    /// Attaches `master` to `domain`. It may be attached to any domain before.
    ///
    /// All instances of the master are bound. They are those that `domain` was made for, or have
    /// joined it. When this
    /// returns, either all of them translate through `domain`, or none does and the master is still
    /// attached as before. The master's accesses are never let through untranslated in between,
    /// unless it was in the identity domain before.
    ///
    /// # Errors
    ///
    /// The driver logs the cause with [`Master::attach_failed`]. The first attach of a master must
    /// not fail: if this was the first, the crate calls [`Operations::attach_blocked`] instead, and
    /// reports success to the core.
    fn attach(
        iommus: &Instances<'_, Self>,
        master: &Master<Self>,
        domain: &DomainRef<Self>,
    ) -> Result;

    /// Lets the accesses of `master` through untranslated. The guarantees of [`Operations::attach`]
    /// hold here, too. Never called if [`Operations::IDENTITY`] is false.
    fn attach_identity(iommus: &Instances<'_, Self>, master: &Master<Self>) -> Result;

    /// Denies every access of `master`.
    ///
    /// Cannot fail, because the core falls back to it. Unbound instances are not in `iommus`.
    fn attach_blocked(iommus: &Instances<'_, Self>, master: &Master<Self>);
}
