// SPDX-License-Identifier: GPL-2.0

//! Builds: hardware as MediaTek's multimedia IOMMUs. Two or more instances walk the same tables,
//! so that a buffer has the same address for the masters behind each of them.

#![forbid(unsafe_code)]

#[macro_use]
mod skeleton;

use iommu::access::SharedWalker;
use iommu::registers::Registers;
use iommu::table::{v7s::V7s, Table};
use kernel::{io::Io, new_mutex};
use skeleton::*;

const BASE: usize = 0x00;
const FLUSH: usize = 0x04;

type Tables = Table<V7s<4096, 35>, SharedWalker>;

driver!();

/// The device for which the tables of this instance's masters are mapped, and the domain whose
/// tables the instance walks.
#[pin_data]
struct Resources {
    walker: SharedWalker,
    #[pin]
    domain: Mutex<Option<DomainRef<Driver>>>,
}

struct Engine {
    io: Registers<0x1000>,
    translates: bool,
}

iommu::atomic_safe!(Engine { io, translates });

impl Engine {
    fn walk(&mut self, base: u64) {
        self.translates = base != 0;
        self.io.write32(base as u32, BASE);
        self.io.write32(1, FLUSH);
    }
}

impl Hardware for Driver {
    instance!(info constants remove shutdown);

    type Resources = CovariantForLt!(Resources);
    type Engine = Engine;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: &'bound (),
    ) -> Result<(impl PinInit<Resources, Error> + 'bound, Engine)> {
        let io = Registers::claim(pdev, 0)?;
        let walker = SharedWalker::new(pdev.as_ref())?;

        Ok((
            try_pin_init!(Resources {
                walker,
                domain <- new_mutex!(None),
            }? Error),
            Engine {
                io,
                translates: false,
            },
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

        self.walker.with(|walker| {
            // The walkers of all instances see what was cleaned for one device.
            let _ = self.table.clean(walker, &all);
            engines.each(|engine| {
                if engine.translates {
                    engine.io.write32(1, FLUSH);
                }
            });
            self.table.settle(&all);
        });
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
        let iommu = iommus.first()?;
        let mut current = iommu.domain.lock();

        iommu.lock().walk(domain.table.directory());
        *current = Some(domain.clone());
        Ok(())
    }

    fn attach_blocked(iommus: &Instances<'_, Self>, _master: &Master<Self>) {
        if let Ok(iommu) = iommus.first() {
            let mut current = iommu.domain.lock();

            iommu.lock().walk(0);
            *current = None;
        }
    }
}
