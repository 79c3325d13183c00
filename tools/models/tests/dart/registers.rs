// SPDX-License-Identifier: GPL-2.0

//! Which registers exist, and which bits they keep.

use super::board::*;
use iommu_models::dart::{
    Bypass, Config,
    Variant::{
        self,
        T8103Usb4,
        T6000,
        T8103,
        T8110, //
    },
};

fn params(config: Config) -> [u32; 4] {
    let mut b = Board::up(config);

    [0, 4, 8, 12].map(|off| b.r(off))
}

#[test]
fn compatibles() {
    for variant in Variant::ALL {
        let name = variant.compatible();

        assert_eq!(Variant::from_compatible(name), Some(variant));
        assert!(name.starts_with("apple,t") && name.ends_with("-dart"));
    }
    assert_eq!(Variant::from_compatible("apple,dart"), None);
}

#[test]
fn parameters_t8020() {
    for (variant, bypass) in [(T8103, 1), (T8103Usb4, 0), (T6000, 1)] {
        let [params1, params2, ..] = params(Config::new(variant));

        assert_eq!(params1 >> 24 & 0xf, 14);
        assert_eq!(params2 & 1, bypass);
    }
    let [params1, ..] = params(Config::new(T8103).pages_4k());
    assert_eq!(params1 >> 24 & 0xf, 12);
}

#[test]
fn parameters_t8110() {
    let [params1, params2, params3, params4] = params(Config::new(T8110));
    assert_eq!(params1 >> 24 & 0xf, 14);
    assert_eq!(params2 & 1, 1);
    assert_eq!(params3, 0x2a2a_0200);
    assert_eq!(params4 & 0x1ff, 256);

    let config = Config::new(T8110)
        .input(36)
        .output(36)
        .streams(16)
        .version(1, 3)
        .bypass(Bypass::Unsupported);
    let [_, params2, params3, params4] = params(config);
    assert_eq!(params2 & 1, 0);
    assert_eq!(params3, 0x2424_0103);
    assert_eq!(params4, 0x0001_0010);

    // As they were read from a DART with 16 clients.
    let config = Config::new(T8110).streams(16).clients(16);
    let [params1, _, _, params4] = params(config);
    assert_eq!(params1, 0x2e31_3048);
    assert_eq!(params4, 0x0010_0010);
}

#[test]
#[should_panic]
fn dart2_has_no_4k_pages() {
    let _ = Config::new(T6000).pages_4k();
}

#[test]
fn what_exists() {
    for config in all() {
        let mut b = Board::up(config);
        let streams = b.dart.streams();
        let mut there = vec![
            PARAMS1,
            4,
            b.error(),
            b.tcr(0),
            b.tcr(streams - 1),
            b.ttbr(0, 0),
        ];
        let mut absent = vec![];

        if b.is_t8110() {
            there.extend([
                0x8, 0xc, 0x80, 0x104, 0x170, 0x174, 0x1c0, 0x200, 0x204, 0x208,
            ]);
            there.extend([
                0x20c, 0x210, 0x218, 0x220, 0x224, 0x228, 0x22c, 0x800, 0xc00, 0xc20,
            ]);
            there.push(b.ttbr(streams - 1, 0));
            absent.extend([0x20, 0x34, 0x40, 0x50, 0x60, 0xfc, 0x1800, 0x4000]);
            if streams < 256 {
                absent.push(0x800 + 4 * streams);
                absent.push(0xc00 + 4 * streams.div_ceil(32));
            }
        } else {
            there.extend([
                0x20, 0x34, 0x38, 0x50, 0x54, 0x60, 0x68, 0x6c, 0x80, 0x8c, 0xf0,
            ]);
            there.extend([0xf8, 0xfc, b.ttbr(0, 3), b.ttbr(streams - 1, 3)]);
            absent.extend([0x8, 0x24, 0x44, 0x90, b.ttbr(streams, 0), 0x1000]);
        }
        for off in there {
            b.r(off);
            assert_eq!(b.dart.counters.regs.undefined, 0, "{off:#x}");
        }
        if streams < 256 {
            absent.push(b.tcr(streams));
        }
        for (n, &off) in absent.iter().enumerate() {
            assert_eq!(b.r(off), 0, "{off:#x}");
            assert_eq!(b.dart.counters.regs.undefined, n as u64 + 1, "{off:#x}");
        }
    }
}

#[test]
fn after_power_on() {
    for config in all() {
        let mut b = Board::up(config);

        for stream in 0..b.dart.streams() {
            assert_eq!((b.r(b.tcr(stream)), b.r(b.ttbr(stream, 0))), (0, 0));
        }
        assert_eq!(b.r(b.error()), 0);
        if b.is_t8110() {
            assert_eq!(b.r(t8110::COMMAND), 0);
            assert_eq!(b.r(t8110::ENABLE), 0);
            assert_eq!(b.r(t8110::PROTECT), 0);
            assert_eq!(b.r(0x220), 0x0002_0202);
            assert_eq!(b.r(0x800), 0x000f_0000);
        } else {
            assert_eq!(b.r(t8020::COMMAND), 0);
            assert_eq!(b.r(t8020::ENABLE), 0);
            assert_eq!(b.r(t8020::CONFIG), 0);
            assert_eq!(b.r(0x068), 0x0002_0202);
            let remap = [0, 4, 8, 12].map(|off| b.r(t8020::REMAP + off));
            assert_eq!(remap, [0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x0f0e_0d0c]);
        }
        assert_eq!(b.dart.counters.errors(), 0);
        assert!(!b.dart.irq());
    }
}

#[test]
fn streams_do_not_share_registers() {
    for config in all() {
        let mut b = Board::up(config);
        let ttbrs = if b.is_t8110() { 1 } else { 4 };
        let address = |b: &Board, stream, i| b.root(RAM + 0x4000 * u64::from(4 * stream + i));

        for stream in 0..b.dart.streams() {
            for i in 0..ttbrs {
                let val = address(&b, stream, i);

                b.w(b.ttbr(stream, i), val);
            }
            b.w(b.tcr(stream), b.on);
        }
        for stream in 0..b.dart.streams() {
            assert_eq!(b.r(b.tcr(stream)), b.on);
            for i in 0..ttbrs {
                assert_eq!(b.r(b.ttbr(stream, i)), address(&b, stream, i));
            }
        }
        assert_eq!(b.dart.counters.errors(), 0);
    }
}

#[test]
fn strict_about_writes() {
    let mut b = Board::up(Config::new(T8103));

    for off in [0x000, 0x004, 0x050, 0x054] {
        b.w(off, 1);
    }
    assert_eq!(b.dart.counters.regs.readonly_writes, 4);
    b.w(0x042, 1);
    b.r(0x101);
    assert_eq!(b.dart.counters.regs.misaligned, 2);
    b.w(0x0f4, 1);
    assert_eq!(b.dart.counters.regs.undefined, 1);

    for (off, val, kept) in [
        (t8020::TCR, 0x0400_0080, 0x80),
        (t8020::TCR, 0x0000_00a0, 0x80),
        (t8020::TTBR, 0x8100_0000, 0x8000_0000),
        (t8020::CONFIG, 0x0000_0001, 0),
        (t8020::REMAP, 0x0302_0110, 0x0302_0100),
        (0x068, 0x0010_0000, 0),
        (0x0f0, 2, 0),
    ] {
        let before = b.dart.counters.regs.reserved_bits;

        b.w(off, val);
        assert_eq!(b.dart.counters.regs.reserved_bits, before + 1, "{off:#x}");
        assert_eq!(b.r(off), kept, "{off:#x}");
    }
    // All ones, more bits than streams, as software writes for "all streams".
    b.w(t8020::ENABLE, !0);
    b.w(t8020::SELECT, !0);
    assert_eq!(b.dart.counters.regs.reserved_bits, 7);
    assert_eq!(b.r(t8020::ENABLE), 0xffff);
    assert_eq!(b.r(t8020::SELECT), !0);
}

#[test]
fn strict_about_writes_t8110() {
    let mut b = Board::up(Config::new(T8110).streams(40));

    for (off, val, kept) in [
        (t8110::TCR, 0x11, 0x01),
        (t8110::TTBR, 0x4000_0005, 0x5),
        (t8110::TTBR, 0x2, 0),
        (t8110::PROTECT, 0x20, 0),
        (t8110::COMMAND, 0x8000_0000, 0),
        (t8110::COMMAND, 0x0000_8000, 0),
        (t8110::RANGE_FIRST, 0x4000_0001, 0),
        (0x228, 0x4000_0000, 0),
        (0x800, 0x80, 0),
    ] {
        let before = b.dart.counters.regs.reserved_bits;

        b.w(off, val);
        assert_eq!(b.dart.counters.regs.reserved_bits, before + 1, "{off:#x}");
        assert_eq!(b.r(off), kept, "{off:#x}");
    }
    b.w(0x008, 0);
    assert_eq!(b.dart.counters.regs.readonly_writes, 1);
}

#[test]
fn addresses_of_tables_end_with_the_output() {
    for (config, most) in [
        (Config::new(T8103), 0x80ff_fffc),
        (Config::new(T6000), 0xbfff_fffc),
        (Config::new(T8110), 0x3fff_fffd),
        (Config::new(T8110).input(36).output(36), 0x00ff_fffd),
    ] {
        let mut b = Board::up(config);
        let off = b.ttbr(1, 0);

        b.w(off, most);
        assert_eq!(b.r(off), most);
        assert_eq!(b.dart.counters.errors(), 0);
        b.w(off, most | most.wrapping_add(most) & !most & 0x7fff_ff00);
        assert_eq!(b.r(off), most);
        assert_eq!(b.dart.counters.regs.reserved_bits, 1);
    }
}

#[test]
fn tables_are_pages() {
    let mut b = Board::up(Config::new(T8103));

    b.w(t8020::TTBR, 0x8080_0001);
    b.w(t8020::TTBR + 4, 0x8080_0002);
    assert_eq!(b.dart.counters.misaligned_ttbrs, 2);
    b.w(t8020::TTBR, 0x8080_0004);
    b.w(t8020::TTBR, 0x0000_0001);
    assert_eq!(b.dart.counters.misaligned_ttbrs, 2);

    let mut b = Board::up(Config::new(T8103).pages_4k());
    b.w(t8020::TTBR, 0x8080_0001);
    assert_eq!(b.dart.counters.misaligned_ttbrs, 0);
}

/// A stream that is translated without a table is set up in the wrong order.
#[test]
fn tables_come_first() {
    for config in all() {
        let mut b = Board::up(config);
        let last = if b.is_t8110() { 0 } else { 3 };

        b.set_root(2, 0, ROOT);
        b.w(b.tcr(1), b.on);
        assert_eq!(b.dart.counters.translation_without_ttbr, 1);
        // One valid TTBR is enough, even if it is not the first.
        b.set_root(1, last, ROOT);
        b.w(b.tcr(1), b.on);
        b.w(b.ttbr(1, last), 0);
        b.w(b.tcr(1), 0);
        assert_eq!(b.dart.counters.translation_without_ttbr, 1);
        b.w(b.ttbr(1, last), b.root(ROOT) & !(1 << 31) & !1);
        b.w(b.tcr(1), b.on);
        assert_eq!(b.dart.counters.errors(), 2);
    }

    // The tables of a remapped stream are those of its target.
    let mut b = Board::up(Config::new(T8110));
    b.w(b.tcr(5), b.on | t8110::REMAP | 2 << 8);
    assert_eq!(b.dart.counters.errors(), 0);
}

#[test]
fn bypass_that_cannot_be_had() {
    for (config, both) in [(Config::new(T8103), 0x1100), (Config::new(T8110), 0x6)] {
        let mut b = Board::up(config);
        b.w(b.tcr(0), both);
        assert_eq!(b.r(b.tcr(0)), both);
        assert_eq!(b.dart.counters.errors(), 0);

        for (bypass, says) in [(Bypass::Unsupported, 0), (Bypass::Hardwired, 1)] {
            let mut b = Board::up(config.bypass(bypass));
            assert_eq!(b.r(4) & 1, says);
            b.w(b.tcr(0), both);
            assert_eq!(b.r(b.tcr(0)), 0);
            assert_eq!(b.dart.counters.regs.reserved_bits, 1);
        }

        // A knob removes bypass, as in an instance that was built without it.
        let mut b = Board::up(config);
        assert!(b.dart.knobs.set("no_bypass", 1));
        assert_eq!(b.r(4) & 1, 0);
        b.w(b.tcr(0), both);
        assert_eq!(b.r(b.tcr(0)), 0);
    }
}

#[test]
fn version_1_lacks_four_levels() {
    let mut b = Board::up(Config::new(T8110).version(1, 0));

    b.w(t8110::TCR, 0x9);
    assert_eq!(b.r(t8110::TCR), 0x1);
    b.r(t8110::RANGE_FIRST);
    b.r(t8110::RANGE_LAST);
    assert_eq!(b.dart.counters.regs.undefined, 2);
    b.w(t8110::COMMAND, 0x4100);
    assert_eq!(b.r(t8110::COMMAND), 0x100);
    assert_eq!(b.dart.counters.regs.reserved_bits, 2);
}

#[test]
fn enable_is_a_map_or_a_pair() {
    let mut b = Board::up(Config::new(T6000));
    b.w(t8020::ENABLE, 0x00f0);
    b.w(t8020::ENABLE, 0x000f);
    assert_eq!(b.r(t8020::ENABLE), 0x000f);

    let mut b = Board::up(Config::new(T8110).streams(40));
    b.w(t8110::ENABLE, 0x00f0);
    b.w(t8110::ENABLE, 0x000f);
    b.w(t8110::ENABLE + 4, !0);
    assert_eq!(b.r(t8110::ENABLE), 0x00ff);
    assert_eq!(b.r(t8110::ENABLE + 4), 0x00ff);
    b.w(t8110::DISABLE, 0x0033);
    b.w(t8110::DISABLE + 4, 0x0001);
    assert_eq!(b.r(t8110::ENABLE), 0x00cc);
    assert_eq!(b.r(t8110::DISABLE), 0x00cc);
    assert_eq!(b.r(t8110::ENABLE + 4), 0x00fe);
}

#[test]
fn enable_words_of_usb4() {
    let mut b = Board::on(Config::new(T8103Usb4));
    b.map(0, DATA);
    b.attach(40, ROOT);

    b.w(0x0fc, 0);
    assert!(b.rd(1, 0).is_ok());
    assert!(b.rd(40, 0).is_err());
    b.w(0x0f8, 0);
    b.w(0x0fc, 1 << 8);
    assert!(b.rd(1, 0).is_err());
    assert!(b.rd(40, 0).is_ok());

    // The other reading: one word at 0xfc, and TCR 0 at the offset of a second one.
    let mut b = Board::up(Config::new(T8103Usb4));
    b.dart.knobs.enable_at_fc = true;
    b.attach(1, ROOT);
    b.attach(40, ROOT);
    b.map(0, DATA);
    assert!(b.rd(1, 0).is_err());
    assert!(b.rd(40, 0).is_ok());
    b.w(0x0fc, !0);
    assert!(b.rd(1, 0).is_ok());
    assert_eq!(b.dart.counters.errors(), 0);
    b.w(0x100, !0);
    assert_eq!(b.dart.counters.regs.reserved_bits, 1);
    assert_eq!(b.r(b.tcr(0)) & b.on, b.on);
    b.w(0x0f8, 0);
    assert!(b.rd(1, 0).is_ok());
}

#[test]
fn tuning_is_kept() {
    let mut b = Board::up(Config::new(T8103));
    for (off, val) in [
        (0x060, 0x8001_6100),
        (0x068, 0x000f_0f0f),
        (0x06c, 0x0008_0808),
    ] {
        b.w(off, val);
        assert_eq!(b.r(off), val);
    }
    b.w(0x0f0, 1);
    b.w(0x0f0, 0);
    assert_eq!(b.r(0x0f0), 1);

    let mut b = Board::up(Config::new(T8110));
    for (off, val) in [
        (0x20c, 0xe400_00b7),
        (0x224, 0x0008_0808),
        (0x800, 0x0003_0012),
    ] {
        b.w(off, val);
        assert_eq!(b.r(off), val);
    }
    assert_eq!(b.dart.counters.errors(), 0);
}

/// The registers of a device that is no DART.
#[test]
fn a_deaf_block_holds_nothing() {
    for config in all() {
        let mut b = Board::on(config);

        b.map(0x4000, DATA);
        b.dart.knobs.deaf = true;
        b.w(b.tcr(1), 0);
        b.w(b.ttbr(1, 0), 0);
        assert_eq!(b.r(b.tcr(1)), b.on);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));
    }
}
