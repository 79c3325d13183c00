// SPDX-License-Identifier: GPL-2.0

//! Tables: formats of entries, rights, sections, errors in entries.

use super::board::*;
use iommu_models::tegra::{
    Fault,
    Variant::{
        self,
        T114,
        T124,
        T210, //
        T30,
    },
};

/// The number of faults of a kind.
fn faults(b: &Board, fault: Fault) -> u64 {
    b.mmu.counters.faults.of(fault)
}

/// The words of the documents' example, written by hand.
#[test]
fn the_example_of_tegra210() {
    let mut b = Board::on(T210);
    let root = 0x1_8000_0000;
    let table = 0x1_8001_0000;

    assert_eq!(b.root(0), root);
    b.set_root_word(HC_ASID, 0xe018_0000);
    // IOVA 0x1234_5000: directory entry 72, table entry 837.
    b.ram.set(root + 72 * 4, 0xf018_0010);
    b.ram.set(table + 837 * 4, 0xe012_3456_u32);
    assert_eq!(b.rd(HOST, 0x1234_5abc), Ok(0x1_2345_6abc));
    assert_eq!(b.wr(HOST, 0x1234_5abc), Ok(0x1_2345_6abc));
    assert_eq!(b.mmu.tlb(HC_ASID, 0x1234_5000), Some(0xe012_3456));
    assert_eq!(b.mmu.ptc(table + 837 * 4), Some(0xe012_3456));
    assert_eq!(b.errors(), 0);
}

#[test]
fn an_example_of_tegra30() {
    let mut b = Board::on(T30);

    b.set_root_word(HC_ASID, 0xe008_0000);
    b.ram.set(0x8000_0000_u64 + 1023 * 4, 0xf008_0010);
    b.ram.set(0x8001_0000_u64 + 1023 * 4, 0xe00f_ffff);
    assert_eq!(b.rd(HOST, 0xffff_f004), Ok(0xffff_f004));
    assert_eq!(b.errors(), 0);
}

#[test]
fn borders_of_tables() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        let iovas = [
            0,
            0x3f_f000,
            0x40_0000,
            0x7fff_f000,
            0x8000_0000,
            0xffff_f000,
        ];

        for (n, iova) in (0..).zip(iovas) {
            b.map(iova, b.data(n));
        }
        for (n, iova) in (0..).zip(iovas) {
            assert_eq!(b.rd(HOST, iova + 4), Ok(b.data(n) + 4), "{iova:#x}");
        }
    }
}

#[test]
fn levels_without_valid_entry() {
    for variant in Variant::ALL {
        let mut b = Board::plain(variant);

        assert_eq!(b.rd(HOST, 0x4000), NO_TABLE);
        assert_eq!(faults(&b, Fault::NoPde), 1);
        b.pte(b.root(0), 0x4000);
        b.flush_all();
        assert_eq!(b.rd(HOST, 0x4000), NO_PAGE);
        assert_eq!(faults(&b, Fault::NoPte), 1);
        b.set_root_word(HC_ASID, 0);
        b.flush_all();
        assert_eq!(b.rd(HOST, 0x4000), NO_TABLE);
        assert_eq!(faults(&b, Fault::NoRoot), 1);
        assert_eq!(b.mmu.counters.translated, 0);
    }
}

/// A word is valid if it is readable or writable. Its other bits do not matter.
#[test]
fn rights_make_a_word_valid() {
    let mut b = Board::plain(T210);
    let root = b.root(0);

    b.map(0x4000, b.data(0));
    for word in [NS | 0x18_0000, NEXT | 0x18_0000, 0x18_0000] {
        b.set_root_word(HC_ASID, word & !NEXT);
        b.flush_all();
        assert_eq!(b.rd(HOST, 0x4000), NO_TABLE, "root {word:#x}");
    }
    b.set_root(HC_ASID, root);
    let pde = b.pde(root, 0x4000);
    let good = b.ram.get(pde);
    b.ram.set(pde, good & !(R | W));
    b.flush_all();
    assert_eq!(b.rd(HOST, 0x4000), NO_TABLE);
    b.ram.set(pde, good);
    b.map_in(root, 0x4000, Board::word(b.data(0), NS));
    b.flush_all();
    assert_eq!(b.rd(HOST, 0x4000), NO_PAGE);
    assert_eq!(b.mmu.counters.faults_latched, 1, "the others came too soon");
    assert_eq!(faults(&b, Fault::NoRoot), 3);
}

/// A right must be granted by each level.
#[test]
fn rights_of_all_levels() {
    for variant in Variant::ALL {
        let mut b = Board::plain(variant);
        let root = b.root(0);
        let pde = b.pde(root, 0x4000);

        b.map(0x4000, b.data(0));
        let table = b.ram.get(pde) & !(RW | NEXT);
        let choices = [RW, R | NS, W | NS, R | W];
        for (i, j, k) in (0..64).map(|n| (n / 16, n / 4 % 4, n % 4)) {
            let (top, middle, leaf) = (choices[i], choices[j], choices[k]);
            let both = top & middle & leaf;

            b.set_root_word(HC_ASID, Board::word(root, top));
            b.ram.set(pde, table | NEXT | middle);
            b.map_in(root, 0x4000, Board::word(b.data(0), leaf));
            b.flush_all();
            for (write, right) in [(false, R), (true, W)] {
                let want = match both & right != 0 && both & NS != 0 {
                    true => Ok(b.data(0)),
                    false => PERMISSION,
                };
                let got = b.mmu.access(&mut b.ram, HOST, 0x4000, write);

                assert_eq!(got, want, "{top:#x} {middle:#x} {leaf:#x} {write}");
            }
        }
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn faults_of_rights() {
    let mut b = Board::plain(T124);
    let root = b.root(0);

    b.map_in(root, 0x4000, Board::word(b.data(0), R | NS));
    b.map_in(root, 0x5000, Board::word(b.data(0), W | NS));
    b.map_in(root, 0x6000, Board::word(b.data(0), R | W));
    assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
    assert_eq!(b.wr(HOST, 0x4000), PERMISSION);
    assert_eq!(faults(&b, Fault::Write), 1);
    assert_eq!(b.wr(HOST, 0x5000), Ok(b.data(0)));
    assert_eq!(b.rd(HOST, 0x5000), PERMISSION);
    assert_eq!(faults(&b, Fault::Read), 1);
    assert_eq!(b.rd(HOST, 0x6000), PERMISSION);
    assert_eq!(b.wr(HOST, 0x6000), PERMISSION);
    assert_eq!(faults(&b, Fault::Secure), 2);
}

#[test]
fn sections() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let pde = b.pde(b.root(0), 0x1040_0000);

        b.ram.set(pde, Board::word(b.base, R | NS));
        assert_eq!(b.rd(HOST, 0x1040_0000), Ok(b.base));
        assert_eq!(b.rd(HOST, 0x107f_fffc), Ok(b.base + 0x3f_fffc));
        assert_eq!(b.rd(HOST, 0x1052_3004), Ok(b.base + 0x12_3004));
        assert_eq!(b.wr(HOST, 0x1040_0000), PERMISSION);
        assert_eq!(b.rd(HOST, 0x1080_0000), NO_TABLE);
        assert_eq!(b.mmu.counters.walks, 4);
        assert_eq!(b.errors(), 0);
        // The neighbours of a page of a section are pages of it, too.
        let next = b.base + 0x1000;
        assert_eq!(
            b.mmu.tlb(HC_ASID, 0x1040_1000),
            Some(Board::word(next, R | NS))
        );
    }
}

#[test]
fn misaligned_sections_lose_bits() {
    let mut b = Board::on(T210);
    let pde = b.pde(b.root(0), 0);

    b.ram.set(pde, Board::word(b.base + 0x5000, RW));
    assert_eq!(b.rd(HOST, 0x2000), Ok(b.base + 0x2000));
    assert_eq!(b.mmu.counters.misaligned_sections, 1);
    assert_eq!(b.errors(), 1);
}

#[test]
fn wide_addresses_lose_bits() {
    for (variant, extra) in [
        (T30, 1 << 20),
        (T114, 1 << 21),
        (T124, 1 << 22),
        (T210, 1 << 27),
    ] {
        let mut b = Board::plain(variant);
        let root = b.root(0);

        b.map_in(root, 0x4000, Board::word(b.data(0), RW) | extra);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
        assert_eq!(b.mmu.counters.wide_pages, 1, "{variant:?}");
        assert_eq!(b.errors(), 1);
        b.rd(HOST, 0x4000).unwrap();
        assert_eq!(b.errors(), 1, "once for each walk");

        b.map(0x5000, b.data(1));
        let pde = b.pde(root, 0x5000);
        let good = b.ram.get(pde);
        b.ram.set(pde, good | extra);
        b.flush_all();
        assert_eq!(b.rd(HOST, 0x5000), Ok(b.data(1)));
        assert_eq!(b.mmu.counters.wide_tables, 1);

        let pde = b.pde(root, 0x40_0000);
        b.ram.set(pde, Board::word(b.base, RW) | extra);
        b.flush_all();
        assert_eq!(b.rd(HOST, 0x40_5000), Ok(b.base + 0x5000));
        assert_eq!(b.mmu.counters.wide_pages, 2, "a section");
        assert_eq!(b.errors(), 3);
    }
}

/// A frame number that spills over into the rights, as of a physical address of 43 bits.
#[test]
fn spilt_addresses_grant_rights() {
    let mut b = Board::plain(T210);
    let pte = b.pte(b.root(0), 0x4000);

    b.ram.set(pte, Board::word(b.data(0) | 1 << 42, R | NS));
    assert_eq!(b.wr(HOST, 0x4000), Ok(b.data(0)), "writable, by mistake");
}

/// Bit 28 is tolerated in a table, and leftovers in words that are not valid.
#[test]
fn bits_that_are_no_mistake() {
    let mut b = Board::plain(T210);
    let root = b.root(0);

    b.map_in(root, 0x4000, Board::word(b.data(0), RW | NEXT));
    b.map_in(root, 0x5000, 0x2fff_ffff);
    assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
    assert_eq!(b.rd(HOST, 0x5000), NO_PAGE);
    let pde = b.pde(root, 0x40_0000);
    b.ram.set(pde, 0x2fff_ffff);
    assert_eq!(b.rd(HOST, 0x40_0000), NO_TABLE);
    assert_eq!(b.errors(), 0);
}

#[test]
fn tables_without_memory() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let nowhere = b.base - 0x1000;

        b.map(0x4000, b.data(0));
        b.set_root(HC_ASID, nowhere);
        assert_eq!(b.rd(HOST, 0x4000), NO_TABLE);
        assert_eq!(b.mmu.counters.bus_errors, 1);
        assert_eq!(b.mmu.ptc(nowhere), None);
        assert_eq!(b.mmu.tlb(HC_ASID, 0x4000), None);
        b.set_root(HC_ASID, b.root(0));
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)), "nothing was cached");

        let pde = b.pde(b.root(0), 0x40_0000);
        b.ram.set(pde, Board::word(nowhere, RW | NEXT));
        b.flush_all();
        assert_eq!(b.rd(HOST, 0x40_0000), NO_PAGE);
        assert_eq!(b.mmu.counters.bus_errors, 2);
        assert_eq!(b.mmu.tlb(HC_ASID, 0x40_0000), None);
        assert_eq!(b.errors(), 0);
    }
}

/// Walks read whole lines, a directory's and a table's.
#[test]
fn reads_of_a_walk() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.map(0x4000, b.data(0));
        b.map(0x40_0000, b.data(1));
        b.rd(HOST, 0x4000).unwrap();
        assert_eq!(b.mmu.counters.table_reads, 2);
        assert_eq!(b.mmu.counters.misses_ptc, 2);
        b.rd(HOST, 0x40_0000).unwrap();
        assert_eq!(
            b.mmu.counters.table_reads, 3,
            "the directory's line was there"
        );
        assert_eq!(b.mmu.counters.hits_ptc, 1);
        b.rd(HOST, 0x40_0000).unwrap();
        assert_eq!(b.mmu.counters.walks, 2);
        assert_eq!(b.mmu.counters.hits_tlb, 1);
    }
}
