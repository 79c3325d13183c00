// SPDX-License-Identifier: GPL-2.0

//! An address space: a two-level table, and the flushes that its changes need.

use core::ops::RangeInclusive;

use iommu::{
    access::{
        Engines,
        Live,
        Walker, //
    },
    atomic_safe,
    paging::PagingDomain,
    table::{
        tegra::Tegra,
        Table, //
    },
    PhysAddr, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

use crate::{
    engine::Engine,
    flush::Plan,
    regs::SMMU_PTB_DATA,
    TegraSmmu, //
};

type TegraTable = Table<Tegra, Walker>;

/// A paging domain. Made for one instance; its masters share it.
pub(crate) struct Domain {
    table: TegraTable,
    /// The end of the SoC's physical addresses.
    end: PhysAddr,
    /// The ASID whose root is the directory, or [`Domain::NO_ASID`]. It changes under the lock of
    /// the instance.
    asid: Atomic<u32>,
}

atomic_safe!(Domain { table, end, asid });

impl Domain {
    const NO_ASID: u32 = u32::MAX;

    pub(crate) fn new(iommu: Live<'_, TegraSmmu>) -> Result<Self> {
        Ok(Self {
            table: Table::new(iommu.walker())?,
            end: 1 << iommu.soc.address_bits,
            asid: Atomic::new(Self::NO_ASID),
        })
    }

    /// Returns the physical address of the directory.
    pub(crate) fn directory(&self) -> u64 {
        self.table.directory()
    }

    /// Makes the directory the root of `asid`, which no swgroup uses. From now on, changes of the
    /// table are flushed.
    ///
    /// # Errors
    ///
    /// `EIO` if the ASID does not take a root.
    pub(crate) fn enter(&self, engine: &Engine, asid: u8) -> Result {
        engine.set_root(asid, Engine::root(self.directory()))?;
        self.asid.store(asid.into(), Relaxed);
        Ok(())
    }

    /// Takes `asid` away, which no swgroup uses any more.
    pub(crate) fn leave(&self, engine: &Engine, asid: u8) {
        // An ASID that has taken a root takes this one.
        let _ = engine.set_root(asid, SMMU_PTB_DATA::zeroed());
        self.asid.store(Self::NO_ASID, Relaxed);
    }

    /// Cleans the entries of `range` to memory, and flushes them.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the instance is unbound.
    // Each transfer calls it. Most are one page.
    #[inline(always)]
    fn publish(&self, engines: &mut Engines<'_, TegraSmmu>, range: RangeInclusive<u64>) -> Result {
        if Plan::is_page(&range) {
            let engine = engines.first().ok_or(ENODEV)?;

            if !self.table.clean(&engine.walker(), &range) {
                if let (Some(asid), Some(entry)) =
                    (self.asid(), self.table.entry_address(*range.start()))
                {
                    engine.flush_page(asid, *range.start() as u32, entry);
                }
                return Ok(());
            }
        }
        self.publish_run(engines, range)
    }

    /// [`Self::publish`] for any range.
    #[inline(never)]
    fn publish_run(
        &self,
        engines: &mut Engines<'_, TegraSmmu>,
        range: RangeInclusive<u64>,
    ) -> Result {
        let mut rest = range.clone();
        let mut fresh = false;

        // A long range is cleaned part by part, so that interrupts are not off for too long.
        loop {
            let part = TegraTable::start_of(&rest);
            let engine = engines.first().ok_or(ENODEV)?;

            fresh |= self.table.clean(&engine.walker(), &part);
            if part.end() != rest.end() {
                rest = *part.end() + 1..=*rest.end();
                continue;
            }
            if let Some(asid) = self.asid() {
                let plan = Plan::new(&range, engine.soc().ptc_line, fresh);
                engine.flush(asid, &plan, |iova| self.table.entry_address(iova.into()));
            }
            if fresh {
                self.table.settle(&range);
            }
            return Ok(());
        }
    }

    /// The ASID whose root is the directory. A root that is set later has nothing cached.
    #[inline(always)]
    fn asid(&self) -> Option<u8> {
        u8::try_from(self.asid.load(Relaxed)).ok()
    }
}

impl PagingDomain<TegraSmmu> for Domain {
    type Table = TegraTable;

    #[inline(always)]
    fn table(&self) -> &TegraTable {
        &self.table
    }

    /// An entry can hold more bits of an address than Tegra30 and Tegra114 have.
    #[inline(always)]
    fn paddr_end(&self) -> PhysAddr {
        self.end
    }

    /// Any entry may be cached as invalid: it was read together with its neighbours. The same holds
    /// for new directory entries.
    #[inline(always)]
    fn sync_map(&self, engines: &mut Engines<'_, TegraSmmu>, range: RangeInclusive<u64>) -> Result {
        self.publish(engines, range)
    }

    #[inline(always)]
    fn sync(&self, engines: &mut Engines<'_, TegraSmmu>, range: RangeInclusive<u64>) {
        // Unbound hardware has nothing cached.
        let _ = self.publish(engines, range);
    }

    fn flush_all(&self, engines: &mut Engines<'_, TegraSmmu>) {
        let _ = self.publish_run(engines, 0..=TegraTable::aperture_end());
    }
}
