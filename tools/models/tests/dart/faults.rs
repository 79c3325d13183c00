// SPDX-License-Identifier: GPL-2.0

//! The error word, the address, the line.

use super::board::*;
use iommu_models::dart::{
    Config, Latch,
    Variant::{
        T8103Usb4,
        T6000,
        T8103,
        T8110, //
    },
};

const FLAG: u32 = 1 << 31;

/// Makes stream `s` fault in every possible way; returns the error words.
fn words(b: &mut Board, s: u32) -> Vec<u32> {
    let mut words = Vec::new();
    let mut see = |b: &mut Board, iova: u64, write: bool| {
        b.flush(s);
        b.dart.access(&mut b.ram, s, iova, 4, write).unwrap_err();
        words.push(b.r(b.error()));
        b.ack();
        assert_eq!(b.r(b.error()) & FLAG, 0);
    };
    let no_write = Prot {
        no_write: true,
        ..RW
    };
    let no_read = Prot {
        no_read: true,
        ..RW
    };
    let part = Prot {
        range: Some((1, 1)),
        ..RW
    };

    b.w(b.ttbr(s, 0), 0);
    see(b, 0, false);
    b.set_root(s, 0, ROOT);
    see(b, 0, false);
    b.entry(ROOT, 0, 0);
    see(b, 0, false);
    b.map_in(ROOT, 0, DATA, no_write);
    see(b, 0, true);
    b.map_in(ROOT, 0, DATA, no_read);
    see(b, 0, false);
    b.map_in(ROOT, 0, DATA, part);
    see(b, 0, false);
    see(b, 1 << 50, false);
    b.set_root(s, 0, RAM + (64 << 20));
    see(b, 0, false);
    words
}

#[test]
fn codes_of_t8020() {
    for variant in [T8103, T8103Usb4, T6000] {
        let mut b = Board::plain(variant);

        assert_eq!(
            words(&mut b, 5),
            [
                0x8500_0001, // no TTBR
                0x8500_0002, // no table
                0x8500_0004, // no page
                0x850f_0408, // write
                0x8500_0010, // read
                0x8500_0080, // beyond the range
                0x8500_0800, // filter
                0x8500_0040, // no memory for a table
            ]
        );
    }
}

#[test]
fn codes_of_t8110() {
    let mut b = Board::ready(Config::new(T8110));

    b.dart.knobs.line_fill = false;
    b.attach(0xa5, ROOT);
    assert_eq!(
        words(&mut b, 0xa5),
        [
            0x8a54_0001, // no TTBR
            0x8a54_0002, // no table of tables
            0x8a54_0008, // no page
            0x9a54_0010, // write
            0x8a54_0020, // read
            0xaa54_0000, // beyond the range
            0x8a54_0400, // filter
            0x8a54_0080, // no memory for a table
        ]
    );
    b.attach(0xa5, ROOT);
    b.flush(0xa5);
    b.rd(0xa5, 1 << 25).unwrap_err();
    assert_eq!(b.r(t8110::ERROR), 0x8a54_0004, "no table of pages");
}

#[test]
fn the_whole_address() {
    let mut b = Board::plain(T8103);
    b.wr(3, 0xdead_beef).unwrap_err();
    assert_eq!(b.r(t8020::ADDR), 0xdead_beef);
    assert_eq!(b.r(t8020::ADDR_HIGH), 0);

    let mut b = Board::plain(T8110);
    b.wr(3, 0x212_dead_beef).unwrap_err();
    assert_eq!(b.r(t8110::ADDR), 0xdead_beef);
    assert_eq!(b.r(t8110::ADDR_HIGH), 0x212);
}

#[test]
fn the_first_is_kept() {
    for config in all() {
        let mut b = Board::on(config);
        let addr = b.address();

        b.rd(1, 0x4000).unwrap_err();
        let first = b.r(b.error());
        b.map_in(
            ROOT,
            0x8000,
            DATA,
            Prot {
                no_write: true,
                ..RW
            },
        );
        b.flush(2);
        b.wr(2, 0x8000).unwrap_err();
        let secondary = if b.is_t8110() { 1 << 19 } else { 0 };
        assert_eq!(b.r(b.error()), first | secondary);
        assert_eq!(b.r(addr), 0x4000);
        let c = &b.dart.counters;
        let (merged, lost) = if b.is_t8110() { (1, 0) } else { (0, 1) };
        assert_eq!(
            (c.faults_latched, c.faults_merged, c.faults_lost),
            (1, merged, lost)
        );

        // After it was cleared, the next one is latched.
        b.ack();
        b.wr(2, 0x8000).unwrap_err();
        assert_eq!(b.r(addr), 0x8000);
        assert_eq!(b.dart.counters.faults_latched, 2);
    }
}

#[test]
fn or_the_last() {
    let mut b = Board::plain(T8103);

    b.dart.knobs.latch = Latch::Last;
    b.rd(1, 0x4000).unwrap_err();
    b.map_in(
        ROOT,
        0x8000,
        DATA,
        Prot {
            no_write: true,
            ..RW
        },
    );
    b.flush(2);
    b.wr(2, 0x8000).unwrap_err();
    assert_eq!(b.r(t8020::ERROR), 0x820f_040a);
    assert_eq!(b.r(t8020::ADDR), 0x8000);
    assert_eq!(b.dart.counters.faults_merged, 1);
}

#[test]
fn secondary_map_of_t8110() {
    let mut b = Board::ready(Config::new(T8110));

    for stream in [3, 40, 255] {
        b.attach(stream, ROOT);
        b.rd(stream, 0).unwrap_err();
    }
    let map: Vec<_> = (0..8).map(|i| b.r(t8110::SECONDARY + 4 * i)).collect();
    assert_eq!(map, [0, 1 << 8, 0, 0, 0, 0, 0, 1 << 31]);
    for i in 0..8 {
        b.w(t8110::SECONDARY + 4 * i, if i == 7 { 0 } else { !0 });
    }
    assert_eq!(b.r(t8110::SECONDARY + 4), 0);
    assert_eq!(b.r(t8110::SECONDARY + 28), 1 << 31);
    assert_eq!(b.dart.counters.errors(), 0);
}

#[test]
fn the_line_is_the_flag() {
    for config in all() {
        let mut b = Board::on(config);

        assert!(!b.dart.irq());
        b.rd(1, 0).unwrap_err();
        assert!(b.dart.irq());
        // Writing all bits but the flag keeps the line high.
        b.w(b.error(), !FLAG);
        assert!(b.dart.irq());
        b.w(b.error(), FLAG);
        assert!(!b.dart.irq());
        // A storm: each access raises the line again.
        for _ in 0..10 {
            b.rd(1, 0).unwrap_err();
            assert!(b.dart.irq());
            b.ack();
            assert!(!b.dart.irq());
        }
    }
}

/// Whether a driver has to write back the codes as well as the flag.
#[test]
fn the_line_is_the_whole_word() {
    for config in all() {
        for by_flag in [false, true] {
            let mut b = Board::on(config);

            assert!(b.dart.knobs.set("line_by_flag", by_flag.into()));
            b.wr(1, 0).unwrap_err();
            let word = b.r(b.error());
            b.w(b.error(), FLAG);
            assert_eq!(b.dart.irq(), !by_flag);
            b.w(b.error(), word);
            assert!(!b.dart.irq(), "the bits that stay do not hold the line");
            assert_eq!(b.r(b.error()) & FLAG, 0);
        }
    }
}

#[test]
fn codes_that_are_not_cleared_stay() {
    let mut b = Board::plain(T8103);

    b.rd(1, 0).unwrap_err();
    b.w(t8020::ERROR, FLAG);
    assert_eq!(b.r(t8020::ERROR) & !(0xf << 24), 0x2);
    b.w(b.ttbr(1, 0), 0);
    b.flush(1);
    b.rd(1, 0).unwrap_err();
    assert_eq!(b.r(t8020::ERROR), 0x8100_0003);
}

#[test]
fn leftovers() {
    let mut b = Board::plain(T8103);
    b.map_in(
        ROOT,
        0,
        DATA,
        Prot {
            no_write: true,
            ..RW
        },
    );
    b.wr(0, 0).unwrap_err();
    b.ack();
    assert_eq!(b.r(t8020::ERROR), 0x000f_0400);
    b.w(t8020::ERROR, !0);
    assert_eq!(b.r(t8020::ERROR), 0x000f_0400);

    b.dart.knobs.leftovers = false;
    b.w(t8020::ERROR, !0);
    assert_eq!(b.r(t8020::ERROR), 0);

    let mut b = Board::ready(Config::new(T8110));
    b.attach(15, ROOT);
    b.rd(15, 0).unwrap_err();
    b.ack();
    assert_eq!(b.r(t8110::ERROR) & 0x0ff0_0000, 0x00f0_0000);
    assert!(!b.dart.irq());
}

/// The error word has four bits for the stream, for any number of streams.
#[test]
fn streams_of_usb4_in_the_error_word() {
    let mut b = Board::ready(Config::new(T8103Usb4));

    b.attach(0x3a, ROOT);
    b.rd(0x3a, 0).unwrap_err();
    assert_eq!(b.r(t8020::ERROR), 0x8a00_0002);
    assert_eq!(b.dart.log.faulted(0x3a), 1);
}

#[test]
fn masked_faults_of_t8110() {
    let mut b = Board::up(Config::new(T8110));

    b.w(t8110::ENABLE, !0);
    b.attach(1, ROOT);
    b.rd(1, 0).unwrap_err();
    assert!(!b.dart.irq(), "nobody has asked");
    assert_eq!(b.r(t8110::ERROR), 0);
    assert_eq!(b.dart.counters.faults_suppressed, 1);
    assert_eq!(b.dart.log.faulted(1), 1);
    b.w(t8110::ERROR_MASK, !2);
    b.rd(1, 0).unwrap_err();
    assert_eq!(b.r(t8110::ERROR), 0x8014_0002);
    b.ack();
    b.w(t8110::ERROR_MASK, 2);
    b.rd(1, 0).unwrap_err();
    assert!(!b.dart.irq());
}

#[test]
fn hushed_faults_of_t8020() {
    let mut b = Board::plain(T8103);

    // No table.
    b.w(b.tcr(1), b.on | 1 << 1);
    b.rd(1, 0).unwrap_err();
    assert_eq!(b.dart.counters.faults_suppressed, 1);
    b.rd(2, 0).unwrap_err();
    assert_eq!(b.r(t8020::ERROR), 0x8200_0002);
    b.ack();
    b.entry(ROOT, 0, 0);
    b.flush(1);
    b.rd(1, 0).unwrap_err();
    assert_eq!(b.r(t8020::ERROR), 0x8100_0004);
    b.ack();

    for (bit, prot) in [
        (
            3,
            Prot {
                no_write: true,
                ..RW
            },
        ),
        (
            4,
            Prot {
                no_read: true,
                ..RW
            },
        ),
    ] {
        b.map_in(ROOT, 0, DATA, prot);
        b.flush(1);
        b.w(b.tcr(1), b.on | 1 << bit);
        b.dart.access(&mut b.ram, 1, 0, 4, bit == 3).unwrap_err();
        assert!(!b.dart.irq());
        b.w(b.tcr(1), b.on);
        b.dart.access(&mut b.ram, 1, 0, 4, bit == 3).unwrap_err();
        assert!(b.dart.irq());
        b.ack();
    }
    assert_eq!(b.dart.counters.errors(), 0);
}

#[test]
fn the_address_is_read_only() {
    for config in all() {
        let mut b = Board::on(config);
        let addr = b.address();

        b.rd(1, 0x1234).unwrap_err();
        b.w(addr, 0);
        assert_eq!(b.r(addr), 0x1234);
        assert_eq!(b.dart.counters.regs.readonly_writes, 1);
        b.ack();
        assert_eq!(b.r(addr), 0x1234, "still there");
    }
}
