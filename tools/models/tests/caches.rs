// SPDX-License-Identifier: GPL-2.0

//! Which entries caches keep, and which commands drop them.

mod common;

use common::*;
use iommu_models::sun50i::{
    Level,
    Variant::{
        H6,
        H616, //
    },
};

fn pa(offset: u32) -> Result<u64, iommu_models::Denied> {
    Ok((DATA + offset).into())
}

/// Maps `n` pages from `va` on, and `master` reads each.
fn warm(b: &mut Board, master: u32, va: u32, n: u32) {
    for i in 0..n {
        b.map(va + (i << 12), DATA + ((i & 0xff) << 12));
        b.ivld_page(va + (i << 12));
        b.rd(master, va + (i << 12)).unwrap();
    }
}

/// Returns which of the pages from `va` on are in the macro TLB.
fn kept(b: &Board, va: u32, n: u32) -> Vec<u32> {
    (0..n)
        .filter(|i| b.mmu.cached(Level::Macro, va + (i << 12)).is_some())
        .collect()
}

#[test]
fn stale_until_invalidated() {
    let mut b = Board::plain(H6);

    b.map(0x5000, DATA);
    assert_eq!(b.rd(0, 0x5000), pa(0));
    b.unmap(0x5000);
    assert_eq!(b.rd(0, 0x5000), pa(0), "micro TLB");
    assert_eq!(b.rd(1, 0x5000), pa(0), "macro TLB");
    b.ivld_page(0x4000);
    b.ivld_page(0x6000);
    b.ivld_ptw(0x5000);
    assert_eq!(b.rd(0, 0x5000), pa(0), "other commands");
    b.ivld_page(0x5000);
    assert!(b.probe(0, 0x5000).is_err());
    assert!(b.probe(1, 0x5000).is_err());
}

#[test]
fn micro_outlives_macro() {
    let mut b = Board::plain(H6);

    b.map(0x5000, DATA);
    b.rd(0, 0x5000).unwrap();
    b.unmap(0x5000);
    b.w(FLUSH, 0x10000);
    assert!(b.probe(1, 0x5000).is_err());
    assert_eq!(b.rd(0, 0x5000), pa(0));
    b.w(FLUSH, 0x3003e);
    assert_eq!(b.rd(0, 0x5000), pa(0));
    b.w(FLUSH, 0x00001);
    assert!(b.probe(0, 0x5000).is_err());
}

#[test]
fn flush_bit_of_master_6() {
    let mut b = Board::plain(H616);

    b.map(0x5000, DATA);
    b.rd(6, 0x5000).unwrap();
    b.unmap(0x5000);
    b.w(FLUSH, 0x3003f);
    assert_eq!(b.rd(6, 0x5000), pa(0));
    b.w(FLUSH, 0x3007f);
    assert!(b.rd(6, 0x5000).is_err());
}

#[test]
fn directory_cache_is_apart() {
    let mut b = Board::plain(H6);

    b.map(0x0030_0000, DATA);
    b.rd(0, 0x0030_0000).unwrap();
    b.ram.set(TTB + 12, 0);
    b.ivld_page(0x0030_0000);
    assert_eq!(b.rd(0, 0x0030_0000), pa(0), "walk through the old table");
    b.ivld_ptw(0x0030_0000);
    assert_eq!(b.rd(0, 0x0030_0000), pa(0), "page entries stay");
    b.ivld_page(0x0030_0000);
    assert!(b.rd(0, 0x0030_0000).is_err());
    assert_eq!(b.mmu.counters.ptw_invalidations, 1);
    assert_eq!(b.mmu.counters.tlb_invalidations, 2);
}

#[test]
fn directory_invalidation_drops_one_entry() {
    let mut b = Board::on(H6);

    b.map(0x0020_0000, DATA);
    b.map(0x0030_0000, DATA);
    b.rd(0, 0x0020_0000).unwrap();
    assert!(b.mmu.cached(Level::Ptw, 0x003f_f000).is_some());
    b.ivld_ptw(0x0020_0000);
    assert!(b.mmu.cached(Level::Ptw, 0x0020_0000).is_none());
    assert!(b.mmu.cached(Level::Ptw, 0x0030_0000).is_some());
}

#[test]
fn mask_blocks() {
    let mut b = Board::plain(H6);
    let va = 0x0100_0000;

    for (mask, gone) in [
        (0xffff_f000, 5..6),
        (0xffff_e000, 4..6),
        (0xffff_c000, 4..8),
        (0xffff_8000, 0..8),
        (0xffff_0000, 0..16),
    ] {
        warm(&mut b, 2, va, 32);
        b.ivld(va + 0x5000, mask);
        let left = kept(&b, va, 32);
        assert_eq!(left.len(), 32 - gone.len());
        assert!(left.iter().all(|i| !gone.contains(i)));
        for i in 0..32 {
            let micro = b.mmu.cached(Level::Micro(2), va + (i << 12));
            assert_eq!(micro.is_some(), left.contains(&i));
        }
    }
    warm(&mut b, 2, 0x8010_0000, 3);
    b.ivld(0xffff_f000, 0x8000_0000);
    assert_eq!(kept(&b, 0x8010_0000, 3), []);
    assert_eq!(kept(&b, va, 32).len(), 16);
    assert_eq!(b.mmu.counters.bad_mask, 0);
}

#[test]
fn masks_with_holes_do_nothing() {
    let mut b = Board::plain(H616);

    warm(&mut b, 0, 0x1000, 4);
    for mask in [0, 0x7fff_f000, 0xffff_d000, 0x0000_f000] {
        b.ivld(0x1000, mask);
    }
    assert_eq!(b.mmu.counters.bad_mask, 4);
    assert_eq!(kept(&b, 0x1000, 4).len(), 4);
}

#[test]
fn end_is_behind_the_range() {
    let mut b = Board::plain(H616);

    warm(&mut b, 6, 0x1_0000, 8);
    b.ivld_range(0x1_2000, 0x1_5000);
    assert_eq!(kept(&b, 0x1_0000, 8), [0, 1, 5, 6, 7]);
    b.ivld_range(0x1_6000, 0x1_6000);
    b.ivld_range(0x1_6000, 0);
    assert_eq!(b.mmu.counters.empty_range, 2);
    assert_eq!(kept(&b, 0x1_0000, 8), [0, 1, 5, 6, 7]);

    b.mmu.knobs.end_inclusive = true;
    b.ivld_range(0x1_6000, 0x1_6000);
    assert_eq!(kept(&b, 0x1_0000, 8), [0, 1, 5, 7]);
    b.w(IVLD_MODE, 0);
    b.ivld_page(0x1_0000);
    assert_eq!(kept(&b, 0x1_0000, 8), [1, 5, 7]);
}

#[test]
fn whole_address_space() {
    let mut b = Board::plain(H616);

    warm(&mut b, 0, 0, 1);
    warm(&mut b, 0, 0xffff_e000, 2);
    b.ivld_range(0, 0xffff_f000);
    assert!(b.mmu.cached(Level::Macro, 0).is_none());
    assert!(b.mmu.cached(Level::Macro, 0xffff_e000).is_none());
    assert!(b.mmu.cached(Level::Macro, 0xffff_f000).is_some());
}

#[test]
fn large_ranges_with_aliases() {
    let mut b = Board::plain(H616);

    // Pages of two ranges fill all buckets of the macro TLB, in no order.
    warm(&mut b, 0, 0x0400_0000, 2048);
    warm(&mut b, 1, 0x0480_0000, 2048);
    assert_eq!(b.mmu.counters.collisions, 0);
    b.mmu.counters.clear();
    b.ivld_range(0x0440_0000, 0x0600_0000);
    assert_eq!(kept(&b, 0x0400_0000, 2048).len(), 1024);
    assert_eq!(kept(&b, 0x0480_0000, 2048).len(), 0);
    assert_eq!(b.mmu.counters.dropped.last[0], 1024 + 1024);
    assert_eq!(b.mmu.counters.dropped.last[1], 2048 + 2048);
    b.ivld_range(0x0300_0000, 0x0380_0000);
    assert_eq!(b.mmu.counters.dropped.last, [0; 8]);
    assert_eq!(kept(&b, 0x0400_0000, 2048).len(), 1024);
}

#[test]
fn windows_wrap_around() {
    let mut b = Board::plain(H616);
    let va = 0x0100_0000 - 0x8000;

    warm(&mut b, 3, va, 16);
    b.ivld_range(va + 0x3000, va + 0xd000);
    assert_eq!(kept(&b, va, 16), [0, 1, 2, 13, 14, 15]);
    let micro: Vec<_> = (0..16)
        .filter(|i| b.mmu.cached(Level::Micro(3), va + (i << 12)).is_some())
        .collect();
    assert_eq!(micro, [0, 1, 2, 13, 14, 15]);
}

#[test]
fn evictions_by_owner() {
    let mut b = Board::plain(H616);

    warm(&mut b, 0, 0x1_0000, 4);
    warm(&mut b, 1, 0x2_0000, 2);
    b.rd(1, 0x1_0000).unwrap();
    b.ivld_page(0x1_0000);
    assert_eq!(b.mmu.counters.dropped.last, [2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(b.mmu.counters.dropped.last_of_others(0), 1);
    b.mmu.counters.clear();
    b.flush_all();
    // One directory entry, read for master 0.
    assert_eq!(b.mmu.counters.dropped.last, [7, 4, 0, 0, 0, 0, 0, 0]);
    assert_eq!(b.mmu.counters.dropped.of_others(0), 4);
    b.flush_all();
    assert_eq!(b.mmu.counters.dropped.last, [0; 8]);
    assert_eq!(b.mmu.counters.dropped.of_others(0), 4);
    assert_eq!(b.mmu.counters.flushes, 2);
}

#[test]
fn levels_can_be_disabled() {
    let mut b = Board::plain(H6);

    b.map(0x5000, DATA);
    b.w(TLB_ENABLE, 0);
    b.rd(0, 0x5000).unwrap();
    b.rd(0, 0x5000).unwrap();
    assert_eq!(b.mmu.counters.walks, 2);
    assert_eq!(b.mmu.counters.table_reads, 4);
    b.w(TLB_ENABLE, 0x20000);
    b.rd(0, 0x5000).unwrap();
    b.rd(0, 0x5000).unwrap();
    assert_eq!(b.mmu.counters.hits_ptw, 1);
    assert_eq!(b.mmu.counters.table_reads, 7);
    b.w(TLB_ENABLE, 0x30000);
    b.rd(0, 0x5000).unwrap();
    b.rd(0, 0x5000).unwrap();
    assert_eq!(b.mmu.counters.hits_macro, 1);
    b.w(TLB_ENABLE, 0x30001);
    b.rd(0, 0x5000).unwrap();
    b.rd(0, 0x5000).unwrap();
    assert_eq!(b.mmu.counters.hits_micro, 1);
    b.rd(1, 0x5000).unwrap();
    b.rd(1, 0x5000).unwrap();
    assert_eq!(b.mmu.counters.hits_micro, 1);
}

#[test]
fn reset_bits_empty() {
    let mut b = Board::plain(H6);

    b.map(0x5000, DATA);
    b.rd(0, 0x5000).unwrap();
    b.rd(1, 0x5000).unwrap();
    b.w(RESET, 0x8003_003e);
    assert_eq!(b.rd(0, 0x5000), Err(iommu_models::Denied::Stalled));
    b.w(RESET, 0x8003_003f);
    assert!(b.mmu.cached(Level::Micro(0), 0x5000).is_none());
    assert!(b.mmu.cached(Level::Micro(1), 0x5000).is_some());
    assert!(b.mmu.cached(Level::Macro, 0x5000).is_some());
    b.w(RESET, 0x8002_003f);
    assert!(b.mmu.cached(Level::Macro, 0x5000).is_none());
    assert_eq!(b.rd(0, 0x5000), pa(0));
    assert!(
        b.mmu.cached(Level::Macro, 0x5000).is_none(),
        "held in reset"
    );
    b.w(RESET, 0x8001_003f);
    assert!(b.mmu.cached(Level::Ptw, 0x5000).is_none());
    b.w(RESET, 0x0003_003f);
    assert!(b.mmu.cached(Level::Micro(1), 0x5000).is_none());
    assert_eq!(b.r(TTB_REG), TTB);
}

#[test]
fn collisions_only_within_a_slot() {
    let mut b = Board::plain(H6);

    assert!(b.mmu.knobs.set("direct_mapped", 1));
    b.map(0x5000, DATA);
    b.map(0x10_5000, DATA);
    b.rd(0, 0x5000).unwrap();
    b.rd(0, 0x10_5000).unwrap();
    assert_eq!(b.mmu.counters.collisions, 1);
    assert!(b.mmu.cached(Level::Micro(0), 0x5000).is_none());
    assert!(b.mmu.cached(Level::Macro, 0x5000).is_some());
    // Entries that were evicted cannot be dropped any more: one micro, two macro, two PTW entries.
    b.flush_all();
    assert_eq!(b.mmu.counters.dropped.last[0], 5);
}

/// Pages that share a slot of a direct-mapped cache do not hide a missing invalidation.
#[test]
fn nothing_is_evicted() {
    let vas: Vec<_> = (0..256).map(|i| i << 24 | 0x5000).collect();
    let stale = |direct| {
        let mut b = Board::plain(H6);

        b.mmu.knobs.direct_mapped = direct;
        for &va in &vas {
            b.map(va, DATA);
            b.rd(0, va).unwrap();
            b.unmap(va);
        }
        let stale = vas.iter().filter(|&&va| b.probe(0, va).is_ok()).count();
        (stale, b.mmu.counters.collisions)
    };

    assert_eq!(stale(false), (256, 0));
    assert!(stale(true).0 < 128);
}

/// There is room for 8192 pages. Beyond that one entry is evicted for each.
#[test]
fn full() {
    let mut b = Board::plain(H616);

    for round in 0..3 {
        warm(&mut b, 0, 0x100_0000 * round, 4096);
        assert_eq!(b.mmu.counters.collisions, if round == 2 { 8192 } else { 0 });
    }
    for round in 0..3 {
        let n = kept(&b, 0x100_0000 * round, 4096).len();
        assert_eq!(n, [0, 4096, 4096][round as usize]);
    }
    // Invalid nodes are used again, before valid ones are evicted.
    b.flush_all();
    assert_eq!(b.mmu.counters.dropped.last[0], 2 * 8192 + 48);
    warm(&mut b, 1, 0, 4096);
    warm(&mut b, 1, 0x100_0000, 4096);
    assert_eq!(b.mmu.counters.collisions, 8192);
    assert_eq!(kept(&b, 0, 8192).len(), 8192);
}

/// Maps a page, reads it, and invalidates it with `refetch` before and after it is unmapped.
fn refetched(before: impl Fn(&mut Board), after: impl Fn(&mut Board), refetch: bool) -> bool {
    let mut b = Board::plain(H6);

    b.mmu.knobs.refetch = refetch;
    b.map(0x5000, DATA);
    b.rd(0, 0x5000).unwrap();
    before(&mut b);
    b.unmap(0x5000);
    b.ram.set(TTB, 0);
    after(&mut b);
    assert_eq!(b.mmu.counters.errors(), 0);
    b.rd(0, 0x5000).is_ok()
}

/// An invalidation that comes too early shows without an access of a master.
#[test]
fn too_early_an_invalidation_shows() {
    let nothing = |_: &mut Board| ();
    let tlb = |b: &mut Board| b.ivld_page(0x5000);
    let both = |b: &mut Board| {
        b.ivld_page(0x5000);
        b.ivld_ptw(0x5000);
    };

    assert!(!refetched(both, nothing, false), "a lucky driver");
    assert!(refetched(both, nothing, true));
    assert!(refetched(|b| b.flush_all(), nothing, true));
    assert!(!refetched(nothing, |b| b.flush_all(), true));
    assert!(refetched(both, |b| b.ivld_ptw(0x5000), true));
    assert!(!refetched(tlb, |b| b.flush_all(), true));

    // The table is replaced: the page is read through the old directory entry.
    for (first, want) in [(IVLD_ENABLE, DATA), (PC_ENABLE, DATA + 0x1000)] {
        for refetch in [false, true] {
            let mut b = Board::plain(H6);

            assert!(b.mmu.knobs.set("refetch", refetch.into()));
            b.map(0x5000, DATA);
            b.rd(0, 0x5000).unwrap();
            b.ram.set(TTB, 0);
            b.map(0x5000, DATA + 0x1000);
            b.w(IVLD_ADDR, 0x5000);
            b.w(IVLD_MASK, !0xfff);
            b.w(PC_ADDR, 0);
            b.w(first, 1);
            b.w(IVLD_ENABLE + PC_ENABLE - first, 1);
            let want = if refetch { want } else { DATA + 0x1000 };
            assert_eq!(b.rd(0, 0x5000), Ok(want.into()));
        }
    }
}

#[test]
fn refetched_when_done() {
    let mut b = Board::plain(H6);

    b.mmu.knobs.refetch = true;
    b.mmu.knobs.busy_reads = 1;
    b.map(0x5000, DATA);
    b.rd(3, 0x5000).unwrap();
    b.ivld_page(0x5000);
    b.map(0x5000, DATA + 0x1000);
    b.r(IVLD_ENABLE);
    b.r(IVLD_ENABLE);
    for level in [Level::Macro, Level::Micro(3)] {
        assert_eq!(b.mmu.cached(level, 0x5000), Some(DATA + 0x1000 | 2));
    }
    assert_eq!(b.mmu.counters.dropped.last[3], 2);

    // While nothing is translated, it has to wait.
    b.mmu.knobs.busy_reads = 0;
    b.w(ENABLE, 0);
    b.flush_all();
    assert_eq!(b.mmu.cached(Level::Macro, 0x5000), None);
    b.map(0x5000, DATA);
    b.w(ENABLE, 1);
    b.unmap(0x5000);
    assert_eq!(b.rd(3, 0x5000), pa(0));
    assert_eq!(b.mmu.counters.accesses, 2);
}
