// SPDX-License-Identifier: GPL-2.0

//! A board's output: the names that stories use.

mod common;

use common::{
    lines::*,
    *, //
};
use iommu_models::sun50i::{
    Stall,
    Variant::{
        H6,
        H616, //
    },
};

#[test]
fn counters_by_name() {
    let mut b = Board::plain(H616);

    b.map(0x5000, DATA);
    b.rd(0, 0x5000).unwrap();
    b.rd(1, 0x5000).unwrap();
    b.r(0x021);
    b.flush_all();
    b.mmu.set_clock(false);
    b.rd(0, 0x5000).unwrap();

    let shown = lines(|line| b.mmu.counters.show(line));
    assert_shown(
        &shown,
        &[
            "mmio_reads 1",
            "mmio_writes 6",
            "misaligned 1",
            "bad_mask 0",
            "accesses 3",
            "walks 1",
            "hits_macro 1",
            "passed_gated 1",
            "passed_bypass 0",
            "flushes 2",
            "dropped_0 3",
            "dropped_1 1",
            "dropped_not_0 1",
            "last_dropped_not_1 3",
        ],
    );
    assert_eq!(shown.last().unwrap(), "errors 1");
}

#[test]
fn knobs_by_name() {
    let mut b = Board::up(H6);

    assert!(b.mmu.knobs.set("busy_reads", 3));
    assert!(b.mmu.knobs.set("pair_fill", 0));
    assert!(b.mmu.knobs.set("stall", 2));
    assert!(!b.mmu.knobs.set("stall", 3));
    assert!(!b.mmu.knobs.set("stall ", 1));
    assert_eq!(b.mmu.knobs.busy_reads, 3);
    assert!(!b.mmu.knobs.pair_fill);
    assert_eq!(b.mmu.knobs.stall, Stall::UntilLaneReset);

    let shown = lines(|line| b.mmu.knobs.show(line));
    assert_eq!(shown.len(), 21);
    assert_eq!(shown[0], "pair_fill 0");
    assert!(shown.contains(&"stall 2".into()));
    for line in shown {
        let (name, value) = line.split_once(' ').unwrap();
        assert!(b.mmu.knobs.set(name, value.parse().unwrap()), "{line}");
    }
}

#[test]
fn report() {
    let mut b = Board::plain(H6);

    b.map(0x5000, DATA);
    b.rd(2, 0x5004).unwrap();
    b.wr(2, 0x6008).unwrap_err();
    b.w(BYPASS, 2);
    b.rd(1, 0x7000).unwrap();
    assert_eq!(
        lines(|line| b.mmu.log.show(3, line)),
        [
            "passed 1",
            "passed_0 0",
            "faulted_0 0",
            "passed_1 1",
            "passed_1_bypass 1",
            "faulted_1 0",
            "passed_2 0",
            "faulted_2 1",
            "table_0 0x40004000 1",
            "table_others 0",
            "stale_table 0",
        ]
    );
    assert_eq!(
        lines(|line| b.mmu.log.show_recent(line)),
        [
            "1 master 2 r va 0x00005004 pa 0x40100004 translated 0x40004000",
            "2 master 2 w va 0x00006008 pa 0x00000000 faulted no-page 0x40004000",
            "3 master 1 r va 0x00007000 pa 0x00007000 passed bypass",
        ]
    );
    let writes = lines(|line| b.mmu.log.show_writes(line));
    assert_eq!(writes[0], "0x050 0x40004000");
    assert_eq!(writes.last().unwrap(), "0x030 0x00000002");
}
