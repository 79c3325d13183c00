// SPDX-License-Identifier: GPL-2.0

//! Table entries of 64 bits, formats DART1 and DART2.
//!
//! | field             | DART1             | DART2                |
//! | ----------------- | ----------------- | -------------------- |
//! | valid             | 0                 | 0                    |
//! | whole page        | 1: no range       | there is none        |
//! | uncached          | there is none     | 1                    |
//! | no write, no read | 7, 8              | 2, 3                 |
//! | address           | `[35:12]`: PA     | `[37:10]`: PA >> 4   |
//! | range, last unit  | `[51:40]`         | `[51:40]`            |
//! | range, first unit | `[63:52]`         | `[63:52]`            |
//!
//! A range is the accessible part of a page, in units of 4 bytes, both ends included. An entry that
//! points to a further table has the valid bit and an address. Its other bits have no meaning. They
//! should be 0, except for bit 1, which does no harm.

use super::{
    variant::Format,
    Config, //
};

const VALID: u64 = 1 << 0;
/// DART1: no range. DART2: uncached.
const BIT_1: u64 = 1 << 1;
const RANGE: u64 = !0 << 40;

/// Bytes of a unit of a range.
const UNIT: u64 = 4;

/// The parameters for decoding entries.
#[derive(Clone, Copy)]
pub(super) struct Entries {
    format: Format,
    page: u64,
    output: u32,
}

impl Entries {
    pub(super) const fn new(config: &Config) -> Self {
        Self {
            format: config.variant.format(),
            page: config.page(),
            output: config.output,
        }
    }

    pub(super) fn valid(self, word: u64) -> bool {
        word & VALID != 0
    }

    fn no_write(self) -> u64 {
        match self.format {
            Format::Dart1 => 1 << 7,
            Format::Dart2 => 1 << 2,
        }
    }

    fn no_read(self) -> u64 {
        match self.format {
            Format::Dart1 => 1 << 8,
            Format::Dart2 => 1 << 3,
        }
    }

    /// The bits of the address field, including a few that are not used.
    fn field(self) -> u64 {
        match self.format {
            Format::Dart1 => 0xff_ffff_f000,
            Format::Dart2 => 0xff_ffff_fc00,
        }
    }

    /// The physical address in `word`, including bits that the instance does not have.
    fn address(self, word: u64) -> u64 {
        match self.format {
            Format::Dart1 => word & self.field(),
            Format::Dart2 => (word & self.field()) << 4,
        }
    }

    /// Whether the physical address in `word` has bits that it must not have.
    fn bad_address(self, word: u64) -> bool {
        self.address(word) != self.pa(word)
    }

    /// Physical address of the page or table.
    pub(super) fn pa(self, word: u64) -> u64 {
        self.address(word) & ((1 << self.output) - 1) & !(self.page - 1)
    }

    /// Whether an entry that points to a table has bits set that should be 0.
    pub(super) fn bad_table(self, word: u64) -> bool {
        self.bad_address(word) || word & !(VALID | BIT_1 | self.field()) != 0
    }

    /// Whether an entry that points to a page has bits set that should be 0.
    pub(super) fn bad_page(self, word: u64) -> bool {
        let known = VALID | BIT_1 | self.no_write() | self.no_read() | self.field() | RANGE;

        self.bad_address(word) || word & !known != 0
    }

    /// Whether the entry prohibits a read, or a write, of the page.
    pub(super) fn prohibits(self, word: u64, write: bool) -> bool {
        let bit = if write {
            self.no_write()
        } else {
            self.no_read()
        };

        word & bit != 0
    }

    /// Whether some of `len` bytes at `offset` of the page are outside of the range.
    pub(super) fn outside(self, word: u64, offset: u64, len: u64) -> bool {
        let first = word >> 52;
        let last = word >> 40 & 0xfff;

        match self.format {
            Format::Dart1 if word & BIT_1 != 0 => false,
            _ => offset / UNIT < first || (offset + len - 1) / UNIT > last,
        }
    }
}
