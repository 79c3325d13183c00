// SPDX-License-Identifier: GPL-2.0

//! The trait for what the IOMMU core asks of a driver about masters: [`Operations`]. It has the
//! driver's probe, group, domains and attach of a master.
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

pub use crate::group_request::GroupRequest;

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
    /// hardware whose instances walk the same tables, which must be made for a [`SharedWalker`].
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
    /// joined it. When this returns, either all of them translate through `domain`, or none does and
    /// the master is still attached as before. The master's accesses are never let through
    /// untranslated in between, unless it was in the identity domain before.
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
