// SPDX-License-Identifier: GPL-2.0

//! The chain of decisions between a client and a directory.

use super::board::*;
use iommu_models::{
    tegra::{
        How, Pass, Switch,
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

/// How the last access went.
fn how(b: &Board) -> How {
    b.mmu.log.recent().last().unwrap().how
}

/// Reads at PA = IOVA; returns why that was possible.
fn passes(b: &mut Board, client: u32, iova: u64) -> Pass {
    assert_eq!(b.rd(client, iova), Ok(iova));
    match how(b) {
        How::Passed(why) => why,
        other => panic!("{other}"),
    }
}

#[test]
fn all_switches_on_translate() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.map(0x1234_5000, b.data(3));
        assert_eq!(b.rd(HOST, 0x1234_5678), Ok(b.data(3) + 0x678));
        assert_eq!(b.wr(54, 0x1234_5fff), Ok(b.data(3) + 0xfff));
        assert_eq!(how(&b), How::Translated { table: b.root(0) });
        assert_eq!(b.mmu.counters.translated, 2);
        assert_eq!(b.mmu.counters.accesses, 2);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn each_switch_off_passes() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let iova = 0xfe05_6b40;

        assert_eq!(b.rd(HOST, iova), NO_TABLE);
        b.w(CONFIG, 0);
        assert_eq!(passes(&mut b, HOST, iova), Pass::Off);
        b.w(CONFIG, 1);
        assert_eq!(b.rd(HOST, iova), NO_TABLE);

        let word = b.r(ENABLE);
        b.w(ENABLE, word & !(1 << HOST));
        assert_eq!(passes(&mut b, HOST, iova), Pass::Client);
        assert_eq!(b.rd(23, iova), NO_TABLE, "the other client of the swgroup");
        b.w(ENABLE, word);
        assert_eq!(b.rd(HOST, iova), NO_TABLE);

        b.w(HC, HC_ASID);
        assert_eq!(passes(&mut b, HOST, iova), Pass::Swgroup);
        assert_eq!(b.rd(DISPLAY, iova), NO_TABLE, "the other swgroup");
        b.w(HC, 1 << 31 | HC_ASID);
        assert_eq!(b.rd(HOST, iova), NO_TABLE);

        assert_eq!(b.mmu.counters.passed.sum(), 3);
        assert_eq!(b.mmu.log.passed(HOST), 3);
        assert_eq!(b.mmu.log.passed_by(HOST, Pass::Client), 1);
        assert_eq!(b.errors(), 0);
    }
}

/// Every client with a bit is switched by that bit, and by the register of its swgroup, alone.
#[test]
fn every_client_has_its_own_bit_and_register() {
    for variant in Variant::ALL {
        for id in 0..256 {
            let Some(group) = variant.swgroup_of(id) else {
                continue;
            };
            if group.switch() != Switch::Enable {
                continue;
            }
            let word = match (variant, id / 32) {
                (_, n @ 0..=2) => ENABLE + 4 * n,
                (_, 3) => 0x234,
                _ => 0xb98,
            };
            let mut b = Board::up(variant);

            b.w(CONFIG, 1);
            b.w(group.register().unwrap(), 1 << 31);
            b.w(word, 1 << (id % 32));
            assert_eq!(b.rd(id, 0), NO_TABLE, "{variant:?} {id}");
            for other in (0..256).filter(|&other| other != id) {
                if variant.swgroup_of(other).is_some() {
                    assert_eq!(b.rd(other, 0), Ok(0), "{variant:?} {other} with {id}");
                }
            }
        }
    }
}

#[test]
fn clients_without_register_always_pass() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        assert_eq!(passes(&mut b, 0, 0x5000), Pass::NoRegister);
        assert_eq!(passes(&mut b, CPU, 0x5000), Pass::NoRegister);
    }
    let mut b = Board::on(T114);
    assert_eq!(passes(&mut b, 82, 0x5000), Pass::NoRegister);
}

#[test]
fn there_is_no_such_client() {
    for (variant, id) in [
        (T30, 66),
        (T114, 7),
        (T124, 7),
        (T210, 38),
        (T210, 255),
        (T210, 256),
    ] {
        let mut b = Board::on(variant);

        assert_eq!(b.rd(id, 0), Err(Denied::Bus));
        assert_eq!(b.mmu.counters.accesses, 0);
        assert!(!b.mmu.irq());
    }
}

#[test]
fn the_gpu_asks_by_an_address_bit() {
    for variant in [T124, T210] {
        let mut b = Board::on(variant);
        let asked = 1 << 34;

        b.w(0xaac, 1 << 31 | HC_ASID);
        b.map(0x7000, b.data(1));
        assert_eq!(passes(&mut b, 88, 0x7000), Pass::Physical);
        assert_eq!(b.rd(88, asked | 0x7008), Ok(b.data(1) + 8));
        assert_eq!(b.rd(88, asked | 0x8000), NO_PAGE);
        assert_eq!(b.r(ERR_ADR), 0x8000, "without the bit");
        b.ack();
        // The bit passes with the address if the swgroup is off.
        b.w(0xaac, HC_ASID);
        assert_eq!(passes(&mut b, 88, asked | 0x7000), Pass::Swgroup);
        assert_eq!(passes(&mut b, 88, 0x7000), Pass::Physical);
    }
}

#[test]
fn swgroups_share_a_directory_by_their_asid() {
    let mut b = Board::on(T30);

    b.map(0x4000, b.data(0));
    assert_eq!(b.rd(DISPLAY, 0x4000), NO_TABLE);
    b.w(DC, 1 << 31 | HC_ASID);
    assert_eq!(b.rd(DISPLAY, 0x4000), Ok(b.data(0)));
    assert_eq!(b.mmu.counters.walks, 2);
    b.rd(HOST, 0x4000).unwrap();
    assert_eq!(b.mmu.counters.hits_tlb, 1, "and translations");
}

/// Bits 33:32 of the address choose one of four ASIDs.
#[test]
fn four_asids_of_a_swgroup() {
    for variant in [T124, T210] {
        let mut b = Board::on(variant);

        for (i, asid) in [(0, 7), (1, 0x7f), (2, 8), (3, 64)] {
            b.set_root(asid, b.root(10 + i));
            b.map_in(b.root(10 + i), 0x5000, Board::word(b.data(i), RW));
        }
        b.w(HC, 0xc008_7f07);
        for i in 0..4 {
            assert_eq!(b.rd(HOST, i << 32 | 0x5010), Ok(b.data(i) + 0x10), "{i}");
            assert!(b.mmu.tlb([7, 0x7f, 8, 64][i as usize], 0x5000).is_some());
        }
        // The directory covers 4 GiB; the ASID alone tells the quarters apart.
        assert_eq!(b.mmu.counters.walks, 4);
        assert_eq!(b.rd(HOST, 3 << 32 | 0x6000), NO_PAGE);
        assert_eq!(b.r(ERR_STATUS), 0x6030_0000 | HOST);
        assert_eq!(b.r(ERR_ADR), 0x6000);
        assert_eq!(b.errors(), 0);
    }
}

#[test]
fn wider_addresses_fault() {
    for (variant, iova, status) in [
        (T30, 1 << 32, 0x6000_0016),
        (T114, 0x3_0000_5000, 0x6000_0016),
        (T124, 1 << 34, 0x6000_0016),
        (T210, 0x8000_0001_0000_5000, 0x6010_0016),
        (T210, !0, 0x6030_0016),
    ] {
        let mut b = Board::on(variant);

        b.map(0, b.data(0));
        b.map(0x5000, b.data(0));
        assert_eq!(b.rd(HOST, iova), NO_TABLE, "{variant:?} {iova:#x}");
        assert_eq!(b.r(ERR_STATUS), status);
        assert_eq!(b.r(ERR_ADR), iova as u32);
        b.w(HC, 0);
        assert_eq!(b.rd(HOST, iova), Ok(iova), "not translated, not narrowed");
    }
}
