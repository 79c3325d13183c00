// SPDX-License-Identifier: GPL-2.0

//! Walks: geometry, formats, missing entries.

use super::board::*;
use iommu_models::{
    dart::{
        Config,
        Fault,
        How,
        Variant::{
            T8103Usb4,
            T6000,
            T8103,
            T8110, //
        },
        Wide, //
    },
    Cause,
    Denied, //
};

const NO_TABLE: Result<u64, Denied> = Err(Denied::Fault(Cause::NoTable));
const NO_PAGE: Result<u64, Denied> = Err(Denied::Fault(Cause::NoPage));
const REFUSED: Result<u64, Denied> = Err(Denied::Fault(Cause::Permission));

/// The fault of the last access.
fn why(b: &Board) -> Fault {
    match b.dart.log.recent().last().unwrap().how {
        How::Faulted { cause, .. } => cause,
        how => panic!("{how}"),
    }
}

#[test]
fn pages_everywhere() {
    for config in all() {
        let mut b = Board::on(config);
        let page = b.dart.page();
        let top = 1u64 << if b.levels() == 3 { 42 } else { 32 };

        for (n, iova) in [
            0,
            page,
            7 * page,
            0x1234_4000 & !(page - 1),
            1 << 30,
            top - page,
        ]
        .into_iter()
        .enumerate()
        {
            // With 4 KiB pages a table reaches 1 GiB, and there are four of them.
            let root = match iova >> 30 {
                i @ 1.. if b.shift == 12 => ROOT2 + 0x4000 * i,
                _ => ROOT,
            };
            let pa = DATA + n as u64 * 0x4000;

            if root != ROOT {
                b.set_root(3, (iova >> 30) as u32, root);
            }
            b.map_in(root, iova, pa, RW);
            b.flush(3);
            assert_eq!(b.rd(3, iova), Ok(pa), "{iova:#x}");
            assert_eq!(b.wr(3, iova + page - 4), Ok(pa + page - 4));
        }
        assert_eq!(b.dart.counters.errors(), 0);
    }
}

/// A walk reads the entries at the indices that the manual defines. They are written by hand here.
#[test]
fn two_levels_of_16k() {
    let mut b = Board::ready(Config::new(T8103));

    // L1 [35:25], L2 [24:14]
    b.ram.set64(RAM + 0x8000 + 8 * 0x7f, 0x8_0000_c003);
    b.ram.set64(RAM + 0xc000 + 8 * 0x7ff, 0x8_0010_4003);
    b.w(0x200 + 16 * 5, 0x8080_0008);
    b.w(0x100 + 4 * 5, 0x80);
    assert_eq!(b.rd(5, 0xffff_d678), Ok(0x8_0010_5678));
    assert_eq!(b.dart.counters.errors(), 0);
}

#[test]
fn two_levels_of_16k_in_dart2() {
    let mut b = Board::ready(Config::new(T6000));

    b.ram.set64(RAM + 0x8000 + 8 * 0x7f, 0x8000_0c01);
    b.ram.set64(RAM + 0xc000 + 8 * 0x7ff, 0x000f_ff00_8001_0401);
    b.w(0x200 + 16 * 5, 0x8080_0008);
    b.w(0x100 + 4 * 5, 0x80);
    assert_eq!(b.rd(5, 0xffff_d678), Ok(0x8_0010_5678));
    assert_eq!(b.dart.counters.errors(), 0);
}

#[test]
fn two_levels_of_4k_and_four_ttbrs() {
    let mut b = Board::ready(Config::new(T8103Usb4).pages_4k());

    // TTBR [31:30], L1 [29:21], L2 [20:12]
    b.ram.set64(RAM + 0x1000 + 8 * 0x1fe, 0x8_0000_3003);
    b.ram.set64(RAM + 0x3000 + 8 * 0x0f1, 0x8_0010_5003);
    b.w(0x400 + 16 * 63 + 4 * 2, 0x8080_0001);
    b.w(0x100 + 4 * 63, 0x80);
    let iova = 2 << 30 | 0x1fe << 21 | 0xf1 << 12 | 0x678;
    assert_eq!(b.rd(63, iova), Ok(0x8_0010_5678));
    assert_eq!(b.rd(63, iova ^ 1 << 30), NO_TABLE);
    assert_eq!(why(&b), Fault::NoTtbr);
    assert_eq!(b.dart.counters.errors(), 0);
}

#[test]
fn three_levels() {
    let mut b = Board::ready(Config::new(T8110));

    // L0 [46:36], L1 [35:25], L2 [24:14]; with an entry that was read from hardware.
    b.ram.set64(RAM + 0x8000 + 8 * 0x3f, 0x8000_0c01);
    b.ram.set64(RAM + 0xc000 + 8 * 0x7fe, 0x8000_1001);
    b.ram
        .set64(RAM + 0x1_0000 + 8 * 0x123, 0x000f_ff00_28e0_8403);
    b.w(0x1400 + 4 * 200, (RAM as u32 >> 12) | 0x0080_0009);
    b.w(0x1000 + 4 * 200, 0x9);
    let iova = 0x3f << 36 | 0x7fe << 25 | 0x123 << 14 | 0x8;
    assert_eq!(b.rd(200, iova), Ok(0x2_8e08_4008));
    assert_eq!(b.rd(200, iova ^ 1 << 36), NO_TABLE);
    assert_eq!(why(&b), Fault::NoPgd);
    assert_eq!(b.rd(200, iova ^ 1 << 25), NO_TABLE);
    assert_eq!(why(&b), Fault::NoPmd);
    assert_eq!(b.rd(200, iova ^ 1 << 14), NO_PAGE);
    assert_eq!(why(&b), Fault::NoPte);
    assert_eq!(b.dart.counters.errors(), 0);
}

#[test]
fn two_levels_where_three_could_be() {
    let mut b = Board::ready(Config::new(T8110));

    b.on = t8110::TRANSLATE;
    b.attach(0, ROOT);
    b.map(0xf_1234_4000, DATA);
    assert_eq!(b.rd(0, 0xf_1234_4004), Ok(DATA + 4));
    assert_eq!(b.rd(0, 0x1f_1234_4004), REFUSED, "two levels reach 36 bits");
    assert_eq!(why(&b), Fault::Filter);

    // The same table read as one of three levels is a different one.
    b.flush(0);
    b.w(t8110::TCR, t8110::TRANSLATE | t8110::FOUR_LEVEL);
    assert!(b.rd(0, 0xf_1234_4004).is_err());
}

#[test]
fn four_ttbrs_of_16k() {
    let mut b = Board::ready(Config::new(T8103).input(38));

    b.attach(0, ROOT);
    b.set_root(0, 3, ROOT2);
    b.map_in(ROOT2, 0x4000, DATA, RW);
    assert_eq!(b.rd(0, 3 << 36 | 0x4000), Ok(DATA));
    assert_eq!(b.rd(0, 0x4000), NO_TABLE);
    assert_eq!(why(&b), Fault::NoPmd);
    assert_eq!(b.rd(0, 2 << 36 | 0x4000), NO_TABLE);
    assert_eq!(why(&b), Fault::NoTtbr);
}

#[test]
fn what_is_missing() {
    for config in all() {
        let mut b = Board::ready(config);

        b.dart.knobs.line_fill = false;
        b.w(b.tcr(1), b.on);
        assert_eq!(b.rd(1, 0x4_8000), NO_TABLE);
        assert_eq!(why(&b), Fault::NoTtbr);
        b.attach(1, ROOT);
        assert_eq!(b.rd(1, 0x4_8000), NO_TABLE);
        assert_eq!(
            why(&b),
            if b.levels() == 3 {
                Fault::NoPgd
            } else {
                Fault::NoPmd
            }
        );
        let entry = b.entry(ROOT, 0x4_8000, 1);
        if b.levels() == 3 {
            b.flush(1);
            assert_eq!(b.rd(1, 0x4_8000), NO_TABLE);
            assert_eq!(why(&b), Fault::NoPmd);
        }
        // An entry without the valid bit is not valid, regardless of its other bits.
        b.ram.set64(entry, !1);
        b.flush(1);
        assert_eq!(b.rd(1, 0x4_8000), NO_TABLE);
        assert_eq!(why(&b), Fault::NoPmd);
        b.ram.set64(entry, 0);
        let entry = b.entry(ROOT, 0x4_8000, 0);
        b.ram.set64(entry, !1);
        b.flush(1);
        assert_eq!(b.rd(1, 0x4_8000), NO_PAGE);
        assert_eq!(why(&b), Fault::NoPte);
        b.map(0x4_8000, DATA);
        b.flush(1);
        assert_eq!(b.rd(1, 0x4_8000), Ok(DATA));
        assert_eq!(b.dart.counters.reserved_entry_bits, 0);
    }
}

#[test]
fn tables_that_are_not_there() {
    for config in all() {
        let mut b = Board::on(config);

        b.set_root(1, 0, RAM + (64 << 20));
        assert_eq!(b.rd(1, 0), NO_TABLE);
        assert_eq!(why(&b), Fault::Axi);
        assert_eq!(b.dart.counters.bus_errors, 1);

        b.set_root(1, 0, ROOT);
        let entry = b.entry(ROOT, 0, 1);
        b.ram.set64(entry, b.field(RAM + (64 << 20)) | 1);
        b.flush(1);
        assert_eq!(b.rd(1, 0), NO_TABLE);
        assert_eq!(why(&b), Fault::Axi);
        // The failed read is not cached.
        b.ram.set64(entry, 0);
        b.map(0, DATA);
        b.flush(1);
        assert_eq!(b.rd(1, 0), Ok(DATA));
    }
}

#[test]
fn wider_than_the_input() {
    for (variant, bits) in [(T8103, 32), (T8103Usb4, 32), (T6000, 32), (T8110, 42)] {
        let mut b = Board::on(Config::new(variant));

        b.map(0x4000, DATA);
        assert_eq!(b.rd(0, 0x4000), Ok(DATA));
        assert_eq!(b.rd(0, 1 << bits | 0x4000), REFUSED);
        assert_eq!(why(&b), Fault::Filter);
        let filter = if b.is_t8110() {
            t8110::BYPASS_FILTER
        } else {
            t8020::BYPASS_FILTER
        };
        let bypass = !matches!(variant, T8103Usb4);
        b.w(b.tcr(0), b.on | if bypass { filter } else { 0 });
        assert_eq!(b.rd(0, 1 << bits | 0x4000).is_ok(), bypass);
        b.w(b.tcr(0), b.on);
        b.dart.knobs.wide = Wide::Wraps;
        assert_eq!(b.rd(0, 1 << bits | 0x4000), Ok(DATA));
        assert_eq!(b.rd(0, 1 << 63 | 0x4000), Ok(DATA));
    }
}

#[test]
fn bits_of_entries_that_should_be_0() {
    for (variant, in_page, in_table) in [
        (
            T8103,
            [2, 6, 9, 11, 12, 13, 36, 39],
            [2, 7, 8, 11, 12, 36, 40, 63],
        ),
        (
            T6000,
            [4, 5, 6, 7, 8, 9, 38, 39],
            [2, 3, 4, 9, 38, 39, 40, 63],
        ),
        (
            T8110,
            [4, 5, 6, 7, 8, 9, 38, 39],
            [2, 3, 4, 9, 38, 39, 40, 63],
        ),
    ] {
        let mut b = Board::plain(variant);
        let page = b.entry(ROOT, 0, 0);
        let table = b.entry(ROOT, 0, 1);

        b.map(0, DATA);
        b.rd(0, 0).unwrap();
        let (good_page, good_table) = (b.ram.get64(page), b.ram.get64(table));
        for (at, good, bits) in [(page, good_page, in_page), (table, good_table, in_table)] {
            for bit in bits {
                let before = b.dart.counters.reserved_entry_bits;

                b.ram.set64(at, good | 1 << bit);
                b.flush(0);
                assert_eq!(b.rd(0, 0), Ok(DATA), "{variant:?} {bit}: means nothing");
                assert_eq!(
                    b.dart.counters.reserved_entry_bits,
                    before + 1,
                    "{variant:?} {bit}"
                );
            }
            b.ram.set64(at, good);
        }
        // Bit 1 does no harm in an entry that points to a table, nor in a page entry of DART2.
        let before = b.dart.counters.reserved_entry_bits;
        b.ram.set64(table, good_table | 2);
        b.ram.set64(page, good_page | 2);
        b.flush(0);
        assert_eq!(b.rd(0, 0), Ok(DATA));
        assert_eq!(b.dart.counters.reserved_entry_bits, before);
    }
}

#[test]
fn output_ends_where_it_ends() {
    let mut b = Board::plain(T8103);
    b.map(0, 0xf_ffff_c000);
    assert_eq!(b.rd(0, 4), Ok(0xf_ffff_c004));

    let mut b = Board::plain(T6000);
    b.map(0, 0x3ff_ffff_c000);
    assert_eq!(b.rd(0, 4), Ok(0x3ff_ffff_c004));

    let mut b = Board::on(Config::new(T8110).input(36).output(36));
    b.map(0, 0x10_0000_4000);
    assert_eq!(b.rd(0, 4), Ok(0x4004));
    assert_eq!(b.dart.counters.reserved_entry_bits, 1);
}

#[test]
fn misaligned_top_table_is_cut() {
    let mut b = Board::ready(Config::new(T8103));

    b.map(0, DATA);
    b.w(t8020::TTBR, b.root(ROOT) | 1);
    b.w(t8020::TCR, b.on);
    assert_eq!(b.rd(0, 0), Ok(DATA));
    assert_eq!(b.dart.counters.misaligned_ttbrs, 1);
}
