// SPDX-License-Identifier: GPL-2.0

//! Random accesses compared with a simple reference.
//!
//! The tests check three properties. After a change of the tables and its flushes, each access has
//! the result of a walk without caches. Without flushes, it has that or a result that was possible
//! before. And a flush drops and counts exactly the translations that it names.
//!
//! The seed is printed; `MODELS_SEED=n cargo test --test tegra` runs that one.

use super::{
    board::*,
    ram::{
        seeds,
        Random, //
    },
};
use iommu_models::{
    tegra::Variant,
    Denied, //
};

/// Pages of several tables, next to each other and at the ends.
fn some_iova(random: &mut Random) -> u64 {
    let starts = [0, 0x3f_8000, 0x7fff_8000, 0xffff_0000];
    let start = starts[random.below(4) as usize];

    start + u64::from(random.below(16)) * 0x1000 + u64::from(random.below(0x400)) * 4
}

/// Walks the current tables.
fn walk(b: &mut Board, root: u64, iova: u64, write: bool) -> Result<u64, Denied> {
    let right = if write { W } else { R };
    let pde = b.pde(root, iova);
    let entry = b.ram.get(pde);

    if entry & (R | W) == 0 {
        return NO_TABLE;
    }
    let (word, pa) = if entry & NEXT == 0 {
        let page = u64::from(entry & 0x3f_fc00) << 12;

        (entry, page | iova & 0x3f_ffff)
    } else {
        let table = u64::from(entry & 0x3f_ffff) << 12;
        let word = b.ram.get(table + (iova >> 12 & 0x3ff) * 4);

        if word & (R | W) == 0 {
            return NO_PAGE;
        }
        (word, u64::from(word & 0x3f_ffff) << 12 | iova & 0xfff)
    };
    if word & entry & right != 0 && word & entry & NS != 0 {
        Ok(pa)
    } else {
        PERMISSION
    }
}

/// Changes a directory or table entry; returns its address.
fn change(b: &mut Board, random: &mut Random, root: u64, iova: u64) -> (u64, bool) {
    let rights = match random.below(8) {
        0 => R | NS,
        1 => W | NS,
        2 => R | W,
        _ => RW,
    };
    let pde = b.pde(root, iova);
    let old = b.ram.get(pde);

    match random.below(12) {
        0 => b.ram.set(pde, 0),
        1 => b.ram.set(pde, Board::word(b.base, rights)),
        2 => b.ram.set(pde, old ^ W),
        _ => {
            if old & NEXT == 0 || old & (R | W) == 0 {
                let table = b.new_table();

                b.ram.set(pde, Board::word(table, RW | NEXT));
                return (pde, true);
            }
            let pte = b.pte(root, iova);
            let pa = b.data(random.below(64).into());
            let word = match random.below(4) {
                0 => 0,
                _ => Board::word(pa, rights),
            };

            b.ram.set(pte, word);
            return (pte, false);
        }
    }
    (pde, true)
}

fn some_board(variant: Variant, random: &mut Random) -> Board {
    let mut b = Board::on(variant);

    b.mmu.knobs.line_fill = random.below(4) != 0;
    b.mmu.knobs.negative = random.below(4) != 0;
    b.mmu.knobs.direct_mapped = random.below(2) == 0;
    b.mmu.knobs.refetch = random.below(2) == 0;
    b.mmu.knobs.posted = random.below(4);
    b
}

#[test]
fn agrees_with_the_tables() {
    for variant in Variant::ALL {
        for seed in seeds() {
            println!("{variant:?} MODELS_SEED={seed}");
            agree(variant, &mut Random(seed));
        }
    }
}

fn agree(variant: Variant, random: &mut Random) {
    let mut b = some_board(variant, random);
    let clients = [(HOST, HC_ASID, b.root(0)), (DISPLAY, DC_ASID, b.root(1))];

    for _ in 0..400 {
        let (client, asid, root) = clients[random.below(2) as usize];
        let iova = some_iova(random);

        if random.below(3) == 0 {
            let (at, table) = change(&mut b, random, root, iova);

            b.flush_line(at);
            match random.below(8) {
                0 => b.w(TLB_FLUSH, 0),
                1 => b.flush_asid(asid),
                _ if table => b.flush_section(asid, iova as u32),
                _ => b.flush_group(asid, iova as u32),
            }
            b.r(PTB_ASID);
        } else {
            let write = random.below(2) == 0;
            let want = walk(&mut b, root, iova, write);
            let got = b.mmu.access(&mut b.ram, client, iova, write);

            assert_eq!(got, want, "client {client} {iova:#x}");
            b.ack();
        }
    }
    assert_eq!(b.errors(), 0);
    assert_eq!(b.mmu.log.stale_table(), 0);
}

/// Without flushes, each access has a result that was right at some time since the last one.
#[test]
fn is_never_worse_than_stale() {
    for variant in Variant::ALL {
        let mut stale = 0;

        for seed in seeds() {
            println!("{variant:?} MODELS_SEED={seed}");
            let random = &mut Random(seed);
            let mut b = some_board(variant, random);
            let root = b.root(0);

            for _ in 0..8 {
                let iova = some_iova(random);
                let pde = b.pde(root, iova);
                let table = b.new_table();
                b.ram.set(pde, Board::word(table, RW | NEXT));
                b.flush_all();
                b.r(CONFIG);
                let mut possible = vec![walk(&mut b, root, iova, false)];

                for _ in 0..20 {
                    // Only the page's own entry: those above would make mixtures possible.
                    let pte = table + (iova >> 12 & 0x3ff) * 4;
                    let pa = b.data(random.below(64).into());
                    b.ram.set(pte, Board::word(pa, RW));
                    possible.push(walk(&mut b, root, iova, false));
                    match random.below(3) {
                        0 => b.flush_line(pte),
                        1 => b.flush_group(HC_ASID, iova as u32),
                        _ => {}
                    }
                    let got = b.rd(HOST, iova);
                    assert!(possible.contains(&got), "{iova:#x} {got:?} of {possible:?}");
                    stale += u32::from(Some(&got) != possible.last());
                    b.ack();
                }
            }
        }
        assert!(stale > 100, "{stale} were stale");
    }
}

#[test]
fn drops_exactly_what_is_named() {
    for variant in Variant::ALL {
        for seed in seeds() {
            println!("{variant:?} MODELS_SEED={seed}");
            drops(variant, &mut Random(seed));
        }
    }
}

/// The pages that the TLB has, of all that the test uses.
fn pages(b: &Board, asid: u32) -> Vec<u32> {
    let starts = [0, 0x3f_8000, 0x7fff_8000, 0xffff_0000_u32];
    let all = starts
        .into_iter()
        .flat_map(|start| (0..16).map(move |n| start + n * 0x1000));

    all.filter(|&iova| b.mmu.tlb(asid, iova).is_some())
        .collect()
}

fn drops(variant: Variant, random: &mut Random) {
    let mut b = Board::plain(variant);
    let asids = [HC_ASID, DC_ASID];

    for _ in 0..200 {
        for client in [HOST, DISPLAY, HOST, DISPLAY] {
            let iova = some_iova(random);
            let _ = b.rd(client, iova);
        }
        let old = asids.map(|asid| pages(&b, asid));
        let only = asids[random.below(2) as usize];
        let every = random.below(4) == 0;
        let iova = some_iova(random) as u32;
        let (address, mask) = match random.below(3) {
            0 => (0, 0),
            1 => ((iova & 0xffc0_0000) >> 12 | 2, 0xffc0_0000),
            _ => ((iova & 0xffff_c000) >> 12 | 3, 0xffff_c000),
        };
        let word = address | if every { 0 } else { b.asid(only) };

        b.w(TLB_FLUSH, word);
        for (asid, old) in asids.into_iter().zip(old) {
            let named = |&page: &u32| (every || asid == only) && page & mask == iova & mask;
            let want: Vec<_> = old.iter().copied().filter(|page| !named(page)).collect();

            assert_eq!(pages(&b, asid), want, "{word:#x}");
            let dropped = b.mmu.counters.dropped.last[asid as usize] as usize;
            assert_eq!(dropped, old.len() - want.len());
        }
    }
    assert_eq!(b.errors(), 0);
}
