// SPDX-License-Identifier: GPL-2.0

//! Register writes that arrive late.

use super::board::*;
use iommu_models::tegra::{
    Smmu,
    Variant::{
        self,
        T124,
        T210, //
    },
};

fn late(variant: Variant) -> Board {
    let mut b = Board::on(variant);

    b.map(0x4000, b.data(0));
    b.rd(HOST, 0x4000).unwrap();
    b.mmu.knobs.posted = 2;
    b
}

/// By default up to three accesses overtake a write, by a number that depends on the seed.
#[test]
fn by_default_a_random_number_of_accesses() {
    let defaults = Smmu::new(T210).knobs;
    assert_eq!((defaults.posted, defaults.busy_seed), (0, 1));

    let late = |seed: u32| -> Vec<u64> {
        let mut b = late(T210);
        b.mmu.knobs.posted = 0;
        b.mmu.knobs.busy_seed = seed;
        let count = |b: &mut Board| {
            b.w(HC, 0);
            let late = (0..4).take_while(|_| b.rd(HOST, 0x4000) == Ok(b.data(0)));
            let n = late.count() as u64;
            b.w(HC, 1 << 31 | HC_ASID);
            b.r(CONFIG);
            n
        };

        (0..64).map(|_| count(&mut b)).collect()
    };
    let one = late(1);
    for n in 0..4 {
        assert!(one.contains(&n), "{n} in {one:?}");
    }
    assert_eq!(one, late(1));
    assert_ne!(one, late(2));
    assert_eq!(late(0), [0; 64]);
}

#[test]
fn two_accesses_overtake_a_write() {
    for variant in Variant::ALL {
        let mut b = late(variant);

        b.w(HC, 0);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
        assert_eq!(b.rd(HOST, 0x4000), Ok(0x4000), "it has arrived");
        assert_eq!(b.mmu.counters.overtaking, 2);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn a_read_waits_for_the_writes_before_it() {
    for variant in Variant::ALL {
        let mut b = late(variant);

        b.w(HC, 0);
        assert_eq!(b.mmu.peek(HC), 1 << 31 | HC_ASID);
        assert_eq!(b.r(PTB_ASID), DC_ASID);
        assert_eq!(b.mmu.peek(HC), 0);
        assert_eq!(b.rd(HOST, 0x4000), Ok(0x4000));
        assert_eq!(b.mmu.counters.overtaking, 0);
    }
}

/// An unmap without the read: the page is used once more.
#[test]
fn flushes_need_a_read() {
    for variant in Variant::ALL {
        for read in [false, true] {
            let mut b = late(variant);

            b.unmap(0x4000);
            b.flush_ptc();
            b.flush_group(HC_ASID, 0x4000);
            if read {
                b.r(CONFIG);
                assert_eq!(b.rd(HOST, 0x4000), NO_PAGE);
            } else {
                assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
            }
        }
    }
}

#[test]
fn writes_arrive_in_order() {
    for variant in Variant::ALL {
        let mut b = late(variant);

        for asid in 0..4 {
            b.set_root_word(asid, RW | (0x1000 + asid));
        }
        b.r(CONFIG);
        for asid in 0..4 {
            assert_eq!(b.mmu.root(asid), RW | (0x1000 + asid));
        }
    }
}

/// A further write starts the wait again.
#[test]
fn each_write_waits() {
    let mut b = late(T210);

    b.w(HC, 0);
    b.rd(HOST, 0x4000).unwrap();
    b.rd(HOST, 0x4000).unwrap();
    b.w(DC, 0);
    assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
    assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
    assert_eq!(b.rd(HOST, 0x4000), Ok(0x4000));
}

/// There is room for 64 writes; the oldest arrives before the next is taken.
#[test]
fn many_writes() {
    let mut b = late(T124);

    b.w(HC, 0);
    for _ in 0..63 {
        b.w(DC, 1 << 31 | DC_ASID);
    }
    assert_eq!(b.mmu.peek(HC), 1 << 31 | HC_ASID);
    b.w(DC, 0);
    assert_eq!(b.mmu.peek(HC), 0);
    assert_eq!(b.mmu.peek(DC), 1 << 31 | DC_ASID);
    b.r(CONFIG);
    assert_eq!(b.mmu.peek(DC), 0);
}

/// The interrupt's registers, and all before them, arrive at once.
#[test]
fn the_line_follows_its_registers() {
    for variant in Variant::ALL {
        let mut b = late(variant);

        b.rd(HOST, 0x9000).unwrap_err();
        assert!(b.mmu.irq());
        b.w(HC, 0);
        b.w(INTSTATUS, 0x440);
        assert!(!b.mmu.irq());
        assert_eq!(b.rd(HOST, 0x4000), Ok(0x4000));
        b.w(HC, 1 << 31 | HC_ASID);
        b.w(INTMASK, 0);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
    }
}

#[test]
fn the_log_has_them_when_they_are_sent() {
    let mut b = late(T210);

    b.w(HC, 0);
    assert_eq!(b.mmu.log.writes().last(), Some((HC, 0)));
}

#[test]
fn lost_power_loses_them() {
    let mut b = late(T210);

    b.w(HC, 1 << 31 | 3);
    b.mmu.set_power(false);
    b.mmu.set_power(true);
    assert_eq!(b.r(HC), 0);
}
