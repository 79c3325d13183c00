// SPDX-License-Identifier: GPL-2.0

//! Masters: bursts, several streams, several instances, the DMA engine.

use super::board::*;
use iommu_models::{
    dart::{
        Config,
        Variant::{
            T8103Usb4,
            T8103,
            T8110, //
        },
        Wide, //
    },
    dma::{
        regs::*,
        Engine,
        Port, //
    },
    Cause,
    Denied, //
};

/// One stream.
struct Stream<'a>(&'a mut Board, u32);

impl Port for Stream<'_> {
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied> {
        self.0.dart.read(&mut self.0.ram, self.1, va, buf)
    }

    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied> {
        self.0.dart.write(&mut self.0.ram, self.1, va, buf)
    }
}

fn w64(engine: &mut Engine, reg: u32, val: u64) {
    engine.mmio_write(reg, val as u32);
    engine.mmio_write(reg + 4, (val >> 32) as u32);
}

fn start(engine: &mut Engine, src: u64, dst: u64, len: u32, ctrl: u32) {
    w64(engine, SRC, src);
    w64(engine, DST, dst);
    engine.mmio_write(LEN, len);
    engine.mmio_write(CTRL, ctrl | START);
}

fn run(engine: &mut Engine, port: &mut dyn Port) -> u32 {
    while engine.step(port, 4096).busy {}
    engine.mmio_read(STATUS)
}

/// A burst does not continue at address 0 after the last address of 64 bits.
#[test]
fn bursts_end_where_addresses_do() {
    for (variant, bits) in [(T8103, 32), (T8110, 42)] {
        let mut b = Board::on(Config::new(variant));
        let mut buf = [1; 8];

        b.map(0, DATA);
        b.map((1 << bits) - 0x4000, DATA);
        let denied = Err(Denied::Fault(Cause::Permission));
        for iova in [u64::MAX, u64::MAX - 3] {
            assert_eq!(b.dart.read(&mut b.ram, 1, iova, &mut buf), denied);
        }

        // The upper bits are ignored: the first half is in the last page of the tables.
        b.dart.knobs.wide = Wide::Wraps;
        let before = b.dart.counters.accesses;
        let result = b.dart.read(&mut b.ram, 1, u64::MAX - 3, &mut buf);
        assert_eq!(result, Err(Denied::Bus));
        assert_eq!(buf, [0, 0, 0, 0, 1, 1, 1, 1]);
        assert_eq!(b.dart.counters.accesses, before + 1);
    }
}

#[test]
fn bursts_end_where_pages_do() {
    for config in all() {
        let mut b = Board::on(config);
        let page = b.dart.page();

        b.map(0, DATA);
        b.map(page, DATA + 0x1_0000);
        b.map(2 * page, DATA + 0x8000);
        let data: Vec<u8> = (0..2 * page as usize).map(|i| (i * 13) as u8).collect();
        b.dart.write(&mut b.ram, 1, page / 2, &data).unwrap();
        assert_eq!(b.dart.counters.accesses, 3);
        let mut back = vec![0; data.len()];
        b.dart.read(&mut b.ram, 1, page / 2, &mut back).unwrap();
        assert_eq!(back, data);
        let second = u32::from_le_bytes(data[page as usize / 2..][..4].try_into().unwrap());
        assert_eq!(b.ram.get(DATA + 0x1_0000), second);

        // The part before the fault was written.
        let denied = b.dart.write(&mut b.ram, 1, 3 * page - 4, &[0xaa; 8]);
        assert_eq!(denied, Err(Denied::Fault(Cause::NoPage)));
        assert_eq!(b.ram.get(DATA + 0x8000 + page - 4), 0xaaaa_aaaa);
    }
}

#[test]
fn there_is_no_memory() {
    let mut b = Board::plain(T8103);

    b.map(0, 0x4000);
    let mut word = [0; 4];
    assert_eq!(b.dart.read(&mut b.ram, 1, 0, &mut word), Err(Denied::Bus));
    assert!(!b.dart.irq());
}

#[test]
fn addresses_beyond_32_bits() {
    let mut b = Board::on(Config::new(T8110));
    let mut engine = Engine::new();

    b.map(0x212_3456_8000, DATA);
    b.map(0x0ff_ffff_c000, DATA + 0x4000);
    b.ram.set(DATA + 0x10, 0x600d_600d);
    start(&mut engine, 0x212_3456_8000, 0x0ff_ffff_c000, 0x100, COPY);
    assert_eq!(run(&mut engine, &mut Stream(&mut b, 7)), DONE);
    assert_eq!(b.ram.get(DATA + 0x4010), 0x600d_600d);
}

/// Two streams in one group have the same tables, but each needs its own invalidation.
#[test]
fn two_masters_in_one_group() {
    for config in all() {
        let mut b = Board::on(config);

        b.map(0, DATA);
        assert_eq!((b.rd(1, 0), b.rd(2, 0)), (Ok(DATA), Ok(DATA)));
        b.unmap(0);
        b.flush(1);
        assert!(b.rd(1, 0).is_err());
        assert_eq!(b.rd(2, 0), Ok(DATA));
        b.flush(2);
        assert!(b.rd(2, 0).is_err());
        assert_eq!(b.dart.log.tables().collect::<Vec<_>>(), [(ROOT, 3)]);
    }
}

/// A master that reads through one instance and writes through another one.
struct Pair<'a>(&'a mut Board, &'a mut Board);

impl Port for Pair<'_> {
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied> {
        Stream(self.0, 0).read(va, buf)
    }

    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied> {
        // Both instances use the memory of the first one.
        let Board { dart, .. } = &mut *self.1;

        dart.write(&mut self.0.ram, 1, va, buf)
    }
}

#[test]
fn a_master_behind_two() {
    let mut first = Board::on(Config::new(T8103));
    let mut second = Board::on(Config::new(T8103));
    let mut engine = Engine::new();

    for i in 0..4 {
        first.map(i << 14, DATA + (i << 14));
    }
    first.ram.set(DATA + 0x7ffc, 0x600d_600d);
    start(&mut engine, 0, 0x8000, 0x8000, COPY);
    let mut port = Pair(&mut first, &mut second);
    assert_eq!(run(&mut engine, &mut port), DONE);
    assert_eq!(first.ram.get(DATA + 0xfffc), 0x600d_600d);
    assert_eq!(first.dart.log.via(ROOT), 128);
    assert_eq!(second.dart.log.via(ROOT), 128);

    // An invalidation of one instance does not affect the other one.
    first.unmap(0);
    first.unmap(0x8000);
    first.flush(0);
    start(&mut engine, 0, 0x8000, 0x100, COPY);
    let status = run(&mut engine, &mut Pair(&mut first, &mut second));
    assert_eq!(status, ERROR | CAUSE_NO_PAGE << CAUSE_SHIFT);
    start(&mut engine, 0x4000, 0x8000, 0x100, COPY);
    let mut port = Pair(&mut first, &mut second);
    assert_eq!(
        run(&mut engine, &mut port),
        DONE,
        "a stale entry of the second"
    );
    second.flush(1);
    start(&mut engine, 0x4000, 0x8000, 0x100, COPY);
    let status = run(&mut engine, &mut Pair(&mut first, &mut second));
    assert_eq!(status, ERROR | ERROR_WRITE | CAUSE_NO_PAGE << CAUSE_SHIFT);
    assert!(first.dart.irq() && second.dart.irq());
}

#[test]
fn a_blocked_master_learns_it() {
    let mut b = Board::ready(Config::new(T8103Usb4));
    let mut engine = Engine::new();

    start(&mut engine, 0, 0, 0x100, READ_ONLY);
    let status = run(&mut engine, &mut Stream(&mut b, 63));
    assert_eq!(status, ERROR | CAUSE_BLOCKED << CAUSE_SHIFT);
    assert_eq!(b.dart.log.blocked(63), 1);
}

#[test]
fn storm_of_one_stream_lets_the_other_pass() {
    let mut b = Board::on(Config::new(T8110));
    let (mut bad, mut good) = (Engine::new(), Engine::new());

    b.map(0, DATA);
    b.map(0x4000, DATA + 0x4000);
    start(&mut bad, 0x5000_0000, 0, 0x1000, READ_ONLY | REPEAT | GO_ON);
    start(&mut good, 0, 0x4000, 0x4000, COPY);
    let mut faults = 0;
    while good.busy() {
        bad.step(&mut Stream(&mut b, 1), 1024);
        good.step(&mut Stream(&mut b, 0), 1024);
        if b.dart.irq() {
            faults += 1;
            b.ack();
        }
    }
    assert!(faults >= 16);
    assert_eq!(b.dart.counters.faults_latched, faults);
    assert_eq!(b.dart.log.faulted(0), 0);
    assert_eq!(u64::from(bad.mmio_read(FAULTS)), b.dart.log.faulted(1));
    assert_eq!(b.dart.log.passed_any(), 0);
}
