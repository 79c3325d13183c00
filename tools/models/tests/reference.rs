// SPDX-License-Identifier: GPL-2.0

//! Random accesses compared with a simple reference.
//!
//! The tests check two properties. After a change of the tables and the full sequence of
//! invalidations for it, each access has the result of a walk without caches. And an invalidation
//! drops exactly the entries that it names, from every TLB, and counts them.
//!
//! The seed is printed; `MODELS_SEED=n cargo test --test reference` runs that one.

mod common;

use common::*;
use iommu_models::{
    sun50i::{
        Level,
        Variant::{
            self,
            H6,
            H616, //
        },
    },
    Cause,
    Denied, //
};
use std::collections::HashMap;

/// Pages are in ranges that share buckets of every cache.
const STRETCHES: [u32; 5] = [0, 0x000f_c000, 0x0010_0000, 0x2010_0000, 0xffff_0000];
const PAGES: u32 = 16;

fn walk(b: &mut Board, va: u32) -> Result<u64, Denied> {
    let dir = b.ram.get(TTB + (va >> 20) * 4);
    if dir & 3 != 1 {
        return Err(Denied::Fault(Cause::NoTable));
    }
    let entry = b.ram.get((dir & !0x3ff) + (va >> 12 & 0xff) * 4);
    if entry & 2 == 0 {
        return Err(Denied::Fault(Cause::NoPage));
    }
    Ok(u64::from(entry & !0xfff | va & 0xfff))
}

fn some_va(random: &mut Random) -> u32 {
    let stretch = STRETCHES[random.below(STRETCHES.len() as u32) as usize];

    stretch + (random.below(PAGES) << 12) + random.below(0x400) * 4
}

/// Drops the pages `first..=last` by a random command.
fn invalidate(b: &mut Board, random: &mut Random, first: u32, last: u32) {
    let whole = random.below(8) == 0;
    let by_end = b.mmu.variant() == H616 && last < 0xf_ffff && random.below(2) == 0;

    if whole {
        b.flush_all();
    } else if by_end {
        b.ivld_range(first << 12, (last + 1) << 12);
        b.w(IVLD_MODE, 0);
    } else if random.below(2) == 0 {
        for page in first..=last {
            b.ivld_page(page << 12);
        }
    } else {
        let bits = 32 - (first ^ last).leading_zeros();

        b.ivld(first << 12, (!0 << bits) << 12);
    }
}

fn setup(variant: Variant, random: &mut Random) -> Board {
    let mut b = Board::on(variant);

    b.mmu.knobs.pair_fill = random.below(4) != 0;
    b.mmu.knobs.direct_mapped = random.below(2) == 0;
    b.w(PREFETCH, random.next() & variant.mask());
    b
}

fn change(b: &mut Board, random: &mut Random) -> (u32, u32) {
    let va = some_va(random);
    let first = va >> 12;
    let room = PAGES - (first & (PAGES - 1));
    let last = first + random.below(room);
    let map = random.below(2) == 0;

    for page in first..=last {
        if map {
            b.map(page << 12, DATA + (random.below(0x200) << 12));
        } else {
            b.unmap(page << 12);
        }
    }
    (first, last)
}

fn correct_sequences(variant: Variant, seed: u64) {
    println!("{variant:?}, MODELS_SEED={seed}");
    let random = &mut Random(seed);
    let mut b = setup(variant, random);

    for _ in 0..2000 {
        let dir = TTB + (some_va(random) >> 20) * 4;
        let word = b.ram.get(dir);
        let (first, last) = if word != 0 && random.below(8) == 0 {
            // A whole table is added or removed.
            b.ram.set(dir, word ^ 1);
            let first = ((dir - TTB) / 4) << 8;
            (first, first + 255)
        } else {
            change(&mut b, random)
        };

        b.mmu.knobs.refetch = random.below(2) == 0;
        b.ivld_ptw(first << 12);
        invalidate(&mut b, random, first, last);

        for _ in 0..8 {
            let va = some_va(random);
            let master = random.below(variant.masters());
            let want = walk(&mut b, va);

            assert_eq!(b.probe(master, va), want, "{va:#x}");
        }
    }
    assert_eq!(b.mmu.counters.errors(), 0);
    assert!(b.mmu.counters.hits_micro > 0 && b.mmu.counters.hits_ptw > 0);
}

#[test]
fn correct_sequences_equal_a_fresh_walk() {
    for seed in seeds() {
        correct_sequences(H6, seed);
        correct_sequences(H616, seed);
    }
}

/// Compares the caches before and after a command, page by page.
fn exact_invalidation(variant: Variant, seed: u64) {
    println!("{variant:?}, MODELS_SEED={seed}");
    let random = &mut Random(seed);
    let mut b = setup(variant, random);
    let mut levels = vec![Level::Macro];

    levels.extend((0..variant.masters()).map(Level::Micro));
    for _ in 0..300 {
        change(&mut b, random);
        for _ in 0..16 {
            let va = some_va(random);
            let master = random.below(variant.masters());

            let _ = b.probe(master, va);
        }

        let before = contents(&b, &levels);
        let first = some_va(random) >> 12;
        let most = 1 << random.below(20);
        let last = (first + random.below(most)).min(0xf_fffe);
        let gone = if random.below(2) == 0 && variant == H616 && first <= last {
            b.ivld_range(first << 12, (last + 1) << 12);
            b.w(IVLD_MODE, 0);
            first..=last
        } else {
            let bits = random.below(20);

            b.ivld(first << 12, (!0 << bits) << 12);
            first >> bits << bits..=first | ((1 << bits) - 1)
        };

        let after = contents(&b, &levels);
        let mut want = before.clone();
        want.retain(|&(_, page), _| !gone.contains(&page));
        assert_eq!(after, want);
        let dropped: u32 = b.mmu.counters.dropped.last.iter().sum();
        assert_eq!(dropped as usize, before.len() - after.len());
    }
}

fn contents(b: &Board, levels: &[Level]) -> HashMap<(usize, u32), u32> {
    let mut all = HashMap::new();
    let pages = STRETCHES
        .iter()
        .flat_map(|stretch| (stretch >> 12).saturating_sub(2)..=(stretch >> 12) + PAGES + 8);

    for page in pages.filter(|&page| page <= 0xf_ffff) {
        for (i, &level) in levels.iter().enumerate() {
            if let Some(word) = b.mmu.cached(level, page << 12) {
                all.insert((i, page), word);
            }
        }
    }
    all
}

#[test]
fn invalidation_is_exact() {
    for seed in seeds() {
        exact_invalidation(H6, seed);
        exact_invalidation(H616, seed);
    }
}
