// SPDX-License-Identifier: GPL-2.0

//! Macros for the parts of a driver that a case does not test.
//!
//! `operations!(a b c)` inside `impl Operations for Driver` expands to the items of these names,
//! and so does `domain!(a b c)` inside `impl PagingDomain<Driver> for Domain`. A case writes the
//! item that it tests itself.

#![allow(unused_macros, unused_imports, dead_code)]

pub(crate) use core::ops::RangeInclusive;

pub(crate) use iommu::{
    atomic_safe,
    atomic_safe::AtomicSafe,
    domain::DomainRef,
    fault::Faults,
    gfp::Gfp,
    group::Group,
    hold::EngineLock,
    instance::Walker,
    live::{
        Engines,
        Live, //
    },
    master::Master,
    ops::{
        Geometry,
        GroupRequest,
        Operations,
        PagingDomain,
        Translation, //
    },
    prot::Prot,
    PhysAddr, //
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

/// Hardware without registers, and its part for atomic context.
macro_rules! hardware {
    () => {
        hardware!(engine);

        struct Hardware<'bound> {
            engine: Engine,
            dev: &'bound Device<Bound>,
        }
    };
    (engine) => {
        atomic_safe! {
            struct Engine {
                registers: u32,
            }
        }
    };
}

/// An address space of one word.
macro_rules! space {
    () => {
        atomic_safe! {
            struct Domain {
                walker: Walker,
            }
        }
    };
}

macro_rules! operations {
    (all) => {
        operations!(types master constants probe remove shutdown engine interrupt of_xlate
            probe_device domain_alloc attach attach_identity attach_blocked);
    };
    ($($name:ident)+) => {
        $(operations!(@$name);)+
    };
    (@types) => {
        operations!(@info);
        operations!(@hardware);
        operations!(@engine_type);
        type Domain = Domain;
    };
    (@info) => {
        type IdInfo = ();
    };
    (@hardware) => {
        type Hardware = CovariantForLt!(Hardware<'_>);
    };
    (@engine_type) => {
        type Engine<'bound> = Engine;
    };
    (@master) => {
        type Master = ();
    };
    (@constants) => {
        const NAME: &'static CStr = c"compile-fail";
        const OF_ID_TABLE: of::IdTable<()> = &OF_TABLE;
    };
    (@probe) => {
        fn probe<'bound>(
            pdev: &'bound platform::Device<Core<'_>>,
            _info: &'bound (),
            _lock: EngineLock,
        ) -> impl PinInit<Hardware<'bound>, Error> + 'bound {
            let pdev: &'bound platform::Device<Bound> = pdev;

            Ok(Hardware {
                engine: Engine { registers: 0 },
                dev: pdev.as_ref(),
            })
        }
    };
    (@remove) => {
        fn remove(_hw: &Hardware<'_>) {}
    };
    (@shutdown) => {
        fn shutdown(_hw: &Hardware<'_>) {}
    };
    (@engine) => {
        fn engine<'a>(hw: &'a Hardware<'a>) -> &'a Engine {
            &hw.engine
        }
    };
    (@interrupt) => {
        fn interrupt(_engine: &Engine, _faults: &Faults<'_>) -> IrqReturn {
            IrqReturn::None
        }
    };
    (@of_xlate) => {
        fn of_xlate(_hw: &Hardware<'_>, cells: &[u32]) -> Result<u16> {
            Ok(cells[0] as u16)
        }
    };
    (@probe_device) => {
        fn probe_device(_live: &Live<'_, Self>, _dev: &Device, _streams: &[KVec<u16>]) -> Result {
            Ok(())
        }
    };
    (@domain_alloc) => {
        fn domain_alloc(
            live: &Live<'_, Self>,
            _master: &Master<Self>,
        ) -> impl PinInit<Domain, Error> {
            Ok(Domain {
                walker: live.walker(),
            })
        }
    };
    (@attach) => {
        fn attach(
            _live: &Live<'_, Self>,
            _master: &Master<Self>,
            _domain: &DomainRef<Self>,
        ) -> Result {
            Ok(())
        }
    };
    (@attach_identity) => {
        fn attach_identity(_live: &Live<'_, Self>, _master: &Master<Self>) -> Result {
            Ok(())
        }
    };
    (@attach_blocked) => {
        fn attach_blocked(_live: &Live<'_, Self>, _master: &Master<Self>) {}
    };
}

macro_rules! domain {
    (all) => {
        domain!(geometry map unmap iova_to_phys sync_map sync flush_all translations
            table_usage);
    };
    ($($name:ident)+) => {
        $(domain!(@$name);)+
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
    (@translations) => {
        fn translations(&self, _f: &mut dyn FnMut(Translation)) {}
    };
    (@table_usage) => {
        fn table_usage(&self) -> (usize, usize) {
            (0, 0)
        }
    };
}
