// SPDX-License-Identifier: GPL-2.0

//! The debug port and the performance counters.

mod common;

use common::*;
use iommu_models::sun50i::{
    Level,
    Variant::{
        H6,
        H616, //
    },
};

fn debug(b: &mut Board, va: u32, config: u32) {
    b.w(VA, va);
    b.w(VA_CONFIG, config);
    b.w(VA_CONFIG, config | 1);
}

fn peek(b: &mut Board, va: u32) -> u32 {
    debug(b, va, 0x8000_0000);
    assert_eq!(b.r(VA_CONFIG), 0x8000_0000);
    b.r(VA_DATA)
}

fn poke(b: &mut Board, va: u32, word: u32) {
    b.w(VA_DATA, word);
    debug(b, va, 0x8000_0100);
    assert_eq!(b.r(VA_CONFIG), 0x8000_0100);
}

#[test]
fn reads_and_writes_through_translation() {
    let mut b = Board::plain(H616);

    b.map_in(TTB, 0x3000, DATA, 1);
    b.w(DM_AUT, 0x3fff_0000);
    b.ram.set(DATA + 0x10, 0x1234_5678);
    assert_eq!(peek(&mut b, 0x3010), 0x1234_5678);
    poke(&mut b, 0x3014, 0xcafe_f00d);
    assert_eq!(b.ram.get(DATA + 0x14), 0xcafe_f00d);
    assert_eq!(b.mmu.counters.accesses, 0);
    assert_eq!(b.mmu.log.recent().count(), 0);
    for m in 0..7 {
        assert!(b.mmu.cached(Level::Micro(m), 0x3000).is_none());
    }
    b.flush_all();
    assert_eq!(b.mmu.counters.dropped.last, [0, 0, 0, 0, 0, 0, 0, 2]);
    assert_eq!(b.mmu.counters.errors(), 0);
}

#[test]
fn start_bit_starts() {
    let mut b = Board::plain(H6);

    b.map(0x3000, DATA);
    b.ram.set(DATA, 7);
    b.w(VA, 0x3000);
    b.w(VA_CONFIG, 0x8000_0000);
    assert_eq!(b.r(VA_DATA), 0);
    b.w(VA_CONFIG, 0x8000_0001);
    assert_eq!(b.r(VA_DATA), 7);
}

#[test]
fn busy_and_stuck() {
    let mut b = Board::plain(H6);

    b.mmu.knobs.busy_reads = 1;
    debug(&mut b, 0x3000, 0x8000_0000);
    assert_eq!(b.r(VA_CONFIG), 0x8000_0001);
    assert_eq!(b.r(VA_CONFIG), 0x8000_0000);
    b.mmu.knobs.stuck_debug = true;
    debug(&mut b, 0x3000, 0x8000_0000);
    for _ in 0..100 {
        assert_eq!(b.r(VA_CONFIG), 0x8000_0001);
    }
    // The address, the configuration and the start are lost.
    debug(&mut b, 0x5000, 0x8000_0100);
    assert_eq!(b.mmu.counters.regs.command_while_busy, 3);
    assert_eq!((b.r(VA), b.r(VA_CONFIG)), (0x3000, 0x8000_0001));
}

#[test]
fn nothing_there() {
    let mut b = Board::plain(H6);

    b.w(VA_DATA, 5);
    assert_eq!(peek(&mut b, 0x3000), 0);
    assert_eq!(b.r(INT_STA), 0, "nobody asked");
    b.w(INT_ENABLE, 0x1c_003f);
    b.flush_all();
    peek(&mut b, 0x3004);
    assert_eq!(b.r(INT_STA), 0x10000);
    assert_eq!(b.r(L1PG), 0x8000_0000);
    assert_eq!(b.r(ERR_ADDR_L1), 0x3004);
    assert_eq!(b.mmu.stalled(), 0);
    b.ack();
    b.map(0x4000, DATA);
    b.ivld_ptw(0x3000);
    peek(&mut b, 0x3004);
    assert_eq!(b.r(INT_STA), 0x20000);
    assert_eq!(b.r(L2PG), 0x8000_0000);
}

#[test]
fn cached_level_1_has_a_bit_of_its_own() {
    let mut b = Board::plain(H6);

    b.w(INT_ENABLE, 0x4_0000);
    peek(&mut b, 0x3000);
    assert_eq!(b.r(INT_STA), 0x10000);
    b.ack();
    peek(&mut b, 0x3000);
    assert_eq!(b.r(INT_STA), 0);
    b.w(INT_ENABLE, 0x8_0000);
    peek(&mut b, 0x3000);
    assert_eq!(b.r(INT_STA), 0x10000);
}

#[test]
fn not_while_disabled() {
    let mut b = Board::up(H6);

    b.ram.set(DATA, 7);
    assert_eq!(peek(&mut b, DATA), 0);
    poke(&mut b, DATA, 8);
    assert_eq!(b.ram.get(DATA), 7);
    assert_eq!(b.mmu.counters.debug_while_disabled, 2);
}

#[test]
fn prefetch_by_hand() {
    let mut b = Board::plain(H6);

    b.map(0x3000, DATA);
    debug(&mut b, 0x3000, 0);
    assert_eq!(b.mmu.cached(Level::Macro, 0x3000), Some(DATA | 2));
    assert!(b.mmu.cached(Level::Ptw, 0x3000).is_some());
    b.flush_all();
    assert_eq!(b.mmu.counters.dropped.last, [0, 0, 0, 0, 0, 0, 0, 2]);
}

#[test]
fn counters() {
    let mut b = Board::plain(H616);

    b.map(0x1000, DATA);
    b.map(0x2000, DATA);
    b.rd(6, 0x1000).unwrap();
    for off in [0x290, 0x298, 0x2d0, 0x2e0] {
        assert_eq!(b.r(off), 0, "not enabled");
    }
    b.w(PMU_ENABLE, 1);
    b.rd(6, 0x1000).unwrap();
    b.rd(6, 0x1000).unwrap();
    b.rd(6, 0x2000).unwrap();
    b.rd(0, 0x2000).unwrap();
    assert_eq!((b.r(0x290), b.r(0x298)), (3, 2));
    assert_eq!((b.r(0x230), b.r(0x238)), (1, 0));
    assert_eq!((b.r(0x2d0), b.r(0x2d8)), (2, 1));
    assert_eq!((b.r(0x2e0), b.r(0x2e8)), (1, 1));
    assert_eq!((b.r(0x294), b.r(0x29c)), (0, 0));
    b.w(PMU_CLR, 1);
    assert_eq!(b.r(0x290), 0);
    assert_eq!(b.r(PMU_CLR), 0);
    assert_eq!(b.r(0x300) + b.r(0x304) + b.r(0x308), 0);
    assert_eq!(b.mmu.counters.errors(), 0);
}
