// SPDX-License-Identifier: GPL-2.0

//! Random accesses compared with a simple reference.
//!
//! The tests check three properties. After a change of the tables and its invalidation, each access
//! has the result of a walk without caches. Without the invalidation, it has that or a result that
//! was possible before. And an invalidation drops and counts exactly the entries that it names.
//!
//! The seed is printed; `MODELS_SEED=n cargo test --test dart` runs that one.

use super::{
    board::*,
    ram::{
        seeds,
        Random, //
    },
};
use iommu_models::{
    dart::{
        Config,
        Level,
        Variant::T8110, //
    },
    Cause,
    Denied, //
};

const ROOTS: [u64; 2] = [ROOT, ROOT2];
const PAGES: u32 = 16;

/// Returns a random page, from ranges that share buckets of every cache, each in another table.
fn some_iova(b: &Board, random: &mut Random) -> u64 {
    let bits = 30.min(b.shift + 2 * (b.shift - 3));
    let mut stretches = vec![
        0,
        1 << (b.shift + 12),
        (1 << bits) - (u64::from(PAGES) << b.shift),
    ];

    if b.levels() == 3 {
        stretches.extend([1 << 36, 1 << 41 | 1 << 40]);
    }
    let stretch = stretches[random.below(stretches.len() as u32) as usize];
    let page = u64::from(random.below(PAGES));

    stretch + (page << b.shift) + u64::from(random.below(0x400) * 4)
}

/// Walks the current tables.
fn walk(b: &mut Board, root: u64, iova: u64, write: bool) -> Result<u64, Denied> {
    let mut table = root;

    for level in (1..b.levels()).rev() {
        let entry = b.ram.get64(table + 8 * b.index(level, iova));

        if entry & 1 == 0 {
            return Err(Denied::Fault(Cause::NoTable));
        }
        table = b.unfield(entry);
    }
    let entry = b.ram.get64(table + 8 * b.index(0, iova));
    let page = b.page(
        0,
        Prot {
            no_read: true,
            no_write: true,
            range: None,
        },
    );
    let allowed = b.page(
        0,
        Prot {
            no_read: write,
            no_write: !write,
            range: None,
        },
    );
    if entry & 1 == 0 {
        Err(Denied::Fault(Cause::NoPage))
    } else if entry & (page & !allowed) != 0 {
        Err(Denied::Fault(Cause::Permission))
    } else {
        Ok(b.unfield(entry) | iova & (b.dart.page() - 1))
    }
}

fn change(b: &mut Board, random: &mut Random, root: u64) -> u64 {
    let iova = some_iova(b, random);
    let entry = b.entry(root, iova, 0);
    let word = match random.below(4) {
        0 => 0,
        _ => {
            let pa = DATA + (u64::from(random.below(64)) << 14);
            let prot = Prot {
                no_read: random.below(4) == 0,
                no_write: random.below(4) == 0,
                range: None,
            };

            b.page(pa, prot)
        }
    };

    b.ram.set64(entry, word);
    iova
}

#[test]
fn agrees_with_the_tables() {
    for config in all() {
        for seed in seeds() {
            println!("{config:?} MODELS_SEED={seed}");
            agree(config, &mut Random(seed));
        }
    }
}

fn agree(config: Config, random: &mut Random) {
    let mut b = Board::on(config);
    let mut attached = [0; 8];

    b.dart.knobs.line_fill = random.below(4) != 0;
    b.dart.knobs.negative = random.below(4) != 0;
    b.dart.knobs.direct_mapped = random.below(2) == 0;
    b.dart.knobs.busy_reads = random.below(3);
    b.dart.knobs.refetch = random.below(2) == 0;
    let wait = |b: &mut Board| {
        let (off, busy) = match b.is_t8110() {
            true => (t8110::COMMAND, t8110::BUSY),
            false => (t8020::COMMAND, t8020::BUSY),
        };
        while b.r(off) & busy != 0 {}
    };
    for _ in 0..300 {
        match random.below(8) {
            0 => {
                let stream = random.below(8);
                let which = random.below(2) as usize;

                attached[stream as usize] = which;
                b.attach(stream, ROOTS[which]);
                b.flush(stream);
                wait(&mut b);
            }
            1 | 2 => {
                let which = random.below(2) as usize;

                change(&mut b, random, ROOTS[which]);
                for stream in 0..8 {
                    if attached[stream as usize] == which {
                        b.flush(stream);
                        wait(&mut b);
                    }
                }
            }
            _ => {
                let stream = random.below(8);
                let iova = some_iova(&b, random);
                let write = random.below(2) == 0;
                let want = walk(&mut b, ROOTS[attached[stream as usize]], iova, write);
                let got = b.dart.access(&mut b.ram, stream, iova, 4, write);

                assert_eq!(got, want, "stream {stream} {iova:#x}");
                b.ack();
            }
        }
    }
    assert_eq!(b.dart.log.stale_table(), 0);
    assert_eq!(b.dart.counters.errors(), 0);
}

/// Without invalidations, each access has a result that was right at some time since the last one.
#[test]
fn is_never_worse_than_stale() {
    for config in all() {
        for seed in seeds() {
            println!("{config:?} MODELS_SEED={seed}");
            let random = &mut Random(seed);
            let mut b = Board::on(config);
            let mut stale = 0;

            for _ in 0..8 {
                let iova = some_iova(&b, random);
                let mut possible = vec![walk(&mut b, ROOT, iova, false)];

                b.flush(1);
                for _ in 0..20 {
                    change(&mut b, random, ROOT);
                    let now = walk(&mut b, ROOT, iova, false);
                    if possible.last() != Some(&now) {
                        possible.push(now);
                    }
                    let got = b.rd(1, iova);
                    assert!(possible.contains(&got), "{iova:#x} {got:?} of {possible:?}");
                    stale += u32::from(got != now);
                    b.ack();
                }
            }
            b.flush(1);
            println!("{stale} stale");
        }
    }
}

#[test]
fn drops_exactly_what_is_named() {
    for seed in seeds() {
        println!("MODELS_SEED={seed}");
        let random = &mut Random(seed);
        let mut b = Board::on(Config::new(T8110));
        let pages = |b: &Board, stream| -> Vec<u64> {
            (0..64)
                .filter(|page| b.dart.cached(Level::Page, stream, page << 14).is_some())
                .collect()
        };

        b.dart.knobs.line_fill = false;
        for page in 0..64 {
            b.map(page << 14, DATA);
        }
        for _ in 0..100 {
            for _ in 0..20 {
                b.rd(random.below(4), u64::from(random.below(64)) << 14)
                    .unwrap();
            }
            let before = [0, 1, 2, 3].map(|stream| pages(&b, stream));
            let stream = random.below(4);
            let first = random.below(64);
            let last = first + random.below(64 - first);
            b.w(t8110::RANGE_FIRST, first << 2);
            b.w(t8110::RANGE_LAST, last << 2);
            let whole = random.below(8) == 0;
            let bits = if whole { 1 << 12 } else { 1 << 14 };
            b.w(t8110::COMMAND, bits | t8110::INVALIDATE | stream);
            for other in 0..4 {
                let old = &before[other as usize];
                let gone = |page: &u64| {
                    let named = whole || (u64::from(first)..=u64::from(last)).contains(page);

                    other == stream && named
                };
                let want: Vec<_> = old.iter().copied().filter(|page| !gone(page)).collect();
                assert_eq!(pages(&b, other), want);
                let dropped = b.dart.counters.dropped.last[other as usize] as usize;
                assert_eq!(dropped, old.len() - want.len());
            }
        }
        assert_eq!(b.dart.counters.errors(), 0);
    }
}
