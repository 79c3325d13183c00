// SPDX-License-Identifier: GPL-2.0

//! The fixture of the tests: memory, an instance, and the shortest correct way to drive it.

use super::ram::*;
use iommu_models::{
    dart::{
        Config,
        Dart,
        Variant, //
    },
    Denied, //
};

/// The start of memory.
pub const RAM: u64 = 0x8_0000_0000;
/// The first top table, and the second.
pub const ROOT: u64 = RAM + 0x4000;
pub const ROOT2: u64 = RAM + 0x8000;
/// Tables are allocated from here on.
const TABLES: u64 = RAM + 0x1_0000;
/// The first data page.
pub const DATA: u64 = RAM + 0x60_0000;
const SIZE: usize = 16 << 20;

pub const PARAMS1: u32 = 0x000;

/// Registers of T8020, T6000 and USB4.
pub mod t8020 {
    pub const COMMAND: u32 = 0x020;
    pub const SELECT: u32 = 0x034;
    pub const SELECT_HIGH: u32 = 0x038;
    pub const ERROR: u32 = 0x040;
    pub const ADDR: u32 = 0x050;
    pub const ADDR_HIGH: u32 = 0x054;
    pub const CONFIG: u32 = 0x060;
    pub const LOCK: u32 = 1 << 15;
    pub const REMAP: u32 = 0x080;
    pub const ENABLE: u32 = 0x0fc;
    pub const TCR: u32 = 0x100;
    pub const TTBR: u32 = 0x200;
    pub const TTBR_USB4: u32 = 0x400;

    pub const INVALIDATE: u32 = 1 << 20;
    pub const BUSY: u32 = 1 << 2;
    pub const TRANSLATE: u32 = 1 << 7;
    pub const BYPASS: u32 = 1 << 8;
    pub const BYPASS_FILTER: u32 = 1 << 12;
}

/// Registers of T8110.
pub mod t8110 {
    pub const COMMAND: u32 = 0x080;
    pub const RANGE_FIRST: u32 = 0x098;
    pub const RANGE_LAST: u32 = 0x0a0;
    pub const ERROR: u32 = 0x100;
    pub const ERROR_MASK: u32 = 0x104;
    pub const ADDR: u32 = 0x170;
    pub const ADDR_HIGH: u32 = 0x174;
    pub const SECONDARY: u32 = 0x1c0;
    pub const PROTECT: u32 = 0x200;
    pub const UNPROTECT: u32 = 0x204;
    pub const PROTECT_LOCK: u32 = 0x208;
    pub const ENABLE: u32 = 0xc00;
    pub const DISABLE: u32 = 0xc20;
    pub const TCR: u32 = 0x1000;
    pub const TTBR: u32 = 0x1400;

    pub const INVALIDATE: u32 = 1 << 8;
    pub const BUSY: u32 = 1 << 31;
    pub const TRANSLATE: u32 = 1 << 0;
    pub const BYPASS: u32 = 1 << 1;
    pub const BYPASS_FILTER: u32 = 1 << 2;
    pub const FOUR_LEVEL: u32 = 1 << 3;
    pub const REMAP: u32 = 1 << 7;
}

/// The permissions of a page entry. The default permits all accesses to the whole page.
#[derive(Clone, Copy, Default)]
pub struct Prot {
    pub no_read: bool,
    pub no_write: bool,
    /// First and last accessible unit.
    pub range: Option<(u64, u64)>,
}

pub const RW: Prot = Prot {
    no_read: false,
    no_write: false,
    range: None,
};

pub struct Board {
    pub dart: Box<Dart>,
    pub ram: Ram,
    /// log2 of the page size.
    pub shift: u32,
    /// The value of TCR that enables translation.
    pub on: u32,
    next_table: u64,
}

/// The configurations that all tests use: every variant, and other configurations of them.
pub fn all() -> Vec<Config> {
    let mut all: Vec<_> = Variant::ALL.into_iter().map(Config::new).collect();

    all.push(Config::new(Variant::T8103).pages_4k());
    all.push(Config::new(Variant::T8103Usb4).pages_4k());
    all.push(Config::new(Variant::T8103).input(38));
    all.push(Config::new(Variant::T8110).input(36).output(36).streams(16));
    all.push(
        Config::new(Variant::T8110)
            .streams(64)
            .version(1, 0)
            .input(36),
    );
    all
}

impl Board {
    /// An instance without power. Commands take effect at once, unless a test sets a knob.
    pub fn cold(config: Config) -> Self {
        let mut dart = Box::new(Dart::new(config));
        let wide = dart.peek(8) >> 16 & 0x3f > 36;
        let on = match dart.variant() {
            Variant::T8110 if wide => t8110::TRANSLATE | t8110::FOUR_LEVEL,
            Variant::T8110 => t8110::TRANSLATE,
            _ => t8020::TRANSLATE,
        };

        dart.knobs.busy_seed = 0;
        Self {
            shift: dart.page().trailing_zeros(),
            dart,
            ram: Ram::new(RAM, SIZE),
            on,
            next_table: TABLES,
        }
    }

    /// Registers can be reached; all else is in the state after power-on.
    pub fn up(config: Config) -> Self {
        let mut board = Self::cold(config);

        board.dart.set_power(true);
        board.dart.set_clock(true);
        board
    }

    /// All streams are enabled, and no fault is masked.
    pub fn ready(config: Config) -> Self {
        let mut board = Self::up(config);

        match board.dart.variant() {
            Variant::T8110 => {
                for word in 0..board.dart.streams().div_ceil(32) {
                    board.w(t8110::ENABLE + 4 * word, !0);
                }
                board.w(t8110::ERROR_MASK, 0);
            }
            Variant::T8103Usb4 => {
                board.w(0x0f8, !0);
                board.w(0x0fc, !0);
            }
            _ => board.w(t8020::ENABLE, 0xffff),
        }
        board
    }

    /// The first eight streams are translated through [`ROOT`], with nothing mapped.
    pub fn on(config: Config) -> Self {
        let mut board = Self::ready(config);

        for stream in 0..8 {
            board.attach(stream, ROOT);
        }
        board
    }

    /// The usual instance of a variant, like [`Board::on`], without line fill.
    pub fn plain(variant: Variant) -> Self {
        let mut board = Self::on(Config::new(variant));

        board.dart.knobs.line_fill = false;
        board
    }

    pub fn r(&mut self, off: u32) -> u32 {
        self.dart.mmio_read(&mut self.ram, off)
    }

    pub fn w(&mut self, off: u32, val: u32) {
        self.dart.mmio_write(&mut self.ram, off, val);
    }

    pub fn is_t8110(&self) -> bool {
        self.dart.variant() == Variant::T8110
    }

    pub fn tcr(&self, stream: u32) -> u32 {
        match self.dart.variant() {
            Variant::T8110 => t8110::TCR + 4 * stream,
            _ => t8020::TCR + 4 * stream,
        }
    }

    pub fn ttbr(&self, stream: u32, i: u32) -> u32 {
        match self.dart.variant() {
            Variant::T8110 => t8110::TTBR + 4 * stream,
            Variant::T8103Usb4 => t8020::TTBR_USB4 + 16 * stream + 4 * i,
            _ => t8020::TTBR + 16 * stream + 4 * i,
        }
    }

    /// The value of a valid TTBR.
    pub fn root(&self, table: u64) -> u32 {
        match self.dart.variant() {
            Variant::T8110 => (table >> 14 << 2) as u32 | 1,
            _ => (table >> 12) as u32 | 1 << 31,
        }
    }

    pub fn set_root(&mut self, stream: u32, i: u32, table: u64) {
        let (off, val) = (self.ttbr(stream, i), self.root(table));

        self.w(off, val);
    }

    /// Translates `stream` through `table`, without any invalidation.
    pub fn attach(&mut self, stream: u32, table: u64) {
        self.set_root(stream, 0, table);
        self.w(self.tcr(stream), self.on);
    }

    /// Starts an invalidation of all entries of `stream`.
    pub fn flush(&mut self, stream: u32) {
        if self.is_t8110() {
            self.w(t8110::COMMAND, t8110::INVALIDATE | stream);
        } else {
            self.w(t8020::SELECT, 1u64.wrapping_shl(stream) as u32);
            self.w(t8020::SELECT_HIGH, ((1u64 << stream) >> 32) as u32);
            self.w(t8020::COMMAND, t8020::INVALIDATE);
        }
    }

    fn table(&mut self) -> u64 {
        let table = self.next_table;

        self.next_table += 0x4000;
        assert!(self.next_table <= DATA);
        table
    }

    /// The address bits of an entry.
    pub fn field(&self, pa: u64) -> u64 {
        match self.dart.variant() {
            Variant::T8103 | Variant::T8103Usb4 => pa,
            Variant::T6000 | Variant::T8110 => pa >> 4,
        }
    }

    pub fn unfield(&self, word: u64) -> u64 {
        match self.dart.variant() {
            Variant::T8103 | Variant::T8103Usb4 => word & 0xf_ffff_f000,
            Variant::T6000 | Variant::T8110 => (word & 0x3f_ffff_fc00) << 4,
        }
    }

    /// Levels below the TTBR.
    pub fn levels(&self) -> u32 {
        if self.is_t8110() && self.on & t8110::FOUR_LEVEL != 0 {
            3
        } else {
            2
        }
    }

    pub fn index(&self, level: u32, iova: u64) -> u64 {
        let bits = self.shift - 3;

        iova >> (self.shift + level * bits) & ((1 << bits) - 1)
    }

    /// Returns the address of the entry for `iova` at `level` (0: the page). Allocates missing
    /// tables.
    pub fn entry(&mut self, root: u64, iova: u64, level: u32) -> u64 {
        let mut table = root;
        let mut at = self.levels() - 1;

        while at > level {
            let entry = table + 8 * self.index(at, iova);

            if self.ram.get64(entry) & 1 == 0 {
                let new = self.table();

                self.ram.set64(entry, self.field(new) | 1);
            }
            let word = self.ram.get64(entry);
            table = self.unfield(word);
            at -= 1;
        }
        table + 8 * self.index(level, iova)
    }

    /// A page entry.
    pub fn page(&self, pa: u64, prot: Prot) -> u64 {
        let (no_read, no_write, whole) = match self.dart.variant() {
            Variant::T8103 | Variant::T8103Usb4 => (8, 7, u64::from(prot.range.is_none()) << 1),
            Variant::T6000 | Variant::T8110 => (3, 2, 0),
        };
        let (first, last) = prot.range.unwrap_or((0, 0xfff));

        self.field(pa)
            | u64::from(prot.no_read) << no_read
            | u64::from(prot.no_write) << no_write
            | whole
            | first << 52
            | last << 40
            | 1
    }

    /// Writes a page entry, without any invalidation.
    pub fn map_in(&mut self, root: u64, iova: u64, pa: u64, prot: Prot) {
        let entry = self.entry(root, iova, 0);

        self.ram.set64(entry, self.page(pa, prot));
    }

    pub fn map(&mut self, iova: u64, pa: u64) {
        self.map_in(ROOT, iova, pa, RW);
    }

    pub fn unmap(&mut self, iova: u64) {
        let entry = self.entry(ROOT, iova, 0);

        self.ram.set64(entry, 0);
    }

    pub fn rd(&mut self, stream: u32, iova: u64) -> Result<u64, Denied> {
        self.dart.access(&mut self.ram, stream, iova, 4, false)
    }

    pub fn wr(&mut self, stream: u32, iova: u64) -> Result<u64, Denied> {
        self.dart.access(&mut self.ram, stream, iova, 4, true)
    }

    pub fn error(&self) -> u32 {
        if self.is_t8110() {
            t8110::ERROR
        } else {
            t8020::ERROR
        }
    }

    pub fn address(&self) -> u32 {
        if self.is_t8110() {
            t8110::ADDR
        } else {
            t8020::ADDR
        }
    }

    /// Clears the pending fault.
    pub fn ack(&mut self) {
        let off = self.error();
        let error = self.r(off);

        self.w(off, error);
    }
}
