// SPDX-License-Identifier: GPL-2.0

//! Builds: hardware as MediaTek's multimedia IOMMUs. Two or more instances walk the same tables,
//! so that a buffer has the same address for the masters behind each of them.

#![forbid(unsafe_code)]

#[macro_use]
mod skeleton;

use iommu::access::SharedWalker;
use iommu::registers::Registers;
use iommu::table::{v7s::V7s, Table};
use kernel::io::Io;
use skeleton::*;

const BASE: usize = 0x00;
const FLUSH: usize = 0x04;

type Tables = Table<V7s<4096, 35>, SharedWalker>;

driver!();

/// The device for which the tables of this instance's masters are mapped.
struct Resources {
    walker: SharedWalker,
}

struct Engine {
    io: Registers<0x1000>,
    domain: Option<DomainRef<Driver>>,
}

iommu::atomic_safe!(Engine { io, domain });

impl Hardware for Driver {
    instance!(info constants remove shutdown);

    type Resources = CovariantForLt!(Resources);
    type Engine = Engine;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: &'bound (),
    ) -> Result<(impl PinInit<Resources, Error> + 'bound, Engine)> {
        let io = Registers::claim(pdev, 0)?;
        let pdev: &'bound platform::Device<Bound> = pdev;
        let walker = SharedWalker::new(pdev.as_ref())?;

        Ok((
            Ok::<_, Error>(Resources { walker }),
            Engine { io, domain: None },
        ))
    }
}

/// A table that the instances of all attached masters walk.
struct Domain {
    table: Tables,
    walker: SharedWalker,
}

iommu::atomic_safe!(Domain { table, walker });

impl PagingDomain<Driver> for Domain {
    type Table = Tables;

    fn table(&self) -> &Tables {
        &self.table
    }

    fn flush_all(&self, engines: &mut Engines<'_, Driver>) {
        let all = 0..=Tables::aperture_end();

        // The walkers of all instances see what was cleaned for one device.
        let _ = self.table.clean(&self.walker.bound(), &all);
        engines.each(|engine| {
            if engine.domain.is_some() {
                engine.io.write32(1, FLUSH);
            }
        });
        self.table.settle(&all);
    }
}

impl Operations for Driver {
    operations!(of_xlate probe_device attach_identity);

    type Master = ();
    type Domain = Domain;
    type Debug = ();

    const SHARING: usize = 3;

    fn domain_alloc(
        iommus: &Instances<'_, Self>,
        _master: &Master<Self>,
    ) -> impl PinInit<Domain, Error> {
        let walker = iommus.first()?.walker.clone();
        let table = Table::new(walker.clone())?;

        Ok(Domain { table, walker })
    }

    /// The master may be behind an instance that joins the domain.
    fn attach(
        iommus: &Instances<'_, Self>,
        _master: &Master<Self>,
        domain: &DomainRef<Self>,
    ) -> Result {
        let mut engine = iommus.first()?.lock();
        let old = engine.domain.replace(domain.clone());

        engine.io.write32(domain.table.directory() as u32, BASE);
        engine.io.write32(1, FLUSH);
        drop(engine);
        drop(old);
        Ok(())
    }

    fn attach_blocked(iommus: &Instances<'_, Self>, _master: &Master<Self>) {
        let Ok(iommu) = iommus.first() else { return };
        let mut engine = iommu.lock();
        let old = engine.domain.take();

        engine.io.write32(0, BASE);
        engine.io.write32(1, FLUSH);
        drop(engine);
        drop(old);
    }
}
