// SPDX-License-Identifier: GPL-2.0

//! Registers: reset values, versions, strictness, gate and reset line.

mod common;

use common::*;
use iommu_models::sun50i::{
    Pass,
    Variant::{
        self,
        H6,
        H616, //
    },
};

fn both(test: fn(Variant)) {
    test(H6);
    test(H616);
}

#[test]
fn reset_values() {
    both(|variant| {
        let mut b = Board::up(variant);
        let m = variant.mask();

        assert_eq!(b.r(0x000), if variant == H6 { 0x10 } else { 0x12 });
        assert_eq!(b.r(RESET), 0x8003_0000 | m);
        assert_eq!(b.r(ENABLE), 0);
        assert_eq!(b.r(BYPASS), if variant == H6 { 0 } else { 0x7f });
        assert_eq!(b.r(AUTO_GATING), 1);
        for off in [0x044, 0x048, BDY] {
            assert_eq!(b.r(off), m);
        }
        assert_eq!(b.r(TLB_ENABLE), 0x30000 | m);
        for off in [TTB_REG, PREFETCH, FLUSH, IVLD_ADDR, IVLD_MASK, OVWT] {
            assert_eq!(b.r(off), 0);
        }
        assert_eq!(b.mmu.counters.errors(), 0);
    });
}

#[test]
fn registers_of_the_version_only() {
    let mut h6 = Board::up(H6);
    let mut h616 = Board::up(H616);
    let later = [IVLD_MODE, IVLD_START, IVLD_END, 0x128, 0x168, 0x290, 0x308];
    let neither = [0x09c, 0x0a4, 0x0ac, 0x054, 0x12c, 0x2a0, 0x2f0, 0xfffc];

    for off in later {
        h6.r(off);
        h616.r(off);
    }
    assert_eq!(h6.mmu.counters.regs.undefined, later.len() as u64);
    assert_eq!(h616.mmu.counters.regs.undefined, 0);
    for off in neither {
        h616.w(off, !0);
        assert_eq!(h616.r(off), 0);
    }
    assert_eq!(h616.mmu.counters.regs.undefined, 2 * neither.len() as u64);
}

#[test]
fn strict_about_writes() {
    let mut b = Board::up(H6);

    b.w(0x000, 1);
    b.w(INT_STA, 1);
    b.w(0x230, 1);
    assert_eq!(b.mmu.counters.regs.readonly_writes, 3);
    b.w(0x052, 1);
    b.r(0x021);
    assert_eq!(b.mmu.counters.regs.misaligned, 2);

    for (off, val) in [
        (TTB_REG, TTB | 4),
        (PREFETCH, 0x7f),
        (ENABLE, 2),
        (IVLD_MASK, 0xffff_f004),
        (RESET, 0x8003_007f),
        (RESET, 0x8403_003f),
        (DM_AUT, 1),
        (OVWT, 0x1000),
        (FLUSH, 0x40),
    ] {
        let before = b.mmu.counters.regs.reserved_bits;

        b.w(off, val);
        assert_eq!(b.mmu.counters.regs.reserved_bits, before + 1, "{off:#x}");
    }
    assert_eq!(b.r(TTB_REG), TTB);
    assert_eq!(b.r(PREFETCH), 0x3f);
    assert_eq!(b.r(ENABLE), 0);
    assert_eq!(b.mmu.counters.errors(), 14);
}

/// Drivers write RESET as `!masters` and as all ones, and the whole address to TLB_IVLD_ADDR and
/// PC_IVLD_ADDR.
#[test]
fn harmless_bits_are_not_counted() {
    both(|variant| {
        let mut b = Board::up(variant);
        let released = 0x8003_0000 | variant.mask();

        for lanes in [1, 1 << 5, 0x15, variant.mask()] {
            b.w(RESET, !lanes);
            assert_eq!(b.r(RESET), released & !lanes);
            b.w(RESET, !0);
            assert_eq!(b.r(RESET), released);
        }
        b.w(IVLD_ADDR, 0x1234_5678);
        assert_eq!(b.r(IVLD_ADDR), 0x1234_5000);
        b.w(PC_ADDR, 0x1234_5678);
        assert_eq!(b.r(PC_ADDR), 0x1230_0000);
        b.w(PC_ADDR, !0);
        assert_eq!(b.r(PC_ADDR), 0xfff0_0000);
        assert_eq!(b.mmu.counters.errors(), 0);
    });
}

#[test]
fn domain_0_has_no_rule() {
    let mut b = Board::up(H616);

    b.w(DM_AUT, 0x3fff_3fff);
    assert_eq!(b.r(DM_AUT), 0x3fff_0000);
    assert_eq!(b.mmu.counters.regs.reserved_bits, 1);
    b.w(DM_AUT + 4, 0x1555_2aaa);
    b.w(DM_AUT + 28, 0x0000_3fff);
    assert_eq!(b.r(DM_AUT + 4), 0x1555_2aaa);
    assert_eq!(b.r(DM_AUT + 28), 0x3fff);
    assert_eq!(b.mmu.counters.regs.reserved_bits, 1);
}

#[test]
fn fixed_ttb_changes_only_while_disabled() {
    let mut b = Board::on(H6);

    b.mmu.knobs.fixed_ttb = true;
    b.w(OVWT, 0x8000_0fff);
    b.w(TTB_REG, TTB2);
    assert_eq!(b.r(TTB_REG), TTB);
    b.w(ENABLE, 0);
    b.w(TTB_REG, TTB2);
    assert_eq!(b.r(TTB_REG), TTB2);
}

#[test]
fn hot_ttb_is_counted() {
    let mut b = Board::on(H6);

    b.w(TTB_REG, TTB2);
    assert_eq!(b.mmu.counters.ttb_while_enabled, 1);
    assert_eq!(b.r(TTB_REG), TTB2);
    b.mmu.knobs.strict_ttb = true;
    b.w(TTB_REG, TTB);
    assert_eq!(b.mmu.counters.ttb_while_enabled, 2);
    assert_eq!(b.r(TTB_REG), TTB2);

    // It is not enough to bypass all masters but one, nor to deny them without the enable bit.
    b.w(BYPASS, 0x1f);
    b.w(OVWT, 0xfff);
    b.w(TTB_REG, TTB);
    assert_eq!(b.mmu.counters.ttb_while_enabled, 3);

    b.w(BYPASS, 0x3f);
    b.w(TTB_REG, TTB);
    b.w(BYPASS, 0);
    b.w(OVWT, 0x8000_0fff);
    b.w(TTB_REG, TTB2);
    b.w(OVWT, 0);
    b.w(ENABLE, 0);
    b.w(TTB_REG, TTB);
    assert_eq!(b.mmu.counters.ttb_while_enabled, 3);
    assert_eq!(b.r(TTB_REG), TTB);
}

#[test]
fn gated_registers() {
    let mut b = Board::on(H6);

    b.map(0x1000, DATA);
    b.mmu.set_clock(false);
    assert_eq!(b.r(ENABLE), 0);
    b.w(ENABLE, 0);
    assert_eq!(b.mmu.counters.regs.gated_accesses, 2);
    assert_eq!(b.mmu.peek(ENABLE), 1);
    assert_eq!(b.rd(0, 0x1234), Ok(0x1234));
    assert_eq!(b.mmu.log.passed_by(0, Pass::Gated), 1);
    assert_eq!(b.mmu.counters.passed.of(Pass::Gated), 1);

    // Registers have kept their contents.
    b.mmu.set_clock(true);
    assert_eq!(b.r(TTB_REG), TTB);
    assert_eq!(b.rd(0, 0x1234), Ok(u64::from(DATA) + 0x234));
}

#[test]
fn reset_line() {
    let mut b = Board::on(H616);

    b.map(0x1000, DATA);
    b.map(0x2000, DATA);
    b.rd(1, 0x1000).unwrap();
    b.rd(2, 0x5000).unwrap_err();
    assert!(b.mmu.irq());
    b.mmu.set_reset(true);
    assert_eq!(b.r(ENABLE), 0);
    assert_eq!(b.mmu.counters.reset_accesses, 1);
    assert_eq!(b.rd(1, 0x1000), Ok(0x1000));
    assert_eq!(b.mmu.log.passed_by(1, Pass::Reset), 1);
    assert!(!b.mmu.irq());
    assert_eq!(b.mmu.stalled(), 0);

    b.mmu.set_reset(false);
    assert_eq!(b.r(BYPASS), 0x7f);
    assert_eq!(b.r(TTB_REG), 0);
    assert_eq!(b.r(INT_STA), 0);
    for level in [
        iommu_models::sun50i::Level::Micro(1),
        iommu_models::sun50i::Level::Macro,
        iommu_models::sun50i::Level::Ptw,
    ] {
        assert_eq!(b.mmu.cached(level, 0x1000), None);
    }
    assert_eq!(b.rd(1, 0x1000), Ok(0x1000));
    assert_eq!(b.mmu.log.passed_by(1, Pass::Disabled), 1);
}

#[test]
fn cold_counts_everything() {
    let mut b = Board::cold(H6);

    b.w(ENABLE, 1);
    b.mmu.set_clock(true);
    b.w(ENABLE, 1);
    assert_eq!(b.mmu.counters.regs.gated_accesses, 1);
    assert_eq!(b.mmu.counters.reset_accesses, 1);
    assert_eq!(b.mmu.counters.regs.mmio_writes, 2);
    assert_eq!(b.mmu.log.writes().count(), 0);
    b.mmu.set_reset(false);
    b.w(ENABLE, 1);
    b.w(TTB_REG, 0);
    assert_eq!(
        b.mmu.log.writes().collect::<Vec<_>>(),
        [(ENABLE, 1), (TTB_REG, 0)]
    );
    assert_eq!(b.mmu.counters.errors(), 3);
    let errors = b.mmu.counters.errors();
    assert!(errors != 0);
    b.mmu.counters.clear();
    assert_eq!(b.mmu.counters.errors(), errors, "misuse is not forgotten");
}
