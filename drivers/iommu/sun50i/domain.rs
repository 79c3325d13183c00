// SPDX-License-Identifier: GPL-2.0

//! An address space: a two-level table, and what its changes mean for the hardware's caches.

use core::ops::RangeInclusive;

use iommu::{
    atomic_safe,
    gfp::Gfp,
    instance::Walker,
    live::LiveEngines,
    ops::{
        Geometry,
        PagingDomain,
        Translation, //
    },
    prot::Prot,
    table::Table,
    PhysAddr, //
};
use kernel::{
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sizes::SZ_4K, //
};

use crate::{
    engine::Engine,
    format::Sun50iFormat,
    invalidate::Dirs,
    Sun50iIommu, //
};

type Sun50iTable = Table<Sun50iFormat, Walker>;

atomic_safe! {
    /// A paging domain. Made for one instance; its masters share it.
    #[pin_data]
    pub(crate) struct Domain {
        #[pin]
        table: Sun50iTable,
    }
}

impl Domain {
    pub(crate) fn new(walker: Walker) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            table <- Table::new(walker),
        }? Error)
    }

    /// Drops `range`, and its directory entries that were not there before.
    #[cold]
    fn introduce(&self, engine: &Engine<'_>, range: &RangeInclusive<u64>) -> Result {
        let fresh = Dirs::new(self.table.fresh(range));

        engine.invalidate(self.directory(), low(range), &fresh)?;
        self.table.settle(range);
        Ok(())
    }

    /// Physical address of the directory, which the table memory's format keeps below 4 GiB.
    pub(crate) fn directory(&self) -> u32 {
        self.table.directory() as u32
    }
}

/// The part of an address that the hardware sees. The crate has checked ranges against the aperture.
#[inline]
fn low(range: &RangeInclusive<u64>) -> RangeInclusive<u32> {
    *range.start() as u32..=*range.end() as u32
}

impl PagingDomain<Sun50iIommu> for Domain {
    fn geometry(&self) -> Geometry {
        Geometry {
            pgsizes: SZ_4K as u32,
            aperture: 0..=Sun50iTable::aperture_end(),
        }
    }

    #[inline]
    fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        _pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        self.table.map(iova, paddr, pgcount, prot, gfp)
    }

    #[inline]
    fn unmap(&self, iova: u64, _pgsize: usize, pgcount: usize) -> usize {
        self.table.unmap(iova, pgcount)
    }

    #[inline]
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        self.table.iova_to_phys(iova)
    }

    /// The pages of the range have to be in memory. Any may be cached as invalid: its neighbours were
    /// read with it, or it was read ahead. The same holds for directory entries that were not there
    /// before.
    // What every transfer goes through.
    #[inline(always)]
    fn sync_map(&self, live: &LiveEngines<'_, Sun50iIommu>, range: RangeInclusive<u64>) -> Result {
        let fresh = self.table.clean(&range);
        match live.engine() {
            Some(engine) if fresh => self.introduce(engine, &range),
            Some(engine) => engine.invalidate(self.directory(), low(&range), &Dirs::NONE),
            None => Ok(()),
        }
    }

    /// Pages that were unmapped must leave the TLBs before they are reused, and tables that became
    /// empty must leave the walk cache.
    // What every transfer goes through.
    #[inline(always)]
    fn sync(&self, live: &LiveEngines<'_, Sun50iIommu>, range: RangeInclusive<u64>) {
        let limbo = self.table.take_limbo();
        let result = live.engine().map_or(Ok(()), |engine| match &limbo {
            Some(limbo) => {
                let dirs = Dirs::new(limbo.iovas());
                engine.invalidate(self.directory(), low(&range), &dirs)
            }
            None => engine.invalidate(self.directory(), low(&range), &Dirs::NONE),
        });
        match (result, limbo) {
            (Ok(()), Some(limbo)) => limbo.free(),
            (Ok(()), None) => {}
            // Nothing can be reached through what is cached, since everything is denied. What was
            // in limbo goes back there.
            (Err(_), _) => complain(live),
        }
    }

    fn flush_all(&self, live: &LiveEngines<'_, Sun50iIommu>) {
        let limbo = self.table.take_limbo();
        let result = live
            .engine()
            .map_or(Ok(()), |engine| engine.invalidate_all(self.directory()));
        match (result, limbo) {
            (Ok(()), Some(limbo)) => limbo.free(),
            (Ok(()), None) => {}
            (Err(_), _) => complain(live),
        }
    }

    fn revoke(&self, _index: usize, dev: &Device<Bound>) {
        self.table.revoke(dev);
    }

    fn translations(&self, f: &mut dyn FnMut(Translation)) {
        self.table.for_each_range(|range| {
            f(Translation {
                iova: range.iova,
                paddr: range.paddr,
                size: (range.pages * SZ_4K) as u64,
                prot: range.prot,
            })
        });
    }

    fn table_usage(&self) -> (usize, usize) {
        (self.table.tables(), self.table.bytes())
    }
}

fn complain(live: &LiveEngines<'_, Sun50iIommu>) {
    if let (Some(engine), Some(dev)) = (live.engine(), live.dev(0)) {
        engine.complain(dev);
    }
}
