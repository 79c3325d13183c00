// SPDX-License-Identifier: GPL-2.0

//! The fixture of the tests: memory, an instance, and the shortest correct way to drive it.

use super::ram::*;
use iommu_models::{
    tegra::{
        Smmu,
        Variant, //
    },
    Cause,
    Denied, //
};

pub const INTSTATUS: u32 = 0x000;
pub const INTMASK: u32 = 0x004;
pub const ERR_STATUS: u32 = 0x008;
pub const ERR_ADR: u32 = 0x00c;
pub const CONFIG: u32 = 0x010;
pub const TLB_CONFIG: u32 = 0x014;
pub const PTC_CONFIG: u32 = 0x018;
pub const PTB_ASID: u32 = 0x01c;
pub const PTB_DATA: u32 = 0x020;
pub const TLB_FLUSH: u32 = 0x030;
pub const PTC_FLUSH: u32 = 0x034;
pub const SECURITY: u32 = 0x038;
pub const ENABLE: u32 = 0x228;
pub const DC: u32 = 0x240;
pub const HC: u32 = 0x250;
pub const PTC_FLUSH_HIGH: u32 = 0x9b8;

/// A client of the swgroup DC, and one of HC.
pub const DISPLAY: u32 = 1;
pub const HOST: u32 = 22;
/// A client that is never translated.
pub const CPU: u32 = 39;

/// The ASIDs of the two swgroups.
pub const DC_ASID: u32 = 2;
pub const HC_ASID: u32 = 1;

/// Rights of an entry.
pub const R: u32 = 1 << 31;
pub const W: u32 = 1 << 30;
pub const NS: u32 = 1 << 29;
pub const RW: u32 = R | W | NS;
/// In a directory entry: there is a table.
pub const NEXT: u32 = 1 << 28;

const SIZE: usize = 8 << 20;
/// Tables begin here, and data pages here.
const TABLES: u64 = 0x1_0000;
const DATA: u64 = 0x40_0000;

pub const NO_TABLE: Result<u64, Denied> = Err(Denied::Fault(Cause::NoTable));
pub const NO_PAGE: Result<u64, Denied> = Err(Denied::Fault(Cause::NoPage));
pub const PERMISSION: Result<u64, Denied> = Err(Denied::Fault(Cause::Permission));

pub struct Board {
    pub mmu: Box<Smmu>,
    pub ram: Ram,
    pub base: u64,
    next_table: u64,
}

impl Board {
    /// An instance without power. Register writes arrive at once, unless a test sets a knob.
    /// Memory is above 4 GiB if the SoC can have it there.
    pub fn cold(variant: Variant) -> Self {
        let mut mmu = Box::new(Smmu::new(variant));
        let base = match variant {
            Variant::T30 | Variant::T114 => 0x8000_0000,
            Variant::T124 | Variant::T210 => 0x1_8000_0000,
        };

        mmu.knobs.busy_seed = 0;
        Self {
            mmu,
            ram: Ram::new(base, SIZE),
            base,
            next_table: base + TABLES,
        }
    }

    /// Registers can be reached.
    pub fn up(variant: Variant) -> Self {
        let mut board = Self::cold(variant);

        board.mmu.set_power(true);
        board
    }

    /// The swgroups DC and HC are translated by directories of their own, with nothing mapped.
    pub fn on(variant: Variant) -> Self {
        let mut board = Self::up(variant);

        board.w(INTMASK, 0x540);
        board.set_root(HC_ASID, board.root(0));
        board.set_root(DC_ASID, board.root(1));
        board.w(HC, 1 << 31 | HC_ASID);
        board.w(DC, 1 << 31 | DC_ASID);
        board.enable_clients();
        board.w(CONFIG, 1);
        board
    }

    /// Like [`Board::on`]; a fill stores no neighbours.
    pub fn plain(variant: Variant) -> Self {
        let mut board = Self::on(variant);

        board.mmu.knobs.line_fill = false;
        board
    }

    /// Sets the bits of all clients.
    pub fn enable_clients(&mut self) {
        let mut words = vec![0x228, 0x22c, 0x230];

        match self.mmu.variant() {
            Variant::T30 | Variant::T114 => {}
            Variant::T124 => words.push(0x234),
            Variant::T210 => words.extend([0x234, 0xb98]),
        }
        for off in words {
            self.w(off, !0);
        }
    }

    pub fn is_wide(&self) -> bool {
        matches!(self.mmu.variant(), Variant::T124 | Variant::T210)
    }

    pub fn r(&mut self, off: u32) -> u32 {
        self.mmu.mmio_read(&mut self.ram, off)
    }

    pub fn w(&mut self, off: u32, val: u32) {
        self.mmu.mmio_write(&mut self.ram, off, val);
    }

    /// The address of a directory, and that of a data page.
    pub fn root(&self, n: u64) -> u64 {
        self.base + 0x1000 * n
    }

    pub fn data(&self, n: u64) -> u64 {
        self.base + DATA + 0x1000 * n
    }

    /// A word with an address and rights.
    pub fn word(pa: u64, rights: u32) -> u32 {
        (pa >> 12) as u32 | rights
    }

    pub fn set_root_word(&mut self, asid: u32, word: u32) {
        self.w(PTB_ASID, asid);
        self.w(PTB_DATA, word);
    }

    pub fn set_root(&mut self, asid: u32, root: u64) {
        self.set_root_word(asid, Self::word(root, RW));
    }

    /// The address of the directory entry for `iova`.
    pub fn pde(&self, root: u64, iova: u64) -> u64 {
        root + (iova >> 22 & 0x3ff) * 4
    }

    /// The address of the table entry for `iova`. Sets a missing directory entry.
    pub fn pte(&mut self, root: u64, iova: u64) -> u64 {
        let pde = self.pde(root, iova);

        if self.ram.get(pde) == 0 {
            let table = self.new_table();

            self.ram.set(pde, Self::word(table, RW | NEXT));
        }
        let table = u64::from(self.ram.get(pde) & 0x3f_ffff) << 12;
        table + (iova >> 12 & 0x3ff) * 4
    }

    pub fn new_table(&mut self) -> u64 {
        let table = self.next_table;

        self.next_table += 0x1000;
        assert!(self.next_table <= self.base + DATA);
        table
    }

    /// Writes a table entry, without any flush.
    pub fn map_in(&mut self, root: u64, iova: u64, word: u32) {
        let pte = self.pte(root, iova);

        self.ram.set(pte, word);
    }

    /// Maps a page of HC, without any flush.
    pub fn map(&mut self, iova: u64, pa: u64) {
        self.map_in(self.root(0), iova, Self::word(pa, RW));
    }

    pub fn unmap(&mut self, iova: u64) {
        self.map_in(self.root(0), iova, 0);
    }

    /// Drops the line at `pa` from the PTC.
    pub fn flush_line(&mut self, pa: u64) {
        if self.is_wide() {
            self.w(PTC_FLUSH_HIGH, (pa >> 32) as u32);
        }
        self.w(PTC_FLUSH, pa as u32 & !15 | 1);
    }

    pub fn flush_ptc(&mut self) {
        self.w(PTC_FLUSH, 0);
    }

    /// The bits of TLB_FLUSH for an ASID.
    pub fn asid(&self, asid: u32) -> u32 {
        match self.is_wide() {
            true => 1 << 31 | asid << 24,
            false => 1 << 31 | asid << 29,
        }
    }

    pub fn flush_group(&mut self, asid: u32, iova: u32) {
        self.w(TLB_FLUSH, self.asid(asid) | (iova & 0xffff_c000) >> 12 | 3);
    }

    pub fn flush_section(&mut self, asid: u32, iova: u32) {
        self.w(TLB_FLUSH, self.asid(asid) | (iova & 0xffc0_0000) >> 12 | 2);
    }

    pub fn flush_asid(&mut self, asid: u32) {
        self.w(TLB_FLUSH, self.asid(asid));
    }

    /// Flushes both caches in the right order.
    pub fn flush_all(&mut self) {
        self.flush_ptc();
        self.w(TLB_FLUSH, 0);
    }

    pub fn rd(&mut self, client: u32, iova: u64) -> Result<u64, Denied> {
        self.mmu.access(&mut self.ram, client, iova, false)
    }

    pub fn wr(&mut self, client: u32, iova: u64) -> Result<u64, Denied> {
        self.mmu.access(&mut self.ram, client, iova, true)
    }

    /// Clears all interrupts.
    pub fn ack(&mut self) {
        let status = self.r(INTSTATUS);

        self.w(INTSTATUS, status);
    }

    pub fn errors(&self) -> u64 {
        self.mmu.counters.errors()
    }
}
