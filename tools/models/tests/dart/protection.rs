// SPDX-License-Identifier: GPL-2.0

//! The accesses that a page entry permits.

use super::board::*;
use iommu_models::{
    dart::{
        Config, Fault,
        Variant::{
            T8103Usb4, //
            T8103,
        },
    },
    Cause,
    Denied, //
};

const REFUSED: Denied = Denied::Fault(Cause::Permission);

/// Writes an entry with these low bits; returns whether it permits a read and a write.
fn permits(b: &mut Board, low: u64) -> (bool, bool) {
    let entry = b.entry(ROOT, 0, 0);

    b.ram.set64(entry, b.field(DATA) | 0xfff << 40 | low);
    b.flush(0);
    (b.rd(0, 0).is_ok(), b.wr(0, 0).is_ok())
}

#[test]
fn by_direction() {
    for config in all() {
        let mut b = Board::on(config);
        let dart1 = matches!(b.dart.variant(), T8103 | T8103Usb4);
        let (no_read, no_write) = if dart1 { (1 << 8, 1 << 7) } else { (8, 4) };

        assert_eq!(permits(&mut b, 1), (true, true));
        assert_eq!(permits(&mut b, 3), (true, true));
        assert_eq!(permits(&mut b, 1 | no_write), (true, false));
        assert_eq!(permits(&mut b, 1 | no_read), (false, true));
        assert_eq!(permits(&mut b, 1 | no_read | no_write), (false, false));
        assert_eq!(b.dart.counters.faults.of(Fault::Write), 2);
        assert_eq!(b.dart.counters.faults.of(Fault::Read), 2);
        assert_eq!(b.dart.counters.errors(), 0);
    }
}

#[test]
fn entries_of_tables_permit_everything() {
    let mut b = Board::plain(T8103);

    b.map(0, DATA);
    let table = b.entry(ROOT, 0, 1);
    let word = b.ram.get64(table);
    b.ram.set64(table, word | 1 << 7 | 1 << 8);
    assert!(b.rd(0, 0).is_ok() && b.wr(0, 0).is_ok());
}

fn touch(b: &mut Board, offset: u64, len: usize) -> Result<u64, Denied> {
    let result = b.dart.access(&mut b.ram, 0, offset, len, false);

    b.ack();
    result
}

#[test]
fn range_of_a_page() {
    for config in all() {
        let mut b = Board::on(config);
        let prot = Prot {
            range: Some((0x10, 0x20)),
            ..RW
        };

        b.map_in(ROOT, 0, DATA, prot);
        // Units of 4 bytes, both ends included.
        for (offset, len, fits) in [
            (0x40, 4, true),
            (0x3c, 4, false),
            (0x3f, 1, false),
            (0x80, 4, true),
            (0x83, 1, true),
            (0x84, 1, false),
            (0x40, 0x44, true),
            (0x40, 0x45, false),
            (0x3f, 0x44, false),
            (0x60, 1, true),
        ] {
            let want = if fits {
                Ok(DATA + offset)
            } else {
                Err(REFUSED)
            };

            assert_eq!(touch(&mut b, offset, len), want, "{offset:#x} {len:#x}");
        }
        assert_eq!(b.dart.counters.faults.of(Fault::SubPage), 5);

        // The whole page, one unit, no unit.
        let page = b.dart.page();
        for (range, at, fits) in [
            ((0, 0xfff), page - 4, true),
            ((0, 0), 0, true),
            ((0, 0), 4, false),
            ((1, 0), 0, false),
            ((1, 0), 4, false),
        ] {
            let prot = Prot {
                range: Some(range),
                ..RW
            };

            b.map_in(ROOT, 0, DATA, prot);
            b.flush(0);
            assert_eq!(touch(&mut b, at, 4).is_ok(), fits, "{range:?} {at:#x}");
        }
    }
}

#[test]
fn dart1_can_do_without_a_range() {
    for config in all() {
        let mut b = Board::on(config);
        let dart1 = matches!(b.dart.variant(), T8103 | T8103Usb4);
        let entry = b.entry(ROOT, 0, 0);

        b.ram
            .set64(entry, b.field(DATA) | 0x123 << 52 | 0x122 << 40 | 3);
        assert_eq!(touch(&mut b, 0, 4).is_ok(), dart1);
        assert_eq!(touch(&mut b, 0xffc, 4).is_ok(), dart1);
    }
}

#[test]
fn direction_comes_before_range() {
    let mut b = Board::on(Config::new(T8103));
    let prot = Prot {
        no_read: true,
        range: Some((1, 1)),
        ..RW
    };

    b.map_in(ROOT, 0, DATA, prot);
    b.rd(0, 0).unwrap_err();
    b.wr(0, 0).unwrap_err();
    assert_eq!(b.dart.counters.faults.of(Fault::Read), 1);
    assert_eq!(b.dart.counters.faults.of(Fault::SubPage), 1);
}
