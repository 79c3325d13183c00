// SPDX-License-Identifier: GPL-2.0

//! Builds: hardware as tegra's SMMU. It has no interrupt, its registers are in the window of the
//! memory controller, its masters are grouped by a key, and each address space has an ID.

#![forbid(unsafe_code)]

#[macro_use]
mod skeleton;

use iommu::access::InstanceRef;
use iommu::registers::Registers;
use iommu::supplier;
use iommu::table::{tegra::Tegra, Table};
use kernel::io::Io;
use skeleton::*;

const PTC_FLUSH: usize = 0x34;

driver!();

/// The memory controller is held, and its driver is unbound only after ours.
struct Resources {
    _controller: ARef<platform::Device>,
}

/// The registers, and the address space IDs in use.
struct Engine {
    io: Registers<0x1000>,
    ids: u64,
}

iommu::atomic_safe!(Engine { io, ids });

impl Engine {
    fn take_id(&mut self) -> Result<u32> {
        let id = self.ids.trailing_ones();

        self.ids |= 1u64.checked_shl(id).ok_or(ENOSPC)?;
        Ok(id)
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
        let pdev: &'bound platform::Device<Bound> = pdev;
        let controller = supplier::find(pdev.as_ref(), c"nvidia,memory-controller", 0)?;
        let io = Registers::share(&controller, 0)?;
        let resources = Resources {
            _controller: controller,
        };

        Ok((Ok::<_, Error>(resources), Engine { io, ids: 0 }))
    }
}

/// The number of a master's group.
struct Key(u32);

struct Domain {
    table: Table<Tegra, Walker>,
    iommu: InstanceRef<Driver>,
    id: u32,
}

iommu::atomic_safe!(Domain { table, iommu, id });

impl Domain {
    fn new(iommu: Live<'_, Driver>) -> Result<Self> {
        let table = Table::new(iommu.walker())?;
        let id = iommu.lock().take_id()?;

        Ok(Self {
            table,
            iommu: iommu.reference(),
            id,
        })
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        if let Some(mut engine) = self.iommu.lock() {
            // Nothing is cached under the ID when it is given away again.
            engine.io.write32(self.id, PTC_FLUSH);
            engine.ids &= !(1 << self.id);
        }
    }
}

impl PagingDomain<Driver> for Domain {
    type Table = Table<Tegra, Walker>;

    fn table(&self) -> &Self::Table {
        &self.table
    }

    fn flush_all(&self, engines: &mut Engines<'_, Driver>) {
        if let Some(engine) = engines.first() {
            let _ = self
                .table
                .clean(&engine.walker(), &(0..=u64::from(u32::MAX)));
            engine.io.write32(self.id, PTC_FLUSH);
        }
    }
}

impl Operations for Driver {
    operations!(of_xlate attach attach_identity attach_blocked);

    type Master = Key;
    type Domain = Domain;
    type Debug = ();

    fn probe_device(
        _iommus: &Instances<'_, Self>,
        _dev: &Device,
        streams: &[KVec<u16>],
    ) -> Result<Key> {
        // Display masters share a group.
        let first = streams.first().and_then(|ids| ids.first()).copied();
        Ok(Key(u32::from(first == Some(1) || first == Some(2))))
    }

    fn device_group(master: &Master<Self>, request: GroupRequest<'_>) -> Result<ARef<Group>> {
        match master.data() {
            Key(0) => request.own(),
            Key(key) => request.keyed(master, *key),
        }
    }

    fn domain_alloc(
        iommus: &Instances<'_, Self>,
        _master: &Master<Self>,
    ) -> impl PinInit<Domain, Error> {
        Domain::new(iommus.first()?)
    }
}
