// SPDX-License-Identifier: GPL-2.0

//! Macros for the parts of a driver that a case does not test.
//!
//! `operations!(a b c)` inside `impl Operations for Driver` expands to the items of these names, and
//! so do `instance!(a b c)` inside `impl Hardware for Driver`, `domain!(a b c)` inside
//! `impl PagingDomain<Driver> for Domain`, and `table!(a b c)` inside `impl PagingTable for Tables`. A case writes the item that it tests itself.

#![allow(unused_macros, unused_imports, dead_code)]

pub(crate) use core::ops::RangeInclusive;

pub(crate) use iommu::{
    atomic_safe::AtomicSafe,
    prelude::*, //
};

pub(crate) use kernel::{
    device::{
        Bound,
        Core,
        Device, //
    },
    irq::IrqReturn,
    of,
    platform,
    prelude::*,
    sync::{
        aref::ARef,
        Mutex,
        SpinLock,
        SpinLockIrq, //
    },
    types::{
        CovariantForLt,
        ForLt, //
    }, //
};

/// A driver module around `Driver`.
macro_rules! driver {
    () => {
        struct Driver;

        kernel::of_device_table!(
            OF_TABLE,
            (),
            [(of::DeviceId::new(c"test,compile-fail"), ())]
        );

        iommu::module_iommu_driver! {
            type: Driver,
            name: "compile_fail",
            authors: ["Rust IOMMU drivers for Linux contributors"],
            description: "Case that must or must not build",
            license: "GPL v2",
        }
    };
}

/// Hardware without registers.
macro_rules! hardware {
    () => {
        hardware!(types);

        impl Hardware for Driver {
            instance!(all);
        }
    };
    (types) => {
        hardware!(engine);

        struct Resources<'bound> {
            dev: &'bound Device<Bound>,
        }
    };
    (engine) => {
        struct Engine {
            registers: u32,
        }

        atomic_safe!(Engine { registers });
    };
}

/// An address space without a page.
macro_rules! space {
    () => {
        space!(domain);
        space!(tables);
    };
    (types) => {
        space!(domain);

        struct Tables {}

        atomic_safe!(Tables {});
    };
    (domain) => {
        struct Domain {
            walker: Walker,
            tables: Tables,
        }

        atomic_safe!(Domain { walker, tables });
    };
    (tables) => {
        struct Tables {}

        atomic_safe!(Tables {});

        impl PagingTable for Tables {
            table!(all);
        }
    };
}

macro_rules! instance {
    (all) => {
        instance!(info resources engine constants probe remove shutdown interrupt);
    };
    ($($name:ident)+) => {
        $(instance!(@$name);)+
    };
    (@info) => {
        type IdInfo = ();
    };
    (@resources) => {
        type Resources = CovariantForLt!(Resources<'_>);
    };
    (@engine) => {
        type Engine = Engine;
    };
    (@constants) => {
        const NAME: &'static CStr = c"compile-fail";
        const OF_ID_TABLE: of::IdTable<()> = &OF_TABLE;
    };
    (@probe) => {
        fn probe<'bound>(
            pdev: &'bound platform::Device<Core<'_>>,
            _info: &'bound (),
        ) -> Result<(
            impl PinInit<Resources<'bound>, Error> + 'bound,
            Engine,
        )> {
            let pdev: &'bound platform::Device<Bound> = pdev;

            let resources = Resources { dev: pdev.as_ref() };
            Ok((Ok::<_, Error>(resources), Engine { registers: 0 }))
        }
    };
    (@remove) => {
        fn remove(_iommu: Live<'_, Self>) {}
    };
    (@shutdown) => {
        fn shutdown(_iommu: Live<'_, Self>) {}
    };
    (@interrupt) => {
        fn interrupt(_: EngineGuard<'_, Self>, _index: u32, _faults: &Faults<'_>) -> IrqReturn {
            IrqReturn::None
        }
    };
}

macro_rules! operations {
    (all) => {
        operations!(types master of_xlate probe_device domain_alloc attach attach_identity
            attach_blocked);
    };
    ($($name:ident)+) => {
        $(operations!(@$name);)+
    };
    (@types) => {
        type Domain = Domain;
        type Debug = ();
    };
    (@master) => {
        type Master = ();
    };
    (@of_xlate) => {
        fn of_xlate(_iommu: Live<'_, Self>, cells: &[u32]) -> Result<u16> {
            Ok(cells[0] as u16)
        }
    };
    (@probe_device) => {
        fn probe_device(
            _iommus: &Instances<'_, Self>,
            _dev: &Device,
            _streams: &[KVec<u16>],
        ) -> Result {
            Ok(())
        }
    };
    (@domain_alloc) => {
        fn domain_alloc(
            iommus: &Instances<'_, Self>,
            _master: &Master<Self>,
        ) -> impl PinInit<Domain, Error> {
            iommus.first().map(|iommu| Domain {
                walker: iommu.walker(),
                tables: Tables {},
            })
        }
    };
    (@attach) => {
        fn attach(
            _iommus: &Instances<'_, Self>,
            _master: &Master<Self>,
            _domain: &DomainRef<Self>,
        ) -> Result {
            Ok(())
        }
    };
    (@attach_identity) => {
        fn attach_identity(_iommus: &Instances<'_, Self>, _master: &Master<Self>) -> Result {
            Ok(())
        }
    };
    (@attach_blocked) => {
        fn attach_blocked(_iommus: &Instances<'_, Self>, _master: &Master<Self>) {}
    };
}

macro_rules! domain {
    (all) => {
        domain!(table sync_map sync flush_all);
    };
    ($($name:ident)+) => {
        $(domain!(@$name);)+
    };
    (@table) => {
        type Table = Tables;

        fn table(&self) -> &Tables {
            &self.tables
        }
    };
    (@sync_map) => {
        fn sync_map(&self, _engines: &mut Engines<'_, Driver>, _range: RangeInclusive<u64>) -> Result {
            Ok(())
        }
    };
    (@sync) => {
        fn sync(&self, _engines: &mut Engines<'_, Driver>, _range: RangeInclusive<u64>) {}
    };
    (@flush_all) => {
        fn flush_all(&self, _engines: &mut Engines<'_, Driver>) {}
    };
}

macro_rules! table {
    (all) => {
        table!(geometry map unmap iova_to_phys translations usage);
    };
    ($($name:ident)+) => {
        $(table!(@$name);)+
    };
    (@geometry) => {
        fn geometry(&self) -> Geometry {
            Geometry {
                pgsizes: 4096,
                aperture: 0..=u64::from(u32::MAX),
            }
        }
    };
    (@map) => {
        fn map(
            &self,
            _iova: u64,
            _paddr: PhysAddr,
            _pgsize: usize,
            _pgcount: usize,
            _prot: Prot,
            _gfp: Gfp,
        ) -> (usize, Result) {
            (0, Err(ENOMEM))
        }
    };
    (@unmap) => {
        fn unmap(&self, _iova: u64, _size: usize) -> usize {
            0
        }
    };
    (@iova_to_phys) => {
        fn iova_to_phys(&self, _iova: u64) -> Option<PhysAddr> {
            None
        }
    };
    (@translations) => {
        fn translations(&self, _f: &mut dyn FnMut(Translation)) {}
    };
    (@usage) => {
        fn usage(&self) -> (usize, usize) {
            (0, 0)
        }
    };
}
