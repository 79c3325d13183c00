// SPDX-License-Identifier: GPL-2.0

//! The DMA engine, over plain memory and behind an IOMMU.

mod common;

use common::{
    Board,
    DATA, //
};
use iommu_models::{
    dma::{
        regs::*,
        Engine,
        Port,
        BURST, //
    },
    sun50i::Variant::H6,
    Cause,
    Denied, //
};

/// Memory that can refuse accesses, and records them.
struct Flat {
    bytes: Vec<u8>,
    bad: Option<(u64, Denied)>,
    /// Addresses beyond the bytes read as zeros.
    endless: bool,
    trace: Vec<(bool, u64)>,
}

impl Flat {
    fn new() -> Self {
        Self {
            bytes: (0..0x1_0000u32).map(|i| (i * 7) as u8).collect(),
            bad: None,
            endless: false,
            trace: Vec::new(),
        }
    }

    fn go(&mut self, write: bool, va: u64, len: usize) -> Result<Option<usize>, Denied> {
        let end = va.saturating_add(len as u64);

        self.trace.push((write, va));
        match self.bad {
            Some((at, denied)) if (va..end).contains(&at) => Err(denied),
            _ if end <= self.bytes.len() as u64 => Ok(Some(va as usize)),
            _ if self.endless => Ok(None),
            _ => Err(Denied::Bus),
        }
    }
}

impl Port for Flat {
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied> {
        match self.go(false, va, buf.len())? {
            Some(at) => buf.copy_from_slice(&self.bytes[at..at + buf.len()]),
            None => buf.fill(0),
        }
        Ok(())
    }

    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied> {
        if let Some(at) = self.go(true, va, buf.len())? {
            self.bytes[at..at + buf.len()].copy_from_slice(buf);
        }
        Ok(())
    }
}

/// One master of an IOMMU.
struct Master<'a>(&'a mut Board, u32);

impl Port for Master<'_> {
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied> {
        self.0.mmu.read(&mut self.0.ram, self.1, va, buf)
    }

    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied> {
        self.0.mmu.write(&mut self.0.ram, self.1, va, buf)
    }
}

fn w(engine: &mut Engine, channel: u32, reg: u32, val: u32) {
    engine.mmio_write(channel * STRIDE + reg, val);
}

fn r(engine: &mut Engine, channel: u32, reg: u32) -> u32 {
    engine.mmio_read(channel * STRIDE + reg)
}

fn start(engine: &mut Engine, channel: u32, src: u32, dst: u32, len: u32, ctrl: u32) {
    w(engine, channel, SRC, src);
    w(engine, channel, DST, dst);
    w(engine, channel, LEN, len);
    w(engine, channel, CTRL, ctrl | START);
}

fn run(engine: &mut Engine, port: &mut dyn Port) {
    for _ in 0..1000 {
        if !engine.step(port, 1000).busy {
            return;
        }
    }
    panic!("does not end");
}

#[test]
fn copies() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());
    let want = mem.bytes[0x103..0x103 + 1001].to_vec();

    start(&mut engine, 3, 0x103, 0x8001, 1001, COPY | INTERRUPT);
    assert!(engine.busy() && !engine.irq());
    run(&mut engine, &mut mem);
    assert_eq!(&mem.bytes[0x8001..0x8001 + 1001], want);
    assert_eq!(mem.bytes[0x8000], 0);
    assert_eq!(r(&mut engine, 3, STATUS), DONE);
    assert_eq!(r(&mut engine, 3, BYTES), 1001);
    assert_eq!(r(&mut engine, 3, PASSES), 1);
    assert!(engine.irq());
    assert_eq!(engine.mmio_read(INT_STA), 8);
    w(&mut engine, 3, STATUS, DONE);
    assert!(!engine.irq());
    assert_eq!(engine.mmio_read(ID), ID_VALUE);
    assert_eq!(engine.mmio_read(NUM), 8);
    assert_eq!(engine.mmio_read(0x200), 0);
}

#[test]
fn fills_and_reads() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());

    w(&mut engine, 0, VALUE, 0x4433_2211);
    start(&mut engine, 0, 0, 0x1000, 515, FILL);
    start(&mut engine, 1, 0x2000, 0, 512, READ_ONLY);
    run(&mut engine, &mut mem);
    assert_eq!(&mem.bytes[0x1000..0x1004], [0x11, 0x22, 0x33, 0x44]);
    assert_eq!(&mem.bytes[0x1200..0x1203], [0x11, 0x22, 0x33]);
    assert_ne!(mem.bytes[0x1203], 0x44);
    let reads = mem.trace.iter().filter(|(write, _)| !write).count();
    assert_eq!((reads, mem.trace.len()), (2, 5));
}

fn describe(mem: &mut Flat, at: usize, src: u64, dst: u64, len: u32) {
    mem.bytes[at..at + 8].copy_from_slice(&src.to_le_bytes());
    mem.bytes[at + 8..at + 16].copy_from_slice(&dst.to_le_bytes());
    mem.bytes[at + 16..at + 20].copy_from_slice(&len.to_le_bytes());
    mem.bytes[at + 20..at + 24].copy_from_slice(&[0; 4]);
}

#[test]
fn scattered() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());
    let want: Vec<_> = [0x100..0x110, 0x400..0x700usize]
        .into_iter()
        .map(|range| mem.bytes[range].to_vec())
        .collect();

    describe(&mut mem, 0xf000, 0x100, 0x9000, 0x10);
    describe(&mut mem, 0xf018, 0, 0, 0);
    describe(&mut mem, 0xf030, 0x400, 0xa000, 0x300);
    w(&mut engine, 2, LIST, 0xf000);
    w(&mut engine, 2, COUNT, 3);
    w(&mut engine, 2, CTRL, SCATTERED | START);
    run(&mut engine, &mut mem);
    assert_eq!(&mem.bytes[0x9000..0x9010], want[0]);
    assert_eq!(&mem.bytes[0xa000..0xa300], want[1]);
    assert_eq!(r(&mut engine, 2, BYTES), 0x310);

    mem.bytes[0xf000 + 23] = 1;
    w(&mut engine, 2, CTRL, SCATTERED | START);
    run(&mut engine, &mut mem);
    assert_eq!(
        r(&mut engine, 2, STATUS),
        ERROR | CAUSE_BAD_LIST << CAUSE_SHIFT
    );
    assert_eq!(r(&mut engine, 2, FAULT), 0xf000);
}

#[test]
fn takes_turns() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());

    for channel in [1, 4, 6] {
        start(&mut engine, channel, channel * 0x1000, 0, 0x800, READ_ONLY);
    }
    let progress = engine.step(&mut mem, 6 * BURST);
    assert_eq!(progress.moved, 6 * BURST);
    assert!(progress.busy && !progress.waiting);
    let at: Vec<_> = mem.trace.iter().map(|&(_, va)| va).collect();
    assert_eq!(at, [0x1000, 0x4000, 0x6000, 0x1100, 0x4100, 0x6100]);
    // A step of one burst continues at the end of the last one.
    engine.step(&mut mem, 1);
    assert_eq!(mem.trace.last(), Some(&(false, 0x1200)));
}

#[test]
fn stops_at_a_fault() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());

    mem.bad = Some((0x9210, Denied::Fault(Cause::NoPage)));
    start(&mut engine, 0, 0x1000, 0x9000, 0x400, COPY | INTERRUPT);
    start(&mut engine, 1, 0x1000, 0xa000, 0x400, COPY);
    run(&mut engine, &mut mem);
    assert_eq!(
        r(&mut engine, 0, STATUS),
        ERROR | ERROR_WRITE | CAUSE_NO_PAGE << CAUSE_SHIFT
    );
    assert_eq!(r(&mut engine, 0, FAULT), 0x9200);
    assert_eq!(r(&mut engine, 0, FAULTS), 1);
    assert_eq!(r(&mut engine, 0, BYTES), 0x200);
    assert_eq!(r(&mut engine, 1, STATUS), DONE);
    assert!(engine.irq());
    w(&mut engine, 0, STATUS, ERROR);
    assert_eq!(r(&mut engine, 0, STATUS), 0);
    assert!(!engine.irq());
}

#[test]
fn goes_on_after_faults() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());

    mem.bad = Some((0x1110, Denied::Fault(Cause::Permission)));
    start(&mut engine, 0, 0x1000, 0x9000, 0x400, COPY | GO_ON);
    run(&mut engine, &mut mem);
    assert_eq!(
        r(&mut engine, 0, STATUS),
        DONE | ERROR | CAUSE_PERMISSION << CAUSE_SHIFT
    );
    assert_eq!(r(&mut engine, 0, FAULT), 0x1100);
    assert_eq!(mem.bytes[0x9200..0x9400], mem.bytes[0x1200..0x1400]);

    mem.bad = Some((0xf000, Denied::Bus));
    w(&mut engine, 1, LIST, 0xf000);
    w(&mut engine, 1, COUNT, 3);
    describe(&mut mem, 0xf018, 0x100, 0x9000, 0x10);
    describe(&mut mem, 0xf030, 0x110, 0x9010, 0x10);
    w(&mut engine, 1, CTRL, SCATTERED | GO_ON | START);
    run(&mut engine, &mut mem);
    assert_eq!(r(&mut engine, 1, FAULTS), 1);
    assert_eq!(r(&mut engine, 1, BYTES), 0x20);
}

#[test]
fn waits_for_a_stalled_lane() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());

    mem.bad = Some((0x9000, Denied::Stalled));
    start(&mut engine, 0, 0x1000, 0x9000, 0x100, COPY);
    start(&mut engine, 1, 0x1000, 0xa000, 0x100, COPY);
    let progress = engine.step(&mut mem, 10_000);
    assert!(progress.busy && progress.waiting);
    assert_eq!(progress.moved, 0x200);
    assert_eq!(r(&mut engine, 0, STATUS), BUSY | WAITING);
    assert_eq!(r(&mut engine, 1, STATUS), DONE);
    mem.bad = None;
    assert!(!engine.step(&mut mem, 10_000).busy);
    assert_eq!(r(&mut engine, 0, STATUS), DONE);
    assert_eq!(mem.bytes[0x9000..0x9100], mem.bytes[0x1000..0x1100]);
}

#[test]
fn tells_blocked_from_absent() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());

    mem.bad = Some((0x1000, Denied::Blocked));
    start(&mut engine, 0, 0x1000, 0x9000, 0x100, COPY);
    run(&mut engine, &mut mem);
    assert_eq!(
        r(&mut engine, 0, STATUS),
        ERROR | CAUSE_BLOCKED << CAUSE_SHIFT
    );
    assert_eq!(r(&mut engine, 0, FAULT), 0x1000);
}

#[test]
fn repeats_until_stopped() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());

    start(&mut engine, 0, 0x1000, 0x9000, 0x100, COPY | REPEAT);
    for _ in 0..10 {
        assert!(engine.step(&mut mem, 4096).busy);
    }
    w(&mut engine, 0, SRC, 0x2000);
    assert_eq!(r(&mut engine, 0, SRC), 0x1000, "busy");
    assert!(r(&mut engine, 0, PASSES) >= 10);
    w(&mut engine, 0, CTRL, 0);
    assert!(!engine.step(&mut mem, 4096).busy);
    assert_eq!(r(&mut engine, 0, STATUS), 0);
    start(&mut engine, 0, 0, 0, 0, COPY | REPEAT);
    assert!(engine.step(&mut mem, 1 << 20).busy, "nothing, for ever");
    engine.reset();
    assert!(!engine.busy());
    assert_eq!(r(&mut engine, 0, SRC), 0);
}

#[test]
fn addresses_have_64_bits() {
    let (mut engine, mut mem) = (Engine::new(), Flat::new());

    for (low, high) in [(SRC, 0x0c), (DST, 0x14), (LIST, 0x24)] {
        w(&mut engine, 7, high, 0x12);
        w(&mut engine, 7, low, 0x1000);
        assert_eq!(
            (r(&mut engine, 7, high), r(&mut engine, 7, low)),
            (0x12, 0x1000)
        );
    }
    w(&mut engine, 7, LEN, 4);
    w(&mut engine, 7, CTRL, READ_ONLY | START);
    engine.step(&mut mem, 64);
    assert_eq!(mem.trace, [(false, 0x12_0000_1000)]);
    assert_eq!(
        (r(&mut engine, 7, 0x30), r(&mut engine, 7, FAULT)),
        (0x12, 0x1000)
    );
}

/// A channel does not continue at address 0 after the last address of 64 bits.
#[test]
fn addresses_have_an_end() {
    for (src, dst, ctrl, at, write) in [
        (u64::MAX - 255, 0x2000, COPY, u64::MAX - 255, 0),
        (0x1000, u64::MAX - 255, COPY, u64::MAX - 255, ERROR_WRITE),
        (0x1000, u64::MAX - 255, FILL, u64::MAX - 255, ERROR_WRITE),
    ] {
        let (mut engine, mut mem) = (Engine::new(), Flat::new());

        mem.endless = true;
        for (reg, val) in [(SRC, src), (DST, dst)] {
            w(&mut engine, 0, reg, val as u32);
            w(&mut engine, 0, reg + 4, (val >> 32) as u32);
        }
        w(&mut engine, 0, LEN, 0x200);
        w(&mut engine, 0, CTRL, ctrl | START);
        run(&mut engine, &mut mem);
        assert_eq!(
            r(&mut engine, 0, STATUS),
            ERROR | write | CAUSE_BUS << CAUSE_SHIFT
        );
        let fault = u64::from(r(&mut engine, 0, 0x30)) << 32 | u64::from(r(&mut engine, 0, FAULT));
        assert_eq!(fault, at);
        assert_eq!(r(&mut engine, 0, BYTES), 0x100, "the first burst");
        assert!(mem.trace.iter().all(|&(_, va)| va != 0));
    }

    // The second descriptor is beyond the end.
    let (mut engine, mut mem) = (Engine::new(), Flat::new());
    mem.endless = true;
    w(&mut engine, 0, LIST, !23);
    w(&mut engine, 0, LIST + 4, !0);
    w(&mut engine, 0, COUNT, 2);
    w(&mut engine, 0, CTRL, SCATTERED | START);
    run(&mut engine, &mut mem);
    assert_eq!(r(&mut engine, 0, STATUS), ERROR | CAUSE_BUS << CAUSE_SHIFT);
    assert_eq!(mem.trace.len(), 1);
}

#[test]
fn storm_of_one_master_lets_the_other_pass() {
    let mut b = Board::on(H6);
    let (mut bad, mut good) = (Engine::new(), Engine::new());

    for page in 0..4 {
        b.map(0x1_0000 + (page << 12), DATA + (page << 12));
        b.map(0x2_0000 + (page << 12), DATA + 0x1_0000 + (page << 12));
    }
    b.ram.set(DATA + 0x3ffc, 0x600d_600d);
    start(
        &mut bad,
        0,
        0x0050_0000,
        0,
        0x1000,
        READ_ONLY | REPEAT | GO_ON,
    );
    start(&mut good, 0, 0x1_0000, 0x2_0000, 0x4000, COPY);
    let mut faults = 0;
    while good.busy() {
        bad.step(&mut Master(&mut b, 1), 1024);
        good.step(&mut Master(&mut b, 0), 1024);
        if b.mmu.irq() {
            faults += 1;
            b.ack();
        }
    }
    assert_eq!(b.ram.get(DATA + 0x1_3ffc), 0x600d_600d);
    assert!(faults >= 32);
    assert_eq!(b.mmu.counters.faults_latched, faults);
    assert_eq!(r(&mut bad, 0, FAULTS), faults as u32);
    assert_eq!(b.mmu.log.passed_any(), 0);
    assert_eq!(r(&mut good, 0, FAULTS), 0);
}
