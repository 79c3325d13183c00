// SPDX-License-Identifier: GPL-2.0

//! Driver for DART, the IOMMU of Apple SoCs.
//!
//! - [`regs`]: the registers.
//! - [`variant`]: the differences between blocks, and the parameters that each block reports.
//! - [`window`]: the addresses that a devicetree lets masters use.
//! - [`streams`]: sets of streams.
//! - [`engine`]: commands, and the path of each stream.
//! - [`hardware`]: power, and which domain each stream is in.
//! - [`domain`]: address spaces.
//! - [`attach`]: attaching a master at all of its instances, or at none.

use iommu::{
    domain::DomainRef,
    fault::Faults,
    group::Group,
    hold::EngineLock,
    live::Live,
    master::Master,
    ops::{
        DefaultDomain,
        GroupRequest,
        Operations, //
    },
    prot::Prot,
    regions::{
        RegionKind,
        ReservedRegions, //
    },
    PhysAddr, //
};
use kernel::{
    device::{
        Core,
        Device, //
    },
    fmt,
    irq::{
        Flags,
        IrqReturn, //
    },
    of,
    page::PAGE_SIZE,
    platform,
    prelude::*,
    sizes::SZ_1K,
    sync::aref::ARef,
    types::CovariantForLt, //
};

mod attach;
mod domain;
mod engine;
mod hardware;
mod regs;
mod streams;
mod variant;
mod window;

use domain::Domain;
use engine::Engine;
use hardware::Hardware;
use streams::Streams;
use variant::Variant;

struct AppleDart;

/// The address that PCI devices write to for an interrupt: `CONFIG_PCIE_APPLE_MSI_DOORBELL_ADDR`,
/// which has a default and no prompt.
const MSI_DOORBELL: PhysAddr = 0xffff_f000;

/// The driver's data for a master.
struct Behind {
    /// Its streams at each instance.
    streams: KVec<Streams>,
    /// Whether all of its instances can let it through untranslated.
    bypass: bool,
    /// The page size of all of its instances.
    page_size: usize,
}

impl Behind {
    fn streams(&self, instance: usize) -> &Streams {
        self.streams.get(instance).unwrap_or(&Streams::NONE)
    }
}

kernel::of_device_table!(
    OF_TABLE,
    <AppleDart as Operations>::IdInfo,
    [
        (of::DeviceId::new(c"apple,t8103-dart"), &variant::T8103),
        (
            of::DeviceId::new(c"apple,t8103-usb4-dart"),
            &variant::T8103_USB4
        ),
        (of::DeviceId::new(c"apple,t8110-dart"), &variant::T8110),
        (of::DeviceId::new(c"apple,t6000-dart"), &variant::T6000),
    ]
);

impl Operations for AppleDart {
    type IdInfo = &'static Variant;
    type Hardware = CovariantForLt!(Hardware<'_>);
    type Engine<'bound> = Engine<'bound>;
    type Master = Behind;
    type Domain = Domain;

    const NAME: &'static CStr = c"rust-apple-dart";
    const OF_ID_TABLE: of::IdTable<Self::IdInfo> = &OF_TABLE;
    /// The instances of one device may share an interrupt line.
    const IRQ_FLAGS: Flags = Flags::SHARED;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        variant: &'bound Self::IdInfo,
        lock: EngineLock,
    ) -> impl PinInit<Hardware<'bound>, Error> + 'bound {
        Hardware::new(pdev, variant, lock)
    }

    fn start(hw: &Hardware<'_>) -> Result {
        hw.start()
    }

    fn remove(hw: &Hardware<'_>) {
        hw.remove();
    }

    fn shutdown(hw: &Hardware<'_>) {
        hw.shutdown();
    }

    fn engine<'a>(hw: &'a Hardware<'a>) -> &'a Engine<'a> {
        &hw.engine
    }

    fn interrupt(engine: &Engine<'_>, faults: &Faults<'_>) -> IrqReturn {
        engine.interrupt(|fault| faults.report(fault))
    }

    fn of_xlate(hw: &Hardware<'_>, cells: &[u32]) -> Result<u16> {
        let id = u16::try_from(cells[0]).map_err(|_| EINVAL)?;

        (id < hw.params()?.streams).then_some(id).ok_or(EINVAL)
    }

    /// All instances of a master get the same tables, so their parameters have to agree.
    fn probe_device(live: &Live<'_, Self>, dev: &Device, streams: &[KVec<u16>]) -> Result<Behind> {
        let first = live.first().ok_or(ENODEV)?;
        let params = first.params()?;
        let mut bypass = true;

        for (_, hw) in live.hardware() {
            if hw.variant.entries != first.variant.entries || !hw.params()?.agrees(params) {
                return Err(live.refuse(dev, fmt!("these differ in page size, width or tables")));
            }
            bypass &= hw.params()?.bypass;
        }
        let page_size = params.table.page_size;
        if page_size > PAGE_SIZE && !bypass {
            return Err(live.refuse(
                dev,
                fmt!(
                    "{} KiB pages, more than this kernel's, and no bypass",
                    page_size / SZ_1K
                ),
            ));
        }
        if !bypass && !cfg!(CONFIG_IOMMU_DMA) {
            return Err(live.refuse(
                dev,
                fmt!("no bypass, and the kernel has no CONFIG_IOMMU_DMA to do without"),
            ));
        }
        let mut sets = KVec::with_capacity(streams.len(), GFP_KERNEL)?;
        for ids in streams {
            sets.push(Streams::from(&**ids), GFP_KERNEL)?;
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
                dev_err!(master.dev(), "cannot reserve the MSI doorbell: {:?}\n", e);
            }
        }
    }

    fn domain_alloc(live: &Live<'_, Self>, master: &Master<Self>) -> impl PinInit<Domain, Error> {
        Domain::new(live, master)
    }

    fn attach(live: &Live<'_, Self>, master: &Master<Self>, domain: &DomainRef<Self>) -> Result {
        attach::paging(live, master, domain)
    }

    fn attach_identity(live: &Live<'_, Self>, master: &Master<Self>) -> Result {
        if !master.data().bypass {
            return Err(EOPNOTSUPP);
        }
        attach::identity(live, master);
        Ok(())
    }

    fn attach_blocked(live: &Live<'_, Self>, master: &Master<Self>) {
        attach::blocked(live, master);
    }

    fn runtime_suspend(hw: &Hardware<'_>) -> Result {
        hw.runtime_suspend()
    }

    fn runtime_resume(hw: &Hardware<'_>) -> Result {
        hw.runtime_resume()
    }

    fn suspend(hw: &Hardware<'_>) -> Result {
        hw.suspend()
    }

    fn resume(hw: &Hardware<'_>) -> Result {
        hw.resume()
    }

    fn show_registers(engine: &Engine<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        engine.show(f)
    }
}

iommu::module_iommu_driver! {
    type: AppleDart,
    name: "rust_apple_dart",
    authors: ["Rust IOMMU drivers for Linux contributors"],
    description: "Apple DART IOMMU driver",
    license: "GPL v2",
}
