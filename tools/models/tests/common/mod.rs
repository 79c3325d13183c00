// SPDX-License-Identifier: GPL-2.0

//! The fixture of the tests: memory, an instance, and the shortest correct way to drive it.

#![allow(dead_code)]

pub mod lines;
pub mod ram;

pub use ram::*;

use iommu_models::{
    sun50i::{
        Iommu,
        Variant, //
    },
    Denied, //
};

/// The start of memory.
pub const RAM: u32 = 0x4000_0000;
/// The first directory.
pub const TTB: u32 = RAM + 0x4000;
/// The second directory.
pub const TTB2: u32 = RAM + 0x8000;
/// Tables are allocated from here on.
const TABLES: u32 = RAM + 0x1_0000;
/// The first data page.
pub const DATA: u32 = RAM + 0x10_0000;
const SIZE: usize = 4 << 20;

pub const RESET: u32 = 0x010;
pub const ENABLE: u32 = 0x020;
pub const BYPASS: u32 = 0x030;
pub const AUTO_GATING: u32 = 0x040;
pub const BDY: u32 = 0x04c;
pub const TTB_REG: u32 = 0x050;
pub const TLB_ENABLE: u32 = 0x060;
pub const PREFETCH: u32 = 0x070;
pub const FLUSH: u32 = 0x080;
pub const IVLD_MODE: u32 = 0x084;
pub const IVLD_START: u32 = 0x088;
pub const IVLD_END: u32 = 0x08c;
pub const IVLD_ADDR: u32 = 0x090;
pub const IVLD_MASK: u32 = 0x094;
pub const IVLD_ENABLE: u32 = 0x098;
pub const PC_ADDR: u32 = 0x0a0;
pub const PC_ENABLE: u32 = 0x0a8;
pub const DM_AUT: u32 = 0x0b0;
pub const OVWT: u32 = 0x0d0;
pub const INT_ENABLE: u32 = 0x100;
pub const INT_CLR: u32 = 0x104;
pub const INT_STA: u32 = 0x108;
pub const ERR_ADDR: u32 = 0x110;
pub const ERR_ADDR_L1: u32 = 0x130;
pub const ERR_ADDR_L2: u32 = 0x134;
pub const ERR_DATA: u32 = 0x150;
pub const ERR_DATA_L1: u32 = 0x170;
pub const ERR_DATA_L2: u32 = 0x174;
pub const L1PG: u32 = 0x180;
pub const L2PG: u32 = 0x184;
pub const VA: u32 = 0x190;
pub const VA_DATA: u32 = 0x194;
pub const VA_CONFIG: u32 = 0x198;
pub const PMU_ENABLE: u32 = 0x200;
pub const PMU_CLR: u32 = 0x210;

pub struct Board {
    pub mmu: Box<Iommu>,
    pub ram: Ram,
    next_table: u32,
}

impl Board {
    /// An instance in the state after power-on. Commands take effect at once, unless a test sets a
    /// knob.
    pub fn cold(variant: Variant) -> Self {
        let mut mmu = Box::new(Iommu::new(variant));

        mmu.knobs.busy_seed = 0;
        Self {
            mmu,
            ram: Ram::new(RAM.into(), SIZE),
            next_table: TABLES,
        }
    }

    /// Registers can be reached; all else is in the state after reset.
    pub fn up(variant: Variant) -> Self {
        let mut board = Self::cold(variant);

        board.mmu.set_clock(true);
        board.mmu.set_reset(false);
        board
    }

    /// Translates through [`TTB`], with nothing mapped and the interrupts of all masters enabled.
    pub fn on(variant: Variant) -> Self {
        let mut board = Self::up(variant);

        board.w(TTB_REG, TTB);
        board.w(BYPASS, 0);
        board.w(INT_ENABLE, 0x30000 | variant.mask());
        board.w(FLUSH, 0x30000 | variant.mask());
        board.w(ENABLE, 1);
        board
    }

    /// Like [`Board::on`], without pair fill.
    pub fn plain(variant: Variant) -> Self {
        let mut board = Self::on(variant);

        board.mmu.knobs.pair_fill = false;
        board
    }

    pub fn r(&mut self, off: u32) -> u32 {
        self.mmu.mmio_read(&mut self.ram, off)
    }

    pub fn w(&mut self, off: u32, val: u32) {
        self.mmu.mmio_write(&mut self.ram, off, val);
    }

    /// Returns the address of the page entry for `va`; allocates a table if there is none.
    pub fn entry(&mut self, ttb: u32, va: u32) -> u32 {
        let dir = ttb + (va >> 20) * 4;

        if self.ram.get(dir) & 3 != 1 {
            self.ram.set(dir, self.next_table | 1);
            self.next_table += 0x400;
            assert!(self.next_table < DATA);
        }
        (self.ram.get(dir) & !0x3ff) + (va >> 12 & 0xff) * 4
    }

    /// Writes a page entry of domain `aci`, without any invalidation.
    pub fn map_in(&mut self, ttb: u32, va: u32, pa: u32, aci: u32) {
        let entry = self.entry(ttb, va);

        self.ram.set(entry, pa | aci << 4 | 2);
    }

    pub fn map(&mut self, va: u32, pa: u32) {
        self.map_in(TTB, va, pa, 0);
    }

    pub fn unmap(&mut self, va: u32) {
        let entry = self.entry(TTB, va);

        self.ram.set(entry, 0);
    }

    pub fn ivld(&mut self, va: u32, mask: u32) {
        self.w(IVLD_ADDR, va);
        self.w(IVLD_MASK, mask);
        self.w(IVLD_ENABLE, 1);
    }

    pub fn ivld_page(&mut self, va: u32) {
        self.ivld(va, 0xffff_f000);
    }

    pub fn ivld_range(&mut self, start: u32, end: u32) {
        self.w(IVLD_MODE, 1);
        self.w(IVLD_START, start);
        self.w(IVLD_END, end);
        self.w(IVLD_ENABLE, 1);
    }

    pub fn ivld_ptw(&mut self, va: u32) {
        self.w(PC_ADDR, va & 0xfff0_0000);
        self.w(PC_ENABLE, 1);
    }

    pub fn flush_all(&mut self) {
        let mask = self.mmu.variant().mask();

        self.w(FLUSH, 0x30000 | mask);
    }

    pub fn rd(&mut self, master: u32, va: u32) -> Result<u64, Denied> {
        self.mmu.access(&mut self.ram, master, va.into(), false)
    }

    pub fn wr(&mut self, master: u32, va: u32) -> Result<u64, Denied> {
        self.mmu.access(&mut self.ram, master, va.into(), true)
    }

    /// Clears pending faults, which releases all lanes.
    pub fn ack(&mut self) {
        let status = self.r(INT_STA);

        self.w(INT_CLR, status);
    }

    /// Reads, and clears the fault if there is one.
    pub fn probe(&mut self, master: u32, va: u32) -> Result<u64, Denied> {
        let result = self.rd(master, va);

        self.ack();
        result
    }
}
