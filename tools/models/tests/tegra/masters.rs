// SPDX-License-Identifier: GPL-2.0

//! Bursts of masters, also through the interface of all models.

use super::board::*;
use iommu_models::{
    dma::{
        regs::*,
        Engine,
        Port, //
    },
    tegra::Variant::{
        self,
        T210, //
    },
    Denied,
    Memory,
    Model, //
};

#[test]
fn bursts_are_split_at_pages() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let (first, second) = (b.data(5), b.data(2));

        b.map(0x4000, first);
        b.map(0x5000, second);
        b.mmu
            .write(&mut b.ram, HOST, 0x4ffc, &[1, 2, 3, 4, 5, 6, 7, 8])
            .unwrap();
        assert_eq!(b.ram.get(first + 0xffc), 0x0403_0201);
        assert_eq!(b.ram.get(second), 0x0807_0605);
        let mut back = [0; 8];
        b.mmu.read(&mut b.ram, HOST, 0x4ffc, &mut back).unwrap();
        assert_eq!(back, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(b.mmu.counters.accesses, 4);
    }
}

/// The part of a burst from the fault on is read as 0, and is not written.
#[test]
fn bursts_that_fault() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);
        let data = b.data(5);

        b.map(0x4000, data);
        b.ram.set(data + 0xffc, 0x1122_3344);
        let mut back = [0xff; 8];
        let result = b.mmu.read(&mut b.ram, HOST, 0x4ffc, &mut back);
        assert_eq!(result, NO_PAGE.map(|_| ()));
        assert_eq!(back, [0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0]);
        let result = b.mmu.write(&mut b.ram, HOST, 0x4ffc, &[7; 8]);
        assert_eq!(result, NO_PAGE.map(|_| ()));
        assert_eq!(b.ram.get(data + 0xffc), 0x0707_0707, "the part before");
        assert_eq!(b.r(ERR_ADR), 0x5000, "of the part that faulted");
    }
}

#[test]
fn pages_without_memory() {
    let mut b = Board::on(T210);
    let nowhere = b.base - 0x1000;

    b.map(0x4000, nowhere);
    assert_eq!(b.rd(HOST, 0x4000), Ok(nowhere));
    let result = b.mmu.read(&mut b.ram, HOST, 0x4000, &mut [0; 4]);
    assert_eq!(result, Err(Denied::Bus));
    assert_eq!(b.r(INTSTATUS), 0);
}

/// Addresses end at 2^64, for clients that are not translated as well.
#[test]
fn the_end_of_the_address_space() {
    let mut b = Board::up(T210);

    assert_eq!(b.rd(CPU, !0), Ok(!0));
    for client in [CPU, HOST] {
        let result = b.mmu.read(&mut b.ram, client, !0 - 3, &mut [0; 8]);

        assert_eq!(result, Err(Denied::Bus));
        let result = b.mmu.write(&mut b.ram, client, !0, &[0; 2]);
        assert_eq!(result, Err(Denied::Bus));
    }
    assert_eq!(b.ram.get(b.base), 0, "no wrap");
}

/// The end of the first 4 GiB: the next byte has another ASID, or faults.
#[test]
fn the_end_of_a_quarter() {
    for variant in Variant::ALL {
        let mut b = Board::on(variant);

        b.map(0xffff_f000, b.data(0));
        b.map(0, b.data(1));
        let result = b.mmu.read(&mut b.ram, HOST, 0xffff_fffc, &mut [0; 8]);
        assert_eq!(result, NO_TABLE.map(|_| ()), "no wrap");
        if b.is_wide() {
            b.ack();
            b.w(HC, 1 << 31 | DC_ASID << 8 | HC_ASID);
            b.map_in(b.root(1), 0, Board::word(b.data(2), RW));
            b.flush_all();
            b.ram.set(b.data(2), 0x55aa_55aa);
            let mut back = [0; 8];
            b.mmu
                .read(&mut b.ram, HOST, 0xffff_fffc, &mut back)
                .unwrap();
            assert_eq!(back[4..], [0xaa, 0x55, 0xaa, 0x55]);
        }
    }
}

/// A board's wire: reads and writes have clients of their own.
struct Wire<'a>(&'a mut Board);

impl Port for Wire<'_> {
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied> {
        self.0.mmu.read(&mut self.0.ram, 22, va, buf)
    }

    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied> {
        self.0.mmu.write(&mut self.0.ram, 54, va, buf)
    }
}

#[test]
fn an_engine_copies() {
    let mut b = Board::on(T210);
    let mut engine = Engine::new();

    b.map_in(b.root(0), 0x4000, Board::word(b.data(0), R | NS));
    b.map_in(b.root(0), 0x8000, Board::word(b.data(1), W | NS));
    b.ram.set(b.data(0), 0xcafe_f00d);
    for (reg, val) in [(SRC, 0x4000), (DST, 0x8000), (LEN, 0x1000), (CTRL, START)] {
        engine.mmio_write(reg, val);
    }
    let progress = engine.step(&mut Wire(&mut b), 0x4000);
    assert!(!progress.busy);
    assert_eq!(engine.mmio_read(STATUS), DONE);
    assert_eq!(b.ram.get(b.data(1)), 0xcafe_f00d);

    engine.mmio_write(LEN, 0x1001);
    engine.mmio_write(CTRL, START);
    engine.step(&mut Wire(&mut b), 0x4000);
    let cause = engine.mmio_read(STATUS) >> CAUSE_SHIFT & 7;
    assert_eq!(cause, CAUSE_NO_PAGE);
    assert_eq!(engine.mmio_read(FAULT), 0x5000);
    assert_eq!(b.r(ERR_STATUS), 0x6000_0016, "the client of reads");
}

/// The interface of all models.
#[test]
fn as_a_model() {
    let mut b = Board::cold(T210);
    let (data, root) = (b.data(0), b.root(0));
    b.map(0x4000, data);
    let Board { mmu, ram, .. } = &mut b;
    let model: &mut dyn Model = &mut **mmu;

    model.set_power(true);
    model.set_clock(false);
    model.set_reset(true);
    assert!(model.knob("firmware", 1));
    assert!(!model.knob("nonsense", 1));
    assert_eq!(model.mmio_read(ram, CONFIG), 1);
    model.mmio_write(ram, PTB_ASID, 1);
    model.mmio_write(ram, PTB_DATA, Board::word(root, RW));
    model.mmio_write(ram, HC, 1 << 31 | 1);
    assert_eq!(model.access(ram, HOST, 0x4004, 4, true), Ok(data + 4));
    model.write(ram, HOST, 0x4000, &[1, 2, 3, 4]).unwrap();
    let mut back = [0; 4];
    model.read(ram, HOST, 0x4000, &mut back).unwrap();
    assert_eq!(back, [1, 2, 3, 4]);
    assert!(!model.irq());
    model.mmio_write(ram, INTMASK, 0x440);
    model.access(ram, HOST, 0x5000, 4, true).unwrap_err();
    assert!(model.irq());
    assert_eq!(ram.read32(data), Some(0x0403_0201));
}
