// SPDX-License-Identifier: GPL-2.0

//! A walker that fetches again what flushes drop.

use super::board::*;
use iommu_models::tegra::Variant::{
    self,
    T210, //
};

fn eager(variant: Variant) -> Board {
    let mut b = Board::on(variant);

    assert!(b.mmu.set_knob("refetch", 1));
    b
}

/// The wrong order of the two flushes shows without an access in between.
#[test]
fn the_wrong_order_shows_at_once() {
    for variant in Variant::ALL {
        let mut b = eager(variant);
        let pte = b.pte(b.root(0), 0x4000);

        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        b.map(0x4000, b.data(1));
        b.flush_group(HC_ASID, 0x4000);
        b.flush_line(pte);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
        b.flush_line(pte);
        b.flush_group(HC_ASID, 0x4000);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(1)));
        assert_eq!(
            b.mmu.counters.walks, 1,
            "all later ones were the walker's own"
        );
        assert_eq!(b.errors(), 0);
    }
}

/// A flush before the entry is written is no flush of that entry.
#[test]
fn a_flush_that_comes_too_early() {
    for variant in Variant::ALL {
        let mut b = eager(variant);
        let pte = b.pte(b.root(0), 0x4000);

        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        b.flush_line(pte);
        b.unmap(0x4000);
        b.flush_group(HC_ASID, 0x4000);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
    }
}

/// The right sequence works with this walker, too.
#[test]
fn the_right_order_works() {
    for variant in Variant::ALL {
        let mut b = eager(variant);
        let pte = b.pte(b.root(0), 0x4000);

        for n in 0..4 {
            b.map(0x4000, b.data(n));
            b.flush_line(pte);
            b.flush_group(HC_ASID, 0x4000);
            assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(n)));
            b.unmap(0x4000);
            b.flush_all();
            assert_eq!(b.rd(HOST, 0x4000), NO_PAGE);
        }
    }
}

/// Translations of an ASID that no swgroup has wait until one has it.
#[test]
fn asids_that_are_not_in_use_wait() {
    for variant in Variant::ALL {
        let mut b = eager(variant);

        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        b.w(HC, HC_ASID);
        b.flush_asid(HC_ASID);
        assert_eq!(b.mmu.tlb(HC_ASID, 0x4000), None);
        // The next domain of the ASID.
        b.map_in(b.root(2), 0x4000, Board::word(b.data(2), RW));
        b.set_root(HC_ASID, b.root(2));
        assert_eq!(b.mmu.tlb(HC_ASID, 0x4000), None);
        b.w(HC, 1 << 31 | HC_ASID);
        assert_eq!(
            b.mmu.tlb(HC_ASID, 0x4000),
            Some(Board::word(b.data(2), RW)),
            "through the new root"
        );
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(2)));
    }
}

/// A root that is changed while it is used must be flushed afterwards.
#[test]
fn a_root_in_use_must_be_flushed_after_the_change() {
    let mut b = eager(T210);

    b.map(0x4000, b.data(0));
    b.map_in(b.root(2), 0x4000, Board::word(b.data(2), RW));
    b.rd(HOST, 0x4000).unwrap();
    b.flush_asid(HC_ASID);
    b.set_root(HC_ASID, b.root(2));
    assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
    b.flush_asid(HC_ASID);
    assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(2)));
}

#[test]
fn nothing_is_fetched_while_nothing_is_translated() {
    for variant in Variant::ALL {
        let mut b = eager(variant);

        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        b.w(CONFIG, 0);
        let reads = b.mmu.counters.table_reads;
        b.flush_all();
        b.rd(HOST, 0x4000).unwrap();
        assert_eq!(b.mmu.counters.table_reads, reads);
        b.map(0x4000, b.data(1));
        b.w(CONFIG, 1);
        assert_eq!(b.mmu.tlb(HC_ASID, 0x4000), Some(Board::word(b.data(1), RW)));
    }
}

#[test]
fn caches_that_are_off_fetch_nothing() {
    let mut b = eager(T210);

    b.map(0x4000, b.data(0));
    b.rd(HOST, 0x4000).unwrap();
    b.w(TLB_CONFIG, 0);
    b.w(PTC_CONFIG, 0);
    let reads = b.mmu.counters.table_reads;
    b.flush_all();
    assert_eq!(b.mmu.counters.table_reads, reads);
    assert_eq!(b.mmu.ptc(b.root(0)), None);
    b.w(PTC_CONFIG, 0x2000_003f);
    assert!(b.mmu.ptc(b.root(0)).is_some());
    assert_eq!(b.mmu.tlb(HC_ASID, 0x4000), None);
}

/// The knob's default leaves dropped entries alone.
#[test]
fn not_by_default() {
    let mut b = Board::on(T210);

    b.map(0x4000, b.data(0));
    b.rd(HOST, 0x4000).unwrap();
    b.flush_all();
    b.rd(CPU, 0).unwrap();
    assert_eq!(b.mmu.ptc(b.root(0)), None);
    assert_eq!(b.mmu.tlb(HC_ASID, 0x4000), None);
}

/// Loss of power also loses what was to be fetched.
#[test]
fn nothing_is_fetched_after_a_reset() {
    let mut b = eager(T210);

    b.map(0x4000, b.data(0));
    b.rd(HOST, 0x4000).unwrap();
    b.w(HC, 0);
    b.flush_all();
    b.mmu.set_power(false);
    b.mmu.set_power(true);
    b.set_root(HC_ASID, b.root(0));
    b.w(HC, 1 << 31 | HC_ASID);
    b.w(CONFIG, 1);
    assert_eq!(b.mmu.tlb(HC_ASID, 0x4000), None);
}
