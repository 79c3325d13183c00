// SPDX-License-Identifier: GPL-2.0

//! Driver for an imaginary IOMMU: it has one master, and walks tables of Apple's format.

use iommu::pgtable::{Config, Entries, PageTable};
use iommu::prelude::*;
use kernel::{device::*, io::Io, new_mutex, of, platform, prelude::*};
use kernel::{sync::Mutex, types::CovariantForLt};

const CONTROL: usize = 0x00; // 0: deny, 1: bypass, 2: translate
const TABLE: usize = 0x04; // physical address of the table, in pages
const DROP: usize = 0x08; // a write of any value invalidates all cached entries

struct Toy;

/// Data for callbacks that may sleep.
#[pin_data]
struct Resources {
    #[pin]
    current: Mutex<Option<DomainRef<Toy>>>,
}

/// Data for callbacks in atomic context, under the lock of the instance.
struct Engine {
    io: Registers<0x1000>,
}

atomic_safe!(Engine { io }); // A `Mutex` in it would not compile.

fn switch(iommu: Live<'_, Toy>, control: u32, table: u32, domain: Option<DomainRef<Toy>>) {
    let mut current = iommu.current.lock();
    let engine = iommu.lock();
    engine.io.write32(0, CONTROL);
    engine.io.write32(table, TABLE);
    engine.io.write32(0, DROP);
    engine.io.write32(control, CONTROL);
    drop(engine);
    *current = domain; // may free the previous one, which the hardware does not walk any more
}

impl Hardware for Toy {
    type IdInfo = ();
    type Resources = CovariantForLt!(Resources);
    type Engine = Engine;
    const NAME: &'static CStr = c"toy-iommu";
    const OF_ID_TABLE: of::IdTable<()> = &OF_TABLE;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _: &'bound (),
    ) -> Result<(impl PinInit<Resources, Error> + 'bound, Engine)> {
        let io = Registers::claim(pdev, 0)?;
        let resources = try_pin_init!(Resources { current <- new_mutex!(None) }? Error);
        Ok((resources, Engine { io }))
    }
    fn remove(iommu: Live<'_, Self>) {
        switch(iommu, 0, 0, None);
    }
    fn shutdown(iommu: Live<'_, Self>) {
        switch(iommu, 0, 0, None);
    }
}

/// An address space.
impl PagingDomain<Toy> for PageTable {
    type Table = Self;

    fn table(&self) -> &Self {
        self
    }
    fn flush_all(&self, engines: &mut Engines<'_, Toy>) {
        if let Some(engine) = engines.first() {
            engine.io.write32(0, DROP);
        }
    }
}

impl Operations for Toy {
    type Master = ();
    type Domain = PageTable;
    type Debug = ();

    fn of_xlate(_: Live<'_, Self>, cells: &[u32]) -> Result<u16> {
        (cells[0] == 0).then_some(0).ok_or(EINVAL) // is there such a stream?
    }
    fn probe_device(_: &Instances<'_, Self>, _: &Device, _: &[KVec<u16>]) -> Result {
        Ok(())
    }
    fn domain_alloc(_: &Instances<'_, Self>, _: &Master<Self>) -> impl PinInit<PageTable, Error> {
        let config = Config {
            page_size: 0x4000,
            ias: 32,
            oas: 36,
        };
        PageTable::new(Entries::Dart1, config)
    }
    fn attach(iommus: &Instances<'_, Self>, _: &Master<Self>, to: &DomainRef<Self>) -> Result {
        let root = u32::try_from(to.ttbrs()[0] >> 12)?;
        switch(iommus.first()?, 2, root, Some(to.clone()));
        Ok(())
    }
    fn attach_identity(iommus: &Instances<'_, Self>, _: &Master<Self>) -> Result {
        iommus.first().map(|iommu| switch(iommu, 1, 0, None))
    }
    fn attach_blocked(iommus: &Instances<'_, Self>, _: &Master<Self>) {
        iommus.iter().for_each(|(_, it)| switch(it, 0, 0, None));
    }
}

kernel::of_device_table!(OF_TABLE, (), [(of::DeviceId::new(c"imaginary,iommu"), ())]);

iommu::module_iommu_driver! {
    type: Toy,
    name: "toy_iommu",
    description: "Imaginary IOMMU",
    license: "GPL v2",
}
