// SPDX-License-Identifier: GPL-2.0

//! A page table, and the caches of a walker. Two CPUs map and unmap at the same time. After the
//! steps of a driver's `sync_map` and `sync`, the caches have no stale entry.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        SpinLock, //
    },
};

use super::support::*;

use crate::lock_class::new_lock;

/// Tables that are used, and pages in each.
const TABLES: usize = 4;
const PAGES: usize = 16;

/// A walk cache and a TLB that lose nothing on their own, and keep invalid entries too.
struct Cached {
    dirs: [Option<u32>; TABLES],
    pages: [[Option<u32>; PAGES]; TABLES],
}

/// The hardware, and the table that it walks.
#[pin_data]
struct Hardware<F: Format> {
    table: Arc<TestTable<F>>,
    #[pin]
    cached: SpinLock<Cached>,
    wrong: Atomic<u32>,
}

fn iova<F: Format>(index: usize, page: usize) -> u64 {
    index as u64 * span::<F>() + ((page as u64) << F::PAGE_SHIFT)
}

impl<F: Format> Hardware<F> {
    fn new() -> Result<Arc<Self>> {
        let table = table::<F>()?;

        Arc::pin_init(
            pin_init!(Self {
                table,
                cached <- new_lock!(
                    SpinLock,
                    Cached {
                        dirs: [None; TABLES],
                        pages: [[None; PAGES]; TABLES],
                    },
                    c"iommu_kunit_cached",
                ),
                wrong: Atomic::new(0),
            }),
            GFP_KERNEL,
        )
    }

    /// Translates as a master's access does.
    fn access(&self, index: usize, page: usize) -> Option<u64> {
        let mut cached = self.cached.lock();
        let dir = &self.table.body.dir()[index];

        if *cached.dirs[index].get_or_insert_with(|| entries::read(dir)) == 0 {
            return None;
        }
        let table = self.table.table(index)?;
        let entry = cached.pages[index][page].get_or_insert_with(|| entries::read(&table[page]));
        F::page(*entry).map(|page| page.paddr)
    }

    /// Drops a page of a table.
    fn drop_page(&self, index: usize, page: usize) {
        self.cached.lock().pages[index][page] = None;
    }

    /// The steps of a driver after it has mapped a page.
    fn sync_map(&self, index: usize, page: usize) {
        let start = iova::<F>(index, page);
        let range = start..=start + (1 << F::PAGE_SHIFT) - 1;

        if self.table.clean_locked(&range) == Some(true) {
            for iova in self.table.fresh(&range) {
                self.cached.lock().dirs[(iova / span::<F>()) as usize] = None;
            }
            self.drop_page(index, page);
            self.table.settle(&range);
        } else {
            self.drop_page(index, page);
        }
    }

    /// The steps of a driver after it has unmapped a page.
    fn sync(&self, index: usize, page: usize) {
        let start = iova::<F>(index, page);
        let range = start..=start + (1 << F::PAGE_SHIFT) - 1;

        let _ = self.table.clean_locked(&range);
        self.drop_page(index, page);
    }

    fn expect(&self, condition: bool) {
        self.wrong.add(u32::from(!condition), Relaxed);
    }

    /// One CPU: maps and unmaps pages of its own, those of `first` and each second one behind it,
    /// in tables that both CPUs need. Any page may be accessed at any time.
    fn run(&self, first: usize) {
        let mut random = Random::new(F::NAME);
        let paddr =
            |index: usize, page: usize| ((index * PAGES + page + 1) as u64) << F::PAGE_SHIFT;

        for index in 0..TABLES {
            for page in (first..PAGES).step_by(2) {
                self.access(index, random.below(PAGES));
                let mapped =
                    self.table
                        .map_pages(iova::<F>(index, page), paddr(index, page), 1, RW);
                self.access(index, random.below(PAGES));
                self.sync_map(index, page);
                self.expect(mapped == (1, Ok(())));
                self.expect(self.access(index, page) == Some(paddr(index, page)));

                if random.below(2) == 0 {
                    self.expect(self.table.unmap_pages(iova::<F>(index, page), 1) == 1);
                    self.access(index, random.below(PAGES));
                    self.sync(index, page);
                    self.expect(self.access(index, page).is_none());
                }
            }
        }
    }
}

/// Two CPUs, and caches in which nothing stale is found after `sync_map` and `sync`.
pub fn cached_walks<F: Format>() -> Result {
    // Directory entries are new once only in each table.
    for round in 0..40 {
        let hardware = Hardware::<F>::new()?;

        on_two_cpus(&hardware, Hardware::run)?;
        let wrong = hardware.wrong.load(Relaxed);
        check!(wrong == 0, "round {round}: {wrong} wrong");
    }
    Ok(())
}

/// The pages of a range are cleaned in each of its tables, whichever of their directory entries are
/// fresh.
pub fn every_table_is_cleaned<F: Format>() -> Result {
    let stand = Stand::new()?;
    let table = table_on::<F>(&stand)?;
    let page = 1 << F::PAGE_SHIFT;
    let pages = F::TABLE_ENTRIES + 2;
    // The last page of a table, a whole table, and the first page of the next one.
    let iova = 4 * span::<F>() - page;
    let range = iova..=iova + pages as u64 * page - 1;
    let expected = if cfg!(CONFIG_DMA_NEED_SYNC) && table.body.needs_clean {
        pages * size_of::<u32>()
    } else {
        0
    };

    check!(table.map_pages(iova, 0, pages, RW) == (pages, Ok(())));
    // All three are fresh, then the last two, then the last one, then none.
    for settled in 0..4 {
        let before = stand.cleaned();
        let fresh = table.clean_locked(&range);
        let cleaned = stand.cleaned() - before;

        check!(fresh == Some(settled < 3), "{settled} settled");
        check!(
            cleaned == expected,
            "{cleaned} bytes with {settled} settled"
        );
        let first = iova + settled * span::<F>();
        table.settle(&(first..=first));
    }
    Ok(())
}
