// SPDX-License-Identifier: GPL-2.0

//! Secured registers, secure ASIDs, the state that firmware leaves, and loss of power.

use super::board::*;
use iommu_models::{
    tegra::{
        Firmware, Pass,
        Variant::{
            self,
            T114,
            T124,
            T210, //
            T30,
        },
    },
    Denied, //
};

/// The words of TRANSLATION_ENABLE with all clients.
fn all_clients(b: &Board) -> Vec<u32> {
    let mut b = Board::up(b.mmu.variant());

    b.enable_clients();
    [0x228, 0x22c, 0x230, 0x234, 0xb98]
        .map(|off| b.mmu.peek(off))
        .to_vec()
}

#[test]
fn secured_registers_ignore_writes() {
    for variant in Variant::ALL {
        let mut b = Board::up(variant);

        assert!(b.mmu.set_knob("secured", 1));
        for off in [CONFIG, ENABLE, 0x22c, 0x230, SECURITY] {
            let val = match off {
                CONFIG => 1,
                SECURITY => 0xe,
                _ => !0,
            };

            b.w(off, val);
            assert_eq!(b.r(off), 0, "{off:#x}");
        }
        assert_eq!(b.mmu.counters.secured_writes, 5);
        // The others are not secured.
        for (off, val) in [
            (TLB_CONFIG, 0x10),
            (PTC_CONFIG, 0x3f),
            (HC, 1 << 31),
            (INTMASK, 0x440),
        ] {
            b.w(off, val);
            assert_eq!(b.r(off), val);
        }
        b.set_root(1, b.root(0));
        assert_eq!(b.mmu.root(1), Board::word(b.root(0), RW));
        assert_eq!(b.mmu.counters.secured_writes, 5);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn further_secured_registers() {
    let mut b = Board::up(T210);
    b.mmu.knobs.secured = true;
    for off in [0x234, 0xb98, 0x03c, 0x9e0, 0x9f4] {
        b.w(off, !0);
        assert_eq!(b.r(off), 0, "{off:#x}");
    }
    assert_eq!(b.mmu.counters.secured_writes, 5);
    assert_eq!(b.errors(), 0, "a driver cannot know it");
}

#[test]
fn a_fixed_swgroup_ignores_writes() {
    let mut b = Board::up(T210);
    b.w(HC, 1 << 31);
    // That of host1x.
    assert!(b.mmu.set_knob("fixed", 6));
    b.w(HC, 0);
    b.w(DC, 1 << 31);
    assert_eq!((b.r(HC), b.r(DC)), (1 << 31, 1 << 31));
    assert!(b.mmu.set_knob("fixed", 0));
    b.w(HC, 0);
    assert_eq!((b.r(HC), b.r(DC)), (0, 1 << 31));
    assert_eq!(b.errors(), 0);
}

/// A driver that writes them anyway works, since firmware has.
#[test]
fn a_driver_works_with_secured_registers() {
    for variant in Variant::ALL {
        let mut b = Board::up(variant);

        assert!(b.mmu.set_knob("firmware", 1));
        assert!(b.mmu.set_knob("secured", 1));
        b.map(0x4000, b.data(0));
        b.flush_all();
        b.set_root(HC_ASID, b.root(0));
        b.w(CONFIG, 1);
        b.w(HC, 1 << 31 | HC_ASID);
        let word = b.r(ENABLE);
        b.w(ENABLE, word | 1 << HOST);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
        let word = b.r(ENABLE);
        b.w(ENABLE, word & !(1 << HOST));
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)), "ignored");
        b.w(HC, HC_ASID);
        assert_eq!(b.rd(HOST, 0x4000), Ok(0x4000));
        assert_eq!(b.mmu.counters.secured_writes, 3);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn what_firmware_sets() {
    for variant in Variant::ALL {
        let mut b = Board::up(variant);

        assert_eq!(b.mmu.knobs.firmware, Firmware::Nothing);
        assert!(b.mmu.set_knob("firmware", 1));
        assert!(!b.mmu.set_knob("firmware", 2));
        assert_eq!(b.r(CONFIG), 1);
        assert_eq!(b.r(TLB_CONFIG), 0x2000_0010);
        assert_eq!(b.r(PTC_CONFIG), 0x2000_003f);
        let enabled = [0x228, 0x22c, 0x230, 0x234, 0xb98].map(|off| b.mmu.peek(off));
        assert_eq!(enabled.to_vec(), all_clients(&b));
        for off in [INTMASK, HC, DC, SECURITY, PTB_DATA] {
            assert_eq!(b.r(off), 0, "{off:#x}");
        }
        assert_eq!(b.rd(HOST, 0x4000), Ok(0x4000));
        assert_eq!(b.mmu.log.passed_by(HOST, Pass::Swgroup), 1);
    }
}

/// A swgroup that firmware has left on is translated by ASID 0, which has no root.
#[test]
fn a_swgroup_that_is_left_on() {
    for variant in Variant::ALL {
        let mut b = Board::up(variant);

        assert!(b.mmu.set_knob("firmware", 1));
        assert!(b.mmu.set_knob("left_on", 1));
        assert_eq!(b.r(DC), 1 << 31);
        assert_eq!(b.rd(DISPLAY, 0x4000), NO_TABLE);
        assert_eq!(b.rd(HOST, 0x4000), Ok(0x4000));
        // A driver gives ASID 0 to its first domain, of another device. The display uses it, too.
        b.map(0x4000, b.data(0));
        b.flush_all();
        b.set_root(0, b.root(0));
        assert_eq!(b.rd(DISPLAY, 0x4000), Ok(b.data(0)));
        assert!(b.mmu.set_knob("left_on", 0));
        assert_eq!(b.r(DC), 0);
    }
}

/// Numbers of swgroups without a register, and numbers that do not exist, leave nothing on.
#[test]
fn swgroups_that_cannot_be_left_on() {
    for (variant, number) in [(T30, 17), (T30, 19), (T210, 10), (T210, 200), (T114, 18)] {
        let mut b = Board::up(variant);

        assert!(b.mmu.set_knob("left_on", number));
        for group in variant.swgroups() {
            if let Some(off) = group.register() {
                assert_eq!(b.r(off), 0);
            }
        }
    }
}

#[test]
fn roots_of_secure_asids() {
    for (variant, raised) in [(T30, 0), (T114, 0), (T124, 0x800), (T210, 0x800)] {
        let mut b = Board::on(variant);

        b.w(INTMASK, 0x13d40 & if raised == 0 { 0x740 } else { !0 });
        b.w(SECURITY, 1 << HC_ASID);
        b.set_root(HC_ASID, b.root(2));
        assert_eq!(b.mmu.root(HC_ASID), Board::word(b.root(0), RW), "dropped");
        assert_eq!(b.r(INTSTATUS), raised, "{variant:?}");
        assert_eq!(b.mmu.irq(), raised != 0);
        assert_eq!(b.mmu.counters.secure_root_writes, 1);
        assert_eq!(b.errors(), 1);
        b.set_root(DC_ASID, b.root(2));
        assert_eq!(b.mmu.root(DC_ASID), Board::word(b.root(2), RW));
        b.w(INTSTATUS, 0x800 & if raised == 0 { 0 } else { !0 });
        assert!(!b.mmu.irq());
        // The interrupt is another one than that of a fault.
        b.rd(HOST, 0x4000).unwrap_err();
        assert_eq!(b.r(INTSTATUS), 0x440);
    }
    let mut b = Board::up(T210);
    b.w(0x9e4, 1 << 31);
    b.set_root(127, b.root(0));
    assert_eq!(b.mmu.root(127), 0);
    b.set_root(126, b.root(0));
    assert_ne!(b.mmu.root(126), 0);
}

#[test]
fn power_loses_all() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.map(0x4000, b.data(0));
        b.rd(HOST, 0x4000).unwrap();
        b.rd(DISPLAY, 0x4000).unwrap_err();
        b.mmu.set_power(false);
        assert!(!b.mmu.irq());
        assert_eq!(b.rd(HOST, 0x4000), Err(Denied::Bus));
        assert_eq!(b.mmu.log.blocked(HOST), 1);
        assert_eq!(b.mmu.counters.blocked.sum(), 1);
        b.mmu.set_power(true);
        assert_eq!(b.r(CONFIG), 0);
        assert_eq!(b.r(HC), 0);
        assert_eq!(b.mmu.root(HC_ASID), 0);
        assert_eq!(b.mmu.tlb(HC_ASID, 0x4000), None);
        assert_eq!(b.mmu.ptc(b.root(0)), None);
        assert_eq!(b.r(INTSTATUS), 0);
        assert_eq!(b.rd(HOST, 0x4000), Ok(0x4000), "untranslated");
        assert_eq!(b.errors(), 0);
    }
}

/// After deep sleep firmware has enabled translation, but there are no roots and swgroups.
#[test]
fn firmware_after_sleep() {
    let mut b = Board::up(T210);

    assert!(b.mmu.set_knob("firmware", 1));
    b.set_root(HC_ASID, b.root(0));
    b.w(HC, 1 << 31 | HC_ASID);
    b.w(TLB_CONFIG, 0x3000_0030);
    b.rd(HOST, 0x4000).unwrap_err();
    b.mmu.set_power(false);
    b.mmu.set_power(true);
    assert_eq!(b.r(CONFIG), 1);
    assert_eq!(b.r(TLB_CONFIG), 0x2000_0010, "fewer lines");
    assert_eq!(b.mmu.root(HC_ASID), 0);
    assert_eq!(b.rd(HOST, 0x4000), Ok(0x4000));
    assert_eq!(b.mmu.log.passed_by(HOST, Pass::Swgroup), 1);
}

#[test]
fn power_that_is_retained() {
    let mut b = Board::on(T30);

    b.map(0x4000, b.data(0));
    b.rd(HOST, 0x4000).unwrap();
    assert!(b.mmu.set_knob("retain", 1));
    b.mmu.set_power(false);
    assert_eq!(b.rd(HOST, 0x4000), Err(Denied::Bus));
    b.mmu.set_power(true);
    assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(0)));
    assert_eq!(b.mmu.counters.walks, 1);
}

#[test]
fn counters_and_knobs_survive() {
    let mut b = Board::on(T114);

    b.w(TLB_FLUSH, 1);
    b.rd(HOST, 0x4000).unwrap_err();
    b.mmu.knobs.refetch = true;
    b.mmu.set_power(false);
    b.mmu.set_power(true);
    assert_eq!(b.mmu.counters.undefined_matches, 1);
    assert_eq!(b.mmu.counters.accesses, 1);
    assert!(b.mmu.knobs.refetch);
    b.mmu.counters.clear();
    assert_eq!(b.mmu.counters.undefined_matches, 1, "misuse stays");
    assert_eq!(b.mmu.counters.accesses, 0);
}

/// A board makes an instance of any SoC out of another one's.
#[test]
fn another_soc() {
    let mut b = Board::on(T30);

    b.mmu.set_variant(T210);
    assert_eq!(b.mmu.variant(), T210);
    assert_eq!(b.r(CONFIG), 0);
    b.w(0xb98, !0);
    assert_eq!(b.r(0xb98), 0xff);
    b.set_root(127, 0x1_8000_0000);
    assert_eq!(b.r(PTB_DATA), 0xe018_0000);
    assert_eq!(b.errors(), 0);
}
