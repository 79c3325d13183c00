// SPDX-License-Identifier: GPL-2.0

//! Locked instances.

use super::board::*;
use iommu_models::dart::{
    Config,
    Variant::T8110, //
};

fn lock(b: &mut Board) {
    if b.is_t8110() {
        b.w(t8110::PROTECT, 1);
    } else {
        let config = b.r(t8020::CONFIG);

        b.w(t8020::CONFIG, config | t8020::LOCK);
    }
}

#[test]
fn tcr_and_ttbr_are_locked() {
    for config in all() {
        let mut b = Board::on(config);
        let ttbr = b.root(ROOT);

        b.map(0x4000, DATA);
        lock(&mut b);
        assert_eq!(b.dart.counters.locked_writes, 0);
        b.w(b.tcr(1), 0);
        b.w(b.ttbr(1, 0), 0);
        assert_eq!(b.dart.counters.locked_writes, 2);
        assert_eq!(b.r(b.tcr(1)), b.on);
        assert_eq!(b.r(b.ttbr(1, 0)), ttbr);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));
    }
}

/// The firmware's configuration keeps working, and its tables can be edited.
#[test]
fn the_rest_works() {
    for config in all() {
        let mut b = Board::on(config);

        lock(&mut b);
        b.map(0x4000, DATA);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));
        b.unmap(0x4000);
        b.flush(1);
        b.rd(1, 0x4000).unwrap_err();
        assert!(b.dart.irq());
        b.ack();
        assert!(!b.dart.irq());
        if b.is_t8110() {
            b.w(t8110::DISABLE, !0);
        } else {
            b.w(0x0f8, 0);
            b.w(t8020::ENABLE, 0);
        }
        assert!(b.rd(1, 0x4000).is_err());
        assert_eq!(b.dart.counters.errors(), 0);
    }
}

#[test]
fn t8020_stays_locked() {
    for config in all() {
        let mut b = Board::on(config);

        if b.is_t8110() {
            continue;
        }
        b.w(t8020::CONFIG, 0x8001_6100 | t8020::LOCK);
        b.w(t8020::CONFIG, 0);
        assert_eq!(b.r(t8020::CONFIG), 0x8001_6100 | t8020::LOCK);
        assert_eq!(b.dart.counters.locked_writes, 1);
        b.dart.set_power(false);
        b.dart.set_power(true);
        assert_eq!(b.r(t8020::CONFIG), 0);
        b.w(b.tcr(1), b.on);
        assert_eq!(b.r(b.tcr(1)), b.on);
    }
}

#[test]
fn t8110_can_be_unlocked_unless() {
    let mut b = Board::on(Config::new(T8110));

    b.w(t8110::PROTECT, 0x5);
    b.w(t8110::PROTECT, 0x8);
    assert_eq!(b.r(t8110::PROTECT), 0xd);
    b.w(t8110::UNPROTECT, 0x1);
    assert_eq!(b.r(t8110::PROTECT), 0xc);
    b.w(b.tcr(1), 0);
    assert_eq!(b.r(b.tcr(1)), 0);
    assert_eq!(b.dart.counters.errors(), 0);

    // The lock of a lock allows setting it but not clearing it, and cannot be cleared itself.
    b.w(t8110::PROTECT_LOCK, 0x1);
    b.w(t8110::PROTECT_LOCK, 0x0);
    assert_eq!(b.r(t8110::PROTECT_LOCK), 0x1);
    b.w(t8110::PROTECT, 0x1);
    b.w(t8110::UNPROTECT, 0x5);
    assert_eq!(b.r(t8110::PROTECT), 0x9);
    assert_eq!(b.dart.counters.locked_writes, 1);
    b.w(b.tcr(1), b.on);
    assert_eq!(b.r(b.tcr(1)), 0);

    b.dart.set_power(false);
    b.dart.set_power(true);
    assert_eq!((b.r(t8110::PROTECT), b.r(t8110::PROTECT_LOCK)), (0, 0));
}
