// SPDX-License-Identifier: GPL-2.0

//! Driver for an imaginary IOMMU: it has one master, and walks tables of Apple's format.

use core::ops::RangeInclusive;
use iommu::pgtable::{dart::Dart1, Config, PageTable};
use iommu::{atomic_safe, domain::DomainRef, fault::Faults, gfp::Gfp, hold::*, live::*};
use iommu::{master::Master, ops::*, prot::Prot, PhysAddr};
use kernel::{device::*, io::mem::IoMem, io::Io, irq::IrqReturn, of, platform, prelude::*};
use kernel::{new_mutex, sync::Mutex, types::CovariantForLt};

const CONTROL: usize = 0x00; // 0: deny, 1: bypass, 2: translate
const TABLE: usize = 0x04; // physical address of the table, in pages
const DROP: usize = 0x08; // a write of any value invalidates all cached entries

/// The resources of an instance, which live as long as the device is bound.
#[pin_data]
struct Hardware<'bound> {
    engine: Engine<'bound>,
    #[pin]
    current: Mutex<Option<DomainRef<Toy>>>,
}

// The part that may be used in atomic context. A `Mutex` in it would not compile.
atomic_safe! { struct Engine<'bound> { io: IoMem<'bound, 0x1000> } }

impl Hardware<'_> {
    fn switch(&self, control: u32, table: u32, domain: Option<DomainRef<Toy>>) {
        let mut current = self.current.lock();
        self.engine.io.write32(0, CONTROL);
        self.engine.io.write32(table, TABLE);
        self.engine.io.write32(0, DROP);
        self.engine.io.write32(control, CONTROL);
        // The hardware does not walk the previous domain's tables any more, so it may be freed.
        *current = domain;
    }
}

// An address space.
atomic_safe! { struct Domain { table: PageTable<Dart1> } }

impl PagingDomain<Toy> for Domain {
    fn geometry(&self) -> Geometry {
        Geometry {
            pgsizes: 0x4000,
            aperture: 0..=self.table.last(),
        }
    }
    fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        _: usize,
        count: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        self.table.map(iova, paddr, count, prot, gfp)
    }
    fn unmap(&self, iova: u64, size: usize) -> usize {
        self.table.unmap(iova, size)
    }
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        self.table.iova_to_phys(iova)
    }
    fn sync_map(&self, engines: &mut Engines<'_, Toy>, _: RangeInclusive<u64>) -> Result {
        self.flush_all(engines);
        Ok(())
    }
    fn sync(&self, engines: &mut Engines<'_, Toy>, _: RangeInclusive<u64>) {
        self.flush_all(engines);
    }
    fn flush_all(&self, engines: &mut Engines<'_, Toy>) {
        if let Some(mut engaged) = engines.first() {
            engaged.get().0.io.write32(0, DROP);
        }
    }
    fn translations(&self, f: &mut dyn FnMut(Translation)) {
        self.table.for_each_range(f);
    }
    fn table_usage(&self) -> (usize, usize) {
        self.table.usage()
    }
}

struct Toy;

impl Operations for Toy {
    type IdInfo = ();
    type Hardware = CovariantForLt!(Hardware<'_>);
    type Engine<'bound> = Engine<'bound>;
    type Master = ();
    type Domain = Domain;
    const NAME: &'static CStr = c"toy-iommu";
    const OF_ID_TABLE: of::IdTable<()> = &OF_TABLE;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _: &'bound (),
        _: EngineLock,
    ) -> impl PinInit<Hardware<'bound>, Error> + 'bound {
        let pdev: &'bound platform::Device<Bound> = pdev;
        pin_init::pin_init_scope(move || {
            let io = pdev.io_request_by_index(0).ok_or(EINVAL)?.iomap_sized()?;
            Ok(try_pin_init!(Hardware {
                engine: Engine { io },
                current <- new_mutex!(None, "toy_current"),
            }? Error))
        })
    }
    fn remove(hw: &Hardware<'_>) {
        hw.switch(0, 0, None);
    }
    fn shutdown(hw: &Hardware<'_>) {
        hw.switch(0, 0, None);
    }
    fn engine<'a>(hw: &'a Hardware<'a>) -> &'a Engine<'a> {
        &hw.engine
    }
    fn interrupt(_: &Engine<'_>, _: &Faults<'_>) -> IrqReturn {
        IrqReturn::None
    }
    fn of_xlate(_: &Hardware<'_>, cells: &[u32]) -> Result<u16> {
        (cells[0] == 0).then_some(0).ok_or(EINVAL) // is there such a stream?
    }
    fn probe_device(_: &Live<'_, Self>, _: &Device, _: &[KVec<u16>]) -> Result {
        Ok(())
    }
    fn domain_alloc(_: &Live<'_, Self>, _: &Master<Self>) -> impl PinInit<Domain, Error> {
        PageTable::new(Config {
            page_size: 0x4000,
            ias: 32,
            oas: 36,
        })
        .map(|table| Domain { table })
    }
    fn attach(live: &Live<'_, Self>, _: &Master<Self>, domain: &DomainRef<Self>) -> Result {
        let root = *domain.table.ttbrs().first().ok_or(EINVAL)?;
        live.first()
            .ok_or(ENODEV)?
            .switch(2, u32::try_from(root >> 12)?, Some(domain.clone()));
        Ok(())
    }
    fn attach_identity(live: &Live<'_, Self>, _: &Master<Self>) -> Result {
        live.first().ok_or(ENODEV)?.switch(1, 0, None);
        Ok(())
    }
    fn attach_blocked(live: &Live<'_, Self>, _: &Master<Self>) {
        live.hardware().for_each(|(_, hw)| hw.switch(0, 0, None));
    }
}

kernel::of_device_table!(OF_TABLE, (), [(of::DeviceId::new(c"imaginary,iommu"), ())]);

iommu::module_iommu_driver! {
    type: Toy,
    name: "toy_iommu",
    authors: ["Rust IOMMU drivers for Linux contributors"],
    description: "Imaginary IOMMU",
    license: "GPL v2",
}
