// SPDX-License-Identifier: GPL-2.0

//! A board's output: the names that stories use.

use super::{
    board::*,
    lines::*, //
};
use iommu_models::{
    tegra::{
        Latch,
        Variant::{
            T114,
            T210, //
        },
    },
    Model, //
};

#[test]
fn counters_by_name() {
    let mut b = Board::on(T210);

    b.map(0x4000, b.data(0));
    b.rd(HOST, 0x4000).unwrap();
    b.rd(HOST, 0x4000).unwrap();
    b.wr(HOST, 0x9000).unwrap_err();
    b.rd(CPU, 0).unwrap();
    b.flush_line(b.root(0));
    b.flush_group(HC_ASID, 0x4000);
    b.w(TLB_FLUSH, 1);
    b.r(CONFIG);
    let shown = lines(|line| b.mmu.counters.show(line));
    assert_shown(
        &shown,
        &[
            "mmio_reads 1",
            "reads_config 1",
            "reads_root 0",
            "writes_root 4",
            "writes_client 5",
            "writes_swgroup 2",
            "writes_tlb-flush 2",
            "writes_ptc-flush 1",
            "writes_ptc-flush-high 1",
            "writes_interrupt 1",
            "accesses 4",
            "translated 2",
            "walks 2",
            "hits_tlb 1",
            "hits_ptc 2",
            "misses_ptc 2",
            "passed_no-register 1",
            "passed_off 0",
            "blocked_unpowered 0",
            "faults_no-pte 1",
            "faults_no-root 0",
            "faults_latched 1",
            "ptc_flushes_line 1",
            "tlb_flushes_group 1",
            "dropped_lines 1",
            "dropped_1 4",
            "dropped_not_1 0",
            "secured_writes 0",
            "undefined_matches 1",
            "errors 1",
        ],
    );
    let misuse = lines(|line| b.mmu.counters.show_misuse(line));
    assert_eq!(misuse, ["undefined_matches 1"]);
}

#[test]
fn knobs_by_name() {
    let mut b = Board::up(T210);

    assert!(b.mmu.set_knob("latch", 1));
    assert!(!b.mmu.set_knob("latch", 2));
    assert!(!b.mmu.set_knob("nonsense", 0));
    assert_eq!(b.mmu.knobs.latch, Latch::Last);
    let shown = lines(|line| b.mmu.knobs.show(line));
    let names: Vec<_> = shown.iter().map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "secured",
            "firmware",
            "left_on",
            "fixed",
            "posted",
            "busy_seed",
            "line_fill",
            "negative",
            "direct_mapped",
            "refetch",
            "latch",
            "retain",
        ]
    );
    for line in shown {
        let (name, value) = line.split_once(' ').unwrap();

        assert!(b.mmu.set_knob(name, value.parse().unwrap()), "{line}");
    }
}

#[test]
fn registers() {
    let mut b = Board::on(T210);
    b.w(0x090, 0x123);
    let shown = lines(|line| b.mmu.show_regs(line));
    assert_shown(
        &shown,
        &[
            "0x000 0x00000000",
            "0x004 0x00000540",
            "0x010 0x00000001",
            "0x014 0x20000010",
            "0x020 0xe0180001",
            "0x090 0x00000123",
            "0x228 0xf0e3c07e",
            "0x240 0x80000002",
            "0x250 0x80000001",
            "0xb98 0x000000ff",
            "root_1 0xe0180000",
            "root_2 0xe0180001",
        ],
    );
    for hidden in ["0x030 ", "0x034 ", "0x244 ", "0x2e0 ", "root_0 "] {
        assert!(!shown.iter().any(|l| l.starts_with(hidden)), "{hidden}");
    }
    assert_eq!(b.mmu.counters.regs.mmio_reads, 0);
    assert_eq!(b.errors(), 0);
}

#[test]
fn report() {
    let mut b = Board::on(T114);

    b.map(0x4000, b.data(0));
    b.rd(HOST, 0x4004).unwrap();
    b.wr(54, 0x8_4008).unwrap_err();
    b.rd(85, 0x7000).unwrap();
    b.rd(CPU, 0x8000_7000).unwrap();
    b.mmu.set_power(false);
    b.rd(HOST, 0).unwrap_err();
    let shown = lines(|line| b.mmu.show_report(line));
    assert_shown(
        &shown,
        &[
            "passed 2",
            "passed_0 0",
            "passed_85 1",
            "passed_85_swgroup 1",
            "passed_39_no-register 1",
            "blocked_22 1",
            "blocked_22_unpowered 1",
            "faulted_54 1",
            "table_0 0x80000000 1",
            "table_others 0",
            "stale_table 0",
        ],
    );
    assert_eq!(
        lines(|line| b.mmu.log.show_recent(line)),
        [
            "1 master 22 r va 0x00004004 pa 0x80400004 translated 0x80000000",
            "2 master 54 w va 0x00084008 pa 0x00000000 faulted no-pte 0x80000000",
            "3 master 85 r va 0x00007000 pa 0x00007000 passed swgroup",
            "4 master 39 r va 0x80007000 pa 0x80007000 passed no-register",
            "5 master 22 r va 0x00000000 pa 0x00000000 blocked unpowered",
        ]
    );
    let writes = lines(|line| b.mmu.log.show_writes(line));
    assert_eq!(writes[0], "0x004 0x00000540");
    assert_eq!(writes.last().unwrap(), "0x010 0x00000001");
}
