// SPDX-License-Identifier: GPL-2.0

//! Masters, and the domains that they are attached to: at all of their instances, or at none.

use iommu::{
    prelude::*,
    regions::{
        RegionKind,
        ReservedRegions, //
    },
};
use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    sizes::SZ_1K, //
};

use crate::{
    domain::Domain,
    engine::Engine,
    slots,
    streams::Streams,
    AppleDart, //
};

/// The address that PCI devices write to for an interrupt: `CONFIG_PCIE_APPLE_MSI_DOORBELL_ADDR`,
/// which has a default and no prompt.
const MSI_DOORBELL: PhysAddr = 0xffff_f000;

/// The driver's data for a master.
pub(crate) struct Behind {
    /// Its streams at each instance.
    streams: KVec<Streams>,
    /// Whether all of its instances can let it through untranslated.
    bypass: bool,
    /// The page size of all of its instances.
    pub(crate) page_size: usize,
}

impl Behind {
    fn streams(&self, instance: usize) -> &Streams {
        self.streams.get(instance).unwrap_or(&Streams::NONE)
    }
}

impl Operations for AppleDart {
    type Master = Behind;
    type Domain = Domain;
    type Debug = Self;

    fn of_xlate(iommu: Live<'_, Self>, cells: &[u32]) -> Result<u16> {
        let id = u16::try_from(cells[0]).map_err(|_| EINVAL)?;
        let streams = iommu.lock().params()?.streams;

        (id < streams).then_some(id).ok_or(EINVAL)
    }

    /// All instances of a master get the same tables, so their parameters have to agree.
    fn probe_device(
        iommus: &Instances<'_, Self>,
        dev: &Device,
        streams: &[KVec<u16>],
    ) -> Result<Behind> {
        let first = iommus.first()?;
        let params = first.lock().params()?;
        let mut bypass = true;

        for (_, iommu) in iommus.iter() {
            let other = iommu.lock().params()?;
            if iommu.variant.entries != first.variant.entries || !other.agrees(&params) {
                return Err(iommus.refuse(dev, fmt!("these differ in page size, width or tables")));
            }
            bypass &= other.bypass;
        }
        let page_size = params.table.page_size;
        if page_size > PAGE_SIZE && !bypass {
            return Err(iommus.refuse(
                dev,
                fmt!(
                    "{} KiB pages, more than this kernel's, and no bypass",
                    page_size / SZ_1K
                ),
            ));
        }
        if !bypass && !cfg!(CONFIG_IOMMU_DMA) {
            return Err(iommus.refuse(
                dev,
                fmt!("no bypass, and the kernel has no CONFIG_IOMMU_DMA to do without"),
            ));
        }
        let mut sets = KVec::with_capacity(streams.len(), GFP_KERNEL)?;
        for ids in streams {
            sets.push(ids.iter().copied().collect(), GFP_KERNEL)?;
        }
        Ok(Behind {
            streams: sets,
            bypass,
            page_size,
        })
    }

    /// The hardware cannot distinguish masters that share a stream, so they are one group.
    fn device_group(master: &Master<Self>, request: GroupRequest<'_>) -> Result<ARef<Group>> {
        match request.sharing(master)? {
            Some(group) => Ok(group),
            None => request.by_bus(),
        }
    }

    fn def_domain_type(master: &Master<Self>) -> DefaultDomain {
        if master.data().page_size > PAGE_SIZE {
            DefaultDomain::Identity
        } else if !master.data().bypass {
            DefaultDomain::Dma
        } else {
            DefaultDomain::Any
        }
    }

    /// Apple's PCIe controller takes writes to its doorbell for interrupts before they reach the
    /// DART.
    fn reserved_regions(master: &Master<Self>, regions: &mut ReservedRegions<'_>) {
        if cfg!(CONFIG_PCIE_APPLE) && master.is_pci() {
            let prot = Prot::WRITE | Prot::NOEXEC | Prot::MMIO;
            let doorbell = MSI_DOORBELL & !(PAGE_SIZE as PhysAddr - 1);

            if let Err(e) = regions.push(RegionKind::Msi, doorbell, PAGE_SIZE, prot) {
                dev_err!(master.dev(), "cannot reserve the MSI doorbell: {e:?}\n");
            }
        }
    }

    fn domain_alloc(
        iommus: &Instances<'_, Self>,
        master: &Master<Self>,
    ) -> impl PinInit<Domain, Error> {
        Domain::new(iommus, master)
    }

    /// The steps that can fail are done first, at all instances: a block may fail to invalidate its
    /// TLB. Streams that are translated are denied meanwhile. Until the last instance is ready,
    /// none has let the master through the new tables. So undoing the change needs no invalidation,
    /// and cannot fail.
    fn attach(
        iommus: &Instances<'_, Self>,
        master: &Master<Self>,
        domain: &DomainRef<Self>,
    ) -> Result {
        for (index, iommu) in iommus.iter() {
            let streams = master.data().streams(index);

            domain.add(index, streams);
            let prepared = iommu.lock().prepare(streams, domain.path(index));
            if let Err(e) = prepared {
                let why = if e == ETIMEDOUT {
                    "its TLB does not answer"
                } else {
                    "it has no power, or is shut down"
                };
                for (index, iommu) in iommus.iter().take_while(|(first, _)| *first <= index) {
                    slots::undo(iommu, index, master.data().streams(index), domain);
                }
                return Err(master.attach_failed(iommu.dev(), why, e));
            }
        }
        for (index, iommu) in iommus.iter() {
            let (streams, path) = (master.data().streams(index), domain.path(index));

            slots::enter(iommu, index, streams, path, domain);
        }
        Ok(())
    }

    /// The master passes even if the hardware fails to invalidate its TLB.
    fn attach_identity(iommus: &Instances<'_, Self>, master: &Master<Self>) -> Result {
        if !master.data().bypass {
            return Err(EOPNOTSUPP);
        }
        for (index, iommu) in iommus.iter() {
            let bypassing = iommu.variant.hal.bypassing();

            slots::leave(iommu, index, master.data().streams(index), bypassing);
        }
        Ok(())
    }

    /// Does not deny the streams that the master shares with other masters. Denies it even if the
    /// hardware fails to invalidate its TLB.
    fn attach_blocked(iommus: &Instances<'_, Self>, master: &Master<Self>) {
        for (index, iommu) in iommus.iter() {
            let streams: Streams = master.unshared(index).collect();
            if !streams.is_empty() {
                slots::leave(iommu, index, &streams, 0);
            }
        }
    }
}

impl DebugOps<AppleDart> for AppleDart {
    fn show_registers(engine: &mut Engine, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        engine.show(f)
    }
}
