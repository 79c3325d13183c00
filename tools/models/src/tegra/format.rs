// SPDX-License-Identifier: GPL-2.0

//! Page-table entries, and the roots, which have the same fields.
//!
//! | bits   | root (PTB_DATA)     | directory (PDE)                       | table (PTE)       |
//! | ------ | ------------------- | ------------------------------------- | ----------------- |
//! | 31, 30 | readable, writable  | readable, writable                    | the same          |
//! | 29     | non-secure          | non-secure                            | non-secure        |
//! | 28     | reserved            | 1: the frame is a table, 0: a section | ignored           |
//! | 27:22  | reserved            | reserved                              | reserved          |
//! | 21:0   | the directory       | the table or the section              | the page          |
//!
//! Bits 21:0 are a frame number. On Tegra30 and Tegra114 it has bits 19:0, and 21:20 are reserved.
//!
//! There is no valid bit: a word that is neither readable nor writable is not valid. A directory
//! and a table are pages of 1024 entries. A section has 4 MiB.
//!
//! Some drivers take the reserved bits above the frame number for further bits of it. The model
//! counts them as an address that is too wide, and ignores them.

use super::soc::Soc;

/// Readable.
const READABLE: u32 = 1 << 31;
/// Writable.
const WRITABLE: u32 = 1 << 30;
/// Non-secure.
const NONSECURE: u32 = 1 << 29;
/// The bits of the rights.
pub(super) const RIGHTS: u32 = READABLE | WRITABLE | NONSECURE;
/// The lowest bit of the rights.
pub(super) const RIGHTS_SHIFT: u32 = 29;
/// In a directory: the frame is a table.
const NEXT: u32 = 1 << 28;
/// The field of the frame number, with the bits that no SoC has.
const FRAME: u32 = NEXT - 1;
/// The pages of a section.
const SECTION_PAGES: u32 = 1024;

/// A root, directory entry or table entry.
#[derive(Clone, Copy)]
pub(super) struct Word(pub(super) u32);

impl Word {
    /// Whether the word is valid.
    pub(super) fn valid(self) -> bool {
        self.0 & (READABLE | WRITABLE) != 0
    }

    pub(super) fn readable(self) -> bool {
        self.0 & READABLE != 0
    }

    pub(super) fn writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    pub(super) fn nonsecure(self) -> bool {
        self.0 & NONSECURE != 0
    }

    pub(super) fn rights(self) -> u32 {
        self.0 & RIGHTS
    }

    /// Whether a directory entry points to a table.
    pub(super) fn is_table(self) -> bool {
        self.0 & NEXT != 0
    }

    /// The frame number, as far as the SoC has it.
    pub(super) fn frame(self, soc: &Soc) -> u32 {
        self.0 & soc.pfn_mask()
    }

    /// The physical address of the frame.
    pub(super) fn address(self, soc: &Soc) -> u64 {
        u64::from(self.frame(soc)) << 12
    }

    /// Whether the frame number has bits that the SoC does not have.
    pub(super) fn is_wide(self, soc: &Soc) -> bool {
        self.0 & FRAME & !soc.pfn_mask() != 0
    }

    /// Whether the frame of a section begins in the middle of one.
    pub(super) fn is_misaligned_section(self) -> bool {
        self.0 & (SECTION_PAGES - 1) != 0
    }

    /// The frame of a page in this section.
    pub(super) fn frame_in_section(self, soc: &Soc, page: u32) -> u32 {
        let within = SECTION_PAGES - 1;

        self.frame(soc) & !within | page & within
    }
}

/// Index of a page's directory entry.
pub(super) fn directory_index(page: u32) -> u32 {
    page >> 10
}

/// Index of a page's table entry.
pub(super) fn table_index(page: u32) -> u32 {
    page & 0x3ff
}
