// SPDX-License-Identifier: GPL-2.0

//! The flush registers: the entries that each form drops, and misuse.

use super::board::*;
use iommu_models::tegra::Variant::{
    self,
    T114,
    T124,
    T210, //
    T30,
};

/// Pages of a few groups and sections.
const IOVAS: [u32; 10] = [
    0x0000_0000,
    0x0000_3000,
    0x0000_4000,
    0x0000_7000,
    0x0000_8000,
    0x003f_f000,
    0x0040_0000,
    0x007f_f000,
    0x8000_0000,
    0xffff_f000,
];

/// Fills the TLB with all pages for both ASIDs.
fn filled(variant: Variant) -> Board {
    let mut b = Board::plain(variant);

    for (client, root) in [(HOST, b.root(0)), (DISPLAY, b.root(1))] {
        for iova in IOVAS {
            b.map_in(root, iova.into(), Board::word(b.data(0), RW));
        }
        for iova in IOVAS {
            b.rd(client, iova.into()).unwrap();
        }
    }
    b
}

/// The pages that the TLB has for an ASID.
fn kept(b: &Board, asid: u32) -> Vec<u32> {
    let pages = IOVAS.iter().copied();

    pages
        .filter(|&iova| b.mmu.tlb(asid, iova).is_some())
        .collect()
}

/// All pages but these.
fn without(gone: &[u32]) -> Vec<u32> {
    let pages = IOVAS.iter().copied();

    pages.filter(|iova| !gone.contains(iova)).collect()
}

#[test]
fn all_of_the_tlb() {
    for variant in Variant::ALL {
        let mut b = filled(variant);

        b.w(TLB_FLUSH, 0);
        assert_eq!(kept(&b, HC_ASID), []);
        assert_eq!(kept(&b, DC_ASID), []);
        assert_eq!(b.mmu.counters.tlb_flushes_all, 1);
        assert_eq!(b.mmu.counters.dropped.total[HC_ASID as usize], 10);
        assert_eq!(b.mmu.counters.dropped.last_of_others(HC_ASID), 10);
        assert!(b.mmu.ptc(b.root(0)).is_some(), "the PTC is another cache");
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn an_asid() {
    for variant in Variant::ALL {
        let mut b = filled(variant);

        b.flush_asid(DC_ASID);
        assert_eq!(kept(&b, HC_ASID), IOVAS);
        assert_eq!(kept(&b, DC_ASID), []);
        assert_eq!(b.mmu.counters.tlb_flushes_asid, 1);
        assert_eq!(b.mmu.counters.dropped.total[DC_ASID as usize], 10);
        assert_eq!(b.mmu.counters.dropped.of_others(DC_ASID), 0);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn a_section() {
    for variant in Variant::ALL {
        let mut b = filled(variant);

        b.flush_section(HC_ASID, 0x0056_7000);
        assert_eq!(kept(&b, HC_ASID), without(&[0x40_0000, 0x7f_f000]));
        assert_eq!(kept(&b, DC_ASID), IOVAS);
        b.flush_section(HC_ASID, 0xffff_ffff);
        assert_eq!(
            kept(&b, HC_ASID),
            without(&[0x40_0000, 0x7f_f000, 0xffff_f000])
        );
        assert_eq!(b.mmu.counters.tlb_flushes_section, 2);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn a_group_is_16_kib() {
    for variant in Variant::ALL {
        let mut b = filled(variant);

        b.flush_group(HC_ASID, 0x5000);
        assert_eq!(kept(&b, HC_ASID), without(&[0x4000, 0x7000]));
        assert_eq!(kept(&b, DC_ASID), IOVAS);
        b.flush_group(HC_ASID, 0xffff_f000);
        assert_eq!(kept(&b, HC_ASID), without(&[0x4000, 0x7000, 0xffff_f000]));
        assert_eq!(b.mmu.counters.tlb_flushes_group, 2);
        assert_eq!(b.errors(), 0);
    }
}

/// A TLB line may be larger than a group, so a change of its other half needs a flush of its own.
#[test]
fn a_group_may_be_half_a_line() {
    for (variant, want) in [(T30, true), (T114, false), (T124, false), (T210, false)] {
        let mut b = Board::on(variant);

        b.map(0x0000, b.data(0));
        b.rd(HOST, 0).unwrap();
        b.map(0x4000, b.data(1));
        b.flush_ptc();
        b.flush_group(HC_ASID, 0);
        assert_eq!(b.rd(HOST, 0x4000).is_ok(), want, "{variant:?}");
        b.flush_group(HC_ASID, 0x4000);
        assert_eq!(b.rd(HOST, 0x4000), Ok(b.data(1)));
    }
}

/// Without the bit that selects an ASID, an address is matched in all of them.
#[test]
fn an_address_in_every_asid() {
    for variant in Variant::ALL {
        let mut b = filled(variant);

        b.w(TLB_FLUSH, 0x4000 >> 12 | 3);
        for asid in [HC_ASID, DC_ASID] {
            assert_eq!(kept(&b, asid), without(&[0x4000, 0x7000]));
        }
        b.w(TLB_FLUSH, 0x40_0000 >> 12 | 2);
        for asid in [HC_ASID, DC_ASID] {
            assert_eq!(
                kept(&b, asid),
                without(&[0x4000, 0x7000, 0x40_0000, 0x7f_f000])
            );
        }
        assert_eq!(b.errors(), 0);
    }
}

/// The field of the ASID is at bit 29 or 24.
#[test]
fn every_asid() {
    for (variant, shift) in [(T30, 29), (T114, 29), (T124, 24), (T210, 24)] {
        let asids = variant.asids();
        let mut b = Board::plain(variant);

        b.map(0x4000, b.data(0));
        for asid in 0..asids {
            b.set_root(asid, b.root(0));
            b.w(HC, 1 << 31 | asid);
            b.rd(HOST, 0x4000).unwrap();
        }
        for asid in 0..asids {
            b.w(TLB_FLUSH, 1 << 31 | asid << shift);
            for other in 0..asids {
                assert_eq!(b.mmu.tlb(other, 0x4000).is_some(), other > asid);
            }
        }
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn the_undefined_match_drops_nothing() {
    for variant in Variant::ALL {
        let mut b = filled(variant);

        b.w(TLB_FLUSH, 1);
        b.w(TLB_FLUSH, b.asid(HC_ASID) | 0x4000 >> 12 | 1);
        assert_eq!(kept(&b, HC_ASID), IOVAS);
        assert_eq!(b.mmu.counters.undefined_matches, 2);
        assert_eq!(b.errors(), 2);
    }
}

#[test]
fn bits_without_meaning_in_a_tlb_flush() {
    for (variant, val) in [
        (T30, 1 << 28),
        (T114, 1 << 20),
        (T124, 1 << 20),
        (T210, 1 << 23),
        // An address if all is matched.
        (T210, 1 << 31 | 1 << 24 | 0x4),
        // Address bits below a section.
        (T210, 1 << 31 | 1 << 24 | 0x202),
        (T30, 0x0000_0206),
        // An ASID without its bit.
        (T210, 1 << 24),
        (T30, 1 << 29 | 3),
    ] {
        let mut b = filled(variant);

        b.w(TLB_FLUSH, val);
        assert_eq!(b.mmu.counters.regs.reserved_bits, 1, "{variant:?} {val:#x}");
        assert_eq!(b.errors(), 1);
    }
}

#[test]
fn all_of_the_ptc() {
    for variant in Variant::ALL {
        let mut b = filled(variant);

        b.flush_ptc();
        assert_eq!(b.mmu.ptc(b.root(0)), None);
        assert_eq!(b.mmu.ptc(b.root(1)), None);
        assert_eq!(kept(&b, HC_ASID), IOVAS, "the TLB is another cache");
        assert_eq!(b.mmu.counters.ptc_flushes_all, 1);
        assert!(b.mmu.counters.dropped_lines > 8);
        assert_eq!(b.errors(), 0);
    }
}

/// A flush by address drops the line of any of its entries, and no other.
#[test]
fn a_line_of_the_ptc() {
    for (variant, line) in [(T30, 16), (T114, 32), (T124, 32), (T210, 64)] {
        for within in (0..line).step_by(16) {
            let mut b = Board::on(variant);
            let root = b.root(0);

            for at in (0..256).step_by(16) {
                b.rd(HOST, at / 4 << 22).unwrap_err();
            }
            b.flush_line(root + 128 + within);
            for at in (0..256).step_by(4) {
                let gone = (128..128 + line).contains(&at);

                assert_eq!(b.mmu.ptc(root + at).is_none(), gone, "{variant:?} {at}");
            }
            assert_eq!(b.mmu.counters.ptc_flushes_line, 1);
            assert_eq!(b.mmu.counters.dropped_lines, 1);
            assert_eq!(b.errors(), 0);
        }
    }
}

/// The register with the upper address bits keeps its value.
#[test]
fn a_line_above_4_gib_needs_its_upper_bits() {
    for variant in [T124, T210] {
        let mut b = Board::on(variant);
        let root = b.root(0);

        b.rd(HOST, 0).unwrap_err();
        b.w(PTC_FLUSH, root as u32 | 1);
        assert!(b.mmu.ptc(root).is_some(), "upper bits 0");
        b.w(PTC_FLUSH_HIGH, 2);
        b.w(PTC_FLUSH, root as u32 | 1);
        assert!(b.mmu.ptc(root).is_some(), "upper bits 2");
        b.w(PTC_FLUSH_HIGH, 1);
        b.w(PTC_FLUSH, root as u32 | 1);
        assert_eq!(b.mmu.ptc(root), None);
        assert_eq!(b.r(PTC_FLUSH_HIGH), 1);
        assert_eq!(b.mmu.counters.high_unchanged, 0);
        b.w(TLB_FLUSH, 0);
        b.rd(HOST, 0).unwrap_err();
        b.w(PTC_FLUSH, root as u32 | 1);
        assert_eq!(b.mmu.ptc(root), None, "it was kept");
        b.w(PTC_FLUSH_HIGH, 1);
        assert_eq!(b.mmu.counters.high_unchanged, 1);
        assert_eq!(b.errors(), 0);
    }
}

/// Two pairs of writes that are interleaved flush the wrong line.
#[test]
fn interleaved_pairs() {
    let mut b = Board::on(T210);
    let root = b.root(0);

    b.rd(HOST, 0).unwrap_err();
    b.w(PTC_FLUSH_HIGH, 1);
    b.w(PTC_FLUSH_HIGH, 0);
    b.w(PTC_FLUSH, root as u32 | 1);
    b.w(PTC_FLUSH, 0x9000_0000 | 1);
    assert!(b.mmu.ptc(root).is_some());
}

#[test]
fn bits_without_meaning_in_a_ptc_flush() {
    for variant in Variant::ALL {
        for val in [0x8000_0009, 0x8000_0003, 0x8000_0000, 2] {
            let mut b = filled(variant);

            b.w(PTC_FLUSH, val);
            assert_eq!(b.mmu.counters.regs.reserved_bits, 1, "{val:#x}");
            assert_eq!(b.errors(), 1);
            assert_eq!(b.mmu.counters.ptc_flushes_all, u64::from(val & 1 == 0));
        }
    }
}
