// SPDX-License-Identifier: GPL-2.0

//! The path of an access: which accesses pass, are translated or are refused, and their log.

mod common;

use common::*;
use iommu_models::{
    sun50i::{
        How, Pass,
        Variant::{
            H6,
            H616, //
        },
    },
    Cause,
    Denied,
    Model, //
};

const FORBIDDEN: Result<u64, Denied> = Err(Denied::Fault(Cause::Permission));

#[test]
fn why_it_passes() {
    let mut b = Board::up(H616);
    let va = DATA + 0x123;

    assert_eq!(b.rd(3, va), Ok(va.into()));
    assert_eq!(b.mmu.log.passed_by(3, Pass::Disabled), 1);
    b.w(ENABLE, 1);
    assert_eq!(b.rd(3, va), Ok(va.into()));
    assert_eq!(b.mmu.log.passed_by(3, Pass::Bypass), 1);
    b.w(RESET, 0x0003_007f);
    assert_eq!(b.wr(4, va), Ok(va.into()));
    assert_eq!(b.mmu.log.passed_by(4, Pass::Reset), 1);
    assert_eq!(b.mmu.log.passed(3), 2);
    assert_eq!(b.mmu.log.passed_any(), 3);
    assert_eq!(b.mmu.counters.walks, 0);
}

#[test]
fn bypass_is_by_master() {
    let mut b = Board::on(H616);

    b.map_in(TTB, 0x1000, DATA, 1);
    b.w(DM_AUT, 0x3fff_0000);
    b.w(BYPASS, 0x20);
    assert_eq!(b.wr(5, 0x1010), Ok(0x1010));
    assert_eq!(b.wr(6, 0x1010), FORBIDDEN);
}

#[test]
fn translates() {
    let mut b = Board::on(H6);

    b.map(0xffff_f000, DATA + 0x5000);
    b.map(0, DATA);
    assert_eq!(b.rd(5, 0xffff_fffc), Ok(u64::from(DATA) + 0x5ffc));
    assert_eq!(b.wr(0, 4), Ok(u64::from(DATA) + 4));
    assert_eq!(b.rd(6, 4), Err(Denied::Bus));
    assert_eq!(b.mmu.counters.errors(), 0);
}

#[test]
fn entry_formats() {
    let mut b = Board::plain(H6);

    for bits in 0..4 {
        let dir = TTB + 4 * bits;

        b.ram.set(dir, (RAM + 0x1_0000) | 0x3fc | bits);
        let want = if bits == 1 {
            Cause::NoPage
        } else {
            Cause::NoTable
        };
        assert_eq!(b.probe(0, bits << 20), Err(Denied::Fault(want)));
    }
    b.ram.set(RAM + 0x1_0000 + 4, DATA | 0xf0d);
    assert_eq!(b.probe(0, 0x0010_1000), Err(Denied::Fault(Cause::NoPage)));
    b.ram.set(RAM + 0x1_0000 + 8, DATA | 0xf0e);
    assert_eq!(b.probe(0, 0x0010_2008), Ok(u64::from(DATA) + 8));
}

/// The reserved bits have no effect on the walk, and are counted in valid entries.
#[test]
fn bits_of_entries_that_should_be_0() {
    let mut b = Board::plain(H6);
    let page = b.entry(TTB, 0x5000);
    let dir = TTB;

    b.map_in(TTB, 0x5000, DATA, 15);
    assert_eq!(b.rd(0, 0x5000), Ok(DATA.into()));
    assert_eq!(b.mmu.counters.errors(), 0);
    for (at, bits) in [
        (page, [0, 2, 3, 8, 9, 10, 11].as_slice()),
        (dir, [2, 3, 4, 5, 6, 7, 8, 9].as_slice()),
    ] {
        let good = b.ram.get(at);

        for bit in bits {
            let before = b.mmu.counters.reserved_entry_bits;

            b.ram.set(at, good | 1 << bit);
            b.flush_all();
            assert_eq!(b.rd(0, 0x5000), Ok(DATA.into()));
            assert_eq!(b.mmu.counters.reserved_entry_bits, before + 1, "{bit}");
            // Not again from a cache.
            assert_eq!(b.rd(0, 0x5000), Ok(DATA.into()));
            assert_eq!(b.mmu.counters.reserved_entry_bits, before + 1);
        }
        b.ram.set(at, good);
    }

    // Entries that are not valid may have any other bits.
    let errors = b.mmu.counters.errors();
    b.ram.set(page, !2);
    b.flush_all();
    assert_eq!(b.probe(0, 0x5000), Err(Denied::Fault(Cause::NoPage)));
    b.ram.set(dir, !1);
    b.flush_all();
    assert_eq!(b.probe(0, 0x5000), Err(Denied::Fault(Cause::NoTable)));
    assert_eq!(b.mmu.counters.errors(), errors);
}

#[test]
fn permission_matrix() {
    for variant in [H6, H616] {
        let mut b = Board::plain(variant);
        let rights = variant.rights();
        let (reads, writes) = (rights & 0x1555, rights & 0x2aaa);

        b.w(DM_AUT, rights << 16);
        b.w(DM_AUT + 4, reads << 16 | writes);
        b.w(DM_AUT + 28, 2 << 16);
        for (aci, read, write) in [
            (0, true, true),
            (1, false, false),
            (2, true, false),
            (3, false, true),
            (4, true, true),
        ] {
            b.map_in(TTB, aci << 12, DATA, aci);
            for m in 0..variant.masters() {
                assert_eq!(b.rd(m, aci << 12).is_ok(), read, "{aci} {m}");
                b.ack();
                assert_eq!(b.wr(m, aci << 12).is_ok(), write, "{aci} {m}");
                b.ack();
            }
        }
        // One permission of only one master.
        b.map_in(TTB, 0x2_0000, DATA, 15);
        assert!(b.rd(0, 0x2_0000).is_ok());
        assert_eq!(b.wr(0, 0x2_0000), FORBIDDEN);
        assert!(b.wr(1, 0x2_0000).is_ok());
        assert_eq!(b.mmu.counters.errors(), 0);
    }
}

#[test]
fn permissions_are_checked_on_hits() {
    let mut b = Board::on(H6);

    b.map_in(TTB, 0x1000, DATA, 2);
    assert!(b.wr(0, 0x1000).is_ok());
    b.w(DM_AUT + 4, 0xaaa);
    assert_eq!(b.wr(0, 0x1000), FORBIDDEN);
    assert_eq!(b.mmu.counters.hits_micro, 1);
    b.ack();
    b.w(DM_AUT + 4, 0);
    assert!(b.wr(0, 0x1000).is_ok());
}

#[test]
fn overwrite_replaces_all_rules() {
    let mut b = Board::on(H6);

    b.map_in(TTB, 0x1000, DATA, 1);
    b.map(0x2000, DATA);
    b.w(DM_AUT, 0xfff_0000);
    b.w(OVWT, 0x004);
    assert!(b.rd(1, 0x2000).is_ok(), "not switched on");
    b.w(OVWT, 0x8000_0004);
    assert!(b.rd(0, 0x1000).is_ok(), "domain 1 has no say");
    assert_eq!(b.rd(1, 0x2000), FORBIDDEN);
    b.ack();
    assert!(b.wr(1, 0x2000).is_ok());
    b.w(OVWT, 0x8000_0fff);
    for m in 0..6 {
        assert_eq!(b.wr(m, 0x2000), FORBIDDEN);
    }
    assert_eq!(b.mmu.log.passed_any(), 0);
}

/// With cached rules, a change of permission or denial needs an invalidation.
#[test]
fn rules_may_be_cached() {
    let mut b = Board::plain(H6);

    assert!(b.mmu.knobs.set("cached_rules", 1));
    b.map_in(TTB, 0x1000, DATA, 2);
    b.map(0x2000, DATA);
    b.wr(0, 0x1000).unwrap();
    b.w(DM_AUT + 4, 0xaaa);
    b.wr(0, 0x1000).unwrap();
    b.wr(1, 0x1000).unwrap();
    b.ivld_page(0x1000);
    assert_eq!(b.wr(0, 0x1000), FORBIDDEN);
    b.ack();

    // Denial does not reach cached pages, and remains in pages that were cached under it.
    b.w(OVWT, 0x8000_0fff);
    assert!(b.rd(0, 0x1000).is_ok());
    assert_eq!(b.rd(0, 0x2000), FORBIDDEN);
    b.ack();
    b.w(OVWT, 0);
    assert_eq!(b.rd(0, 0x2000), FORBIDDEN);
    b.ack();
    b.w(FLUSH, 0x0001);
    assert_eq!(b.rd(0, 0x2000), FORBIDDEN, "from the macro TLB");
    b.ack();
    b.flush_all();
    assert!(b.rd(0, 0x2000).is_ok());
    assert_eq!(b.mmu.counters.errors(), 0);
}

/// TTB may be written while all masters are denied. Their accesses fill the caches from the old
/// directory until then, so that the caches have to be invalidated before the masters are allowed.
#[test]
fn a_denied_master_walks() {
    for (walks, want) in [(1, DATA), (0, DATA + 0x1000)] {
        let mut b = Board::plain(H6);

        assert!(b.mmu.knobs.set("denied_walks", walks));
        b.map_in(TTB, 0x1000, DATA, 0);
        b.map_in(TTB2, 0x1000, DATA + 0x1000, 0);
        b.w(OVWT, 0x8000_0fff);
        for result in [b.rd(0, 0x1000), b.wr(1, 0x1000)] {
            assert_eq!(result, FORBIDDEN);
        }
        b.ack();
        assert_eq!(b.mmu.counters.walks, walks.into());
        b.w(TTB_REG, TTB2);
        b.w(OVWT, 0x8000_0002);
        assert_eq!(b.rd(0, 0x1000), Ok(want.into()));
        assert_eq!(b.wr(0, 0x1000), FORBIDDEN);
        assert_eq!(b.mmu.counters.errors(), 0);
    }
}

#[test]
fn bursts_across_pages() {
    let mut b = Board::on(H6);
    let mut buf = [0; 8];

    b.map(0x1000, DATA);
    b.map(0x2000, DATA + 0x3000);
    b.ram.set(DATA + 0xffc, 0x1111_1111);
    b.ram.set(DATA + 0x1000, 0x2222_2222);
    b.ram.set(DATA + 0x3000, 0x3333_3333);
    b.mmu.read(&mut b.ram, 0, 0x1ffc, &mut buf).unwrap();
    assert_eq!(buf, [0x11, 0x11, 0x11, 0x11, 0x33, 0x33, 0x33, 0x33]);
    b.w(BDY, 0x3e);
    b.mmu.read(&mut b.ram, 0, 0x1ffc, &mut buf).unwrap();
    assert_eq!(buf, [0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22]);
    b.mmu.write(&mut b.ram, 1, 0x1ffc, &[9; 8]).unwrap();
    assert_eq!(b.ram.get(DATA + 0x3000), 0x0909_0909);
    assert_eq!(
        b.mmu.write(&mut b.ram, 1, 0x2ffc, &[7; 8]),
        Err(Denied::Fault(Cause::NoPage))
    );
    assert_eq!(b.ram.get(DATA + 0x3ffc), 0x0707_0707);
}

#[test]
fn no_memory_there() {
    let mut b = Board::on(H616);
    let mut buf = [0; 4];

    b.map(0x1000, 0x9000_0000);
    assert_eq!(
        b.mmu.read(&mut b.ram, 0, 0x1000, &mut buf),
        Err(Denied::Bus)
    );
    b.ram.set(TTB + 8, 0x9000_0001);
    assert_eq!(
        b.rd(0, 0x0020_0000),
        Err(Denied::Fault(Cause::NoPage)),
        "table outside memory"
    );
    assert!(b.mmu.counters.bus_errors > 0);
}

/// The sun50i IOMMU has 32 bits of an address. DMA_MAPPING_ERROR is the last one of 64 bits.
#[test]
fn addresses_beyond_32_bits_fault() {
    let mut b = Board::on(H616);
    let first = u64::from(b.ram.get(DATA));

    b.map(0, DATA);
    b.map(0xffff_f000, DATA);
    for (n, va) in [1 << 32, u64::MAX - 0xfff, u64::MAX - 1, u64::MAX]
        .into_iter()
        .enumerate()
    {
        let mut buf = [1; 4];
        let model: &mut dyn Model = &mut *b.mmu;
        let result = model.read(&mut b.ram, 2, va, &mut buf);

        assert_eq!(result, Err(Denied::Fault(Cause::NoTable)), "{va:#x}");
        assert_eq!(buf, [1; 4]);
        assert_eq!(b.mmu.counters.accesses, n as u64 + 1);
        assert_eq!(b.mmu.log.recent().last().unwrap().va, va);
        assert!(b.mmu.irq());
        assert_eq!((b.r(L1PG), b.r(ERR_ADDR_L1)), (1 << 2, va as u32));
        b.ack();
    }

    // A burst that starts below 4 GiB is done up to there.
    let model: &mut dyn Model = &mut *b.mmu;
    let result = model.write(&mut b.ram, 0, 0xffff_fffc, &[9; 8]);
    assert_eq!(result, Err(Denied::Fault(Cause::NoTable)));
    assert_eq!(b.ram.get(DATA + 0xffc), 0x0909_0909);
    assert_eq!(u64::from(b.ram.get(DATA)), first, "page 0");

    // A bypassed access has all bits, and no address after the last one.
    b.w(BYPASS, 1);
    for va in [1 << 32, u64::MAX - 1] {
        let model: &mut dyn Model = &mut *b.mmu;
        assert_eq!(model.access(&mut b.ram, 0, va, 2, false), Ok(va));
        assert_eq!(model.read(&mut b.ram, 0, va, &mut [0; 4]), Err(Denied::Bus));
    }
}

#[test]
fn low_addresses_above_4_gib() {
    let mut b = Board::on(H616);

    b.map(0x1000, 0x1234_5000);
    b.map(0x2000, DATA);
    assert_eq!(b.rd(0, 0x1678), Ok(0x1234_5678));
    b.mmu.knobs.high_dram = true;
    assert_eq!(b.rd(0, 0x1678), Ok(0x1_1234_5678));
    assert_eq!(b.rd(0, 0x2678), Ok(u64::from(DATA) + 0x678));
}

#[test]
fn log_tells_tables_apart() {
    let mut b = Board::on(H6);

    b.map_in(TTB, 0x1000, DATA, 0);
    b.map_in(TTB2, 0x1000, DATA + 0x1000, 0);
    b.rd(0, 0x1000).unwrap();
    b.w(ENABLE, 0);
    b.w(TTB_REG, TTB2);
    b.w(ENABLE, 1);
    assert_eq!(b.rd(0, 0x1000), Ok(DATA.into()), "not flushed");
    assert_eq!(b.mmu.log.via(TTB.into()), 2);
    assert_eq!(b.mmu.log.stale_table(), 1);
    b.flush_all();
    b.mmu.log.mark();
    assert_eq!(b.rd(0, 0x1000), Ok(u64::from(DATA) + 0x1000));
    b.rd(1, 0x7000).unwrap_err();
    assert_eq!(b.mmu.log.tables().collect::<Vec<_>>(), [(TTB2.into(), 1)]);
    assert_eq!(b.mmu.log.via(TTB.into()), 0);
    assert_eq!(b.mmu.log.stale_table(), 0);
    assert_eq!(b.mmu.log.faulted(1), 1);

    let last: Vec<_> = b.mmu.log.recent().collect();
    assert_eq!(last.len(), 4);
    assert_eq!(last[3].seq, 4);
    assert_eq!((last[3].master, last[3].va), (1, 0x7000));
    assert_eq!(
        last[3].how,
        How::Faulted {
            cause: Cause::NoPage,
            table: TTB2.into()
        }
    );
    assert_eq!(last[2].how, How::Translated { table: TTB2.into() });
}

#[test]
fn log_is_a_ring() {
    let mut b = Board::up(H6);

    for i in 0..100 {
        b.rd(0, i * 4).unwrap();
    }
    let vas: Vec<_> = b.mmu.log.recent().map(|access| access.va / 4).collect();
    assert_eq!(vas, (36..100).collect::<Vec<_>>());
    assert_eq!(b.mmu.log.passed(0), 100);
    assert_eq!(b.mmu.log.passed(1), 0);
}
