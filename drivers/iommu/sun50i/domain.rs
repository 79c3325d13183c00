// SPDX-License-Identifier: GPL-2.0

//! An address space: a two-level table, and the invalidations that its changes need.

use iommu::{
    prelude::*,
    table::Table, //
};
use kernel::prelude::*;

use crate::{
    engine::{
        Engine,
        STALE, //
    },
    format::Sun50iFormat,
    invalidate::Dirs,
    Sun50iIommu, //
};

type Sun50iTable = Table<Sun50iFormat, Walker>;

/// A paging domain. Made for one instance; its masters share it.
pub(crate) struct Domain {
    table: Sun50iTable,
}

atomic_safe!(Domain { table });

impl Domain {
    pub(crate) fn new(walker: Walker) -> Result<Self> {
        Ok(Self {
            table: Table::new(walker)?,
        })
    }

    /// Cleans the entries of `range` to memory, and invalidates them: mapped pages can be used then,
    /// and unmapped pages are reused. Any entry may be cached as invalid: it was read together with
    /// its neighbours, or prefetched. The same holds for new directory entries.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the instance is unbound, and those of [`Engine::invalidate`].
    // Each transfer calls it. Most ranges are in one table.
    #[inline(always)]
    fn publish(
        &self,
        engines: &mut Engines<'_, Sun50iIommu>,
        range: RangeInclusive<u64>,
    ) -> Result {
        if Sun50iTable::start_of(&range).end() != range.end() {
            return self.publish_long(engines, range);
        }
        let mut engine = engines.first().ok_or(ENODEV)?;
        let fresh = self.table.clean(&engine.walker(), &range);

        self.invalidate(&mut engine, &range, fresh)
    }

    /// [`Self::publish`] for a long range. It is cleaned part by part, so that interrupts are not
    /// off for too long.
    #[cold]
    #[inline(never)]
    fn publish_long(
        &self,
        engines: &mut Engines<'_, Sun50iIommu>,
        range: RangeInclusive<u64>,
    ) -> Result {
        let mut rest = range.clone();
        let mut fresh = false;

        loop {
            let part = Sun50iTable::start_of(&rest);
            let mut engine = engines.first().ok_or(ENODEV)?;

            fresh |= self.table.clean(&engine.walker(), &part);
            if part.end() == rest.end() {
                return self.invalidate(&mut engine, &range, fresh);
            }
            rest = *part.end() + 1..=*rest.end();
        }
    }

    /// Invalidates the entries of `range`, which are clean, and the new directory entries if there
    /// are `fresh` ones.
    #[inline(always)]
    fn invalidate(&self, engine: &mut Engine, range: &RangeInclusive<u64>, fresh: bool) -> Result {
        if fresh {
            return self.invalidate_fresh(engine, range);
        }
        let (first, last) = low(range);
        engine.invalidate(self.directory(), first, last)
    }

    #[cold]
    #[inline(never)]
    fn invalidate_fresh(&self, engine: &mut Engine, range: &RangeInclusive<u64>) -> Result {
        let (first, last) = low(range);
        let dirs = Dirs::new(self.table.fresh(range));

        engine.invalidate_with(self.directory(), first, last, &dirs)?;
        self.table.settle(range);
        Ok(())
    }

    /// Returns the physical address of the directory, which the allocator of table memory keeps
    /// below 4 GiB.
    pub(crate) fn directory(&self) -> u32 {
        self.table.directory() as u32
    }
}

/// Returns the part of the addresses that the hardware sees. The crate has checked ranges against
/// the aperture.
#[inline(always)]
fn low(range: &RangeInclusive<u64>) -> (u32, u32) {
    (*range.start() as u32, *range.end() as u32)
}

impl PagingDomain<Sun50iIommu> for Domain {
    type Table = Sun50iTable;

    #[inline(always)]
    fn table(&self) -> &Sun50iTable {
        &self.table
    }

    #[inline(always)]
    fn sync_map(
        &self,
        engines: &mut Engines<'_, Sun50iIommu>,
        range: RangeInclusive<u64>,
    ) -> Result {
        self.publish(engines, range)
    }

    #[inline(always)]
    fn sync(&self, engines: &mut Engines<'_, Sun50iIommu>, range: RangeInclusive<u64>) {
        // Unbound hardware has nothing cached. After an error of bound hardware no access can use
        // the stale entries, since everything is denied.
        if self.publish(engines, range).is_err() {
            engines.log_if(0, Engine::has_to_log, STALE);
        }
    }

    fn flush_all(&self, engines: &mut Engines<'_, Sun50iIommu>) {
        self.sync(engines, 0..=Sun50iTable::aperture_end());
    }
}
