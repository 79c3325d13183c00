// SPDX-License-Identifier: GPL-2.0

//! An address space: a two-level table, and what its changes mean for the hardware's caches.

use core::ops::RangeInclusive;

use iommu::{
    atomic_safe,
    gfp::Gfp,
    instance::Walker,
    live::Engines,
    ops::{
        Geometry,
        PagingDomain,
        Translation, //
    },
    prot::Prot,
    table::{
        Limbo,
        Table, //
    },
    PhysAddr, //
};
use kernel::{
    prelude::*,
    sizes::SZ_4K, //
};

use crate::{
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

    /// Drops the addresses from `first` to `last`, and their directory entries that were not there
    /// before.
    #[cold]
    #[inline(never)]
    fn introduce(&self, engines: &mut Engines<'_, Sun50iIommu>, first: u32, last: u32) -> Result {
        let range = first.into()..=last.into();
        let fresh = Dirs::new(self.table.fresh(&range));

        if let Some(mut engaged) = engines.first() {
            let (engine, hold) = engaged.get();
            engine.invalidate_with(hold, self.directory(), first, last, &fresh)?;
        }
        self.table.settle(&range);
        Ok(())
    }

    /// Drops the addresses from `first` to `last` and the directory entries of `limbo`, and frees its
    /// tables.
    #[cold]
    #[inline(never)]
    fn bury(
        &self,
        engines: &mut Engines<'_, Sun50iIommu>,
        first: u32,
        last: u32,
        limbo: Limbo<'_, Sun50iFormat, Walker>,
    ) -> Result {
        let dirs = Dirs::new(limbo.iovas());

        if let Some(mut engaged) = engines.first() {
            let (engine, hold) = engaged.get();
            // If that fails, what was in limbo goes back there.
            engine.invalidate_with(hold, self.directory(), first, last, &dirs)?;
        }
        limbo.free();
        Ok(())
    }

    /// Drops the addresses from `first` to `last`.
    #[inline(always)]
    fn invalidate(&self, engines: &mut Engines<'_, Sun50iIommu>, first: u32, last: u32) -> Result {
        // If it is gone, so is what it has cached.
        let Some(mut engaged) = engines.first() else {
            return Ok(());
        };
        let (engine, hold) = engaged.get();
        engine.invalidate(hold, self.directory(), first, last)
    }

    /// Physical address of the directory, which the table memory's format keeps below 4 GiB.
    pub(crate) fn directory(&self) -> u32 {
        self.table.directory() as u32
    }
}

/// The part of an address that the hardware sees. The crate has checked ranges against the aperture.
#[inline(always)]
fn low(range: &RangeInclusive<u64>) -> (u32, u32) {
    (*range.start() as u32, *range.end() as u32)
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
        self.table.map_run(iova, paddr, pgcount, prot, gfp)
    }

    #[inline(always)]
    fn map_one(
        &self,
        iova: u64,
        paddr: PhysAddr,
        _pgsize: usize,
        prot: Prot,
        _gfp: Gfp,
    ) -> Option<Result> {
        self.table.map_one(iova, paddr, prot).then_some(Ok(()))
    }

    #[inline]
    fn unmap(&self, iova: u64, _pgsize: usize, pgcount: usize) -> usize {
        self.table.unmap_run(iova, pgcount)
    }

    #[inline(always)]
    fn unmap_one(&self, iova: u64, _pgsize: usize) -> bool {
        self.table.unmap_one(iova)
    }

    #[inline(always)]
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        self.table.iova_to_phys(iova)
    }

    /// The pages of the range have to be in memory. Any may be cached as invalid: its neighbours were
    /// read with it, or it was read ahead. The same holds for directory entries that were not there
    /// before.
    // What every transfer goes through.
    #[inline(always)]
    fn sync_map(
        &self,
        engines: &mut Engines<'_, Sun50iIommu>,
        range: RangeInclusive<u64>,
    ) -> Result {
        let fresh = self.table.clean(&range);
        let (first, last) = low(&range);

        if fresh {
            return self.introduce(engines, first, last);
        }
        self.invalidate(engines, first, last)
    }

    /// Pages that were unmapped must leave the TLBs before they are reused, and tables that became
    /// empty must leave the walk cache.
    // What every transfer goes through.
    #[inline(always)]
    fn sync(&self, engines: &mut Engines<'_, Sun50iIommu>, range: RangeInclusive<u64>) {
        let (first, last) = low(&range);
        let result = match self.table.take_limbo() {
            Some(limbo) => self.bury(engines, first, last, limbo),
            None => self.invalidate(engines, first, last),
        };
        if result.is_err() {
            // Nothing can be reached through what is cached, since everything is denied.
            report_stale(engines);
        }
    }

    fn flush_all(&self, engines: &mut Engines<'_, Sun50iIommu>) {
        let limbo = self.table.take_limbo();
        let result = engines.first().map_or(Ok(()), |mut engaged| {
            let (engine, hold) = engaged.get();
            engine.invalidate_all(hold, self.directory())
        });

        match (result, limbo) {
            (Ok(()), Some(limbo)) => limbo.free(),
            (Ok(()), None) => {}
            (Err(_), _) => report_stale(engines),
        }
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

#[cold]
#[inline(never)]
fn report_stale(engines: &mut Engines<'_, Sun50iIommu>) {
    let report = engines.first().is_some_and(|mut engaged| {
        let (engine, hold) = engaged.get();
        engine.take_stale_report(hold)
    });

    if report {
        engines.with_dev(0, |dev| {
            dev_err!(
                dev,
                "invalidation timed out, all masters are denied until one succeeds\n"
            )
        });
    }
}
