// SPDX-License-Identifier: GPL-2.0

//! Power domain and clock gate.

use super::board::*;
use iommu_models::{
    dart::{
        Block,
        Level, //
    },
    Denied, //
};

#[test]
fn nothing_can_be_reached_without_a_clock() {
    for config in all() {
        let mut b = Board::on(config);
        let tcr = b.tcr(1);

        b.map(0x4000, DATA);
        b.rd(1, 0x4000).unwrap();
        b.dart.set_clock(false);
        assert_eq!(b.r(tcr), !0);
        b.w(tcr, 0);
        assert_eq!(b.dart.counters.regs.gated_accesses, 2);
        assert_eq!(b.dart.counters.unpowered_accesses, 0);
        assert_eq!(b.dart.counters.errors(), 2);
        assert_eq!(b.rd(1, 0x4000), Err(Denied::Bus));
        assert_eq!(b.dart.log.blocked_by(1, Block::Gated), 1);
        assert_eq!(b.dart.log.passed_any(), 0);
        assert_eq!(b.dart.peek(tcr), b.on);

        // Registers and caches have kept their contents.
        b.dart.set_clock(true);
        b.unmap(0x4000);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));
        assert_eq!(b.r(tcr), b.on);
    }
}

#[test]
fn power_loss_loses_everything() {
    for config in all() {
        let mut b = Board::on(config);
        let (tcr, ttbr) = (b.tcr(1), b.ttbr(1, 0));

        b.map(0x4000, DATA);
        b.rd(1, 0x4000).unwrap();
        b.rd(1, 0x0800_0000).unwrap_err();
        b.dart.knobs.busy_reads = 5;
        b.flush(2);
        assert!(b.dart.irq());
        b.dart.set_power(false);
        assert!(!b.dart.irq());
        assert_eq!(b.r(tcr), !0);
        b.w(tcr, b.on);
        assert_eq!(b.dart.counters.unpowered_accesses, 2);
        assert_eq!(b.dart.counters.regs.gated_accesses, 0);
        assert_eq!(b.rd(1, 0x4000), Err(Denied::Bus));
        assert_eq!(b.dart.log.blocked_by(1, Block::Unpowered), 1);

        b.dart.set_power(true);
        assert_eq!((b.r(tcr), b.r(ttbr)), (0, 0));
        assert_eq!(b.r(b.error()), 0);
        assert!(!b.dart.irq());
        assert_eq!(b.rd(1, 0x4000), Err(Denied::Blocked));
        assert_eq!(b.dart.cached(Level::Page, 1, 0x4000), None);
        let off = if b.is_t8110() {
            t8110::COMMAND
        } else {
            t8020::COMMAND
        };
        assert_eq!(b.r(off), 0);
    }
}

#[test]
fn or_nothing_where_it_is_always_on() {
    for config in all() {
        let mut b = Board::on(config);

        b.dart.knobs.retain = true;
        b.map(0x4000, DATA);
        b.dart.set_power(false);
        assert_eq!(b.rd(1, 0x4000), Err(Denied::Bus));
        b.dart.set_power(true);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));
        b.rd(1, 0x0800_0000).unwrap_err();
        b.dart.set_power(false);
        assert!(!b.dart.irq(), "nobody drives the line");
        b.dart.set_power(true);
        assert!(b.dart.irq());
    }
}

#[test]
fn cold_counts_everything() {
    for config in all() {
        let mut b = Board::cold(config);

        b.r(0);
        b.dart.set_power(true);
        b.r(0);
        assert_eq!(b.dart.counters.unpowered_accesses, 1);
        assert_eq!(b.dart.counters.regs.gated_accesses, 1);
        assert_eq!(b.dart.counters.regs.mmio_reads, 2);
        b.w(b.tcr(0), 0);
        assert_eq!(b.dart.log.writes().count(), 0);
        b.dart.set_clock(true);
        b.w(b.tcr(0), b.on);
        assert_eq!(b.dart.log.writes().collect::<Vec<_>>(), [(b.tcr(0), b.on)]);
        let errors = b.dart.counters.errors();
        assert!(errors != 0);
        b.dart.counters.clear();
        assert_eq!(b.dart.counters.errors(), errors, "misuse is not forgotten");
        assert_eq!(b.dart.counters.regs.mmio_reads, 0);
    }
}
