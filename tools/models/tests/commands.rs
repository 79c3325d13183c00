// SPDX-License-Identifier: GPL-2.0

//! Commands that take time or never complete.

mod common;

use common::*;
use iommu_models::sun50i::{
    Level,
    Variant::{
        H6,
        H616, //
    },
};

fn warm() -> Board {
    let mut b = Board::plain(H6);

    b.map(0x1000, DATA);
    b.rd(0, 0x1000).unwrap();
    b
}

fn cached(b: &Board) -> bool {
    b.mmu.cached(Level::Macro, 0x1000).is_some()
}

#[test]
fn done_at_once() {
    let mut b = warm();

    b.ivld_page(0x1000);
    assert!(!cached(&b));
    assert_eq!(b.r(IVLD_ENABLE), 0);
}

#[test]
fn busy_for_some_reads() {
    let mut b = warm();

    b.mmu.knobs.busy_reads = 2;
    b.ivld_page(0x1000);
    assert!(cached(&b), "who does not wait gets old entries");
    assert_eq!(b.mmu.peek(IVLD_ENABLE), 1);
    assert_eq!(b.r(IVLD_ENABLE), 1);
    assert_eq!(b.r(IVLD_ENABLE), 1);
    assert!(cached(&b));
    assert_eq!(b.r(IVLD_ENABLE), 0);
    assert!(!cached(&b));

    b.w(FLUSH, 0x20001);
    assert_eq!(b.r(FLUSH), 0x20001);
    assert_eq!(b.r(FLUSH), 0x20001);
    assert!(b.mmu.cached(Level::Ptw, 0x1000).is_some());
    assert_eq!(b.r(FLUSH), 0);
    assert!(b.mmu.cached(Level::Ptw, 0x1000).is_none());
}

#[test]
fn directory_command_is_busy_too() {
    let mut b = warm();

    b.mmu.knobs.busy_reads = 1;
    b.ivld_ptw(0x1000);
    assert_eq!(b.r(PC_ENABLE), 1);
    assert!(b.mmu.cached(Level::Ptw, 0x1000).is_some());
    assert_eq!(b.r(PC_ENABLE), 0);
    assert!(b.mmu.cached(Level::Ptw, 0x1000).is_none());
}

#[test]
fn stuck() {
    let mut b = warm();

    b.mmu.knobs.stuck_flush = true;
    b.mmu.knobs.stuck_tlb_ivld = true;
    b.mmu.knobs.stuck_ptw_ivld = true;
    b.ivld_page(0x1000);
    b.ivld_ptw(0x1000);
    b.flush_all();
    for _ in 0..1000 {
        assert_eq!(b.r(IVLD_ENABLE), 1);
        assert_eq!(b.r(PC_ENABLE), 1);
        assert_eq!(b.r(FLUSH), 0x3003f);
    }
    assert!(cached(&b));
    b.mmu.knobs.stuck_flush = false;
    assert_eq!(b.r(FLUSH), 0);
    assert!(!cached(&b));
    b.mmu.set_reset(true);
    b.mmu.set_reset(false);
    assert_eq!(b.r(IVLD_ENABLE), 0);
}

#[test]
fn started_over_a_busy_one() {
    let mut b = warm();

    b.map(0x2000, DATA);
    b.rd(0, 0x2000).unwrap();
    b.mmu.knobs.busy_reads = 1;
    b.ivld_page(0x1000);
    b.w(IVLD_ENABLE, 1);
    assert_eq!(b.mmu.counters.regs.command_while_busy, 1);
    assert!(!cached(&b));
    b.ivld_page(0x2000);
    assert_eq!(b.mmu.counters.regs.command_while_busy, 4);
    assert!(b.mmu.cached(Level::Macro, 0x2000).is_some());
    b.r(IVLD_ENABLE);
    b.r(IVLD_ENABLE);
    assert!(b.mmu.cached(Level::Macro, 0x2000).is_none());
}

/// The registers of a busy command must not be written. The command drops nothing then.
#[test]
fn rewritten_while_busy() {
    for reg in [IVLD_MODE, IVLD_START, IVLD_END, IVLD_ADDR, IVLD_MASK] {
        let mut b = Board::plain(H616);

        b.map(0x1000, DATA);
        b.rd(0, 0x1000).unwrap();
        b.mmu.knobs.busy_reads = 1;
        b.ivld_page(0x1000);
        b.w(PC_ADDR, 0);
        assert_eq!(b.mmu.counters.errors(), 0, "a register of another command");
        b.w(reg, b.mmu.peek(reg));
        assert_eq!(b.mmu.counters.regs.command_while_busy, 1, "{reg:#x}");
        assert_eq!(b.r(IVLD_ENABLE), 1);
        assert_eq!(b.r(IVLD_ENABLE), 0);
        assert!(cached(&b));
        b.w(reg, b.mmu.peek(reg));
        assert_eq!(b.mmu.counters.errors(), 1);
    }

    let mut b = warm();
    b.mmu.knobs.busy_reads = 1;
    b.ivld_ptw(0x1000);
    b.w(PC_ADDR, 0x0010_0000);
    assert_eq!(b.mmu.counters.regs.command_while_busy, 1);
    assert_eq!(b.r(PC_ENABLE), 1);
    assert_eq!(b.r(PC_ENABLE), 0);
    assert!(b.mmu.cached(Level::Ptw, 0x1000).is_some());
}

#[test]
fn zeros_start_nothing() {
    let mut b = warm();

    b.w(FLUSH, 0);
    b.w(IVLD_ENABLE, 0);
    b.w(PC_ENABLE, 0);
    let c = &b.mmu.counters;
    assert_eq!(
        (c.flushes, c.tlb_invalidations, c.ptw_invalidations),
        (1, 0, 0)
    );
}

#[test]
fn gating_may_swallow_invalidations() {
    let mut b = warm();

    b.mmu.knobs.strict_gating = true;
    b.ivld_page(0x1000);
    assert!(cached(&b));
    assert_eq!(b.mmu.counters.ivld_with_gating, 1);
    b.w(AUTO_GATING, 0);
    b.ivld_page(0x1000);
    assert!(!cached(&b));
    assert_eq!(b.mmu.counters.ivld_with_gating, 1);

    b.w(AUTO_GATING, 1);
    b.ivld_ptw(0x1000);
    assert!(b.mmu.cached(Level::Ptw, 0x1000).is_some());
    b.flush_all();
    assert!(b.mmu.cached(Level::Ptw, 0x1000).is_none());
    assert_eq!(b.mmu.counters.errors(), 0);
}
