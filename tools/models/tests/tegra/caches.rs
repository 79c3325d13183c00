// SPDX-License-Identifier: GPL-2.0

//! Which lines and translations the caches keep.

use super::board::*;
use iommu_models::tegra::Variant::{
    self,
    T114,
    T124,
    T210, //
    T30,
};

/// Bytes of a PTC line, and pages of a TLB line.
fn lines(variant: Variant) -> (u64, u64) {
    match variant {
        T30 => (16, 4),
        T114 | T124 => (32, 8),
        T210 => (64, 8),
    }
}

/// A changed entry needs both flushes.
#[test]
fn stale_until_both_are_flushed() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let pte = b.pte(b.root(0), 0x4000);

        b.map(0x4000, b.data(0));
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
        b.unmap(0x4000);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)), "no flush");
        b.flush_line(pte);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)), "no flush of the TLB");
        b.flush_group(HC_ASID, 0x4000);
        assert_eq!(b.rd(HOST, 0x4000), NO_PAGE);

        b.map(0x4000, b.data(1));
        b.flush_group(HC_ASID, 0x4000);
        assert_eq!(b.rd(HOST, 0x4000), NO_PAGE, "no flush of the PTC");
        b.flush_line(pte);
        assert_eq!(b.rd(HOST, 0x4000), NO_PAGE, "the TLB was filled too early");
        b.flush_group(HC_ASID, 0x4000);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(1)));
        assert_eq!(b.errors(), 0);
    }
}

/// The order TLB, PTC is wrong only if a walk comes in between.
#[test]
fn the_wrong_order_shows_by_an_access_in_between() {
    for variant in Variant::ALL {
        for access in [false, true] {
            let mut b = Board::on(variant);
            let pte = b.pte(b.root(0), 0x4000);

            b.map(0x4000, b.data(0));
            b.rd(HOST, 0x4000).unwrap();
            b.map(0x4000, b.data(1));
            b.flush_group(HC_ASID, 0x4000);
            if access {
                b.rd(HOST, 0x4000).unwrap();
            }
            b.flush_line(pte);
            let want = if access { b.data(0) } else { b.data(1) };
            assert_eq!(b.rd(HOST, 0x4000), Ok(want), "{variant:?}");

            // In the right order, the access does not matter.
            b.map(0x4000, b.data(2));
            b.flush_line(pte);
            if access {
                b.rd(HOST, 0x4000).unwrap();
            }
            b.flush_group(HC_ASID, 0x4000);
            assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(2)), "{variant:?}");
        }
    }
}

#[test]
fn the_ptc_keeps_whole_lines() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let (line, _) = lines(variant);
        let table = b.pte(b.root(0), 0);

        b.map(0, b.data(0));
        b.rd(HOST, 0).unwrap();
        for at in (0..256).step_by(4) {
            let word = b.mmu.ptc(table + at);

            assert_eq!(word.is_some(), at < line, "{variant:?} {at}");
        }
        assert_eq!(b.mmu.ptc(table), Some(Board::word(b.data(0), RW)));
        assert_eq!(b.mmu.ptc(table + 4), Some(0), "also what is empty");
        assert_eq!(b.mmu.ptc(b.root(0)), Some(Board::word(table, RW | NEXT)));
    }
}

/// The lines belong to memory, not to an ASID.
#[test]
fn all_asids_share_the_ptc() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        b.w(DC, 1 << 31 | 3);
        b.set_root(3, b.root(0));
        b.map(0x4000, b.data(1));
        assert_eq!(b.rd(DISPLAY, 0x4000), Ok(b.data(0)), "from the old line");
        assert_eq!(b.mmu.counters.hits_ptc, 2);
        assert_eq!(b.mmu.counters.table_reads, 2);
    }
}

#[test]
fn a_tlb_line_is_filled_as_a_whole() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let (_, pages) = lines(variant);
        let first = 0x10 << 12;

        b.map(first, b.data(0));
        b.map(first + 0x3000, b.data(3));
        b.rd(HOST, first + 0x3000).unwrap();
        for page in 0..16 {
            let held = b.mmu.tlb(HC_ASID, (first + (page << 12)) as u32);

            assert_eq!(held.is_some(), page < pages, "{variant:?} {page}");
        }
        b.rd(HOST, first).unwrap();
        assert_eq!(b.rd(HOST, first + 0x1000), NO_PAGE);
        assert_eq!(b.mmu.counters.walks, 1);
        // A page that is mapped beside has the old, empty translation.
        b.map(first + 0x2000, b.data(2));
        b.flush_ptc();
        assert_eq!(b.rd(HOST, first + 0x2000), NO_PAGE);
        b.flush_group(HC_ASID, first as u32);
        assert_eq!(b.rd(HOST, first + 0x2000), Ok(b.data(2)));
    }
}

#[test]
fn a_fill_leaves_what_is_there() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.mmu.knobs.negative = false;
        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        b.map(0x4000, b.data(1));
        b.map(0x5000, b.data(2));
        b.flush_ptc();
        assert_eq!(b.rd(HOST, 0x5000), Ok(b.data(2)));
        assert_eq!(b.mmu.counters.walks, 2);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)), "still stale");
    }
}

#[test]
fn without_line_fill_neighbours_are_not_stored() {
    let mut b = Board::plain(T210);

    b.map(0x4000, b.data(0));
    b.rd(HOST, 0x4000).unwrap();
    assert_eq!(b.mmu.tlb(HC_ASID, 0x5000), None);
    assert!(b.mmu.tlb(HC_ASID, 0x4000).is_some());
}

/// What is not mapped is kept as well, at each level.
#[test]
fn results_without_mapping_are_kept() {
    for variant in Variant::ALL {
        let mut b = Board::plain(variant);

        b.set_root_word(HC_ASID, 0);
        assert_eq!(b.rd(HOST, 0x4000), NO_TABLE);
        b.set_root(HC_ASID, b.root(0));
        assert_eq!(b.rd(HOST, 0x4000), NO_TABLE, "no root was found");
        b.map(0x4000, b.data(0));
        b.flush_section(HC_ASID, 0x4000);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));

        assert_eq!(b.rd(HOST, 0x40_0000), NO_TABLE);
        b.map(0x40_0000, b.data(1));
        b.flush_ptc();
        assert_eq!(b.rd(HOST, 0x40_0000), NO_TABLE, "no table was found");
        b.flush_section(HC_ASID, 0x40_0000);
        assert_eq!(b.rd(HOST, 0x40_0000), Ok(b.data(1)));

        assert_eq!(b.rd(HOST, 0x9000), NO_PAGE);
        b.map(0x9000, b.data(2));
        b.flush_ptc();
        assert_eq!(b.rd(HOST, 0x9000), NO_PAGE, "no page was found");

        // The milder reading: the TLB has none of them. The PTC has its empty lines.
        b.mmu.knobs.negative = false;
        b.flush_all();
        assert_eq!(b.rd(HOST, 0x80_0000), NO_TABLE);
        b.map(0x80_0000, b.data(3));
        assert_eq!(b.rd(HOST, 0x80_0000), NO_TABLE);
        b.flush_ptc();
        assert_eq!(b.rd(HOST, 0x80_0000), Ok(b.data(3)));
    }
}

/// The root is taken when it is written. Later changes of its memory do not matter to the register.
#[test]
fn a_stale_root() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        b.map_in(b.root(2), 0x4000, Board::word(b.data(1), RW));
        b.set_root(HC_ASID, b.root(2));
        b.mmu.log.mark();
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)), "no flush of the TLB");
        assert_eq!(b.mmu.log.stale_table(), 1);
        assert_eq!(b.mmu.log.via(b.root(0)), 1);
        b.flush_asid(HC_ASID);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(1)));
        assert_eq!(b.mmu.log.stale_table(), 1);
        assert_eq!(b.mmu.log.via(b.root(2)), 1);
    }
}

/// A directory that is freed while its root is set: the walker finds what is written there next.
#[test]
fn a_freed_directory_is_still_walked() {
    let mut b = Board::on(T210);
    let victim = b.data(9);

    b.rd(HOST, 0x4000).unwrap_err();
    b.flush_all();
    let pde = b.pde(b.root(0), 0x4000);
    b.ram.set(pde, Board::word(victim & !0x3f_ffff, RW));
    assert_eq!(b.rd(HOST, 0x4000), Ok((victim & !0x3f_ffff) + 0x4000));
    assert_eq!(b.mmu.root(HC_ASID), Board::word(b.root(0), RW));
}

/// A page that becomes a directory again, with its old lines in the PTC.
#[test]
fn a_reused_directory_needs_all_of_its_lines_flushed() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let root = b.root(0);
        let far = 0x8000_0000;

        b.map(0x4000, b.data(0));
        b.map(far, b.data(1));
        b.rd(HOST, 0x4000).unwrap();
        b.rd(HOST, far).unwrap();
        // All entries are cleared, and the first line and the TLB flushed.
        for iova in [0x4000, far] {
            let pde = b.pde(root, iova);
            b.ram.set(pde, 0);
        }
        b.flush_line(root);
        b.flush_asid(HC_ASID);
        assert_eq!(b.rd(HOST, 0x4000), NO_TABLE);
        assert_eq!(b.rd(HOST, far), Ok(b.data(1)), "from its old line");
    }
}

#[test]
fn the_ptc_can_be_off() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.w(PTC_CONFIG, 0x3f);
        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        assert_eq!(b.mmu.ptc(b.root(0)), None);
        b.map(0x4000, b.data(1));
        b.flush_group(HC_ASID, 0x4000);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(1)));
        // Contents stay while it is off.
        b.w(PTC_CONFIG, 0x2000_003f);
        b.flush_group(HC_ASID, 0x4000);
        b.rd(HOST, 0x4000).unwrap();
        b.w(PTC_CONFIG, 0x3f);
        b.map(0x4000, b.data(2));
        b.w(PTC_CONFIG, 0x2000_003f);
        b.flush_group(HC_ASID, 0x4000);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(1)), "stale");
    }
}

#[test]
fn the_tlb_is_off_without_lines() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.w(TLB_CONFIG, 0x2000_0000);
        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        b.rd(HOST, 0x4000).unwrap();
        assert_eq!(b.mmu.counters.walks, 2);
        assert_eq!(b.mmu.tlb(HC_ASID, 0x4000), None);
        b.map(0x4000, b.data(1));
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)), "the PTC has it");
        b.flush_ptc();
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(1)));
    }
}

/// Nothing is evicted, unless a knob or the number of entries says so.
#[test]
fn evictions() {
    for variant in Variant::ALL {
        let mut b = Board::plain(variant);
        let pages = 1024 + 8;

        for page in 0..pages {
            b.map(page << 12, b.data(page % 16));
        }
        for page in 0..pages {
            b.rd(HOST, page << 12).unwrap();
        }
        assert_eq!(b.mmu.counters.collisions, 0);
        assert_eq!(b.mmu.counters.walks, pages);
        for page in 0..pages {
            b.rd(HOST, page << 12).unwrap();
        }
        assert_eq!(b.mmu.counters.hits_tlb, pages);

        b.mmu.knobs.direct_mapped = true;
        b.flush_all();
        b.rd(HOST, 0).unwrap();
        b.rd(HOST, 1024 << 12).unwrap();
        b.rd(HOST, 0).unwrap();
        assert_eq!(b.mmu.counters.walks, pages + 3, "they evict each other");
        assert!(b.mmu.counters.collisions >= 2);
    }
}

#[test]
fn a_full_tlb_evicts() {
    let mut b = Board::plain(T124);

    for page in 0..8200 {
        b.map(page << 12, b.data(0));
    }
    for page in 0..8200 {
        b.rd(HOST, page << 12).unwrap();
    }
    assert_eq!(b.mmu.counters.collisions, 8);
}

#[test]
fn instances_are_separate() {
    let mut one = Board::on(T210);
    let mut two = Board::on(T210);

    one.map(0x4000, one.data(0));
    assert_eq!(one.rd(HOST, 0x4000), Ok(one.data(0)));
    assert_eq!(two.rd(HOST, 0x4000), NO_TABLE);
    assert!(two.mmu.irq() && !one.mmu.irq());
}
