// SPDX-License-Identifier: GPL-2.0

//! Registers: values after power-on, bits that they keep, misuse.

use super::board::*;
use iommu_models::tegra::{
    Class,
    Variant::{
        self,
        T114,
        T124,
        T210, //
        T30,
    },
};

#[test]
fn after_power_on() {
    for variant in Variant::ALL {
        let mut b = Board::up(variant);

        for off in (0..variant.window()).step_by(4) {
            let want = match off {
                TLB_CONFIG => 0x2000_0010,
                PTC_CONFIG => 0x2000_003f,
                _ => 0,
            };

            assert_eq!(b.mmu.peek(off), want, "{off:#x}");
        }
        assert!(!b.mmu.irq());
        assert_eq!(b.r(TLB_CONFIG), 0x2000_0010);
    }
}

/// The values that drivers and firmware are known to write.
#[test]
fn known_values_are_kept() {
    for (variant, off, val) in [
        (T30, TLB_CONFIG, 0x2000_0010),
        (T114, TLB_CONFIG, 0x2000_0020),
        (T124, TLB_CONFIG, 0x3000_0020),
        (T210, TLB_CONFIG, 0x3000_0030),
        (T30, PTC_CONFIG, 0x2000_003f),
        (T114, PTC_CONFIG, 0x2000_003f),
        (T124, PTC_CONFIG, 0x2800_003f),
        (T210, PTC_CONFIG, 0x2800_003f),
        (T210, PTC_CONFIG, 0x2800_0f3f),
        (T30, INTMASK, 0x540),
        (T114, INTMASK, 0x540),
        (T124, INTMASK, 0x13d40),
        (T210, INTMASK, 0x13d40),
        (T30, HC, 0x8000_0003),
        (T124, HC, 0xff7f_7f7f),
        (T210, PTC_FLUSH_HIGH, 3),
        (T30, SECURITY, 0xf),
        (T210, 0x9f4, !0),
        (T210, 0x050, 0x1234_5678),
        (T30, 0x048, !0),
    ] {
        let mut b = Board::up(variant);

        b.w(off, val);
        assert_eq!(b.r(off), val, "{variant:?} {off:#x}");
        assert_eq!(b.errors(), 0, "{variant:?} {off:#x}");
    }
}

#[test]
fn reserved_bits_are_counted_and_ignored() {
    for (variant, off, val, kept) in [
        (T30, INTMASK, 0x13d40, 0x540),
        (T210, INTMASK, 0x80, 0),
        (T210, CONFIG, 3, 1),
        (T30, TLB_CONFIG, 0x3000_0010, 0x2000_0010),
        (T114, PTC_CONFIG, 0x2800_003f, 0x2000_003f),
        (T124, PTC_CONFIG, 0x2800_0f3f, 0x2800_003f),
        (T210, TLB_CONFIG, 0x40, 0),
        (T30, PTB_ASID, 4, 0),
        (T210, PTB_ASID, 0x80, 0),
        (T210, PTB_DATA, 0xf000_0001, 0xe000_0001),
        (T114, HC, 0x8000_0004, 0x8000_0000),
        (T210, HC, 0x8080_8080, 0x8000_0000),
        (T124, PTC_FLUSH_HIGH, 4, 0),
        (T30, SECURITY, 0x10, 0),
        (T30, ENABLE, 1, 0),
        (T210, ENABLE, 0x80 | 2, 2),
    ] {
        let mut b = Board::up(variant);

        b.w(off, val);
        assert_eq!(b.r(off), kept, "{variant:?} {off:#x}");
        assert_eq!(b.mmu.counters.regs.reserved_bits, 1, "{variant:?} {off:#x}");
        assert_eq!(b.errors(), 1, "{variant:?} {off:#x}");
    }
}

#[test]
fn each_asid_has_a_root() {
    for variant in Variant::ALL {
        let mut b = Board::up(variant);
        let asids = variant.asids();

        for asid in 0..asids {
            b.set_root_word(asid, RW | (0x1000 + asid));
        }
        for asid in 0..asids {
            b.w(PTB_ASID, asid);
            assert_eq!(b.r(PTB_DATA), RW | (0x1000 + asid));
            assert_eq!(b.mmu.root(asid), RW | (0x1000 + asid));
        }
        assert_eq!(b.mmu.root(asids), 0);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn wide_roots_lose_bits() {
    for (variant, word, kept) in [
        (T30, 0xe010_0001, 0xe000_0001),
        (T114, 0xef10_0001, 0xe000_0001),
        (T124, 0xe040_0001, 0xe000_0001),
        (T210, 0xe800_0001, 0xe000_0001),
    ] {
        let mut b = Board::up(variant);

        b.set_root_word(1, word);
        assert_eq!(b.r(PTB_DATA), kept);
        assert_eq!(b.mmu.counters.wide_roots, 1);
        assert_eq!(b.errors(), 1);
    }
    let mut b = Board::up(T210);
    b.set_root_word(1, 0xe03f_ffff);
    assert_eq!(b.errors(), 0);
}

#[test]
fn live_roots_are_counted() {
    let mut b = Board::on(T210);
    assert_eq!(b.mmu.counters.live_roots, 0);
    b.set_root(3, b.root(2));
    assert_eq!(b.mmu.counters.live_roots, 0);
    b.set_root(HC_ASID, b.root(2));
    assert_eq!(b.mmu.counters.live_roots, 1);
    b.w(HC, 1 << 31 | 3 << 16);
    b.set_root(3, b.root(0));
    assert_eq!(b.mmu.counters.live_roots, 2, "the third field");
    b.set_root(0, b.root(2));
    assert_eq!(b.mmu.counters.live_roots, 3, "the first field");
    b.w(HC, 1 << 31 | 1);
    b.set_root(0, b.root(3));
    assert_eq!(b.mmu.counters.live_roots, 3, "0 in upper fields is no use");
    assert_eq!(b.errors(), 0, "not misuse");
}

#[test]
fn registers_that_can_only_be_read() {
    for (variant, off) in [
        (T30, ERR_STATUS),
        (T30, ERR_ADR),
        (T30, 0x1f0),
        (T210, 0x1fc),
        (T210, 0x204),
        (T210, 0x974),
        (T210, 0x9d0),
        (T210, 0x654),
        (T124, 0xc04),
    ] {
        let mut b = Board::up(variant);

        b.w(off, !0);
        assert_eq!(b.r(off), 0, "{off:#x}");
        assert_eq!(b.mmu.counters.regs.readonly_writes, 1, "{off:#x}");
        assert_eq!(b.errors(), 1);
    }
}

#[test]
fn registers_that_can_only_be_written() {
    for variant in Variant::ALL {
        let mut b = Board::up(variant);

        assert_eq!(b.r(TLB_FLUSH), 0);
        assert_eq!(b.r(PTC_FLUSH), 0);
        assert_eq!(b.mmu.counters.writeonly_reads, 2);
        assert_eq!(b.errors(), 2);
    }
}

#[test]
fn registers_that_do_not_exist() {
    for (variant, off) in [
        (T30, 0x9b8),
        (T30, 0x400),
        (T30, 0x03c),
        (T30, 0x04c),
        (T30, 0x234),
        (T30, 0x274),
        (T114, 0x9b8),
        (T114, 0x238),
        (T114, 0x970),
        (T114, 0x654),
        (T124, 0x278),
        (T124, 0xb98),
        (T124, 0x9d0),
        (T124, 0x9e0),
        (T124, 0x050),
        (T210, 0x024),
        (T210, 0x248),
        (T210, 0xa90),
        (T210, 0xffc),
        (T210, 0x1000),
        (T210, 0xffff_fffc),
    ] {
        let mut b = Board::up(variant);

        b.w(off, !0);
        assert_eq!(b.r(off), 0, "{variant:?} {off:#x}");
        assert_eq!(b.mmu.counters.regs.undefined, 2, "{variant:?} {off:#x}");
        assert_eq!(b.errors(), 2);
        assert_eq!(b.mmu.log.writes().count(), 0);
    }
}

#[test]
fn misaligned_accesses() {
    let mut b = Board::on(T124);

    b.w(CONFIG + 2, 0);
    b.r(CONFIG + 1);
    assert_eq!(b.mmu.counters.regs.misaligned, 2);
    assert_eq!(b.r(CONFIG), 1);
}

/// Registers of the memory controller's driver.
#[test]
fn the_controller_keeps_what_is_written() {
    for variant in Variant::ALL {
        let mut b = Board::up(variant);
        let offsets = [0x054, 0x090, 0x0e8, 0x0f8, 0x0fc, 0x2e0, 0x36c, 0x3f0];

        for off in offsets {
            b.w(off, off << 16 | 0xa5a5);
        }
        for off in offsets {
            assert_eq!(b.r(off), off << 16 | 0xa5a5);
        }
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn hot_resets_are_done_at_once() {
    for (variant, control) in [(T30, 0x200), (T114, 0x200), (T124, 0x970), (T210, 0x970)] {
        let mut b = Board::up(variant);

        b.w(control, 1 << 6);
        assert_eq!(b.r(control + 4), 1 << 6);
        assert_eq!(b.r(control), 1 << 6);
        b.w(control, 0);
        assert_eq!(b.r(control + 4), 0);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn statistics_count_if_enabled() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let stats = |b: &Board| [0, 4, 8, 12].map(|off| b.mmu.peek(0x1f0 + off));

        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        assert_eq!(stats(&b), [0; 4]);
        b.flush_all();
        b.w(TLB_CONFIG, 0xa000_0010);
        b.rd(HOST, 0x4000).unwrap();
        b.rd(HOST, 0x4000).unwrap();
        assert_eq!(stats(&b), [1, 1, 0, 0], "hits and misses of the TLB");
        b.w(PTC_CONFIG, 0xa000_003f);
        b.w(TLB_FLUSH, 0);
        b.rd(HOST, 0x4000).unwrap();
        assert_eq!(
            stats(&b),
            [1, 2, 2, 0],
            "directory and table were in the PTC"
        );
        b.flush_all();
        b.rd(HOST, 0x4000).unwrap();
        assert_eq!(stats(&b), [1, 3, 2, 2]);
    }
}

#[test]
fn accesses_are_counted_by_kind() {
    let mut b = Board::up(T210);
    for off in [
        0x000, 0x014, 0x020, 0x9b8, 0x038, 0xb98, 0xae0, 0x1f0, 0x0fc, 0x204,
    ] {
        b.r(off);
    }
    for off in [0x004, 0x01c, 0x030, 0x034, 0x9b8, 0x22c, 0x240, 0x040] {
        b.w(off, 0);
    }
    let (reads, writes) = (b.mmu.counters.reads, b.mmu.counters.writes);

    assert_eq!(reads.sum(), 10);
    assert_eq!(writes.sum(), 8);
    assert_eq!(b.mmu.counters.regs.mmio_reads, 10);
    assert_eq!(b.mmu.counters.regs.mmio_writes, 8);
    for (class, read, written) in [
        (Class::Interrupt, 1, 1),
        (Class::Config, 1, 1),
        (Class::Root, 1, 1),
        (Class::TlbFlush, 0, 1),
        (Class::PtcFlush, 0, 1),
        (Class::PtcFlushHigh, 1, 1),
        (Class::Security, 1, 0),
        (Class::Client, 1, 1),
        (Class::Swgroup, 1, 1),
        (Class::Stats, 1, 0),
        (Class::Controller, 2, 0),
    ] {
        assert_eq!(reads.of(class), read, "{class:?}");
        assert_eq!(writes.of(class), written, "{class:?}");
    }
}

#[test]
fn without_power_there_is_no_answer() {
    let mut b = Board::cold(T210);

    b.w(CONFIG, 1);
    assert_eq!(b.r(CONFIG), !0);
    assert_eq!(b.mmu.peek(CONFIG), 0);
    assert_eq!(b.mmu.counters.unpowered_accesses, 2);
    assert_eq!(b.errors(), 2);
}
