// SPDX-License-Identifier: GPL-2.0

//! The checks before translation: enable, remap, TCR, the filter.

use super::board::*;
use iommu_models::{
    dart::{
        Block, Both, Bypass, Config, Fault, Level, Pass,
        Variant::{
            T8103Usb4,
            T6000,
            T8103,
            T8110, //
        },
    },
    Cause,
    Denied, //
};

const BLOCKED: Result<u64, Denied> = Err(Denied::Blocked);

#[test]
fn neither_mode_blocks_in_silence() {
    for config in all() {
        let mut b = Board::ready(config);

        b.set_root(1, 0, ROOT);
        b.map(0x4000, DATA);
        assert_eq!(b.rd(1, 0x4000), BLOCKED);
        assert_eq!(b.wr(1, 0x4000), BLOCKED);
        assert_eq!(b.r(b.error()), 0);
        assert!(!b.dart.irq());
        assert_eq!(b.dart.log.blocked_by(1, Block::Off), 2);
        assert_eq!(b.dart.log.faulted(1), 0);
        assert_eq!(b.dart.counters.walks, 0);
    }
}

#[test]
fn a_disabled_stream_is_blocked_in_silence() {
    for config in all() {
        let mut b = Board::on(config);

        b.map(0x4000, DATA);
        b.rd(1, 0x4000).unwrap();
        match b.dart.variant() {
            T8110 => b.w(t8110::DISABLE, 1 << 1),
            T8103Usb4 => b.w(0x0f8, !(1 << 1)),
            _ => b.w(t8020::ENABLE, 0xfffd),
        }
        assert_eq!(b.rd(1, 0x4000), BLOCKED);
        assert!(b.rd(2, 0x4000).is_ok());
        assert_eq!(b.dart.log.blocked_by(1, Block::Disabled), 1);
        assert_eq!(b.r(b.error()), 0);
    }
}

#[test]
fn nothing_is_enabled_at_first() {
    for config in all() {
        let mut b = Board::up(config);

        b.attach(1, ROOT);
        b.map(0, DATA);
        assert_eq!(b.rd(1, 0), BLOCKED);

        let mut b = Board::cold(config);
        b.dart.knobs.enabled_at_reset = true;
        b.dart.reset();
        b.dart.set_power(true);
        b.dart.set_clock(true);
        b.attach(1, ROOT);
        b.map(0, DATA);
        assert_eq!(b.rd(1, 0), Ok(DATA));
    }
}

fn bypass_bits(b: &Board) -> (u32, u32) {
    if b.is_t8110() {
        (t8110::BYPASS, t8110::BYPASS_FILTER)
    } else {
        (t8020::BYPASS, t8020::BYPASS_FILTER)
    }
}

#[test]
fn bypass() {
    for variant in [T8103, T6000, T8110] {
        let mut b = Board::ready(Config::new(variant));
        let (bypass, filter) = bypass_bits(&b);

        b.w(b.tcr(1), bypass | filter);
        assert_eq!(b.rd(1, 0x8_1234_5678), Ok(0x8_1234_5678));
        assert_eq!(b.dart.log.passed_by(1, Pass::Bypass), 1);
        assert_eq!(b.dart.log.passed_any(), 1);
        assert_eq!(b.dart.counters.passed.of(Pass::Bypass), 1);
        assert_eq!(b.dart.counters.walks, 0);
    }
}

#[test]
fn bypass_needs_that_of_the_filter() {
    for variant in [T8103, T6000, T8110] {
        let mut b = Board::ready(Config::new(variant));
        let (bypass, filter) = bypass_bits(&b);

        b.w(b.tcr(1), bypass);
        assert_eq!(b.rd(1, 0x1000), Err(Denied::Fault(Cause::Permission)));
        assert_eq!(b.dart.counters.faults.of(Fault::Filter), 1);
        assert!(b.dart.irq());
        b.dart.knobs.filter_closed = false;
        assert_eq!(b.rd(1, 0x1000), Ok(0x1000));
        // The filter's bypass alone enables no access.
        b.w(b.tcr(1), filter);
        assert_eq!(b.rd(1, 0x1000), BLOCKED);
    }
}

#[test]
fn bypass_that_is_not_there_blocks() {
    for bypass in [Bypass::Unsupported, Bypass::Hardwired] {
        for variant in [T8103, T8110] {
            let mut b = Board::ready(Config::new(variant).bypass(bypass));
            let (bypass, filter) = bypass_bits(&b);

            b.w(b.tcr(1), bypass | filter);
            assert_eq!(b.rd(1, 0x1000), BLOCKED);
            assert_eq!(b.dart.log.passed_any(), 0);
        }
    }
}

#[test]
fn both_modes() {
    for variant in [T8103, T6000, T8110] {
        let mut b = Board::on(Config::new(variant));
        let (bypass, filter) = bypass_bits(&b);

        b.map(0x4000, DATA);
        b.w(b.tcr(1), b.on | bypass | filter);
        assert_eq!(b.dart.counters.both_modes, 1);
        assert_eq!(b.rd(1, 0x4000), Ok(0x4000));
        assert_eq!(b.dart.log.passed_by(1, Pass::Both), 1);
        b.dart.knobs.both = Both::Blocks;
        assert_eq!(b.rd(1, 0x4000), BLOCKED);
        assert_eq!(b.dart.log.blocked_by(1, Block::Off), 1);
    }
}

#[test]
fn window_of_bypass() {
    let mut b = Board::ready(Config::new(T6000));

    b.w(b.tcr(15), 0x0002_1100);
    assert_eq!(b.rd(15, 0x1234), Ok(0x2_0000_1234));
    b.w(b.tcr(15), 0x0002_0000);
    assert_eq!(b.rd(15, 0x1234), BLOCKED);
    assert_eq!(b.dart.counters.errors(), 0);
}

#[test]
fn a_stream_that_does_not_exist() {
    for config in all() {
        let mut b = Board::on(config);
        let streams = b.dart.streams();

        assert_eq!(b.rd(streams, 0), Err(Denied::Bus));
        assert_eq!(b.dart.counters.accesses, 0);
    }
}

#[test]
fn nothing_moves_while_busy() {
    let mut b = Board::on(Config::new(T8103));

    b.map(0, DATA);
    b.dart.knobs.busy_reads = 1;
    b.flush(1);
    assert_eq!(b.rd(1, 0), Ok(DATA));
    b.dart.knobs.block_while_busy = true;
    assert_eq!(b.rd(1, 0), BLOCKED);
    assert_eq!(b.dart.log.blocked_by(1, Block::Busy), 1);
    while b.r(t8020::COMMAND) & t8020::BUSY != 0 {}
    assert_eq!(b.rd(1, 0), Ok(DATA));
}

/// Stream 5 uses the tables of stream 2.
fn remap_5_to_2(b: &mut Board) {
    if b.is_t8110() {
        b.w(b.tcr(5), b.on | t8110::REMAP | 2 << 8);
    } else {
        b.w(t8020::REMAP + 4, 0x0706_0204);
    }
}

#[test]
fn remap() {
    for config in all() {
        let mut b = Board::on(config);

        b.attach(2, ROOT2);
        b.map(0, DATA);
        b.map_in(ROOT2, 0, DATA + 0x4000, RW);
        assert_eq!(b.rd(5, 0), Ok(DATA));
        remap_5_to_2(&mut b);
        assert_eq!(b.rd(5, 0), Ok(DATA + 0x4000));
        assert_eq!(b.rd(4, 0), Ok(DATA));
        assert_eq!(b.dart.log.stale_table(), 0);
        // Cached for stream 2, so dropped with it.
        assert!(b.dart.cached(Level::Page, 2, 0).is_some());
        b.map_in(ROOT2, 0, DATA + 0x8000, RW);
        b.flush(5);
        assert_eq!(b.rd(5, 0), Ok(DATA + 0x4000));
        b.flush(2);
        assert_eq!(b.rd(5, 0), Ok(DATA + 0x8000));
        // Faults report the original stream.
        b.rd(5, 0x0800_0000).unwrap_err();
        let error = b.r(b.error());
        let stream = if b.is_t8110() {
            error >> 20 & 0xff
        } else {
            error >> 24 & 0xf
        };
        assert_eq!(stream, 5);
        assert_eq!(b.dart.log.faulted(5), 1);

        // The mode is that of the target, the enable bit that of the original stream.
        b.w(b.tcr(2), 0);
        assert_eq!(b.rd(5, 0), BLOCKED);
        assert_eq!(b.dart.counters.errors(), 0);
    }
}

#[test]
fn remap_to_nowhere() {
    let mut b = Board::on(Config::new(T8110).streams(8));

    b.map(0, DATA);
    b.w(b.tcr(5), b.on | t8110::REMAP | 8 << 8);
    assert_eq!(b.rd(5, 0), Ok(DATA));
}

#[test]
fn remapped_entries_cached_by_source() {
    for variant in [T8103, T8110] {
        let mut b = Board::on(Config::new(variant));

        b.dart.knobs.cache_by_source = true;
        b.map(0, DATA);
        remap_5_to_2(&mut b);
        b.rd(5, 0).unwrap();
        assert!(b.dart.cached(Level::Page, 2, 0).is_none());
        b.unmap(0);
        b.flush(2);
        assert_eq!(b.rd(5, 0), Ok(DATA));
        b.flush(5);
        assert!(b.rd(5, 0).is_err());
    }
}

#[test]
fn remap_is_followed_once() {
    let mut b = Board::on(Config::new(T8110));

    b.attach(3, ROOT2);
    b.map(0, DATA);
    b.map_in(ROOT2, 0, DATA + 0x4000, RW);
    remap_5_to_2(&mut b);
    b.w(b.tcr(2), b.on | t8110::REMAP | 3 << 8);
    assert_eq!(b.rd(5, 0), Ok(DATA));
    assert_eq!(b.rd(2, 0), Ok(DATA + 0x4000));
}
