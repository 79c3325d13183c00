// SPDX-License-Identifier: GPL-2.0

//! Which entries caches keep, and which commands drop them.

use super::board::*;
use iommu_models::{
    dart::{
        Config, Level,
        Variant::{
            T8103Usb4,
            T8103,
            T8110, //
        },
    },
    Cause,
    Denied, //
};

const NO_PAGE: Result<u64, Denied> = Err(Denied::Fault(Cause::NoPage));

/// Like [`Board::on`], without line fill.
fn plain(config: Config) -> Board {
    let mut b = Board::on(config);

    b.dart.knobs.line_fill = false;
    b
}

#[test]
fn stale_until_invalidated() {
    for config in all() {
        let mut b = Board::on(config);

        b.map(0x4000, DATA);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));
        b.unmap(0x4000);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));
        b.flush(0);
        b.flush(2);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA), "others were named");
        b.flush(1);
        assert_eq!(b.rd(1, 0x4000), NO_PAGE);
    }
}

#[test]
fn a_changed_page_needs_an_invalidation_too() {
    for config in all() {
        let mut b = Board::on(config);
        let read_only = Prot {
            no_write: true,
            ..RW
        };

        b.map_in(ROOT, 0x4000, DATA, read_only);
        b.wr(1, 0x4000).unwrap_err();
        b.map(0x4000, DATA + 0x8000);
        b.wr(1, 0x4000).unwrap_err();
        b.flush(1);
        assert_eq!(b.wr(1, 0x4000), Ok(DATA + 0x8000));
    }
}

#[test]
fn each_stream_has_its_own() {
    for config in all() {
        let mut b = Board::on(config);
        let streams = b.dart.streams();

        b.map(0x4000, DATA);
        for stream in 0..streams {
            b.attach(stream, ROOT);
            assert_eq!(b.rd(stream, 0x4000), Ok(DATA));
        }
        // As many walks as streams: no stream found or evicted an entry of another one.
        assert_eq!(b.dart.counters.walks, streams.into());
        assert_eq!(b.dart.counters.collisions, 0);
        b.unmap(0x4000);
        b.flush(streams - 1);
        for stream in 0..streams - 1 {
            assert_eq!(b.rd(stream, 0x4000), Ok(DATA), "{stream}");
        }
        assert_eq!(b.rd(streams - 1, 0x4000), NO_PAGE);
        assert_eq!(b.dart.counters.walks, u64::from(streams) + 1);
    }
}

#[test]
fn invalid_entries_are_cached() {
    for config in all() {
        let mut b = plain(config);

        b.entry(ROOT, 0x4000, 0);
        assert_eq!(b.rd(1, 0x4000), NO_PAGE);
        b.map(0x4000, DATA);
        assert_eq!(b.rd(1, 0x4000), NO_PAGE, "mapped, not invalidated");
        b.flush(1);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));

        b.dart.knobs.negative = false;
        b.unmap(0x4000);
        b.flush(1);
        assert_eq!(b.rd(1, 0x4000), NO_PAGE);
        b.map(0x4000, DATA);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));
    }
}

#[test]
fn missing_tables_are_cached() {
    for config in all() {
        let mut b = plain(config);

        b.rd(1, 0x4000).unwrap_err();
        b.map(0x4000, DATA);
        let no_table = Err(Denied::Fault(Cause::NoTable));
        assert_eq!(b.rd(1, 0x4000), no_table, "mapped, not invalidated");
        b.flush(1);
        assert_eq!(b.rd(1, 0x4000), Ok(DATA));
    }
}

/// With the knob, a table that is set after a fault is not used before an invalidation.
#[test]
fn invalid_ttbrs_may_be_cached() {
    for config in all() {
        let mut b = plain(config);
        let no_table = Err(Denied::Fault(Cause::NoTable));

        b.map(0x4000, DATA);
        for (cached, want) in [(0, Ok(DATA)), (1, no_table)] {
            assert!(b.dart.knobs.set("cache_no_ttbr", cached));
            b.flush(1);
            b.w(b.ttbr(1, 0), 0);
            assert_eq!(b.rd(1, 0x4000), no_table);
            b.set_root(1, 0, ROOT);
            b.flush(2);
            assert_eq!(b.rd(2, 0x4000), Ok(DATA), "another stream");
            assert_eq!(b.rd(1, 0x4000), want);
            b.flush(1);
            assert_eq!(b.rd(1, 0x4000), Ok(DATA));
        }
    }
}

#[test]
fn a_line_brings_its_neighbours() {
    for config in all() {
        let mut b = Board::on(config);
        let page = b.dart.page();

        b.map(0, DATA);
        b.map(7 * page, DATA);
        b.rd(1, 0).unwrap();
        for i in 0..9 {
            let cached = b.dart.cached(Level::Page, 1, i * page);

            assert_eq!(cached.is_some(), i < 8, "{i}");
        }
        b.map(2 * page, DATA);
        assert_eq!(b.rd(1, 2 * page), NO_PAGE, "mapped beside, not invalidated");
        b.unmap(7 * page);
        assert_eq!(b.rd(1, 7 * page), Ok(DATA));
        b.flush(1);
        assert_eq!(b.rd(1, 2 * page), Ok(DATA));
        assert_eq!(b.rd(1, 7 * page), NO_PAGE);
    }
}

#[test]
fn a_line_leaves_alone_what_is_there() {
    for config in all() {
        let mut b = Board::on(config);
        let page = b.dart.page();

        b.dart.knobs.negative = false;
        b.map(0, DATA);
        b.rd(1, 0).unwrap();
        b.map(0, DATA + 0x4000);
        b.map(3 * page, DATA + 0x8000);
        assert_eq!(b.rd(1, 3 * page), Ok(DATA + 0x8000));
        assert_eq!(b.dart.counters.walks, 2);
        assert_eq!(b.rd(1, 0), Ok(DATA), "still stale");
    }
}

#[test]
fn tables_are_cached() {
    for config in all() {
        let mut b = plain(config);
        let page = b.dart.page();

        b.map(0, DATA);
        b.map(page, DATA + 0x4000);
        b.rd(1, 0).unwrap();
        // The table is replaced by another one; the walk for the next page still uses the old one.
        let entry = b.entry(ROOT, 0, 1);
        b.ram.set64(entry, 0);
        assert_eq!(b.rd(1, page), Ok(DATA + 0x4000));
        assert_eq!(b.dart.counters.hits_segment, 1);
        b.flush(1);
        assert_eq!(b.rd(1, page), Err(Denied::Fault(Cause::NoTable)));

        b.dart.knobs.cache_tables = false;
        b.map(page, DATA);
        assert_eq!(b.rd(1, page), Ok(DATA));
        assert_eq!(b.dart.counters.hits_segment, 1);
    }
}

#[test]
fn contexts_are_cached() {
    let mut b = plain(Config::new(T8110));

    b.map(0x4000, DATA);
    b.map(1 << 25, DATA + 0x4000);
    b.rd(1, 0x4000).unwrap();
    assert_eq!(b.dart.counters.table_reads, 3);
    let entry = b.entry(ROOT, 0, 2);
    b.ram.set64(entry, 0);
    assert_eq!(b.rd(1, 1 << 25), Ok(DATA + 0x4000));
    assert_eq!(b.dart.counters.hits_context, 1);
    assert_eq!(b.dart.counters.table_reads, 5);
    b.flush(1);
    assert!(b.rd(1, 1 << 25).is_err());
}

#[test]
fn another_top_table_drops_nothing() {
    for config in all() {
        let mut b = plain(config);
        let page = b.dart.page();

        b.map(0, DATA);
        b.map(page, DATA + 0x4000);
        b.map_in(ROOT2, 0, DATA + 0x8000, RW);
        b.map_in(ROOT2, page, DATA + 0xc000, RW);
        b.rd(1, 0).unwrap();
        assert_eq!(b.dart.log.stale_table(), 0);
        b.attach(1, ROOT2);
        assert_eq!(b.rd(1, 0), Ok(DATA), "TLB");
        assert_eq!(b.rd(1, page), Ok(DATA + 0x4000), "segment cache");
        assert_eq!(b.dart.log.stale_table(), 2);
        assert_eq!(b.dart.log.via(ROOT), 3);

        b.dart.log.mark();
        b.flush(1);
        assert_eq!(b.rd(1, 0), Ok(DATA + 0x8000));
        assert_eq!(b.rd(1, page), Ok(DATA + 0xc000));
        assert_eq!(b.dart.log.stale_table(), 0);
        assert_eq!(b.dart.log.via(ROOT2), 2);
        assert_eq!(b.dart.log.via(ROOT), 0);

        // There is no top table any more, but the entries that were read through it are cached.
        b.w(b.ttbr(1, 0), 0);
        assert_eq!(b.rd(1, 0), Ok(DATA + 0x8000));
        assert_eq!(b.dart.log.stale_table(), 1);
        b.w(b.tcr(1), 0);
        assert_eq!(b.rd(1, 0), Err(Denied::Blocked));
        b.w(b.tcr(1), b.on);
        assert_eq!(b.rd(1, 0), Ok(DATA + 0x8000));
        b.flush(1);
        assert_eq!(b.rd(1, 0), Err(Denied::Fault(Cause::NoTable)));
        assert_eq!(b.dart.counters.live_ttbrs, 2);
    }
}

#[test]
fn what_was_dropped_is_counted() {
    for config in all() {
        let mut b = plain(config);
        let page = b.dart.page();
        let above = u32::from(b.levels() == 3) + 1;

        for i in 0..5 {
            b.map(i * page, DATA);
            b.rd(2, i * page).unwrap();
        }
        b.rd(3, 0).unwrap();
        b.flush(2);
        assert_eq!(b.dart.counters.dropped.last[2], 5 + above);
        assert_eq!(b.dart.counters.dropped.last_of_others(2), 0);
        b.flush(2);
        assert_eq!(b.dart.counters.dropped.last[2], 0);
        b.flush(3);
        assert_eq!(b.dart.counters.dropped.last_of_others(2), 1 + above);
        assert_eq!(b.dart.counters.dropped.total[2], (5 + above).into());
        assert_eq!(b.dart.counters.dropped.of_others(2), (1 + above).into());
        assert_eq!(b.dart.counters.invalidations, 3);
    }
}

#[test]
fn one_command_for_several_streams() {
    for (config, mask) in [
        (Config::new(T8103), 0x8005u64),
        (Config::new(T8103Usb4), 1 << 63 | 5),
    ] {
        let mut b = Board::on(config);
        let streams = b.dart.streams();

        b.map(0, DATA);
        for stream in 0..streams {
            b.attach(stream, ROOT);
            b.rd(stream, 0).unwrap();
        }
        b.unmap(0);
        b.w(t8020::SELECT, mask as u32);
        b.w(t8020::SELECT_HIGH, (mask >> 32) as u32);
        b.w(t8020::COMMAND, t8020::INVALIDATE);
        for stream in 0..streams {
            assert_eq!(
                b.rd(stream, 0).is_err(),
                mask >> stream & 1 != 0,
                "{stream}"
            );
        }
        assert_eq!(b.dart.counters.invalidations, 1);
    }
}

/// The second word selects the streams from 32 on; without it they are not invalidated.
#[test]
fn both_words_of_a_selection() {
    let mut b = Board::on(Config::new(T8103Usb4));

    b.map(0, DATA);
    b.attach(33, ROOT);
    b.rd(1, 0).unwrap();
    b.rd(33, 0).unwrap();
    b.unmap(0);
    b.w(t8020::SELECT, 1 << 1);
    b.w(t8020::COMMAND, t8020::INVALIDATE);
    assert!(b.rd(1, 0).is_err());
    assert_eq!(b.rd(33, 0), Ok(DATA));
    b.w(t8020::SELECT, 0);
    b.w(t8020::SELECT_HIGH, 1 << 1);
    b.w(t8020::COMMAND, t8020::INVALIDATE);
    assert!(b.rd(33, 0).is_err());
}

/// A flush of a stream has the same cost for any number of entries, and the stream stays empty.
#[test]
fn generations() {
    let mut b = plain(Config::new(T8103));
    let page = b.dart.page();

    for round in 0..3 {
        for i in 0..600 {
            b.map(i * page, DATA + (round << 14));
        }
        for i in (0..600).step_by(round as usize + 1) {
            assert_eq!(b.rd(1, i * page), Ok(DATA + (round << 14)), "{round} {i}");
        }
        b.flush(1);
        for i in 0..600 {
            assert_eq!(b.dart.cached(Level::Page, 1, i * page), None);
        }
    }
    assert_eq!(b.dart.counters.dropped.total[1], 600 + 300 + 200 + 3);
    assert_eq!(b.dart.counters.collisions, 0);
}

#[test]
fn collisions_only_within_a_slot() {
    let mut b = plain(Config::new(T8103));
    let page = b.dart.page();

    assert!(b.dart.knobs.set("direct_mapped", 1));
    b.map(0, DATA);
    b.map(4096 * page, DATA + 0x4000);
    b.rd(1, 0).unwrap();
    b.rd(1, 4096 * page).unwrap();
    assert_eq!(b.dart.counters.collisions, 1);
    assert_eq!(b.dart.cached(Level::Page, 1, 0), None);
    b.flush(1);
    assert_eq!(b.dart.counters.dropped.last[1], 1 + 2);
}

/// Pages that share a slot of a direct-mapped cache do not hide a missing invalidation.
#[test]
fn nothing_is_evicted() {
    for config in all() {
        let mut b = Board::on(config);
        let far = 4096 * b.dart.page();
        let n = (1 << 30) / far;

        for i in 0..n {
            b.map(i * far, DATA);
            for stream in 0..8 {
                b.rd(stream, i * far).unwrap();
            }
            b.unmap(i * far);
        }
        for i in 0..n {
            for stream in 0..8 {
                assert_eq!(b.rd(stream, i * far), Ok(DATA));
            }
        }
        assert_eq!(b.dart.counters.collisions, 0);
    }
}

/// An invalidation that comes too early shows without an access of a master.
#[test]
fn too_early_an_invalidation_shows() {
    for config in all() {
        for refetch in [false, true] {
            let mut b = Board::on(config);

            assert!(b.dart.knobs.set("refetch", refetch.into()));
            b.map(0x4000, DATA);
            b.rd(1, 0x4000).unwrap();
            b.flush(1);
            b.unmap(0x4000);
            assert_eq!(b.rd(1, 0x4000).is_ok(), refetch);
            b.flush(1);
            assert_eq!(b.rd(1, 0x4000), NO_PAGE);

            // While the stream is not translated, its entries have to wait.
            b.map(0x4000, DATA);
            b.flush(1);
            b.rd(1, 0x4000).unwrap();
            b.w(b.tcr(1), 0);
            b.flush(1);
            b.flush(2);
            assert_eq!(b.dart.cached(Level::Page, 1, 0x4000), None);
            b.w(b.tcr(1), b.on);
            b.unmap(0x4000);
            assert_eq!(b.rd(1, 0x4000).is_ok(), refetch);
        }
    }
}
