// SPDX-License-Identifier: GPL-2.0

//! The interrupt and the registers that describe a fault.

use super::board::*;
use iommu_models::tegra::Variant::{
    self,
    T114,
    T124,
    T210, //
    T30,
};

#[test]
fn one_fault_raises_two_bits() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        assert!(!b.mmu.irq());
        b.rd(HOST, 0xfe05_6b40).unwrap_err();
        assert_eq!(b.r(INTSTATUS), 0x440);
        assert!(b.mmu.irq());
        assert_eq!(b.r(ERR_STATUS), 0x6000_0016);
        assert_eq!(b.r(ERR_ADR), 0xfe05_6b40);
        assert_eq!(b.mmu.counters.faults_latched, 1);
    }
}

/// The words as they were seen in logs of real machines, by the fields that these decode.
#[test]
fn words_of_each_fault() {
    let mut b = Board::plain(T210);
    let root = b.root(0);
    let mut words = Vec::new();
    let mut see = |b: &mut Board, client: u32, iova: u64, write: bool| {
        b.mmu.access(&mut b.ram, client, iova, write).unwrap_err();
        words.push((b.r(ERR_STATUS), b.r(ERR_ADR)));
        b.ack();
    };

    b.map_in(root, 0x4000, Board::word(b.data(0), R | NS));
    b.map_in(root, 0x5000, Board::word(b.data(0), W | NS));
    b.map_in(root, 0x6000, Board::word(b.data(0), R | W));
    b.map_in(root, 0x7000, NS | 0x1234);
    see(&mut b, 22, 0x40_0123, false); // no table
    see(&mut b, 54, 0x8004, true); // no page
    see(&mut b, 54, 0x4008, true); // read-only
    see(&mut b, 22, 0x5008, false); // write-only
    see(&mut b, 23, 0x6000, false); // secure
    see(&mut b, 23, 0x7000, false); // neither readable nor writable
    b.w(0xab4, 1 << 31 | HC_ASID);
    see(&mut b, 121, 0x9000, true);
    b.w(0xabc, 1 << 31 | HC_ASID);
    see(&mut b, 129, 0x2_0000_9000, true);
    assert_eq!(
        words,
        [
            (0x6000_0016, 0x0040_0123),
            (0x6001_0036, 0x0000_8004),
            (0x6a01_0036, 0x0000_4008),
            (0x6600_0016, 0x0000_5008),
            (0x6c00_0017, 0x0000_6000),
            (0x6200_0017, 0x0000_7000),
            (0x6001_0079, 0x0000_9000),
            (0x6021_0081, 0x0000_9000),
        ]
    );
}

/// The rights in the word are those of all levels.
#[test]
fn rights_in_the_word() {
    let mut b = Board::plain(T114);

    b.map(0x4000, b.data(0));
    let pde = b.pde(b.root(0), 0x4000);
    let entry = b.ram.get(pde);
    b.ram.set(pde, entry & !W);
    b.wr(HOST, 0x4000).unwrap_err();
    assert_eq!(b.r(ERR_STATUS), 0x6a01_0016);
}

#[test]
fn the_first_is_kept() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.rd(HOST, 0x4000).unwrap_err();
        b.wr(DISPLAY, 0x8000).unwrap_err();
        assert_eq!(b.r(ERR_STATUS), 0x6000_0016);
        assert_eq!(b.r(ERR_ADR), 0x4000);
        assert_eq!(b.mmu.counters.faults_latched, 1);
        assert_eq!(b.mmu.counters.faults_lost, 1);
        // One of the bits is not enough.
        b.w(INTSTATUS, 0x400);
        assert_eq!(b.r(INTSTATUS), 0x40);
        assert!(b.mmu.irq());
        b.wr(DISPLAY, 0x8000).unwrap_err();
        assert_eq!(b.r(ERR_ADR), 0x4000);
        assert_eq!(b.r(INTSTATUS), 0x40);
        b.w(INTSTATUS, 0x40);
        assert!(!b.mmu.irq());
        assert_eq!(b.r(ERR_ADR), 0x4000, "the description stays");
        b.wr(DISPLAY, 0x8000).unwrap_err();
        assert_eq!(b.r(INTSTATUS), 0x440);
        assert_eq!(b.r(ERR_STATUS), 0x6001_0001);
        assert_eq!(b.r(ERR_ADR), 0x8000);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn or_the_last() {
    let mut b = Board::on(T210);

    assert!(b.mmu.set_knob("latch", 1));
    b.rd(HOST, 0x4000).unwrap_err();
    b.wr(DISPLAY, 0x8000).unwrap_err();
    assert_eq!(b.r(ERR_ADR), 0x8000);
    assert_eq!(b.mmu.counters.faults_lost, 0);
}

#[test]
fn the_line_is_status_and_mask() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.w(INTMASK, 0);
        b.rd(HOST, 0x4000).unwrap_err();
        assert!(!b.mmu.irq());
        assert_eq!(
            b.r(INTSTATUS),
            0x440,
            "the status does not depend on the mask"
        );
        b.w(INTMASK, 0x40);
        assert!(b.mmu.irq());
        b.w(INTMASK, 0x100);
        assert!(!b.mmu.irq());
        b.w(INTMASK, 0x400);
        assert!(b.mmu.irq());
        b.w(INTSTATUS, 0x40);
        assert!(b.mmu.irq());
        b.w(INTSTATUS, 0);
        assert!(b.mmu.irq(), "0 clears nothing");
        b.w(INTSTATUS, 0x400);
        assert!(!b.mmu.irq());
    }
}

/// Each fault needs its own access, but not its own walk.
#[test]
fn faults_repeat_from_the_tlb() {
    let mut b = Board::on(T30);

    for _ in 0..3 {
        b.rd(HOST, 0x4000).unwrap_err();
        assert!(b.mmu.irq());
        b.ack();
    }
    assert_eq!(b.mmu.counters.walks, 1);
    assert_eq!(b.mmu.counters.faults_latched, 3);
    assert_eq!(b.mmu.log.faulted(HOST), 3);
}

/// The GPU's clients have ids above 127 on Tegra210 alone.
#[test]
fn the_width_of_the_client() {
    let mut b = Board::on(T210);
    b.w(0xaac, 1 << 31 | HC_ASID);
    b.rd(137, 1 << 34 | 0x1_0000_4000).unwrap_err();
    assert_eq!(b.r(ERR_STATUS), 0x6010_0089);

    let mut b = Board::on(T124);
    b.rd(115, 0x1_0000_4000).unwrap_err();
    assert_eq!(b.r(ERR_STATUS), 0x6010_0073);
}

/// A read-modify-write of the status, as for a register with a field of a client.
#[test]
fn writing_back_the_status_clears_it() {
    let mut b = Board::on(T210);

    b.rd(HOST, 0x4000).unwrap_err();
    let status = b.r(INTSTATUS);
    b.w(INTSTATUS, status | 1);
    assert_eq!(b.r(INTSTATUS), 0);
    assert!(!b.mmu.irq());
    assert_eq!(b.mmu.counters.regs.reserved_bits, 1);
}
