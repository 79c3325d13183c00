// SPDX-License-Identifier: GPL-2.0

//! Pages of several sizes, for formats that have them.

use kernel::prelude::*;

use super::{
    cases::shown,
    support::*, //
};

/// A page of the smallest size: its address and permissions, and the size of the page that it is
/// part of.
type Mapped = Option<(u64, Prot, u32)>;

/// How many bytes from page `first` on an unmap of `size` bytes takes.
fn unmappable<F: Format>(pages: &[Mapped], first: usize, size: usize) -> usize {
    let mut done = 0;

    while done < size {
        let at = first + (done >> F::PAGE_SHIFT);
        let Some(Some((_, _, shift))) = pages.get(at) else {
            break;
        };
        let bytes = 1 << shift;
        if (at << F::PAGE_SHIFT) & (bytes - 1) != 0 || bytes > size - done {
            break;
        }
        done += bytes;
    }
    done
}

/// Random calls with all page sizes, and a naive array that says what must come of them.
pub fn random_against_reference<F: Format>() -> Result {
    let table = table::<F>()?;
    let mut random = Random::new(F::NAME);
    let shifts = || Iterator::chain(core::iter::once(&F::PAGE_SHIFT), F::LARGE);
    // The end of the address space: some tables, and some pages of the largest size.
    let largest = F::LARGE.last().map_or(0, |shift| 1 << shift);
    let bytes = (16 * span::<F>()).max(4 * largest);
    let base = TestTable::<F>::aperture_end() + 1 - bytes;
    let count = (bytes >> F::PAGE_SHIFT) as usize;

    let mut pages: KVVec<Mapped> = KVVec::with_capacity(count, GFP_KERNEL)?;
    for _ in 0..count {
        pages.push(None, GFP_KERNEL)?;
    }

    for step in 0..4000 {
        let shift = *shifts()
            .nth(random.below(1 + F::LARGE.len()))
            .ok_or(EINVAL)?;
        let unit = 1 << (shift - F::PAGE_SHIFT);
        let first = random.below(count / unit) * unit;
        let most = match random.below(3) {
            0 => 1,
            1 if unit == 1 => 20,
            _ if unit == 1 => 3 * F::TABLE_ENTRIES,
            _ => 3,
        };
        let wanted = (1 + random.below(most)).min((count - first) / unit);
        let iova = base + first as u64 * page::<F>();

        if random.below(2) == 0 {
            let paddr = (random.below(0x8_0000 / unit) as u64) << shift;
            let prot = [Prot::READ, Prot::WRITE, RW][random.below(3)];
            let mut free = 0;
            while free < wanted {
                let parts = &mut pages[first + free * unit..][..unit];
                if parts.iter().any(|part| part.is_some()) {
                    // Pages of the smallest size are mapped one by one.
                    break;
                }
                for (i, part) in parts.iter_mut().enumerate() {
                    let offset = (free * unit + i) as u64 * page::<F>();
                    *part = Some((paddr + offset, shown::<F>(prot), shift));
                }
                free += 1;
            }
            let expected = if free == wanted { Ok(()) } else { Err(EBUSY) };
            let got = table.map(iova, paddr, 1 << shift, wanted, prot, KERNEL);
            check!(
                got == (free, expected),
                "step {step}: {wanted} pages, {got:?}"
            );
        } else {
            let size = wanted << shift;
            let expected = unmappable::<F>(&pages, first, size);
            pages[first..][..expected >> F::PAGE_SHIFT].fill(None);
            let got = table.unmap(iova, size);
            check!(got == expected, "step {step}: {got} of {expected}");
        }

        for _ in 0..16 {
            let i = random.below(count);
            let there = base + i as u64 * page::<F>();
            let expected = pages[i].map(|(paddr, prot, _)| (paddr, prot));
            check!(walk(&table, there)? == expected, "step {step}: page {i}");
            let found = table.iova_to_phys(there + 5).map(|paddr| paddr - 5);
            let expected = expected.map(|(paddr, _)| paddr);
            check!(found == expected, "step {step}: page {i}");
        }
    }

    // The walk for people sees the same, page by page.
    let mut seen = 0;
    let mut wrong = 0;
    table.translations(&mut |range| {
        for offset in (0..range.size).step_by(1 << F::PAGE_SHIFT) {
            let i = ((range.iova - base + offset) >> F::PAGE_SHIFT) as usize;
            let expected = pages[i].map(|(paddr, prot, _)| (paddr, prot));
            wrong += usize::from(expected != Some((range.paddr + offset, range.prot)));
            seen += 1;
        }
    });
    check!(wrong == 0);
    check!(seen == pages.iter().filter(|page| page.is_some()).count());
    Ok(())
}

/// A page in the directory takes the place of an empty table, which comes back when it is unmapped.
pub fn sections_and_tables<F: Format>() -> Result {
    let stand = Stand::new()?;
    let table = table_on::<F>(&stand)?;
    let dir_shift = span::<F>().trailing_zeros();
    let small = 1 << F::PAGE_SHIFT;
    let small_paddr = 0x4000_0000;

    for &shift in F::LARGE.iter().filter(|shift| **shift >= dir_shift) {
        let size = 1_usize << shift;
        let iova = 5 * size as u64;
        let paddr = 2 * size as u64;
        let inside = iova + size as u64 - small as u64;
        let range = iova..=iova + size as u64 - 1;
        let dir = || entries::read(&table.body.dir()[(inside >> dir_shift) as usize]);

        // Not over a page, wherever it is.
        check!(table.map(inside, small_paddr, small, 1, RW, KERNEL) == (1, Ok(())));
        let pointer = dir();
        check!(table.map(iova, paddr, size, 1, RW, KERNEL) == (0, Err(EBUSY)));
        check!(dir() == pointer && table.iova_to_phys(inside) == Some(small_paddr));
        check!(table.unmap(inside, small) == small);
        table.settle(&range);

        let tables = table.tables();
        check!(table.map(iova, paddr, size, 1, RW, KERNEL) == (1, Ok(())));
        check!(table.fresh(&range).count() == size >> dir_shift);
        check!(walk(&table, inside)?.map(|found| found.0) == Some(paddr + (inside - iova)));
        table.settle(&range);
        // Nor a page over it, and no part of it is unmapped.
        check!(table.map(inside, 0, small, 1, RW, KERNEL) == (0, Err(EBUSY)));
        check!(table.map(iova, paddr, size, 1, RW, KERNEL) == (0, Err(EBUSY)));
        check!(table.unmap(inside, small) == 0);
        check!(table.unmap(iova, size - small) == 0);
        check!(table.unmap(iova + small as u64, size) == 0);

        check!(table.unmap(iova, size) == size);
        check!(table.fresh(&range).count() == size >> dir_shift);
        check!(dir() == pointer && walk(&table, inside)?.is_none());
        check!(table.map(inside, small_paddr, small, 1, RW, KERNEL) == (1, Ok(())));
        check!(table.tables() == tables);

        // Arguments that make no sense.
        for (iova, paddr, size, count, error) in [
            (iova + small as u64, 0, size, 1, EINVAL),
            (iova, small as u64, size, 1, EINVAL),
            (iova, 0, 2 * small, 1, EINVAL),
            (iova, 0, size + 1, 1, EINVAL),
            (iova, 0, size, 0, EINVAL),
            (iova, 1 << 40, size, 1, ERANGE),
            (1 << 40, 0, size, 1, ERANGE),
            (0, 0, size, usize::MAX, ERANGE),
            (
                TestTable::<F>::aperture_end() + 1 - size as u64,
                0,
                size,
                2,
                ERANGE,
            ),
        ] {
            let got = table.map(iova, paddr, size, count, RW, KERNEL);
            check!(got == (0, Err(error)), "{iova:#x} {size:#x}: {got:?}");
        }
    }

    // Without the device the directory does not get more pages, and can lose those that it has.
    if let Some(&shift) = F::LARGE.last().filter(|shift| **shift >= dir_shift) {
        let size = 1_usize << shift;
        let iova = 9 * size as u64;
        check!(table.map(iova, 0, size, 1, RW, KERNEL) == (1, Ok(())));
        stand.unbind(&*table);
        check!(table.map(2 * iova, 0, size, 1, RW, KERNEL) == (0, Err(ENODEV)));
        check!(table.unmap(iova, size) == size);
        check!(walk(&table, iova)?.is_none());
    }
    Ok(())
}
