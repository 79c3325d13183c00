// SPDX-License-Identifier: GPL-2.0

//! The life of tables: allocation, the device that walks them, several CPUs, and the end.

use core::mem::MaybeUninit;

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
};

use pin_init::Wrapper;

use super::support::*;

use crate::{
    pages,
    table::Table,
    walker::WalkerDevice, //
};

/// An allocation that fails in the middle of a run leaves what was mapped before it.
pub fn allocation_fails<F: Format>() -> Result {
    let before = pages::live_tables();
    let table = table::<F>()?;
    let pages = 4 * F::TABLE_ENTRIES;
    let iova = 3 * span::<F>();

    for n in 1..=4 {
        let expected = (n as usize - 1) * F::TABLE_ENTRIES;
        table.body.pool.fail_at(n);
        let iova = iova + u64::from(n) * 8 * span::<F>();
        check!(
            table.map_pages(iova, 0, pages, RW) == (expected, Err(ENOMEM)),
            "allocation {n}"
        );
        check!(walk(&table, iova + expected as u64 * page::<F>())?.is_none());
        check!(table.unmap_pages(iova, pages) == expected);
        check!(table.map_pages(iova, 0, pages, RW) == (pages, Ok(())));
        check!(table.unmap_pages(iova, pages) == pages);
    }
    drop(table);
    check!(pages::live_tables() == before);
    Ok(())
}

/// Without its device a table gets no new tables. Those that are there take stores, which no
/// hardware sees.
pub fn device_goes<F: Format>() -> Result {
    let tables = pages::live_tables();
    let bytes = pages::live_bytes();
    let stand = Stand::new()?;
    let table = table_on::<F>(&stand)?;
    let iova = 7 * span::<F>();
    let range = iova..=iova + 20 * page::<F>() - 1;

    check!(table.map_pages(iova, 0x6000_0000, 10, RW).1.is_ok());
    check!(table.clean_locked(&range) == Some(true));
    stand.unbind(&*table);

    check!(table.map_pages(iova + span::<F>(), 0, 1, RW) == (0, Err(ENODEV)));
    check!(table.tables() == 1);
    check!(table.clean_locked(&range).is_none());
    check!(table.iova_to_phys(iova) == Some(0x6000_0000));
    check!(table.unmap_pages(iova, 20) == 10);
    check!(table.map_pages(iova, 0, 1, RW) == (1, Ok(())));

    // There is no new one to be had.
    let Err(error) = table_on::<F>(&stand) else {
        return Err(EINVAL);
    };
    check!(error == ENODEV);
    drop(table);
    check!(pages::live_tables() == tables && pages::live_bytes() == bytes);
    Ok(())
}

/// A walker of another device cleans nothing of a table, and says only what is fresh.
pub fn another_walker<F: Format>() -> Result {
    let table = table::<F>()?;
    let other = table_on::<F>(&Stand::new()?)?;

    check!(table.map_pages(0, 0x6000_0000, 1, RW).1.is_ok());
    // DMA API debugging reports memory that is not mapped for a device.
    let device = &other.body.device;
    let fresh = WalkerDevice::lock(device, |walker| table.clean(walker, &(0..=0xfff)));
    check!(fresh == Some(true));
    Ok(())
}

/// New directory entries are reported until they are settled.
pub fn fresh_until_settled<F: Format>() -> Result {
    let table = table::<F>()?;
    let iova = 9 * span::<F>() - page::<F>();
    let range = iova..=iova + 2 * page::<F>() - 1;

    check!(is_blank(&table));
    check!(table.fresh(&(0..=u64::MAX)).next().is_none());
    check!(table.map_pages(iova, 0, 2, RW).1.is_ok());
    check!(table.fresh(&range).eq([8 * span::<F>(), 9 * span::<F>()]));
    check!(table.fresh(&(iova..=iova)).eq([8 * span::<F>()]));
    table.settle(&(iova..=iova));
    check!(table.fresh(&range).eq([9 * span::<F>()]));
    table.settle(&range);
    check!(table.fresh(&(0..=u64::MAX)).next().is_none());
    // Neither use nor emptiness makes it new.
    check!(table.unmap_pages(iova, 2) == 2);
    check!(table.map_pages(iova, 0, 2, RW).1.is_ok());
    check!(table.fresh(&range).next().is_none());
    Ok(())
}

struct Shared<F: Format> {
    table: Arc<TestTable<F>>,
    wrong: Atomic<u32>,
}

/// One thread of [`two_cpus`]: every second page from `first` on, and pages that both use.
fn hammer<F: Format>(shared: &Shared<F>, first: usize) {
    let table = &shared.table;
    let mut random = Random::new(F::NAME);
    let clash = 64 * span::<F>();
    let own = |i: usize| {
        (
            (2 * i + first) as u64 * page::<F>(),
            (i as u64 + 1) * page::<F>(),
        )
    };
    let slots = 16;

    for round in 0..100 {
        // Pages of tables that the other one uses as well.
        for i in 0..32 {
            let (iova, paddr) = own(i);
            let mapped = table.map_pages(iova, paddr, 1, RW) == (1, Ok(()));
            let found = table.iova_to_phys(iova) == Some(paddr);
            let unmapped = round % 2 == 0 || table.unmap_pages(iova, 1) == 1;
            shared
                .wrong
                .add(u32::from(!(mapped && found && unmapped)), Relaxed);
        }
        if round % 2 == 0 {
            for i in 0..32 {
                let unmapped = table.unmap_pages(own(i).0, 1) == 1;
                shared.wrong.add(u32::from(!unmapped), Relaxed);
            }
        }
        // Misuse: both map and unmap the same pages. Anything may come of it but a crash.
        for _ in 0..8 {
            let iova = clash + random.below(slots) as u64 * span::<F>();
            let pages = 1 + random.below(2 * F::TABLE_ENTRIES);
            let _ = table.map_pages(iova, 0, pages, RW);
            let _ = table.unmap_pages(iova, pages);
        }
    }
}

/// Two threads on one table, keeping to their pages and not.
pub fn two_cpus<F: Format>() -> Result {
    let before = pages::live_tables();
    let shared = Arc::new(
        Shared {
            table: table::<F>()?,
            wrong: Atomic::new(0),
        },
        GFP_KERNEL,
    )?;

    on_two_cpus(&shared, hammer)?;
    let wrong = shared.wrong.load(Relaxed);
    check!(wrong == 0, "{wrong} wrong");
    check!(shared.table.iova_to_phys(0).is_none());
    drop(shared);
    check!(pages::live_tables() == before);
    Ok(())
}

/// Memory that holds a table can be freed without dropping it. The listed allocation stays.
pub fn forgotten_stays<F: Format>() -> Result {
    let stand = Stand::new()?;
    let table = MaybeUninit::<TestTable<F>>::pin_init(Table::new(stand.clone()));
    drop(KBox::pin_init(table, GFP_KERNEL)?);

    let listed = stand.listed::<F>();
    // The box that the table had is ours to free now.
    // SAFETY: made by `Table::new`, whose result is not used any more; it stays pinned.
    drop(unsafe { Pin::new_unchecked(KBox::from_raw(listed)) });
    Ok(())
}
