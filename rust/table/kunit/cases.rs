// SPDX-License-Identifier: GPL-2.0

//! The cases, over any [`Format`]. Each returns an error after it has said what is wrong.

use kernel::prelude::*;

use super::support::*;

use crate::{
    pages,
    paging::Translation, //
};

/// The permissions of an entry that was made for `prot`: all, if the format has none.
pub(super) fn shown<F: Format>(prot: Prot) -> Prot {
    match F::page_entry(0, Prot::READ).ok().and_then(F::page) {
        Some(page) if page.prot == RW => RW,
        _ => prot,
    }
}

/// Entries say what they were made of.
pub fn format_round_trip<F: Format>() -> Result {
    for prot in [Prot::READ, Prot::WRITE, RW] {
        for frame in [0, 1, 0x40000, 0xf_ffff] {
            let paddr = frame << F::PAGE_SHIFT;
            let entry = F::page_entry(paddr, prot)?;
            let found = F::page(entry).ok_or(EINVAL)?;
            check!(found.paddr == paddr && found.shift == F::PAGE_SHIFT);
            // Formats without permissions have them all.
            check!(found.prot == shown::<F>(prot));
            let next = paddr + page::<F>();
            if let (Ok(other), true) = (F::page_entry(next, prot), (paddr ^ next) >> F::LINEAR == 0)
            {
                check!(
                    entry.wrapping_add(F::STEP) == other,
                    "{entry:#x} {other:#x}"
                );
            }
        }
        for &shift in F::LARGE {
            for n in [0, 1, 5] {
                let paddr = n << shift;
                let entry = F::large_entry(shift, paddr, prot)?;
                let found = match shift < F::PAGE_SHIFT + F::TABLE_ENTRIES.trailing_zeros() {
                    true => F::page(entry),
                    false => F::dir_page(entry),
                };
                let found = found.ok_or(EINVAL)?;
                check!(found.paddr == paddr && found.shift == shift, "{shift}");
                check!(F::dir_table(entry).is_none() || F::page(entry).is_some());
                check!(F::large_entry(shift, paddr + page::<F>(), prot).is_err());
            }
        }
    }
    let word = F::dir_entry(0x4_5000).ok_or(EINVAL)?;
    check!(F::dir_table(word) == Some(0x4_5000));
    check!(F::dir_page(word).is_none());
    check!(F::dir_table(0).is_none() && F::dir_page(0).is_none() && F::page(0).is_none());
    Ok(())
}

/// A run that fills the end of one table, all of the next, and the start of a third.
pub fn run_over_tables<F: Format>() -> Result {
    let table = table::<F>()?;
    let pages = F::TABLE_ENTRIES + 10;
    let iova = 7 * span::<F>() - 5 * page::<F>();
    let paddr = 0x4123_4000;

    check!(table.map_pages(iova, paddr, pages, RW) == (pages, Ok(())));
    check!(table.tables() == 3);
    check!(walk(&table, iova - page::<F>())?.is_none());
    check!(walk(&table, iova + pages as u64 * page::<F>())?.is_none());
    for i in 0..pages as u64 {
        let there = iova + i * page::<F>();
        check!(
            walk(&table, there)? == Some((paddr + i * page::<F>(), RW)),
            "page {i}"
        );
        check!(table.iova_to_phys(there + 0x123) == Some(paddr + i * page::<F>() + 0x123));
    }
    check!(table.unmap_pages(iova, pages) == pages);
    for i in 0..pages as u64 {
        check!(walk(&table, iova + i * page::<F>())?.is_none(), "page {i}");
    }
    check!(table.iova_to_phys(iova).is_none());

    // Where entries do not follow each other by `STEP`.
    let border = 1 << F::LINEAR;
    if F::page_entry(border, RW).is_ok() {
        let paddr = border - 3 * page::<F>();
        check!(table.map_pages(iova, paddr, 20, RW) == (20, Ok(())));
        for i in 0..20 {
            let there = iova + i * page::<F>();
            let expected = paddr + i * page::<F>();
            check!(walk(&table, there)? == Some((expected, RW)), "page {i}");
        }
    }
    Ok(())
}

/// The ends of the address space, and arguments that make no sense.
pub fn edges<F: Format>() -> Result {
    let table = table::<F>()?;
    let end = TestTable::<F>::aperture_end();
    let last = end + 1 - page::<F>();

    check!(end == 0xffff_ffff);
    check!(table.map_pages(last, 0x4000_0000, 1, Prot::READ) == (1, Ok(())));
    check!(table.map_pages(0, 0x5000_0000, 1, Prot::WRITE) == (1, Ok(())));
    check!(walk(&table, last)? == Some((0x4000_0000, shown::<F>(Prot::READ))));
    check!(walk(&table, 0)? == Some((0x5000_0000, shown::<F>(Prot::WRITE))));
    check!(table.iova_to_phys(end) == Some(0x4000_0000 + page::<F>() - 1));
    check!(table.iova_to_phys(end + 1).is_none());

    let range = (0, Err(ERANGE));
    let invalid = (0, Err(EINVAL));
    check!(table.map_pages(last, 0, 2, RW) == range);
    check!(table.map_pages(end + 1, 0, 1, RW) == range);
    check!(table.map_pages(page::<F>(), 0, usize::MAX, RW) == range);
    check!(table.map_pages(page::<F>(), 1 << 40, 1, RW) == range);
    check!(table.map_pages(page::<F>(), 0u64.wrapping_sub(page::<F>()), 2, RW) == range);
    check!(table.map_pages(page::<F>(), 0, 0, RW) == invalid);
    check!(table.map_pages(page::<F>() + 1, 0, 1, RW) == invalid);
    check!(table.map_pages(page::<F>(), 1, 1, RW) == invalid);

    // The last address that the format can express, and the one behind it.
    let limit = (F::PAGE_SHIFT..63)
        .map(|bit| 1 << bit)
        .find(|&paddr| F::page_entry(paddr, RW).is_err())
        .ok_or(EINVAL)?;
    check!(table.map_pages(page::<F>(), limit - page::<F>(), 2, RW) == range);
    check!(table.map_pages(page::<F>(), limit - page::<F>(), 1, RW) == (1, Ok(())));
    check!(table.iova_to_phys(page::<F>()) == Some(limit - page::<F>()));
    check!(table.unmap_pages(page::<F>(), 1) == 1);

    check!(table.unmap_pages(end + 1, 1) == 0);
    check!(table.unmap_pages(last, usize::MAX) == 1);
    check!(table.unmap_pages(0, 1) == 1);
    Ok(())
}

/// Calls for a single page, which have a short way, and arguments that make no sense.
pub fn one_page<F: Format>() -> Result {
    let table = table::<F>()?;
    let end = TestTable::<F>::aperture_end();
    let iova = span::<F>() + page::<F>();
    let next = iova + 2 * page::<F>();

    check!(table.unmap_pages(iova, 1) == 0);
    check!(is_blank(&table));
    // The first has a table installed.
    check!(table.map_pages(iova + page::<F>(), 0x5000_0000, 1, Prot::READ) == (1, Ok(())));
    check!(table.map_pages(iova, 0x4000_0000, 1, RW) == (1, Ok(())));
    check!(table.clean_locked(&(iova..=iova + page::<F>() - 1)) == Some(true));
    check!(walk(&table, iova)? == Some((0x4000_0000, RW)));
    check!(table.map_pages(iova, 0x6000_0000, 1, RW) == (0, Err(EBUSY)));
    check!(walk(&table, iova)? == Some((0x4000_0000, RW)));
    for (at, paddr) in [
        (next + 1, 0),
        (next, 1),
        (next, 1 << 40),
        (end + 1, 0),
        (1 << 52, 0),
        (0u64.wrapping_sub(page::<F>()), 0),
    ] {
        let (count, result) = table.map_pages(at, paddr, 1, RW);
        check!(count == 0 && result.is_err(), "{at:#x} to {paddr:#x}");
    }
    for at in [
        iova + 1,
        next,
        end + 1,
        iova | 1 << 52,
        0u64.wrapping_sub(page::<F>()),
    ] {
        check!(table.unmap_pages(at, 1) == 0, "{at:#x}");
        check!(table.iova_to_phys(at | 1 << 52).is_none(), "{at:#x}");
    }
    check!(walk(&table, next)?.is_none());
    // A range that ends before it begins has no pages.
    let before = iova - span::<F>();
    check!(table.clean_locked(&(iova..=before)) == Some(false));
    // Nor has one behind the address space.
    check!(table.clean_locked(&(end + 1..=u64::MAX)) == Some(false));
    check!(table.clean_locked(&(0..=u64::MAX)) == Some(true));

    check!(table.unmap_pages(iova + page::<F>(), 1) == 1);
    check!(table.unmap_pages(iova, 1) == 1);
    check!(table.unmap_pages(iova, 1) == 0);
    check!(walk(&table, iova)?.is_none());
    Ok(())
}

/// A mapped page ends a run and keeps its translation.
pub fn overlap_is_busy<F: Format>() -> Result {
    let table = table::<F>()?;
    let busy = 2 * span::<F>() + 3 * page::<F>();

    check!(table.map_pages(busy, 0x5000_0000, 1, Prot::READ) == (1, Ok(())));
    for before in [0, 1, 3, 4, 11, F::TABLE_ENTRIES] {
        let iova = busy - before as u64 * page::<F>();
        check!(
            table.map_pages(iova, 0x4000_0000, before + 20, RW) == (before, Err(EBUSY)),
            "{before} before"
        );
        check!(walk(&table, busy)? == Some((0x5000_0000, shown::<F>(Prot::READ))));
        check!(walk(&table, busy + page::<F>())?.is_none());
        check!(table.unmap_pages(iova, before) == before);
    }
    Ok(())
}

/// A hole ends an unmap, wherever it is.
pub fn unmap_ends_at_hole<F: Format>() -> Result {
    let table = table::<F>()?;
    let iova = span::<F>();

    for hole in [0, 1, 7, 8, 9, F::TABLE_ENTRIES - 1] {
        check!(table.map_pages(iova, 0, F::TABLE_ENTRIES, RW).1.is_ok());
        check!(table.unmap_pages(iova + hole as u64 * page::<F>(), 1) == 1);
        check!(
            table.unmap_pages(iova, F::TABLE_ENTRIES) == hole,
            "hole at {hole}"
        );
        let rest = F::TABLE_ENTRIES - hole - 1;
        let behind = iova + (hole as u64 + 1) * page::<F>();
        check!(
            table.unmap_pages(behind, 2 * F::TABLE_ENTRIES) == rest,
            "behind {hole}"
        );
    }
    // A directory entry that was never there is a hole as well.
    check!(table.unmap_pages(iova * 100, 1) == 0);
    Ok(())
}

/// Neighbours become one range if addresses and permissions fit.
pub fn ranges_are_merged<F: Format>() -> Result {
    let table = table::<F>()?;
    let pages = F::TABLE_ENTRIES;
    let iova = 4 * span::<F>();
    let read = shown::<F>(Prot::READ);
    let range = |first: usize, target: usize, pages: usize, prot| Translation {
        iova: iova + first as u64 * page::<F>(),
        paddr: 0x1000_0000 + target as u64 * page::<F>(),
        size: pages as u64 * page::<F>(),
        prot,
    };

    for (range, prot) in [
        (range(0, 0, pages, RW), RW),
        (range(pages, pages, 3, RW), RW),
        (range(pages + 3, pages + 3, 1, read), Prot::READ),
        (range(pages + 4, 0, 2, read), Prot::READ),
        (range(pages + 9, 5, 1, read), Prot::READ),
    ] {
        let count = (range.size / page::<F>()) as usize;
        check!(table.map_pages(range.iova, range.paddr, count, prot) == (count, Ok(())));
    }
    let rest = [range(pages + 4, 0, 2, read), range(pages + 9, 5, 1, read)];
    let first = [
        range(0, 0, pages + 3, RW),
        range(pages + 3, pages + 3, 1, read),
    ];
    let merged = [range(0, 0, pages + 4, RW)];
    let expected = if read == RW { &merged[..] } else { &first[..] };

    let mut count = 0;
    let mut same = true;
    table.translations(&mut |range| {
        same &= Iterator::chain(expected.iter(), &rest).nth(count) == Some(&range);
        count += 1;
    });
    check!(same);
    check!(count == expected.len() + rest.len());
    Ok(())
}

/// A table stays when its last page is unmapped, and is freed with the page table.
pub fn empty_tables_stay<F: Format>() -> Result {
    let before = pages::live_tables();
    let table = table::<F>()?;

    for _ in 0..2 {
        for index in 0..20 {
            let iova = index * span::<F>();
            check!(table.map_pages(iova, 0x4000_0000, 1, RW) == (1, Ok(())));
            check!(table.unmap_pages(iova, 1) == 1);
            check!(walk(&table, iova)?.is_none());
        }
        check!(table.tables() == 20);
        check!(pages::live_tables() == before + 20);
    }
    drop(table);
    check!(pages::live_tables() == before);
    Ok(())
}

/// Long ranges are cleaned in parts, which together are the range.
pub fn parts_of_ranges<F: Format>() -> Result {
    let end = TestTable::<F>::aperture_end();
    let most = 64 * span::<F>();

    for (first, last) in [
        (0, end),
        (span::<F>() - 1, end - 5),
        (0, 0),
        (most - 1, most),
        (7 * page::<F>(), most - 1),
    ] {
        let mut next = first;
        loop {
            let part = TestTable::<F>::start_of(&(next..=last));
            check!(*part.start() == next && part.end() - part.start() < most);
            if *part.end() == last {
                break;
            }
            next = part.end() + 1;
            check!(next % most == 0);
        }
    }
    Ok(())
}
