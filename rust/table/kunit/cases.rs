// SPDX-License-Identifier: GPL-2.0

//! The cases, over any [`Format`]. Each returns an error after it has said what is wrong.

use core::mem::MaybeUninit;

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Completion, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    workqueue, //
};

use pin_init::Wrapper;

use super::support::{
    check,
    is_blank,
    ring,
    span,
    table,
    table_on,
    walk,
    Random,
    Stand,
    TestTable, //
};

use crate::{
    gfp::Gfp,
    pages,
    prot::Prot,
    table::{
        entries,
        state,
        Format,
        Range,
        Table, //
    },
    walker::Mapped,
};

const KERNEL: Gfp = Gfp::KERNEL;
const RW: Prot = Prot::READ_WRITE;

const fn page<F: Format>() -> u64 {
    1 << F::PAGE_SHIFT
}

/// Maps one page per directory entry in `indices` and unmaps it.
fn touch<F: Format>(table: &TestTable<F>, indices: core::ops::Range<usize>) -> Result {
    for index in indices {
        let iova = index as u64 * span::<F>();
        check!(table.map(iova, 0x4000_0000, 1, RW, KERNEL) == (1, Ok(())));
        check!(table.unmap(iova, 1) == 1);
    }
    Ok(())
}

/// As if the hardware had been told to forget.
fn free_limbo<F: Format>(table: &TestTable<F>) {
    if let Some(limbo) = table.take_limbo() {
        limbo.free();
    }
}

/// Entries say what they were made of.
pub fn format_round_trip<F: Format>() -> Result {
    for prot in [Prot::READ, Prot::WRITE, RW] {
        for frame in [0, 1, 0x40000, 0xf_ffff] {
            let paddr = frame << F::PAGE_SHIFT;
            let entry = F::page_entry(paddr, prot)?;
            check!(F::page_paddr(entry) == Some(paddr));
            check!(F::page_prot(entry) == prot);
            if let Ok(next) = F::page_entry(paddr + page::<F>(), prot) {
                check!(
                    entry.wrapping_add(F::STEP) == next,
                    "{:#x} {:#x}",
                    entry,
                    next
                );
            }
        }
    }
    let word = F::dir_entry(0x4_5000).ok_or(EINVAL)?;
    check!(F::dir_table(word) == Some(0x4_5000));
    check!(F::dir_table(0).is_none() && F::page_paddr(0).is_none());
    Ok(())
}

/// A run that fills the end of one table, all of the next, and the start of a third.
pub fn run_over_tables<F: Format>() -> Result {
    let table = table::<F>()?;
    let pages = F::TABLE_ENTRIES + 10;
    let iova = 7 * span::<F>() - 5 * page::<F>();
    let paddr = 0x4123_4000;

    check!(table.map(iova, paddr, pages, RW, KERNEL) == (pages, Ok(())));
    check!(table.tables() == 3);
    check!(walk(&table, iova - page::<F>())?.is_none());
    check!(walk(&table, iova + pages as u64 * page::<F>())?.is_none());
    for i in 0..pages as u64 {
        let there = iova + i * page::<F>();
        check!(
            walk(&table, there)? == Some((paddr + i * page::<F>(), RW)),
            "page {}",
            i
        );
        check!(table.iova_to_phys(there + 0x123) == Some(paddr + i * page::<F>() + 0x123));
    }
    check!(table.unmap(iova, pages) == pages);
    for i in 0..pages as u64 {
        check!(
            walk(&table, iova + i * page::<F>())?.is_none(),
            "page {}",
            i
        );
    }
    check!(table.iova_to_phys(iova).is_none());
    Ok(())
}

/// The ends of the address space, and arguments that make no sense.
pub fn edges<F: Format>() -> Result {
    let table = table::<F>()?;
    let end = TestTable::<F>::aperture_end();
    let last = end + 1 - page::<F>();

    check!(end == 0xffff_ffff);
    check!(table.map(last, 0x4000_0000, 1, Prot::READ, KERNEL) == (1, Ok(())));
    check!(table.map(0, 0x5000_0000, 1, Prot::WRITE, KERNEL) == (1, Ok(())));
    check!(walk(&table, last)? == Some((0x4000_0000, Prot::READ)));
    check!(walk(&table, 0)? == Some((0x5000_0000, Prot::WRITE)));
    check!(table.iova_to_phys(end) == Some(0x4000_0000 + page::<F>() - 1));
    check!(table.iova_to_phys(end + 1).is_none());

    let range = (0, Err(ERANGE));
    let invalid = (0, Err(EINVAL));
    check!(table.map(last, 0, 2, RW, KERNEL) == range);
    check!(table.map(end + 1, 0, 1, RW, KERNEL) == range);
    check!(table.map(page::<F>(), 0, usize::MAX, RW, KERNEL) == range);
    check!(table.map(page::<F>(), 1 << 40, 1, RW, KERNEL) == range);
    check!(table.map(page::<F>(), 0u64.wrapping_sub(page::<F>()), 2, RW, KERNEL) == range);
    check!(table.map(page::<F>(), 0, 0, RW, KERNEL) == invalid);
    check!(table.map(page::<F>() + 1, 0, 1, RW, KERNEL) == invalid);
    check!(table.map(page::<F>(), 1, 1, RW, KERNEL) == invalid);

    // The last address that the format can express, and the one behind it.
    let limit = (F::PAGE_SHIFT..63)
        .map(|bit| 1 << bit)
        .find(|&paddr| F::page_entry(paddr, RW).is_err())
        .ok_or(EINVAL)?;
    check!(table.map(page::<F>(), limit - page::<F>(), 2, RW, KERNEL) == range);
    check!(table.map(page::<F>(), limit - page::<F>(), 1, RW, KERNEL) == (1, Ok(())));
    check!(table.iova_to_phys(page::<F>()) == Some(limit - page::<F>()));
    check!(table.unmap(page::<F>(), 1) == 1);

    check!(table.unmap(end + 1, 1) == 0);
    check!(table.unmap(last, usize::MAX) == 1);
    check!(table.unmap(0, 1) == 1);
    Ok(())
}

/// The short way for one page does what the long one does, or nothing.
pub fn one_page<F: Format>() -> Result {
    let stand = Stand::new()?;
    let table = table_on::<F>(&stand)?;
    let end = TestTable::<F>::aperture_end();
    let iova = span::<F>() + page::<F>();

    // No table yet: not its business.
    check!(!table.map_one(iova, 0x4000_0000, RW));
    check!(!table.unmap_one(iova));
    check!(is_blank(&table));
    check!(table.map_run(iova + page::<F>(), 0x5000_0000, 1, Prot::READ, KERNEL) == (1, Ok(())));

    check!(table.map_one(iova, 0x4000_0000, RW));
    check!(table.clean(&(iova..=iova + page::<F>() - 1)));
    check!(walk(&table, iova)? == Some((0x4000_0000, RW)));
    check!(!table.map_one(iova, 0x6000_0000, RW));
    check!(walk(&table, iova)? == Some((0x4000_0000, RW)));
    for (at, paddr) in [
        (iova + 2 * page::<F>() + 1, 0),
        (iova + 2 * page::<F>(), 1),
        (iova + 2 * page::<F>(), 1 << 40),
        (end + 1, 0),
        (1 << 52, 0),
        (0u64.wrapping_sub(page::<F>()), 0),
    ] {
        check!(!table.map_one(at, paddr, RW), "{:#x} to {:#x}", at, paddr);
    }
    for at in [
        iova + 1,
        iova + 2 * page::<F>(),
        end + 1,
        iova | 1 << 52,
        0u64.wrapping_sub(page::<F>()),
    ] {
        check!(!table.unmap_one(at), "{:#x}", at);
        check!(table.iova_to_phys(at | 1 << 52).is_none(), "{:#x}", at);
    }
    check!(walk(&table, iova + 2 * page::<F>())?.is_none());
    // A range that ends before it begins has no pages.
    let before = iova - span::<F>();
    check!(!table.clean(&(iova..=before)));

    // What it empties is taken care of, and what it has counted is what is there.
    check!(table.unmap_one(iova + page::<F>()));
    check!(table.unmap_one(iova));
    check!(!table.unmap_one(iova));
    check!(walk(&table, iova)?.is_none());
    for other in 2..2 + ring::<F>() as u64 {
        let at = other * span::<F>();
        check!(table.map(at, 0, 1, RW, KERNEL) == (1, Ok(())));
        check!(table.unmap_one(at));
    }
    check!(table.take_limbo().is_some_and(|limbo| {
        let first = limbo.iovas().next() == Some(span::<F>());
        limbo.free();
        first
    }));

    check!(table.map(iova, 0, 1, RW, KERNEL) == (1, Ok(())));
    stand.leave();
    stand.take_back(&*table);
    check!(!table.map_one(iova + page::<F>(), 0, RW));
    check!(!table.unmap_one(iova));
    check!(table.unmap(iova, 1) == 1);
    check!(!table.unmap_one(iova));
    Ok(())
}

/// A mapped page ends a run and keeps its translation.
pub fn overlap_is_busy<F: Format>() -> Result {
    let table = table::<F>()?;
    let busy = 2 * span::<F>() + 3 * page::<F>();

    check!(table.map(busy, 0x5000_0000, 1, Prot::READ, KERNEL) == (1, Ok(())));
    for before in [0, 1, 3, 4, 11, F::TABLE_ENTRIES] {
        let iova = busy - before as u64 * page::<F>();
        check!(
            table.map(iova, 0x4000_0000, before + 20, RW, KERNEL) == (before, Err(EBUSY)),
            "{} before",
            before
        );
        check!(walk(&table, busy)? == Some((0x5000_0000, Prot::READ)));
        check!(walk(&table, busy + page::<F>())?.is_none());
        check!(table.unmap(iova, before) == before);
    }
    Ok(())
}

/// A hole ends an unmap, wherever it is.
pub fn unmap_ends_at_hole<F: Format>() -> Result {
    let table = table::<F>()?;
    let iova = span::<F>();

    for hole in [0, 1, 7, 8, 9, F::TABLE_ENTRIES - 1] {
        check!(table.map(iova, 0, F::TABLE_ENTRIES, RW, KERNEL).1.is_ok());
        check!(table.unmap(iova + hole as u64 * page::<F>(), 1) == 1);
        check!(
            table.unmap(iova, F::TABLE_ENTRIES) == hole,
            "hole at {}",
            hole
        );
        let rest = F::TABLE_ENTRIES - hole - 1;
        let behind = iova + (hole as u64 + 1) * page::<F>();
        check!(
            table.unmap(behind, 2 * F::TABLE_ENTRIES) == rest,
            "behind {}",
            hole
        );
    }
    // A directory entry that was never there is a hole as well.
    check!(table.unmap(iova * 100, 1) == 0);
    Ok(())
}

/// Random calls, and a naive array that says what must come of them.
pub fn random_against_reference<F: Format>() -> Result {
    let table = table::<F>()?;
    let mut random = Random::new(F::NAME);
    let base = 0xfff0_0000 - 12 * span::<F>();
    let base = base / span::<F>() * span::<F>();
    let size = ((0x1_0000_0000 - base) / page::<F>()) as usize;

    let mut reference: KVVec<Option<(u64, Prot)>> = KVVec::with_capacity(size, GFP_KERNEL)?;
    for _ in 0..size {
        reference.push(None, GFP_KERNEL)?;
    }

    for step in 0..4000 {
        let first = random.below(size);
        let most = match random.below(3) {
            0 => 1,
            1 => 20,
            _ => 3 * F::TABLE_ENTRIES,
        };
        let count = (1 + random.below(most)).min(size - first);
        let iova = base + first as u64 * page::<F>();

        if random.below(2) == 0 {
            let paddr = random.below(0x8_0000) as u64 * page::<F>();
            let prot = [Prot::READ, Prot::WRITE, RW][random.below(3)];
            let mut free = 0;
            while free < count && reference[first + free].is_none() {
                reference[first + free] = Some((paddr + free as u64 * page::<F>(), prot));
                free += 1;
            }
            let expected = if free == count { Ok(()) } else { Err(EBUSY) };
            let got = table.map(iova, paddr, count, prot, KERNEL);
            check!(
                got == (free, expected),
                "step {}: {} pages, {:?}",
                step,
                count,
                got
            );
        } else {
            let mut mapped = 0;
            while mapped < count && reference[first + mapped].is_some() {
                reference[first + mapped] = None;
                mapped += 1;
            }
            let got = table.unmap(iova, count);
            check!(
                got == mapped,
                "step {}: {} pages, {} of {}",
                step,
                count,
                got,
                mapped
            );
        }

        if step % 16 == 0 {
            free_limbo(&table);
        }
        for _ in 0..8 {
            let i = random.below(size);
            let iova = base + i as u64 * page::<F>();
            check!(
                walk(&table, iova)? == reference[i],
                "step {}: page {}",
                step,
                i
            );
            let paddr = reference[i].map(|(paddr, _)| paddr);
            check!(
                table.iova_to_phys(iova) == paddr,
                "step {}: page {}",
                step,
                i
            );
        }
    }

    // The walk for people sees the same, page by page.
    let mut seen = 0;
    let mut wrong = 0;
    table.for_each_range(|range| {
        for i in 0..range.pages as u64 {
            let index = ((range.iova - base) / page::<F>() + i) as usize;
            let expected = Some((range.paddr + i * page::<F>(), range.prot));
            wrong += usize::from(reference[index] != expected);
            seen += 1;
        }
    });
    check!(wrong == 0);
    check!(seen == reference.iter().filter(|page| page.is_some()).count());
    Ok(())
}

/// Neighbours become one range if all fits, and do not if anything does not.
pub fn ranges_are_merged<F: Format>() -> Result {
    let table = table::<F>()?;
    let pages = F::TABLE_ENTRIES;
    let iova = 4 * span::<F>();
    let range = |page_index: usize, paddr, pages, prot| Range {
        iova: iova + page_index as u64 * page::<F>(),
        paddr,
        pages,
        prot,
    };
    let end = |pages: usize| 0x1000_0000 + pages as u64 * page::<F>();
    let at = |index: usize| iova + index as u64 * page::<F>();

    check!(table.map(at(0), end(0), pages, RW, KERNEL).1.is_ok());
    check!(table.map(at(pages), end(pages), 3, RW, KERNEL).1.is_ok());
    check!(table
        .map(at(pages + 3), end(pages + 3), 1, Prot::READ, KERNEL)
        .1
        .is_ok());
    check!(table
        .map(at(pages + 4), end(0), 2, Prot::READ, KERNEL)
        .1
        .is_ok());
    check!(table
        .map(at(pages + 9), end(5), 1, Prot::READ, KERNEL)
        .1
        .is_ok());
    let expected = [
        range(0, end(0), pages + 3, RW),
        range(pages + 3, end(pages + 3), 1, Prot::READ),
        range(pages + 4, end(0), 2, Prot::READ),
        range(pages + 9, end(5), 1, Prot::READ),
    ];

    let mut count = 0;
    let mut same = true;
    table.for_each_range(|range| {
        same &= expected.get(count) == Some(range);
        count += 1;
    });
    check!(same);
    check!(count == expected.len());
    Ok(())
}

/// Empty tables stay up to a limit, then the oldest goes to limbo and from there is freed.
pub fn empty_tables_go<F: Format>() -> Result {
    let before = pages::live_tables();
    let table = table::<F>()?;
    let limit = ring::<F>();

    touch(&table, 0..limit)?;
    check!(table.tables() == limit && table.take_limbo().is_none());
    // The same again finds the tables where they were.
    touch(&table, 0..limit)?;
    check!(table.tables() == limit && table.take_limbo().is_none());

    touch(&table, limit..limit + 3)?;
    check!(table.tables() == limit + 3);
    check!(pages::live_tables() == before + limit + 3);
    let limbo = table.take_limbo().ok_or(EINVAL)?;
    check!(table.take_limbo().is_none());
    check!(limbo.iovas().count() == 3);
    for index in 0..3 {
        check!(limbo.iovas().any(|iova| iova == index * span::<F>()));
        check!(entries::read(&table.dir()[index as usize]) == 0);
    }
    check!(entries::read(&table.dir()[3]) != 0);
    limbo.free();
    check!(table.tables() == limit);
    check!(pages::live_tables() == before + limit);

    // A table in use is passed over, and cared for when it is empty again.
    check!(table.map(3 * span::<F>(), 0, 1, RW, KERNEL).1.is_ok());
    touch(&table, limit + 3..2 * limit + 3)?;
    check!(walk(&table, 3 * span::<F>())? == Some((0, RW)));
    check!(table.unmap(3 * span::<F>(), 1) == 1);
    free_limbo(&table);
    check!(table.tables() == limit);

    drop(table);
    check!(pages::live_tables() == before);
    Ok(())
}

/// A limbo that was not freed comes back, and a slot's second table waits for its first.
pub fn limbo_waits<F: Format>() -> Result {
    let before = pages::live_tables();
    let table = table::<F>()?;
    let limit = ring::<F>();

    touch(&table, 0..limit + 1)?;
    let limbo = table.take_limbo().ok_or(EINVAL)?;
    check!(limbo.iovas().eq([0]));
    // The invalidation failed.
    drop(limbo);
    let limbo = table.take_limbo().ok_or(EINVAL)?;
    check!(limbo.iovas().eq([0]));

    // Meanwhile the slot gets another table, and that has to go as well.
    touch(&table, 0..1)?;
    touch(&table, limit + 1..2 * limit + 1)?;
    check!(entries::read(&table.dir()[0]) != 0);
    let second = table.take_limbo().ok_or(EINVAL)?;
    check!(second.iovas().all(|iova| iova != 0));
    second.free();
    check!(table.tables() == limit + 2);

    // Once the first is freed the second is in the ring, where new ones push it out.
    limbo.free();
    touch(&table, 2 * limit + 1..3 * limit + 1)?;
    check!(entries::read(&table.dir()[0]) == 0);
    free_limbo(&table);
    check!(table.tables() == limit);

    // What is in limbo when the table goes is freed with it.
    touch(&table, 0..1)?;
    let limbo = table.take_limbo().ok_or(EINVAL)?;
    drop(limbo);
    drop(table);
    check!(pages::live_tables() == before);
    Ok(())
}

/// A table in use stays, even if it is empty and its turn to go comes.
pub fn pin_keeps_table<F: Format>() -> Result {
    let table = table::<F>()?;
    let limit = ring::<F>();

    touch(&table, 0..1)?;
    let pinned = table.body.slots[0].pin().ok_or(EINVAL)?;
    touch(&table, 1..limit + 1)?;
    check!(table.take_limbo().is_none());
    check!(entries::read(&table.dir()[0]) != 0);

    // Who takes the last pin off is told so, and the table goes when its turn comes again.
    check!(pinned.release_added(0));
    table.retire(0);
    touch(&table, limit + 1..2 * limit + 1)?;
    check!(entries::read(&table.dir()[0]) == 0);
    free_limbo(&table);
    check!(table.tables() == limit);
    Ok(())
}

/// If callers broke the rules and the count is off, a table with pages stays.
pub fn miscount_keeps_table<F: Format>() -> Result {
    let table = table::<F>()?;
    check!(table.map(0, 0x7000_0000, 2, RW, KERNEL) == (2, Ok(())));
    let pinned = table.body.slots[0].pin().ok_or(EINVAL)?;
    check!(pinned.release_removed(2));
    table.retire(0);

    touch(&table, 1..ring::<F>() + 1)?;
    check!(table.take_limbo().is_none());
    check!(walk(&table, 0)? == Some((0x7000_0000, RW)));
    // The count is right again.
    check!(table.unmap(0, 2) == 2);
    check!(state::is_empty(table.body.slots[0].load()));
    Ok(())
}

/// The same when the device is gone: what comes back gets no more pages.
pub fn miscount_stays_final<F: Format>() -> Result {
    let stand = Stand::new()?;
    let table = table_on::<F>(&stand)?;
    let others = 1..=ring::<F>() as u64;

    check!(table.map(0, 0x7000_0000, 1, RW, KERNEL) == (1, Ok(())));
    for index in others.clone() {
        check!(table.map(index * span::<F>(), 0, 1, RW, KERNEL) == (1, Ok(())));
    }
    check!(table.body.slots[0].pin().ok_or(EINVAL)?.release_removed(1));
    table.retire(0);
    stand.leave();
    stand.take_back(&*table);

    for index in others {
        check!(table.unmap(index * span::<F>(), 1) == 1);
    }
    check!(table.iova_to_phys(0) == Some(0x7000_0000));
    check!(!table.map_one(page::<F>(), 0x7000_0000, RW));
    check!(table.map(page::<F>(), 0x7000_0000, 1, RW, KERNEL) == (0, Err(ENODEV)));
    check!(table.unmap(0, 1) == 1);
    Ok(())
}

/// Mappings are given back when the last pin from before is gone; later pins know.
pub fn pins_hold_walker<F: Format>() -> Result {
    let stand = Stand::new()?;
    let table = table_on::<F>(&stand)?;
    let over = Arc::new(Atomic::new(0u32), GFP_KERNEL)?;
    let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;

    check!(table.map(0, 0x7000_0000, 1, RW, KERNEL) == (1, Ok(())));
    let before = table.body.slots[0].pin().ok_or(EINVAL)?;

    let (theirs, ended, finished) = (table.clone(), over.clone(), done.clone());
    workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
        stand.take_back(&*theirs);
        ended.store(1, Relaxed);
        drop(theirs);
        finished.complete_all();
    })?;
    while !table.body.slots[0].is_final() {
        fsleep(Delta::from_millis(1));
    }
    let after = table.body.slots[0].pin().ok_or(EINVAL)?;
    let kinds = (before.is_walked(), after.is_walked());
    after.release_quickly(0);
    fsleep(Delta::from_millis(20));
    let early = over.load(Relaxed);
    before.release_quickly(0);
    done.wait_for_completion();

    check!(kinds == (true, false));
    check!(early == 0);
    check!(table.body.walker.is_revoked());
    // Nothing is cleaned any more, the rest is as ever.
    check!(!table.unmap_one(0));
    check!(table.unmap(0, 1) == 1);
    Ok(())
}

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
            table.map(iova, 0, pages, RW, KERNEL) == (expected, Err(ENOMEM)),
            "allocation {}",
            n
        );
        check!(walk(&table, iova + expected as u64 * page::<F>())?.is_none());
        check!(table.unmap(iova, pages) == expected);
        check!(table.map(iova, 0, pages, RW, KERNEL) == (pages, Ok(())));
        check!(table.unmap(iova, pages) == pages);
    }
    drop(table);
    check!(pages::live_tables() == before);
    Ok(())
}

/// Without its device a table can be emptied and freed, not filled.
pub fn device_goes<F: Format>() -> Result {
    let tables = pages::live_tables();
    let bytes = pages::live_bytes();
    let stand = Stand::new()?;
    let table = table_on::<F>(&stand)?;
    let limit = ring::<F>();
    let far = (limit + 8) as u64 * span::<F>();

    check!(table.map(far, 0x6000_0000, 10, RW, KERNEL).1.is_ok());
    touch(&table, 0..limit + 2)?;
    let limbo = table.take_limbo().ok_or(EINVAL)?;

    stand.leave();
    // About to go, and bound until all is given back.
    limbo.free();
    check!(table.tables() == limit + 1);
    stand.take_back(&*table);
    stand.take_back(&*table);

    check!(table.map(far + span::<F>(), 0, 1, RW, KERNEL) == (0, Err(ENODEV)));
    check!(table.map(far + 20 * page::<F>(), 0, 1, RW, KERNEL) == (0, Err(ENODEV)));
    check!(table.iova_to_phys(far) == Some(0x6000_0000));
    check!(table.unmap(far, 20) == 10);
    free_limbo(&table);
    check!(table.tables() == limit);
    drop(table);
    check!(pages::live_tables() == tables && pages::live_bytes() == bytes);

    // And there is no new one to be had.
    let Err(error) = table_on::<F>(&stand) else {
        return Err(EINVAL);
    };
    check!(error == ENODEV);
    check!(pages::live_bytes() == bytes);
    Ok(())
}

/// New directory entries are reported until somebody says they are known.
pub fn fresh_until_settled<F: Format>() -> Result {
    let table = table::<F>()?;
    let iova = 9 * span::<F>() - page::<F>();
    let range = iova..=iova + 2 * page::<F>() - 1;

    check!(is_blank(&table));
    check!(table.fresh(&(0..=u64::MAX)).next().is_none());
    check!(table.map(iova, 0, 2, RW, KERNEL).1.is_ok());
    check!(table.fresh(&range).eq([8 * span::<F>(), 9 * span::<F>()]));
    check!(table.fresh(&(iova..=iova)).eq([8 * span::<F>()]));
    table.settle(&(iova..=iova));
    check!(table.fresh(&range).eq([9 * span::<F>()]));
    table.settle(&range);
    check!(table.fresh(&(0..=u64::MAX)).next().is_none());
    // Neither use nor emptiness makes it new.
    check!(table.unmap(iova, 2) == 2);
    check!(table.map(iova, 0, 2, RW, KERNEL).1.is_ok());
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
    let slots = 2 * ring::<F>() + 8;

    for round in 0..100 {
        // Pages of tables that the other one uses as well.
        for i in 0..32 {
            let (iova, paddr) = own(i);
            let mapped = table.map(iova, paddr, 1, RW, KERNEL) == (1, Ok(()));
            let found = table.iova_to_phys(iova) == Some(paddr);
            let unmapped = round % 2 == 0 || table.unmap(iova, 1) == 1;
            shared
                .wrong
                .add(u32::from(!(mapped && found && unmapped)), Relaxed);
        }
        if round % 2 == 0 {
            for i in 0..32 {
                let unmapped = table.unmap(own(i).0, 1) == 1;
                shared.wrong.add(u32::from(!unmapped), Relaxed);
            }
        }
        // Misuse: both map and unmap the same pages. Anything may come of it but a crash.
        for _ in 0..8 {
            let iova = clash + random.below(slots) as u64 * span::<F>();
            let pages = 1 + random.below(2 * F::TABLE_ENTRIES);
            let _ = table.map(iova, 0, pages, RW, KERNEL);
            let _ = table.unmap(iova, pages);
        }
        free_limbo(table);
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
    let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;

    let (theirs, finished) = (shared.clone(), done.clone());
    workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
        hammer(&theirs, 1);
        drop(theirs);
        finished.complete_all();
    })?;
    hammer(&shared, 0);
    done.wait_for_completion();

    check!(
        shared.wrong.load(Relaxed) == 0,
        "{} wrong",
        shared.wrong.load(Relaxed)
    );
    check!(shared.table.iova_to_phys(0).is_none());
    drop(shared);
    check!(pages::live_tables() == before);
    Ok(())
}

/// Memory that holds a table can be freed without dropping it. What the instance has listed stays.
pub fn forgotten_stays<F: Format>() -> Result {
    let stand = Stand::new()?;
    let table = MaybeUninit::<TestTable<F>>::pin_init(Table::new(stand.clone()));
    drop(KBox::pin_init(table, GFP_KERNEL)?);

    let listed = stand.listed::<F>();
    // SAFETY: it was listed with this device and was not forgotten; nothing walks it.
    unsafe { (*listed).give_back(stand.device()) };
    // The box that the table had is ours to free now.
    // SAFETY: made by `Table::new`, whose result is not used any more; it stays pinned.
    drop(unsafe { Pin::new_unchecked(KBox::from_raw(listed)) });
    Ok(())
}
