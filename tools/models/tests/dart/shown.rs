// SPDX-License-Identifier: GPL-2.0

//! A board's output: the names that stories use.

use super::{
    board::*,
    lines::*, //
};
use iommu_models::dart::{
    Config, Latch,
    Variant::{
        T8103,
        T8110, //
    },
};

#[test]
fn counters_by_name() {
    let mut b = Board::on(Config::new(T8110));

    b.map(0, DATA);
    b.rd(200, 0).unwrap_err();
    b.attach(200, ROOT);
    b.rd(200, 0).unwrap();
    b.rd(200, 1 << 40).unwrap_err();
    b.flush(200);
    b.w(b.tcr(1), t8110::BYPASS | t8110::BYPASS_FILTER);
    b.rd(1, 0).unwrap();
    let shown = lines(|line| b.dart.counters.show(line));
    assert_shown(
        &shown,
        &[
            "mmio_reads 0",
            "accesses 4",
            "walks 2",
            "blocked_off 1",
            "blocked_unpowered 0",
            "passed_bypass 1",
            "passed_both 0",
            "faults_no-pgd 1",
            "faults_latched 1",
            "invalidations 1",
            "dropped_0 0",
            "dropped_15 0",
            // A line of eight pages, the entries above, and one more of the other context.
            "dropped_200 11",
            "dropped_not_200 0",
            "errors 0",
        ],
    );
    assert!(!shown.iter().any(|l| l.starts_with("dropped_16 ")));
}

#[test]
fn knobs_by_name() {
    let mut b = Board::up(Config::new(T8103));

    assert!(b.dart.knobs.set("latch", 1));
    assert!(!b.dart.knobs.set("latch", 2));
    assert!(!b.dart.knobs.set("nonsense", 0));
    assert_eq!(b.dart.knobs.latch, Latch::Last);
    let shown = lines(|line| b.dart.knobs.show(line));
    assert!(shown.contains(&"latch 1".into()));
    for line in shown {
        let (name, value) = line.split_once(' ').unwrap();

        assert!(b.dart.knobs.set(name, value.parse().unwrap()), "{line}");
    }
}

#[test]
fn registers() {
    let mut b = Board::on(Config::new(T8103));
    b.w(b.tcr(0), 0);
    let shown = lines(|line| b.dart.show_regs(line));
    for line in [
        "0x000 0x0e000000",
        "0x040 0x00000000",
        "0x104 0x00000080",
        "0x220 0x80800004",
    ] {
        assert!(shown.iter().any(|l| l == line), "{line} in {shown:#?}");
    }
    assert!(
        !shown.iter().any(|l| l.starts_with("0x100 ")),
        "0, like many"
    );
    assert_eq!(b.dart.counters.regs.mmio_reads, 0);
    assert_eq!(b.dart.counters.errors(), 0);

    let b = Board::on(Config::new(T8110));
    let shown = lines(|line| b.dart.show_regs(line));
    assert!(shown.iter().any(|l| l == "0x1400 0x00800005"), "{shown:#?}");
}

#[test]
fn report() {
    let mut b = Board::on(Config::new(T8103));

    b.map(0x4000, DATA);
    b.rd(1, 0x4004).unwrap();
    b.wr(1, 0x8_4008).unwrap_err();
    b.w(b.tcr(0), 0);
    b.rd(0, 0x7000).unwrap_err();
    b.w(b.tcr(0), t8020::BYPASS | t8020::BYPASS_FILTER);
    b.rd(0, 0x7000).unwrap();
    assert_eq!(
        lines(|line| b.dart.log.show(2, line)),
        [
            "passed 1",
            "passed_0 1",
            "passed_0_bypass 1",
            "blocked_0 1",
            "blocked_0_off 1",
            "faulted_0 0",
            "passed_1 0",
            "blocked_1 0",
            "faulted_1 1",
            "table_0 0x800004000 1",
            "table_others 0",
            "stale_table 0",
        ]
    );
    assert_eq!(
        lines(|line| b.dart.log.show_recent(line)),
        [
            "1 master 1 r va 0x00004004 pa 0x800600004 translated 0x800004000",
            "2 master 1 w va 0x00084008 pa 0x00000000 faulted no-pte 0x800004000",
            "3 master 0 r va 0x00007000 pa 0x00000000 blocked off",
            "4 master 0 r va 0x00007000 pa 0x00007000 passed bypass",
        ]
    );
    let writes = lines(|line| b.dart.log.show_writes(line));
    assert_eq!(writes[0], "0x0fc 0x0000ffff");
    assert_eq!(writes.last().unwrap(), "0x100 0x00001100");
}
