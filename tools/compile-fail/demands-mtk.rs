// SPDX-License-Identifier: GPL-2.0

//! Builds: hardware as MediaTek's infrastructure IOMMU. It has five translation contexts (banks),
//! each with an interrupt of its own, and masters that can use a part of the addresses only.

#![forbid(unsafe_code)]

#[macro_use]
mod skeleton;

use iommu::fault::{Access, Fault};
use iommu::registers::Registers;
use iommu::table::{v7s::V7s, Table};
use kernel::io::Io;
use skeleton::*;

const BANKS: u32 = 5;
const BANK_SIZE: usize = 0x1000;

const FAULT: usize = 0x00;
const FLUSH: usize = 0x04;

driver!();

struct Resources;

/// The registers of each bank.
struct Engine {
    banks: KVec<Registers<BANK_SIZE>>,
}

iommu::atomic_safe!(Engine { banks });

impl Engine {
    fn bank(&self, bank: u32) -> Result<&Registers<BANK_SIZE>> {
        self.banks.get(bank as usize).ok_or(EINVAL)
    }
}

impl Hardware for Driver {
    instance!(info constants remove shutdown);

    type Resources = CovariantForLt!(Resources);
    type Engine = Engine;

    fn interrupts(_info: &()) -> u32 {
        BANKS
    }

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: &'bound (),
    ) -> Result<(impl PinInit<Resources, Error> + 'bound, Engine)> {
        let mut banks = KVec::with_capacity(BANKS as usize, GFP_KERNEL)?;

        for bank in 0..BANKS {
            banks.push(Registers::claim(pdev, bank)?, GFP_KERNEL)?;
        }
        Ok((Ok::<_, Error>(Resources), Engine { banks }))
    }

    fn interrupt(engine: EngineGuard<'_, Self>, index: u32, faults: &Faults<'_>) -> IrqReturn {
        let Ok(iova) = engine.bank(index).map(|bank| bank.read32(FAULT)) else {
            return IrqReturn::None;
        };

        drop(engine);
        faults.report(&Fault {
            stream: index as u16,
            iova: iova.into(),
            access: Access::Unknown,
            cause: "not mapped",
        });
        IrqReturn::Handled
    }
}

/// The bank of a master, and the first address that it can use.
struct Client {
    bank: u32,
    first: u64,
}

/// The table of a bank, of which a master can use a part.
struct Domain {
    table: Table<V7s<4096, 35>, Walker>,
    first: u64,
    bank: u32,
}

iommu::atomic_safe!(Domain { table, first, bank });

impl PagingDomain<Driver> for Domain {
    type Table = Table<V7s<4096, 35>, Walker>;

    fn table(&self) -> &Self::Table {
        &self.table
    }

    fn geometry(&self) -> Geometry {
        Geometry {
            aperture: self.first..=self.first | 0x3fff_ffff,
            ..self.table.geometry()
        }
    }

    fn flush_all(&self, engines: &mut Engines<'_, Driver>) {
        if let Some(engine) = engines.first() {
            let _ = self
                .table
                .clean(&engine.walker(), &(0..=u64::from(u32::MAX)));
            if let Ok(bank) = engine.bank(self.bank) {
                bank.write32(1, FLUSH);
            }
        }
    }
}

impl Operations for Driver {
    operations!(of_xlate attach attach_identity attach_blocked);

    type Master = Client;
    type Domain = Domain;
    type Debug = ();

    fn probe_device(
        _iommus: &Instances<'_, Self>,
        _dev: &Device,
        streams: &[KVec<u16>],
    ) -> Result<Client> {
        let bank = streams.first().and_then(|ids| ids.first()).ok_or(EINVAL)?;
        Ok(Client {
            bank: u32::from(*bank) % BANKS,
            first: u64::from(*bank) << 30,
        })
    }

    /// All masters of a bank share its table.
    fn device_group(master: &Master<Self>, request: GroupRequest<'_>) -> Result<ARef<Group>> {
        request.keyed(master, master.data().bank)
    }

    fn domain_alloc(
        iommus: &Instances<'_, Self>,
        master: &Master<Self>,
    ) -> impl PinInit<Domain, Error> {
        let Client { bank, first } = *master.data();

        iommus
            .first()
            .and_then(|iommu| Table::new(iommu.walker()))
            .map(|table| Domain { table, first, bank })
    }
}
