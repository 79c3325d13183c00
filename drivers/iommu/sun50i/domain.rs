// SPDX-License-Identifier: GPL-2.0

//! An address space: a two-level table, and the invalidations that its changes need.

use core::ops::RangeInclusive;

use iommu::{
    prelude::*,
    table::Table, //
};
use kernel::{
    device::Device,
    prelude::*, //
};

use crate::{
    format::Sun50iFormat,
    invalidate::Dirs,
    Sun50iIommu, //
};

type Sun50iTable = Table<Sun50iFormat, Walker>;

/// A paging domain. Made for one instance; its masters share it.
#[pin_data]
pub(crate) struct Domain {
    #[pin]
    table: Sun50iTable,
}

atomic_safe!(Domain { table });

impl Domain {
    pub(crate) fn new(walker: Walker) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            table <- Table::new(walker),
        }? Error)
    }

    /// Cleans the entries of a long range, part by part, so that interrupts are not off for too
    /// long.
    #[cold]
    #[inline(never)]
    fn clean_long(&self, engines: &mut Engines<'_, Sun50iIommu>, mut rest: RangeInclusive<u64>) {
        loop {
            let part = Sun50iTable::start_of(&rest);
            if let Some(engine) = engines.first() {
                let _ = self.table.clean(&engine.walker(), &part);
            }
            if part.end() == rest.end() {
                return;
            }
            rest = *part.end() + 1..=*rest.end();
        }
    }

    /// [`PagingDomain::sync_map`] for a range that is clean, with the directory entries that are
    /// new.
    #[cold]
    #[inline(never)]
    fn invalidate_fresh(
        &self,
        engines: &mut Engines<'_, Sun50iIommu>,
        range: RangeInclusive<u64>,
    ) -> Result {
        let (first, last) = low(&range);
        let mut engine = engines.first().ok_or(ENODEV)?;
        let fresh = Dirs::new(self.table.fresh(&range));

        engine.invalidate_with(self.directory(), first, last, &fresh)?;
        self.table.settle(&range);
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

/// Whether the entries of a range are cleaned in one part.
#[inline(always)]
fn is_short(range: &RangeInclusive<u64>) -> bool {
    Sun50iTable::start_of(range) == *range
}

impl PagingDomain<Sun50iIommu> for Domain {
    type Table = Sun50iTable;

    #[inline(always)]
    fn table(&self) -> &Sun50iTable {
        &self.table
    }

    /// Cleans the entries of the range to memory, and invalidates them. Any entry may be cached as
    /// invalid: it was read together with its neighbours, or prefetched. The same holds for new
    /// directory entries.
    // Each transfer calls it.
    #[inline(always)]
    fn sync_map(
        &self,
        engines: &mut Engines<'_, Sun50iIommu>,
        range: RangeInclusive<u64>,
    ) -> Result {
        if is_short(&range) {
            let mut engine = engines.first().ok_or(ENODEV)?;
            if !self.table.clean(&engine.walker(), &range) {
                let (first, last) = low(&range);
                return engine.invalidate(self.directory(), first, last);
            }
        } else {
            self.clean_long(engines, range.clone());
        }
        self.invalidate_fresh(engines, range)
    }

    /// Removes unmapped pages from memory and the TLBs, before they are reused.
    // Each transfer calls it.
    #[inline(always)]
    fn sync(&self, engines: &mut Engines<'_, Sun50iIommu>, range: RangeInclusive<u64>) {
        let is_short = is_short(&range);
        if !is_short {
            self.clean_long(engines, range.clone());
        }
        // Unbound hardware has nothing cached.
        let Some(mut engine) = engines.first() else {
            return;
        };
        if is_short {
            // Directory entries do not change when pages are unmapped.
            let _ = self.table.clean(&engine.walker(), &range);
        }
        let (first, last) = low(&range);
        let result = engine.invalidate(self.directory(), first, last);
        drop(engine);
        if result.is_err() {
            // No access can use the stale entries, since everything is denied.
            report_stale(engines);
        }
    }

    fn flush_all(&self, engines: &mut Engines<'_, Sun50iIommu>) {
        self.clean_long(engines, 0..=Sun50iTable::aperture_end());

        let result = engines
            .first()
            .map_or(Ok(()), |mut engine| engine.invalidate_all(self.directory()));
        if result.is_err() {
            report_stale(engines);
        }
    }
}

#[cold]
#[inline(never)]
fn report_stale(engines: &mut Engines<'_, Sun50iIommu>) {
    let report = engines
        .first()
        .is_some_and(|mut engine| engine.take_stale_report());

    if report {
        engines.with_dev(0, log_stale);
    }
}

/// Logs that everything is denied.
pub(crate) fn log_stale(dev: &Device) {
    dev_err!(
        dev,
        "invalidation timed out, all masters are denied until one succeeds\n"
    );
}
