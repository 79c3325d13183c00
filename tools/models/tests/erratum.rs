// SPDX-License-Identifier: GPL-2.0

//! Invalid entries that were cached before their pages were mapped: by pair fill, by prefetch, or
//! by an earlier fault. If the map has no invalidation, accesses to these pages fault.

mod common;

use common::*;
use iommu_models::{
    sun50i::{
        Level,
        Variant::{
            H6,
            H616, //
        },
    },
    Cause,
    Denied, //
};

const NO_TABLE: Result<u64, Denied> = Err(Denied::Fault(Cause::NoTable));
const NO_PAGE: Result<u64, Denied> = Err(Denied::Fault(Cause::NoPage));

#[test]
fn neighbour_page() {
    for (used, mapped) in [(0x6000, 0x7000), (0x7000, 0x6000)] {
        let mut b = Board::on(H6);

        b.map(used, DATA);
        b.rd(0, used).unwrap();
        assert_eq!(b.mmu.cached(Level::Macro, mapped), Some(0));
        b.map(mapped, DATA);
        assert_eq!(b.probe(0, mapped), NO_PAGE, "also from the cache");
        assert_eq!(b.probe(1, mapped), NO_PAGE);
        b.ivld_page(used);
        assert_eq!(b.probe(0, mapped), NO_PAGE);
        b.ivld_page(mapped);
        assert_eq!(b.probe(0, mapped), Ok(DATA.into()));
    }
}

#[test]
fn last_page_of_a_range() {
    // 4 pages from 0x4000 on, and one more pair after them, whose first half was cached as invalid.
    let mut b = Board::on(H6);

    b.map(0x8000, DATA);
    b.rd(0, 0x8000).unwrap();
    for va in [0x9000, 0xa000, 0xb000, 0xc000, 0xd000] {
        b.probe(0, 0xe000).unwrap_err();
        b.map(va, DATA);
    }
    b.map(0xe000, DATA);
    b.map(0xf000, DATA);
    // The first two pages and the two after the range, as some drivers do.
    for va in [0x9000, 0xa000, 0x1_0000, 0x1_1000] {
        b.ivld_page(va);
    }
    assert_eq!(b.probe(0, 0xf000), NO_PAGE);
    assert_eq!(b.probe(0, 0xe000), NO_PAGE);
    b.ivld(0x8000, 0xffff_8000);
    assert_eq!(b.probe(0, 0xf000), Ok(DATA.into()));
    assert_eq!(b.probe(0, 0xe000), Ok(DATA.into()));
}

#[test]
fn neighbour_directory_entry() {
    let mut b = Board::on(H6);

    b.map(0x0040_0000, DATA);
    b.rd(0, 0x0040_0000).unwrap();
    assert_eq!(b.mmu.cached(Level::Ptw, 0x0050_0000), Some(0));
    b.map(0x0050_0000, DATA);
    b.ivld_page(0x0050_0000);
    assert_eq!(b.probe(0, 0x0050_0000), NO_TABLE);
    b.ivld_ptw(0x0050_0000);
    assert_eq!(b.probe(0, 0x0050_0000), Ok(DATA.into()));
}

#[test]
fn inner_mib() {
    // 0x700000 was read beside 0x600000; then 0x500000..0x900000 is mapped.
    let mut b = Board::on(H6);

    b.map(0x0060_0000, DATA);
    b.rd(0, 0x0060_0000).unwrap();
    for va in [0x0050_0000, 0x0070_0000, 0x0080_0000] {
        b.map(va, DATA);
    }
    for va in [0x0050_0000, 0x0060_0000, 0x0090_0000, 0x00a0_0000] {
        b.ivld_ptw(va);
        b.ivld_page(va);
    }
    assert_eq!(b.probe(0, 0x0050_0000), Ok(DATA.into()));
    assert_eq!(b.probe(0, 0x0080_0000), Ok(DATA.into()));
    assert_eq!(b.probe(0, 0x0070_0000), NO_TABLE);
    b.ivld_ptw(0x0070_0000);
    assert_eq!(b.probe(0, 0x0070_0000), Ok(DATA.into()));
}

#[test]
fn fault_leaves_invalid_entries() {
    let mut b = Board::plain(H6);

    assert_eq!(b.probe(0, 0x0010_1000), NO_TABLE);
    b.map(0x0010_2000, DATA);
    assert_eq!(b.probe(0, 0x0010_2000), NO_TABLE, "PTW cache");
    b.ivld_ptw(0x0010_2000);
    assert_eq!(b.probe(0, 0x0010_1000), NO_PAGE);
    b.map(0x0010_1000, DATA);
    assert_eq!(b.probe(0, 0x0010_1000), NO_PAGE, "macro TLB");
    assert!(b.mmu.cached(Level::Micro(0), 0x0010_1000).is_none());
    b.ivld_page(0x0010_1000);
    assert_eq!(b.probe(0, 0x0010_1000), Ok(DATA.into()));
}

#[test]
fn without_pair_fill() {
    let mut b = Board::plain(H6);

    b.map(0x6000, DATA);
    b.rd(0, 0x6000).unwrap();
    assert!(b.mmu.cached(Level::Macro, 0x7000).is_none());
    assert!(b.mmu.cached(Level::Ptw, 0x0010_0000).is_none());
}

#[test]
fn cached_neighbour_stays() {
    let mut b = Board::on(H6);

    b.map(0x6000, DATA);
    b.map(0x7000, DATA);
    b.rd(0, 0x6000).unwrap();
    b.map(0x7000, DATA + 0x1000);
    b.ivld_page(0x6000);
    b.rd(0, 0x6000).unwrap();
    assert_eq!(b.rd(0, 0x7000), Ok(DATA.into()), "stale, and stays so");

    b.map(0x0020_0000, DATA);
    b.rd(0, 0x0020_0000).unwrap();
    b.map(0x0030_0000, DATA);
    b.ivld_ptw(0x0020_0000);
    b.ivld_page(0x0020_0000);
    b.rd(0, 0x0020_0000).unwrap();
    assert_eq!(b.probe(0, 0x0030_0000), NO_TABLE, "likewise");
}

#[test]
fn prefetch_needs_its_bit() {
    let mut b = Board::plain(H616);

    b.map(0x1000, DATA);
    b.rd(1, 0x1000).unwrap();
    assert!(b.mmu.cached(Level::Macro, 0x2000).is_none());
    b.ivld_page(0x1000);
    b.w(PREFETCH, 0x02);
    b.rd(0, 0x1000).unwrap();
    assert!(b.mmu.cached(Level::Macro, 0x2000).is_none());
    b.ivld_page(0x1000);
    b.rd(1, 0x1000).unwrap();
    for page in 2..=9 {
        assert_eq!(b.mmu.cached(Level::Macro, page << 12), Some(0));
    }
    assert!(b.mmu.cached(Level::Macro, 0xa000).is_none());
    for mib in 1..=2 {
        assert_eq!(b.mmu.cached(Level::Ptw, mib << 20), Some(0));
    }
    assert!(b.mmu.cached(Level::Ptw, 0x0030_0000).is_none());
    b.map(0x9000, DATA);
    assert_eq!(b.probe(0, 0x9000), NO_PAGE);
    assert_eq!(b.mmu.counters.faults_soft, 0);
}

#[test]
fn prefetch_into_the_next_table() {
    let mut b = Board::plain(H6);

    b.w(PREFETCH, 1);
    b.map(0x000f_f000, DATA);
    b.map(0x0010_0000, DATA + 0x1000);
    b.rd(0, 0x000f_f000).unwrap();
    assert!(b.mmu.cached(Level::Macro, 0x0010_0000).is_some());
    b.map(0xffff_f000, DATA);
    b.rd(0, 0xffff_f000).unwrap();
    assert!(b.mmu.cached(Level::Macro, 0).is_none(), "no wrap");
}
