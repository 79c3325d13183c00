// SPDX-License-Identifier: GPL-2.0

//! The command register: busy time, lost commands, and the targets of T8110's commands.

use super::board::*;
use iommu_models::dart::{
    Config, Dart, Level,
    Variant::{
        T8103,
        T8110, //
    },
};

fn command(b: &Board) -> (u32, u32) {
    if b.is_t8110() {
        (t8110::COMMAND, t8110::BUSY)
    } else {
        (t8020::COMMAND, t8020::BUSY)
    }
}

/// Caches a page of stream 1 and unmaps it.
fn stale(b: &mut Board) {
    b.map(0x4000, DATA);
    b.rd(1, 0x4000).unwrap();
    b.unmap(0x4000);
}

fn is_stale(b: &mut Board) -> bool {
    b.rd(1, 0x4000).is_ok()
}

#[test]
fn takes_its_time() {
    for config in all() {
        let mut b = Board::on(config);
        let (off, busy) = command(&b);

        b.dart.knobs.busy_reads = 3;
        stale(&mut b);
        b.flush(1);
        for _ in 0..3 {
            assert!(is_stale(&mut b), "nobody has waited");
            assert_ne!(b.r(off) & busy, 0);
        }
        assert!(is_stale(&mut b));
        assert_eq!(b.r(off) & busy, 0);
        assert!(!is_stale(&mut b));
        assert_eq!(b.dart.counters.errors(), 0);
    }
}

#[test]
fn takes_time_by_default() {
    for config in all() {
        let mut b = Board::on(config);
        let (off, busy) = command(&b);

        b.dart.knobs.busy_seed = Box::new(Dart::new(config)).knobs.busy_seed;
        let commands = (0..64).filter(|_| {
            b.flush(1);
            let started = b.dart.peek(off) & busy != 0;
            while b.r(off) & busy != 0 {}
            started
        });
        assert!(commands.count() > 32);
    }
}

#[test]
fn takes_a_random_time() {
    for config in all() {
        let times = |seed| -> Vec<u32> {
            let mut b = Board::on(config);
            let (off, busy) = command(&b);

            assert!(b.dart.knobs.set("busy_seed", seed));
            (0..64)
                .map(|_| {
                    let mut reads = 0;

                    b.map(0x4000, DATA);
                    b.rd(1, 0x4000).unwrap();
                    b.flush(1);
                    while b.dart.peek(off) & busy != 0 {
                        assert!(b.dart.cached(Level::Page, 1, 0x4000).is_some());
                        b.r(off);
                        reads += u32::from(b.dart.peek(off) & busy != 0);
                    }
                    assert!(b.dart.cached(Level::Page, 1, 0x4000).is_none());
                    reads
                })
                .collect()
        };
        let one = times(1);

        assert_eq!(one, times(1));
        assert_ne!(one, times(2));
        assert!((0..=3).all(|n| one.contains(&n)), "{one:?}");
        assert!(one.iter().all(|&n| n <= 3));
        assert_eq!(times(0), [0; 64]);
    }
}

#[test]
fn at_once_by_default() {
    for config in all() {
        let mut b = Board::on(config);
        let (off, busy) = command(&b);

        stale(&mut b);
        b.flush(1);
        assert!(!is_stale(&mut b));
        assert_eq!(b.r(off) & busy, 0);
    }
}

#[test]
fn keeps_what_was_written() {
    let mut b = Board::on(Config::new(T8103));
    b.dart.knobs.busy_reads = 1;
    b.flush(1);
    assert_eq!(b.r(t8020::COMMAND), 0x0010_0004);
    assert_eq!(b.r(t8020::COMMAND), 0x0010_0000);
    assert_eq!(b.r(t8020::COMMAND), 0x0010_0000);

    let mut b = Board::on(Config::new(T8110));
    b.dart.knobs.busy_reads = 1;
    b.flush(1);
    assert_eq!(b.r(t8110::COMMAND), 0x8000_0101);
    assert_eq!(
        b.dart.peek(t8110::COMMAND),
        0x8000_0101,
        "a look takes no time"
    );
    assert_eq!(b.r(t8110::COMMAND), 0x0000_0101);
}

#[test]
fn sticks() {
    for config in all() {
        let mut b = Board::on(config);
        let (off, busy) = command(&b);

        b.dart.knobs.stuck = true;
        stale(&mut b);
        b.flush(1);
        for _ in 0..1000 {
            assert_ne!(b.r(off) & busy, 0);
        }
        assert!(is_stale(&mut b));
        b.dart.knobs.stuck = false;
        assert_eq!(b.r(off) & busy, 0);
        assert!(!is_stale(&mut b));
    }
}

#[test]
fn what_comes_while_busy_is_lost() {
    let mut b = Board::on(Config::new(T8103));

    b.dart.knobs.busy_reads = 1;
    stale(&mut b);
    b.flush(2);
    assert_eq!(b.dart.counters.regs.command_while_busy, 0);
    b.flush(1);
    // Two words of selection and a command.
    assert_eq!(b.dart.counters.regs.command_while_busy, 3);
    assert_eq!(b.r(t8020::SELECT), 1 << 2);
    while b.r(t8020::COMMAND) & t8020::BUSY != 0 {}
    assert!(is_stale(&mut b));
    b.flush(1);
    while b.r(t8020::COMMAND) & t8020::BUSY != 0 {}
    assert!(!is_stale(&mut b));
    assert_eq!(b.dart.counters.regs.command_while_busy, 3);

    let mut b = Board::on(Config::new(T8110));
    b.dart.knobs.busy_reads = 1;
    stale(&mut b);
    b.flush(2);
    b.flush(1);
    assert_eq!(b.dart.counters.regs.command_while_busy, 1);
    while b.r(t8110::COMMAND) & t8110::BUSY != 0 {}
    assert!(is_stale(&mut b));
}

/// The range is used when the command is written, and a write of it while busy is lost.
#[test]
fn a_range_written_while_busy_is_lost() {
    let mut b = Board::plain(T8110);

    warm(&mut b, 4);
    b.dart.knobs.busy_reads = 1;
    range(&mut b, 1, 1, 0);
    b.w(t8110::RANGE_FIRST, 3 << 2);
    b.w(t8110::RANGE_LAST, 3 << 2);
    assert_eq!(b.dart.counters.regs.command_while_busy, 2);
    while b.r(t8110::COMMAND) & t8110::BUSY != 0 {}
    assert_eq!(b.r(t8110::RANGE_FIRST), 1 << 2);
    b.w(t8110::RANGE_LAST, 2 << 2);
    b.w(t8110::COMMAND, 1 << 14 | t8110::INVALIDATE | 1);
    while b.r(t8110::COMMAND) & t8110::BUSY != 0 {}
    assert_eq!(kept(&b, 4), [0, 3]);
    assert_eq!(b.dart.counters.errors(), 2);
}

/// The selection is used when the command is written.
#[test]
fn selects_then() {
    let mut b = Board::on(Config::new(T8103));

    stale(&mut b);
    b.w(t8020::COMMAND, t8020::INVALIDATE);
    assert_eq!(b.dart.counters.empty_commands, 1);
    b.w(t8020::SELECT, 1 << 1);
    assert!(is_stale(&mut b));
    b.w(t8020::COMMAND, t8020::INVALIDATE);
    assert!(!is_stale(&mut b));
    assert_eq!(b.dart.counters.empty_commands, 1);
}

#[test]
fn commands_that_do_nothing() {
    let mut b = Board::on(Config::new(T8103));

    stale(&mut b);
    b.w(t8020::SELECT, !0);
    b.w(t8020::COMMAND, 0);
    b.w(t8020::COMMAND, 1 << 21);
    assert_eq!(b.dart.counters.empty_commands, 2);
    b.w(t8020::COMMAND, t8020::INVALIDATE | 1);
    assert_eq!(b.dart.counters.unknown_commands, 1);
    b.w(t8020::COMMAND, t8020::BUSY);
    assert_eq!(b.dart.counters.regs.reserved_bits, 1);
    assert!(is_stale(&mut b));
    b.w(t8020::COMMAND, 0xfff0_0000);
    assert!(!is_stale(&mut b));

    let mut b = Board::on(Config::new(T8110).streams(16));
    stale(&mut b);
    for word in [0x200, 0x300, 0x500, 0x700, 0x110, 0x1ff] {
        b.w(t8110::COMMAND, word);
    }
    assert_eq!(b.dart.counters.unknown_commands, 6);
    b.w(t8110::COMMAND, 0x400);
    assert_eq!(b.dart.counters.unknown_commands, 6);
    assert!(is_stale(&mut b));
}

#[test]
fn everything_of_t8110() {
    let mut b = Board::on(Config::new(T8110));

    b.map(0, DATA);
    for stream in 0..8 {
        b.rd(stream, 0).unwrap();
    }
    b.unmap(0);
    b.w(t8110::COMMAND, 5);
    for stream in 0..8 {
        assert!(b.rd(stream, 0).is_err());
    }
    assert_eq!(b.dart.counters.invalidations_all, 1);
    assert_eq!(b.dart.counters.invalidations, 0);
}

/// Returns which of the first pages of stream 1 are in the TLB.
fn kept(b: &Board, n: u64) -> Vec<u64> {
    (0..n)
        .filter(|i| b.dart.cached(Level::Page, 1, i << 14).is_some())
        .collect()
}

fn warm(b: &mut Board, n: u64) {
    for i in 0..n {
        b.map(i << 14, DATA);
        b.rd(1, i << 14).unwrap();
        b.rd(2, i << 14).unwrap();
    }
}

fn range(b: &mut Board, first: u32, last: u32, bits: u32) {
    b.w(t8110::RANGE_FIRST, first << 2);
    b.w(t8110::RANGE_LAST, last << 2);
    b.w(t8110::COMMAND, 1 << 14 | bits | t8110::INVALIDATE | 1);
}

#[test]
fn a_range_of_t8110() {
    let mut b = Board::plain(T8110);

    warm(&mut b, 16);
    range(&mut b, 3, 5, 0);
    assert_eq!(kept(&b, 16), [0, 1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    assert_eq!(b.dart.counters.dropped.last[1], 3);
    assert_eq!(b.dart.counters.dropped.last_of_others(1), 0);
    assert!(b.dart.cached(Level::Segment, 1, 0).is_some());
    range(&mut b, 0, 0, 1 << 13);
    assert_eq!(kept(&b, 3), [1, 2]);
    assert!(b.dart.cached(Level::Segment, 1, 0).is_none());
    assert!(b.dart.cached(Level::Context, 1, 0).is_none());
    range(&mut b, 9, 8, 0);
    assert_eq!(b.dart.counters.empty_commands, 1);
    assert_eq!(kept(&b, 16).len(), 12);
    range(&mut b, 0, 0xfff_ffff, 0);
    assert_eq!(kept(&b, 16), []);
    assert_eq!(b.dart.counters.dropped.last_of_others(1), 0);
    assert!((0..16).all(|i| b.dart.cached(Level::Page, 2, i << 14).is_some()));
    assert_eq!(b.dart.counters.invalidations_range, 3);
    assert_eq!(b.dart.counters.regs.reserved_bits, 0);
}

/// Invalid entries of a flushed stream are not dropped again and do no harm.
#[test]
fn a_range_after_everything() {
    let mut b = Board::plain(T8110);

    warm(&mut b, 16);
    b.flush(1);
    for i in 2..6 {
        b.rd(1, i << 14).unwrap();
    }
    range(&mut b, 0, 3, 0);
    assert_eq!(b.dart.counters.dropped.last[1], 2);
    assert_eq!(kept(&b, 16), [4, 5]);
}

#[test]
fn tables_can_be_kept() {
    let mut b = Board::plain(T8110);

    warm(&mut b, 2);
    b.w(t8110::COMMAND, 1 << 12 | t8110::INVALIDATE | 1);
    assert_eq!(kept(&b, 2), []);
    assert!(b.dart.cached(Level::Segment, 1, 0).is_some());
    b.w(t8110::COMMAND, t8110::INVALIDATE | 1);
    assert!(b.dart.cached(Level::Segment, 1, 0).is_none());
}

#[test]
#[should_panic(expected = "exception block")]
fn version_2_2_is_not_modelled() {
    let _ = Config::new(T8110).version(2, 2);
}

#[test]
fn the_mark_of_version_2_2_is_reserved() {
    let mut b = Board::on(Config::new(T8110).version(2, 1));

    stale(&mut b);
    b.w(t8110::COMMAND, 1 << 15 | t8110::INVALIDATE | 1);
    assert!(!is_stale(&mut b));
    assert_eq!(b.dart.counters.regs.reserved_bits, 1);
}
