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
    gfp::Gfp,
    paging::{
        Geometry,
        PagingDomain,
        PagingTable,
        Translation, //
    },
    prot::Prot,
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
    TegraSmmu, //
};

/// The page table. Exactly one of the two exists.
pub(crate) struct Tables {
    /// Physical addresses have 32 bits.
    narrow: Option<Table<Tegra<20>, Walker>>,
    /// They have 34 bits.
    wide: Option<Table<Tegra<22>, Walker>>,
}

atomic_safe!(Tables { narrow, wide });

/// Does the same with the table that exists.
macro_rules! either {
    ($tables:expr, $table:ident => $with:expr, $otherwise:expr) => {
        match $tables {
            Tables {
                wide: Some($table), ..
            } => $with,
            Tables {
                narrow: Some($table),
                ..
            } => $with,
            _ => $otherwise,
        }
    };
}

impl PagingTable for Tables {
    /// Both formats have the same.
    fn geometry(&self) -> Geometry {
        Geometry {
            pgsizes: Table::<Tegra<22>, Walker>::page_sizes(),
            aperture: 0..=Table::<Tegra<22>, Walker>::aperture_end(),
        }
    }

    // Each transfer calls it.
    #[inline(always)]
    fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        either!(
            self,
            table => table.map(iova, paddr, pgsize, pgcount, prot, gfp),
            (0, Err(ENODEV))
        )
    }

    // Each transfer calls it.
    #[inline(always)]
    fn unmap(&self, iova: u64, size: usize) -> usize {
        either!(self, table => table.unmap(iova, size), 0)
    }

    #[inline]
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        either!(self, table => table.iova_to_phys(iova), None)
    }

    fn translations(&self, f: &mut dyn FnMut(Translation)) {
        either!(self, table => table.translations(f), ());
    }

    fn usage(&self) -> (usize, usize) {
        either!(self, table => table.usage(), (0, 0))
    }
}

/// A paging domain. Made for one instance.
pub(crate) struct Domain {
    tables: Tables,
    /// The ASID whose root is the directory, or [`Domain::NO_ASID`]. It changes under the lock of
    /// the instance.
    asid: Atomic<u32>,
}

atomic_safe!(Domain { tables, asid });

impl Domain {
    const NO_ASID: u32 = u32::MAX;

    pub(crate) fn new(iommu: Live<'_, TegraSmmu>) -> Result<Self> {
        let mut tables = Tables {
            narrow: None,
            wide: None,
        };
        if iommu.soc.is_wide() {
            tables.wide = Some(Table::new(iommu.walker())?);
        } else {
            tables.narrow = Some(Table::new(iommu.walker())?);
        }
        Ok(Self {
            tables,
            asid: Atomic::new(Self::NO_ASID),
        })
    }

    /// Returns the physical address of the directory.
    pub(crate) fn directory(&self) -> u64 {
        either!(&self.tables, table => table.directory(), 0)
    }

    /// Makes the directory the root of `asid`, which no swgroup uses. From now on, changes of the
    /// table are flushed.
    ///
    /// # Errors
    ///
    /// `EIO` if the ASID does not take a root.
    pub(crate) fn enter(&self, engine: &mut Engine, asid: u8) -> Result {
        engine.set_root(asid, self.directory())?;
        self.asid.store(asid.into(), Relaxed);
        Ok(())
    }

    /// Takes `asid` away, which no swgroup uses any more.
    pub(crate) fn leave(&self, engine: &mut Engine, asid: u8) {
        engine.clear_root(asid);
        self.asid.store(Self::NO_ASID, Relaxed);
    }

    /// Cleans the entries of `range` to memory, and flushes them.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the instance is unbound.
    // Each transfer calls it.
    #[inline(always)]
    fn publish(&self, engines: &mut Engines<'_, TegraSmmu>, range: &RangeInclusive<u64>) -> Result {
        either!(
            &self.tables,
            table => self.publish_in(table, engines, range),
            Err(ENODEV)
        )
    }

    #[inline(always)]
    fn publish_in<const BITS: u32>(
        &self,
        table: &Table<Tegra<BITS>, Walker>,
        engines: &mut Engines<'_, TegraSmmu>,
        range: &RangeInclusive<u64>,
    ) -> Result {
        let mut rest = range.clone();
        let mut fresh = false;

        // A long range is cleaned part by part, so that interrupts are not off for too long.
        loop {
            let part = Table::<Tegra<BITS>, Walker>::start_of(&rest);
            let mut engine = engines.first().ok_or(ENODEV)?;

            fresh |= table.clean(&engine.walker(), &part);
            if part.end() != rest.end() {
                rest = *part.end() + 1..=*rest.end();
                continue;
            }
            // A root that is set later has nothing cached.
            if let Ok(asid) = u8::try_from(self.asid.load(Relaxed)) {
                let plan = Plan::new(range, engine.soc().ptc_line, fresh);
                engine.flush(asid, &plan, |iova| table.entry_address(iova.into()));
            }
            if fresh {
                table.settle(range);
            }
            return Ok(());
        }
    }
}

impl PagingDomain<TegraSmmu> for Domain {
    type Table = Tables;

    #[inline(always)]
    fn table(&self) -> &Tables {
        &self.tables
    }

    /// Any entry may be cached as invalid: it was read together with its neighbours. The same holds
    /// for new directory entries.
    #[inline(always)]
    fn sync_map(&self, engines: &mut Engines<'_, TegraSmmu>, range: RangeInclusive<u64>) -> Result {
        self.publish(engines, &range)
    }

    #[inline(always)]
    fn sync(&self, engines: &mut Engines<'_, TegraSmmu>, range: RangeInclusive<u64>) {
        // Unbound hardware has nothing cached.
        let _ = self.publish(engines, &range);
    }

    fn flush_all(&self, engines: &mut Engines<'_, TegraSmmu>) {
        let _ = self.publish(engines, &self.geometry().aperture);
    }
}
