// SPDX-License-Identifier: GPL-2.0

//! An address space: a two-level table, and the flushes that its changes need.

use iommu::{
    prelude::*,
    table::{
        tegra::Tegra,
        Table, //
    },
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
    regs::*,
    TegraSmmu, //
};

type TegraTable = Table<Tegra, Walker>;

/// A paging domain. Made for one instance; its masters share it.
pub(crate) struct Domain {
    table: TegraTable,
    /// The end of the SoC's physical addresses.
    end: PhysAddr,
    /// The command that drops all translations of the ASID whose root is the directory, or 0. It
    /// changes under the lock of the instance.
    drop_all: Atomic<u32>,
}

atomic_safe! { Domain { table, end, drop_all } }

impl Domain {
    pub(crate) fn new(iommu: Live<'_, TegraSmmu>) -> Result<Self> {
        Ok(Self {
            table: Table::new(iommu.walker())?,
            end: 1 << iommu.soc.address_bits,
            drop_all: Atomic::new(0),
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
        self.drop_all.store(engine.drop_all(asid).into(), Relaxed);
        Ok(())
    }

    /// Takes `asid` away, which no swgroup uses any more.
    pub(crate) fn leave(&self, engine: &Engine, asid: u8) {
        // An ASID that has taken a root takes this one.
        let _ = engine.set_root(asid, SMMU_PTB_DATA::zeroed());
        self.drop_all.store(0, Relaxed);
    }

    /// Cleans the entries of `range` to memory, and flushes them: mapped pages can be used then,
    /// and unmapped pages are reused. Any entry may be cached as invalid: it was read together with
    /// its neighbours. The same holds for new directory entries.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the instance is unbound.
    // Each transfer calls it. Most are one page.
    #[inline(always)]
    fn publish(&self, engines: &mut Engines<'_, TegraSmmu>, range: RangeInclusive<u64>) -> Result {
        if Plan::is_page(&range) {
            let engine = engines.first().ok_or(ENODEV)?;
            let iova = *range.start();

            if let Some(entry) = self.table.clean_page(&engine.walker(), iova) {
                if let Some(drop_all) = self.drop_all() {
                    engine.flush_page(drop_all, iova as u32, entry);
                }
                return Ok(());
            }
        }
        self.publish_long(engines, range)
    }

    /// [`Self::publish`] for any range. It is cleaned part by part, so that interrupts are not off
    /// for too long.
    #[inline(never)]
    fn publish_long(
        &self,
        engines: &mut Engines<'_, TegraSmmu>,
        range: RangeInclusive<u64>,
    ) -> Result {
        let mut rest = range.clone();
        let mut fresh = false;

        loop {
            let part = TegraTable::start_of(&rest);
            let engine = engines.first().ok_or(ENODEV)?;

            fresh |= self.table.clean(&engine.walker(), &part);
            if part.end() == rest.end() {
                self.flush(&engine, &range, fresh);
                return Ok(());
            }
            rest = *part.end() + 1..=*rest.end();
        }
    }

    /// Flushes `range`, which is clean, and its directory entries if there are `fresh` ones.
    fn flush(&self, engine: &Engine, range: &RangeInclusive<u64>, fresh: bool) {
        if let Some(drop_all) = self.drop_all() {
            let plan = Plan::new(range, engine.soc().ptc_line, fresh);
            engine.flush(drop_all, &plan, |iova| {
                self.table.entry_address(iova.into())
            });
        }
        if fresh {
            self.table.settle(range);
        }
    }

    /// The command for the ASID whose root is the directory. A root that is set later has nothing
    /// cached.
    #[inline(always)]
    fn drop_all(&self) -> Option<SMMU_TLB_FLUSH> {
        let word = self.drop_all.load(Relaxed);

        (word != 0).then_some(SMMU_TLB_FLUSH::from(word))
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
        let _ = self.publish_long(engines, 0..=TegraTable::aperture_end());
    }
}
