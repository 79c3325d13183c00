// SPDX-License-Identifier: GPL-2.0

//! The register sequences of the kernel's C driver: they work on the model without misuse, and its
//! known mistakes show.

use super::board::*;
use iommu_models::tegra::{
    Pass, Switch,
    Variant::{
        self,
        T124,
        T210, //
    },
};

/// A driver like the one in C.
struct Driver {
    b: Board,
}

impl Driver {
    /// The order of its probe.
    fn probe(mut b: Board) -> Self {
        let (tlb, ptc) = match b.mmu.variant() {
            Variant::T30 => (0x2000_0010, 0x2000_003f),
            Variant::T114 => (0x2000_0020, 0x2000_003f),
            Variant::T124 => (0x3000_0020, 0x2800_003f),
            Variant::T210 => (0x3000_0030, 0x2800_003f),
        };

        b.w(PTC_CONFIG, ptc);
        b.w(TLB_CONFIG, tlb);
        b.w(PTC_FLUSH, 0);
        b.w(TLB_FLUSH, 0);
        b.w(CONFIG, 1);
        b.r(PTB_ASID);
        Self { b }
    }

    fn new(variant: Variant) -> Self {
        let mut b = Board::up(variant);

        b.mmu.knobs.posted = 2;
        Self::probe(b)
    }

    fn update(&mut self, off: u32, clear: u32, set: u32) {
        let val = self.b.r(off);

        self.b.w(off, val & !clear | set);
    }

    fn accesses(&self) -> u64 {
        self.b.mmu.counters.regs.mmio_reads + self.b.mmu.counters.regs.mmio_writes
    }

    fn prepare(&mut self, asid: u32, root: u64) {
        self.b.flush_line(root);
        self.b.flush_asid(asid);
        self.b.set_root(asid, root);
        self.b.r(PTB_ASID);
    }

    /// Enables a swgroup. Clients without a bit have the register 0 and bit 0 in its tables.
    fn switch(&mut self, number: u32, asid: u32, on: bool) {
        let variant = self.b.mmu.variant();
        let group = &variant.swgroups()[number as usize];
        let Some(register) = group.register() else {
            return;
        };

        self.update(register, 0x7f | 1 << 31, asid | u32::from(on) << 31);
        for &id in group.clients() {
            let id = u32::from(id);
            let (off, bit) = match (group.switch(), id / 32) {
                (Switch::Enable, n @ 0..=2) => (ENABLE + 4 * n, id % 32),
                (Switch::Enable, 3) => (0x234, id % 32),
                (Switch::Enable, _) => (0xb98, id % 32),
                _ => (0, 0),
            };

            self.update(off, 1 << bit, u32::from(on) << bit);
        }
    }

    /// Sets an entry and flushes both caches, as for each page.
    fn set(&mut self, asid: u32, at: u64, iova: u64, word: u32, table: bool) {
        self.b.ram.set(at, word);
        self.b.flush_line(at);
        if table {
            self.b.flush_section(asid, iova as u32);
        } else {
            self.b.flush_group(asid, iova as u32);
        }
        self.b.r(PTB_ASID);
    }

    fn map(&mut self, asid: u32, root: u64, iova: u64, pa: u64) {
        let pde = self.b.pde(root, iova);

        if self.b.ram.get(pde) == 0 {
            let table = self.b.new_table();

            self.set(asid, pde, iova, Board::word(table, RW | NEXT), true);
        }
        let pte = self.b.pte(root, iova);
        self.set(asid, pte, iova, Board::word(pa, RW), false);
    }

    fn unmap(&mut self, asid: u32, root: u64, iova: u64) {
        let pte = self.b.pte(root, iova);

        self.set(asid, pte, iova, 0, false);
    }
}

/// The number of the swgroup HC.
fn hc(variant: Variant) -> u32 {
    variant.swgroup_of(HOST).unwrap().number()
}

#[test]
fn its_sequences_work() {
    for variant in Variant::ALL {
        for refetch in [false, true] {
            let mut d = Driver::new(variant);
            let root = d.b.root(0);

            d.b.mmu.knobs.refetch = refetch;
            d.prepare(0, root);
            d.switch(hc(variant), 0, true);
            assert_eq!(d.b.rd(HOST, 0x4000), NO_TABLE);
            for iova in [0x4000, 0x5000, 0x40_0000, 0x9000] {
                let pa = d.b.data(iova >> 12 & 15);

                d.map(0, root, iova, pa);
                assert_eq!(d.b.rd(HOST, iova), Ok(pa));
            }
            for iova in [0x4000, 0x40_0000] {
                d.unmap(0, root, iova);
                assert_eq!(d.b.rd(HOST, iova), NO_PAGE);
            }
            assert_eq!(d.b.rd(HOST, 0x5000), Ok(d.b.data(5)));
            d.switch(hc(variant), 0, false);
            assert_eq!(d.b.rd(HOST, 0x5000), Ok(0x5000));
            assert_eq!(d.b.errors(), 0);
            assert_eq!(d.b.mmu.log.stale_table(), 0);
        }
    }
}

/// The whole driver works if firmware has secured the registers.
#[test]
fn its_sequences_work_secured() {
    for variant in Variant::ALL {
        let mut b = Board::up(variant);
        assert!(b.mmu.set_knob("firmware", 1) && b.mmu.set_knob("secured", 1));
        let mut d = Driver::probe(b);
        let root = d.b.root(0);

        d.prepare(0, root);
        d.switch(hc(variant), 0, true);
        d.map(0, root, 0x4000, d.b.data(0));
        assert_eq!(d.b.rd(HOST, 0x4000), Ok(d.b.data(0)));
        d.switch(hc(variant), 0, false);
        assert_eq!(d.b.rd(HOST, 0x4000), Ok(0x4000));
        assert_eq!(d.b.errors(), 0);
    }
}

/// Its number of accesses: four for each page, or three; 34 to attach the display of Tegra210,
/// whose swgroup it programs twice.
#[test]
fn the_number_of_its_accesses() {
    for (variant, page) in [
        (Variant::T30, 3),
        (Variant::T114, 3),
        (Variant::T124, 4),
        (Variant::T210, 4),
    ] {
        let mut d = Driver::new(variant);
        let root = d.b.root(0);

        d.prepare(0, root);
        let before = d.accesses();
        for n in 0..1024 {
            d.map(0, root, n << 12, d.b.data(0));
        }
        assert_eq!(d.accesses() - before, 1025 * page);
        let high = d.b.mmu.counters.high_unchanged;
        assert_eq!(
            high,
            if page == 4 { 1025 } else { 0 },
            "all writes of PTC_FLUSH_1"
        );
    }

    let mut d = Driver::new(T210);
    let before = d.accesses();
    d.prepare(0, d.b.root(0));
    d.switch(1, 0, true);
    d.switch(1, 0, true);
    assert_eq!(d.accesses() - before, 34);
}

/// It does not read after the last write of an attach. One client is not translated yet.
#[test]
fn its_last_client_is_late() {
    let mut d = Driver::new(T210);

    d.prepare(0, d.b.root(0));
    d.switch(1, 0, true);
    assert_eq!(d.b.rd(115, 0x4000), Ok(0x4000));
    assert_eq!(d.b.mmu.log.passed_by(115, Pass::Client), 1);
    assert_eq!(d.b.rd(90, 0x4000), NO_TABLE, "the one before");
    d.b.r(PTB_ASID);
    assert_eq!(d.b.rd(115, 0x4000), NO_TABLE);
}

/// A swgroup without a register: no error, no translation.
#[test]
fn swgroups_without_register_stay_untranslated() {
    let mut d = Driver::new(T210);

    d.prepare(0, d.b.root(0));
    d.switch(10, 0, true);
    assert_eq!(d.b.rd(CPU, 0x4000), Ok(0x4000));
}

/// It takes the GPU's clients to have a bit in the register at 0, which is the interrupt status.
/// So an attach clears a fault that nothing has reported.
#[test]
fn an_attach_of_the_gpu_clears_interrupts() {
    for (variant, number) in [(T124, 19), (T210, 17)] {
        let mut d = Driver::new(variant);

        d.prepare(0, d.b.root(0));
        d.switch(hc(variant), 0, true);
        d.b.w(INTMASK, 0x540);
        d.b.rd(HOST, 0x4000).unwrap_err();
        assert!(d.b.mmu.irq());
        d.switch(number, 0, true);
        assert!(!d.b.mmu.irq());
        let clients = variant.swgroups()[number as usize].clients().len();
        assert_eq!(d.b.mmu.counters.regs.reserved_bits, clients as u64);
    }
}

/// After a detach the root of ASID 0 stays, and the swgroup that firmware has left on uses it.
#[test]
fn the_root_stays_after_a_detach() {
    let mut b = Board::up(T210);
    assert!(b.mmu.set_knob("firmware", 1) && b.mmu.set_knob("left_on", 1));
    let mut d = Driver::probe(b);
    let root = d.b.root(0);

    d.prepare(0, root);
    d.switch(hc(T210), 0, true);
    d.map(0, root, 0x4000, d.b.data(0));
    d.switch(hc(T210), 0, false);
    assert_eq!(d.b.mmu.root(0), Board::word(root, RW));
    assert_eq!(d.b.rd(DISPLAY, 0x4000), Ok(d.b.data(0)));
}

/// It flushes one line of a new directory. The page's old lines are used.
#[test]
fn one_line_of_a_new_directory_is_not_enough() {
    let mut d = Driver::new(T210);
    let root = d.b.root(0);
    let far = 0x8000_0000;

    d.prepare(0, root);
    d.switch(hc(T210), 0, true);
    d.map(0, root, far, d.b.data(0));
    d.b.rd(HOST, far).unwrap();
    // The page is freed, cleared, and becomes the directory of another domain.
    for i in 0..1024 {
        d.b.ram.set(root + 4 * i, 0);
    }
    d.prepare(1, root);
    d.switch(hc(T210), 1, true);
    d.b.r(PTB_ASID);
    assert_eq!(
        d.b.rd(HOST, far),
        Ok(d.b.data(0)),
        "mapped in the old domain"
    );
}

/// An IOVA above 4 GiB lands below, and a physical address above 34 bits is cut or worse.
#[test]
fn addresses_that_it_does_not_check() {
    let mut d = Driver::new(T210);
    let root = d.b.root(0);

    d.prepare(0, root);
    d.switch(hc(T210), 0, true);
    d.map(0, root, 0x1_0000_1000, d.b.data(0));
    assert_eq!(d.b.rd(HOST, 0x1000), Ok(d.b.data(0)));
    assert_eq!(d.b.errors(), 0);
    d.map(0, root, 0x2000, d.b.data(0) | 1 << 34);
    assert_eq!(d.b.rd(HOST, 0x2000), Ok(d.b.data(0)));
    assert_eq!(d.b.mmu.counters.wide_pages, 1);
}

/// A reset loses what it set up, and it restores nothing but the interrupt mask.
#[test]
fn nothing_is_restored_after_sleep() {
    let mut d = Driver::new(T210);
    let root = d.b.root(0);

    d.prepare(0, root);
    d.switch(hc(T210), 0, true);
    d.map(0, root, 0x4000, d.b.data(0));
    assert_eq!(d.b.rd(HOST, 0x4000), Ok(d.b.data(0)));
    d.b.mmu.set_power(false);
    d.b.mmu.set_power(true);
    d.b.w(INTMASK, 0x13d40);
    assert_eq!(d.b.rd(HOST, 0x4000), Ok(0x4000));
}
