// SPDX-License-Identifier: GPL-2.0

//! Commands that take time or never complete.

mod common;

use common::*;
use iommu_models::sun50i::{
    Iommu, Level,
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
fn take_time_by_default() {
    let mut mmu = Box::new(Iommu::new(H6));
    let mut ram = Ram::new(RAM.into(), 0x1000);

    mmu.set_clock(true);
    mmu.set_reset(false);
    let busy = (0..64).filter(|_| {
        mmu.mmio_write(&mut ram, FLUSH, 1);
        let busy = mmu.peek(FLUSH) != 0;
        while mmu.mmio_read(&mut ram, FLUSH) != 0 {}
        busy
    });
    assert!(busy.count() > 32);
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

/// Returns how many reads find each of 64 commands busy.
fn busy_times(b: &mut Board) -> Vec<u32> {
    (0..64)
        .map(|i| {
            let reg = [IVLD_ENABLE, PC_ENABLE, FLUSH][i % 3];
            let level = [Level::Macro, Level::Ptw, Level::Macro][i % 3];
            let there = |b: &Board| b.mmu.cached(level, 0x1000).is_some();
            let mut reads = 0;

            b.rd(0, 0x1000).unwrap();
            b.w(PC_ADDR, 0);
            b.w(IVLD_ADDR, 0x1000);
            b.w(IVLD_MASK, !0xfff);
            b.w(reg, if reg == FLUSH { 0x3003f } else { 1 });
            while b.mmu.peek(reg) != 0 {
                assert!(there(b), "not before it is done");
                b.r(reg);
                reads += u32::from(b.mmu.peek(reg) != 0);
            }
            assert!(!there(b));
            reads
        })
        .collect()
}

#[test]
fn busy_for_a_random_time() {
    let [one, again, other] = [1, 1, 2].map(|seed| {
        let mut b = warm();

        assert!(b.mmu.knobs.set("busy_seed", seed));
        busy_times(&mut b)
    });
    assert_eq!(one, again);
    assert_ne!(one, other);
    for times in [one, other] {
        for reads in 0..=3 {
            let n = times.iter().filter(|&&n| n == reads).count();

            assert!((4..=32).contains(&n), "{n} commands of {reads}: {times:?}");
        }
        assert!(times.iter().all(|&n| n <= 3));
    }

    // A number of reads that is set is used for all commands.
    let mut b = warm();
    b.mmu.knobs.busy_seed = 1;
    b.mmu.knobs.busy_reads = 5;
    assert_eq!(busy_times(&mut b), [5; 64]);
    assert_eq!(b.mmu.counters.errors(), 0);
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
