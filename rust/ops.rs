// SPDX-License-Identifier: GPL-2.0

//! The traits that a driver implements: [`Operations`] for the hardware and its masters,
//! [`PagingDomain`] for an address space.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use core::ops::RangeInclusive;

use kernel::{
    device::{
        Core,
        Device, //
    },
    irq::{
        Flags,
        IrqReturn, //
    },
    of, platform,
    prelude::*,
    sync::aref::ARef,
    types::{
        CovariantForLt,
        ForLt, //
    },
};

use crate::{
    atomic_safe::AtomicSafe,
    callbacks::HasStatics,
    domain::DomainRef,
    fault::Faults,
    gfp::Gfp,
    group::Group,
    hold::EngineLock,
    live::{
        Engines,
        Live, //
    },
    master::Master,
    prot::Prot,
    regions::ReservedRegions,
    PhysAddr, //
};

/// [`Operations::Hardware`] of driver `T`, while it is bound for `'a`.
pub type Hardware<'a, T> = <<T as Operations>::Hardware as ForLt>::Of<'a>;

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

/// Page sizes and address range of a paging domain.
#[derive(Clone, Debug)]
pub struct Geometry {
    /// Supported page sizes in bytes, or-ed together. Never zero, and no bit above 2 GiB.
    pub pgsizes: u32,
    /// IOVAs that may be mapped, in bytes.
    pub aperture: RangeInclusive<u64>,
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
        let live = master.instances().enter();

        for (index, instance) in master.instances().as_slice().iter().enumerate() {
            let (base, ids) = (master.base(), master.streams(index));

            instance.for_each_sharing(base, ids, |other, found| {
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
                Err(live.refuse(
                    master.dev(),
                    fmt!("shares a stream with {}, {}", other.dev().name(), why),
                ))
            })?;
        }
        Ok(group)
    }

    /// Returns the group that the bus of the master demands.
    pub fn by_bus(self) -> Result<ARef<Group>> {
        #[cfg(CONFIG_PCI)]
        if crate::master::is_pci(self.dev) {
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
/// The type is a tag. State of one piece of hardware is in [`Operations::Hardware`], state of one
/// client device is in [`Operations::Master`], and an address space is an [`Operations::Domain`].
/// Each callback is passed the instance it concerns; a driver has no means to look one up.
///
/// Corresponds to `struct iommu_ops`.
pub trait Operations: HasStatics + Sized + Send + Sync + 'static {
    /// The driver's data for each compatible.
    type IdInfo: Sync + 'static;

    /// One instance: registers, clocks, resets and everything else that needs the bound device.
    ///
    /// Made by [`Operations::probe`]. The crate drops it when the device is unbound, after every
    /// callback that uses it has returned and none can start any more.
    ///
    /// Written `CovariantForLt!(Hardware<'_>)`: because it is covariant, a callback can use it for
    /// less than the whole time the device is bound.
    type Hardware: CovariantForLt;

    /// The part of [`Operations::Hardware`] that callbacks in atomic context may use.
    ///
    /// [`AtomicSafe`] excludes locks that sleep or leave interrupts on.
    type Engine<'bound>: AtomicSafe + Send + Sync + 'bound;

    /// The driver's data for one master, from `probe_device` to `release_device`.
    type Master: Send + Sync + 'static;

    /// An address space.
    type Domain: PagingDomain<Self>;

    /// Name of the platform driver and of the interrupt.
    const NAME: &'static CStr;

    /// The compatibles this driver binds to.
    const OF_ID_TABLE: of::IdTable<Self::IdInfo>;

    /// Number of cells of one entry of a master's `iommus` property.
    const CELLS: usize = 1;

    /// How the interrupt is requested.
    const IRQ_FLAGS: Flags = Flags::TRIGGER_NONE;

    /// Whether the hardware can let a master's accesses through untranslated.
    const IDENTITY: bool = true;

    /// Acquires the resources of one instance.
    ///
    /// Does not touch the hardware: if a resource is missing, nothing has to be undone. `lock` is
    /// the lock that is held while an engine is used in atomic context; the parts of the engine
    /// that change are put under it.
    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        info: &'bound Self::IdInfo,
        lock: EngineLock,
    ) -> impl PinInit<Hardware<'bound, Self>, Error> + 'bound;

    /// Reads the state of the hardware, and puts it into a state in which it can wait for masters.
    ///
    /// Power management works, and the interrupt is not requested yet. Faults that were latched
    /// before are acknowledged here, because [`Operations::interrupt`] must not find any that it
    /// cannot handle. On error, [`Operations::remove`] is called next.
    fn start(_hw: &Hardware<'_, Self>) -> Result {
        Ok(())
    }

    /// Puts the instance into a state in which it may be left for good.
    ///
    /// All masters have been released, and no callback of a master or a domain reaches the
    /// hardware. [`Operations::interrupt`], [`Operations::runtime_suspend`] and
    /// [`Operations::runtime_resume`] may still be called. The interrupt is freed after this, so no
    /// fault that raises it may be left.
    fn remove(hw: &Hardware<'_, Self>);

    /// Called when the machine shuts down or starts another kernel. Masters may still be running.
    fn shutdown(hw: &Hardware<'_, Self>);

    /// Returns the part of `hw` for atomic context.
    fn engine<'a>(hw: &'a Hardware<'a, Self>) -> &'a Self::Engine<'a>;

    /// Handles the interrupt: reads all causes, acknowledges them, hands them to `faults`.
    ///
    /// Called in hard interrupt context. No lock may be held while `faults` is called.
    fn interrupt(engine: &Self::Engine<'_>, faults: &Faults<'_>) -> IrqReturn;

    /// Turns one entry of a master's `iommus` property into a stream ID of this instance.
    ///
    /// `cells` has exactly [`Operations::CELLS`] elements. The driver must keep nothing: the core
    /// can drop the master after this without calling the driver.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a stream that the hardware does not have; the crate logs it.
    fn of_xlate(hw: &Hardware<'_, Self>, cells: &[u32]) -> Result<u16>;

    /// Accepts a master whose streams are all known. `streams` has one list per instance, in the
    /// order of the instances.
    ///
    /// # Errors
    ///
    /// On error, the master runs without its IOMMU. [`Live::refuse`] logs the reason and makes the
    /// error. For errors other than `ENODEV` the crate logs the number. `EPROBE_DEFER` counts as
    /// `EIO`: the core may not probe the master again.
    fn probe_device(
        live: &Live<'_, Self>,
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

    /// Makes an address space for the instances of `live`.
    ///
    /// Called in process context, possibly long before the first attach.
    fn domain_alloc(
        live: &Live<'_, Self>,
        master: &Master<Self>,
    ) -> impl PinInit<Self::Domain, Error>;

    /// Attaches `master` to `domain`. It may be attached to any domain before.
    ///
    /// All instances of the master are alive and are those that `domain` was made for. When this
    /// returns, either all of them translate through `domain`, or none does and the master is still
    /// attached as before. The master's accesses are never let through untranslated in between,
    /// unless it was in the identity domain before.
    ///
    /// # Errors
    ///
    /// The driver logs the cause with [`Master::attach_failed`]. The first attach of a master must
    /// not fail: if this was the first, the crate calls [`Operations::attach_blocked`] instead, and
    /// reports success to the core.
    fn attach(live: &Live<'_, Self>, master: &Master<Self>, domain: &DomainRef<Self>) -> Result;

    /// Lets the accesses of `master` through untranslated. The guarantees of [`Operations::attach`]
    /// hold here, too. Never called if [`Operations::IDENTITY`] is false.
    fn attach_identity(live: &Live<'_, Self>, master: &Master<Self>) -> Result;

    /// Denies every access of `master`.
    ///
    /// Cannot fail, because the core falls back to it. Unbound instances are not in `live`.
    fn attach_blocked(live: &Live<'_, Self>, master: &Master<Self>);

    /// Runtime PM: called before the instance loses its clock.
    fn runtime_suspend(_hw: &Hardware<'_, Self>) -> Result {
        Ok(())
    }

    /// Runtime PM: called when the instance is needed again.
    fn runtime_resume(_hw: &Hardware<'_, Self>) -> Result {
        Ok(())
    }

    /// System sleep begins. Masters are suspended already.
    fn suspend(_hw: &Hardware<'_, Self>) -> Result {
        Ok(())
    }

    /// System sleep ends. Registers may have been lost; masters are still suspended.
    fn resume(_hw: &Hardware<'_, Self>) -> Result {
        Ok(())
    }

    /// Prints the registers for debugfs, one per line.
    fn show_registers(
        _engine: &Self::Engine<'_>,
        _f: &mut kernel::fmt::Formatter<'_>,
    ) -> kernel::fmt::Result {
        Ok(())
    }

    /// Tests translation with the hardware's own means, without a master, and prints the result to
    /// `f`.
    ///
    /// `gfp` is for the pages this maps. Called in process context.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` if the hardware has no such means, `EBUSY` while masters are attached.
    fn selftest(_live: &Live<'_, Self>, _gfp: Gfp, _f: &mut kernel::fmt::Formatter<'_>) -> Result {
        Err(EOPNOTSUPP)
    }
}

/// An address space that the driver's hardware translates with.
///
/// Called in any context, with interrupts on or off, and by several CPUs at once. The crate has
/// checked that ranges lie in the aperture and do not wrap.
///
/// Corresponds to `struct iommu_domain_ops`.
pub trait PagingDomain<T: Operations>: AtomicSafe + Send + Sync + 'static {
    /// Returns the page sizes and the aperture, which are constant for the domain's life.
    fn geometry(&self) -> Geometry;

    /// Maps up to `pgcount` pages of `pgsize` bytes and returns how many it mapped. The walker may
    /// find them at once or after [`PagingDomain::sync_map`].
    ///
    /// The count is of whole pages, and is valid also if there is an error.
    fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result);

    /// Unmaps up to `size` bytes, of pages of any size, and returns how many it unmapped.
    ///
    /// Stops at the first hole, and at a page that is not in the range as a whole. The hardware may
    /// find the pages until [`PagingDomain::sync`] has returned.
    fn unmap(&self, iova: u64, size: usize) -> usize;

    /// Returns the physical address that `iova` is mapped to, if it is. `iova` can be any address.
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr>;

    /// Makes the newly mapped `range` usable. Makes the entries visible to the hardware's walker,
    /// if [`PagingDomain::map`] has not, and invalidates entries that may have been cached while
    /// the range was not mapped.
    ///
    /// The core does not use the pages before this has returned.
    fn sync_map(&self, engines: &mut Engines<'_, T>, range: RangeInclusive<u64>) -> Result;

    /// Makes the unmapping of `range` visible to the hardware's walker, if [`PagingDomain::unmap`]
    /// has not, and invalidates the entries that the hardware has cached of it. The pages are
    /// reused when this returns.
    fn sync(&self, engines: &mut Engines<'_, T>, range: RangeInclusive<u64>);

    /// As [`PagingDomain::sync`], for all addresses.
    fn flush_all(&self, engines: &mut Engines<'_, T>);

    /// Calls `f` with each live translation, in the order of IOVAs, merged into ranges.
    fn translations(&self, f: &mut dyn FnMut(Translation));

    /// Returns the number of table pages, not counting the root, and the bytes of all table memory.
    fn table_usage(&self) -> (usize, usize);
}

/// A contiguous range of live translations, for display.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// First byte of the range.
    pub iova: u64,
    /// First byte of the physical range.
    pub paddr: PhysAddr,
    /// Length in bytes.
    pub size: u64,
    /// The accesses that are allowed.
    pub prot: Prot,
}
