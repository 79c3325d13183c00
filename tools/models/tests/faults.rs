// SPDX-License-Identifier: GPL-2.0

//! Faults: registers, line, lanes.

mod common;

use common::*;
use iommu_models::{
    sun50i::{
        Stall,
        Variant::{
            H6,
            H616, //
        },
    },
    Cause,
    Denied, //
};

const STALLED: Result<u64, Denied> = Err(Denied::Stalled);

#[test]
fn no_table() {
    let mut b = Board::plain(H616);

    b.ram.set(TTB + 4 * 5, 0xabc2);
    assert_eq!(b.wr(6, 0x0051_2344), Err(Denied::Fault(Cause::NoTable)));
    assert_eq!(b.r(INT_STA), 0x10000);
    assert_eq!(b.r(L1PG), 0x40);
    assert_eq!(b.r(ERR_ADDR_L1), 0x0051_2344);
    assert_eq!(b.r(ERR_DATA_L1), 0xabc2);
    assert_eq!(b.r(L2PG), 0);
    assert!(b.mmu.irq());
    b.w(INT_CLR, 0x10000);
    assert_eq!(b.r(INT_STA), 0);
    assert_eq!(b.r(L1PG), 0);
    assert!(!b.mmu.irq());
}

#[test]
fn no_page() {
    let mut b = Board::plain(H6);
    let entry = b.entry(TTB, 0x0051_2000);

    b.ram.set(entry, DATA | 0x9);
    assert_eq!(b.rd(2, 0x0051_2344), Err(Denied::Fault(Cause::NoPage)));
    assert_eq!(b.r(INT_STA), 0x20000);
    assert_eq!(b.r(L2PG), 0x4);
    assert_eq!(b.r(ERR_ADDR_L2), 0x0051_2344);
    assert_eq!(b.r(ERR_DATA_L2), DATA | 0x9);
}

#[test]
fn no_permission() {
    let mut b = Board::plain(H616);

    b.map_in(TTB, 0x3000, DATA, 2);
    b.w(DM_AUT + 4, 0x2aaa);
    assert_eq!(b.wr(6, 0x3abc), Err(Denied::Fault(Cause::Permission)));
    assert_eq!(b.r(INT_STA), 0x40);
    assert_eq!(b.r(ERR_ADDR + 4 * 6), 0x3abc);
    assert_eq!(b.r(ERR_DATA + 4 * 6), DATA | 0x22);
    assert_eq!((b.r(L1PG), b.r(L2PG)), (0, 0));
}

#[test]
fn several_at_once_first_kept() {
    let mut b = Board::plain(H6);

    b.map_in(TTB, 0x3000, DATA, 1);
    b.map_in(TTB, 0x4000, DATA, 1);
    b.w(DM_AUT, 0xfff_0000);
    b.rd(0, 0x5000).unwrap_err();
    b.rd(1, 0x6000).unwrap_err();
    b.rd(2, 0x0070_0000).unwrap_err();
    b.rd(3, 0x3000).unwrap_err();
    b.rd(4, 0x4000).unwrap_err();
    assert_eq!(b.r(INT_STA), 0x30018);
    assert_eq!(b.r(L2PG), 0x3);
    assert_eq!(b.r(L1PG), 0x4);
    assert_eq!(b.r(ERR_ADDR_L2), 0x5000);
    assert_eq!(b.r(ERR_ADDR + 12), 0x3000);
    assert_eq!(b.r(ERR_ADDR + 16), 0x4000);
    let c = &b.mmu.counters;
    assert_eq!(
        (c.faults_latched, c.faults_merged, c.faults_lost),
        (4, 1, 0)
    );
}

#[test]
fn line_is_status_and_enable() {
    let mut b = Board::plain(H6);

    b.w(INT_ENABLE, 0x1003f);
    b.rd(0, 0x0010_0000).unwrap_err();
    assert!(b.mmu.irq());
    b.ack();
    b.map(0x1000, DATA);
    b.ivld_ptw(0x1000);
    b.rd(0, 0x2000).unwrap_err();
    assert_eq!(b.r(INT_STA), 0x20000, "set although masked");
    assert!(!b.mmu.irq());
    b.w(INT_ENABLE, 0x20000);
    assert!(b.mmu.irq());
}

#[test]
fn lane_stops_until_cleared() {
    let mut b = Board::plain(H6);

    b.map(0x1000, DATA);
    b.rd(0, 0x5000).unwrap_err();
    assert_eq!(b.mmu.stalled(), 1);
    assert_eq!(b.rd(0, 0x1000), STALLED);
    assert_eq!(b.rd(0, 0x5000), STALLED);
    assert!(b.rd(1, 0x1000).is_ok(), "others go on");
    assert_eq!(b.mmu.counters.stalled, 2);
    assert_eq!(b.mmu.counters.faults_latched, 1);

    b.w(INT_CLR, 0x1003f);
    assert_eq!(b.rd(0, 0x1000), STALLED, "another cause");
    b.w(RESET, 0x8003_0000);
    b.w(RESET, 0x8003_003f);
    assert_eq!(b.rd(0, 0x1000), STALLED, "the fault is still pending");
    b.w(INT_CLR, 0x20000);
    assert!(b.rd(0, 0x1000).is_ok());
}

#[test]
fn permission_stops_one_lane() {
    let mut b = Board::plain(H6);

    b.map(0x1000, DATA);
    b.w(OVWT, 0x8000_000f);
    b.rd(0, 0x1000).unwrap_err();
    b.rd(1, 0x1000).unwrap_err();
    assert_eq!(b.mmu.stalled(), 3);
    b.w(OVWT, 0);
    b.w(INT_CLR, 0x2);
    assert_eq!(b.rd(0, 0x1000), STALLED);
    assert!(b.rd(1, 0x1000).is_ok());
}

#[test]
fn lane_that_wants_a_reset() {
    let mut b = Board::plain(H616);

    b.mmu.knobs.stall = Stall::UntilLaneReset;
    b.map(0x1000, DATA);
    b.rd(6, 0x5000).unwrap_err();
    b.rd(1, 0x5000).unwrap_err();
    b.ack();
    assert_eq!(b.rd(6, 0x1000), STALLED);
    b.w(RESET, 0x8003_0040);
    b.w(RESET, 0x8003_007f);
    assert_eq!(b.rd(6, 0x1000), STALLED, "its lane was not among them");
    assert!(b.rd(1, 0x1000).is_ok());
    b.w(RESET, 0x8003_003f);
    b.w(RESET, 0x8003_007f);
    assert!(b.rd(6, 0x1000).is_ok());
}

#[test]
fn lane_that_never_stops() {
    let mut b = Board::plain(H6);

    b.mmu.knobs.stall = Stall::Never;
    for _ in 0..10 {
        b.rd(0, 0x5000).unwrap_err();
    }
    let c = &b.mmu.counters;
    assert_eq!((c.faults_latched, c.faults_lost, c.stalled), (1, 9, 0));
}

#[test]
fn repeats_although_mapped() {
    let mut b = Board::plain(H6);

    b.rd(0, 0x5000).unwrap_err();
    b.map(0x5000, DATA);
    b.ack();
    assert_eq!(b.rd(0, 0x5000), Err(Denied::Fault(Cause::NoTable)));
    b.ivld_page(0x5000);
    b.ivld_ptw(0x5000);
    b.ack();
    assert_eq!(b.rd(0, 0x5000), Ok(DATA.into()));
}

#[test]
fn prefetch_reports_when_asked() {
    let mut b = Board::plain(H6);

    b.w(PREFETCH, 1);
    b.mmu.knobs.prefetch_mib = 0;
    b.map(0x1000, DATA);
    b.rd(0, 0x1000).unwrap();
    assert_eq!(b.r(INT_STA), 0);
    b.flush_all();
    b.w(INT_ENABLE, 0x13_003f);
    b.rd(0, 0x1000).unwrap();
    assert_eq!(b.r(INT_STA), 0x20000);
    assert_eq!(b.r(L2PG), 0x8000_0000);
    assert_eq!(b.r(ERR_ADDR_L2), 0x2000);
    assert_eq!(b.mmu.stalled(), 0);
    assert_eq!(b.mmu.counters.faults_soft, 1);
    assert!(b.mmu.irq());
    b.ack();
    assert_eq!(b.r(L2PG), 0);

    // The same with the reports enabled by the knob instead, one level higher.
    b.w(INT_ENABLE, 0x3003f);
    b.mmu.knobs.report_soft = true;
    b.mmu.knobs.prefetch_pages = 0;
    b.mmu.knobs.prefetch_mib = 1;
    b.flush_all();
    b.rd(0, 0x1000).unwrap();
    assert_eq!(b.r(INT_STA), 0x10000);
    assert_eq!(b.r(L1PG), 0x8000_0000);
}
