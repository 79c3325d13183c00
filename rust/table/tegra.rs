// SPDX-License-Identifier: GPL-2.0

//! Entries of the Tegra SMMU.
//!
//! A directory of 1024 entries, one for 4 MiB each, and tables of 1024 entries. An entry has
//! permissions in bits 31 (read) and 30 (write), bit 29 for non-secure memory, and a page frame
//! number. There is no valid bit: an entry without permissions is invalid. A directory entry that
//! does not have bit 28 is a page of 4 MiB. The hardware allows what the entries of both levels
//! allow.

use kernel::prelude::*;

use super::{
    Format,
    Page, //
};

use crate::prot::Prot;

/// Entries with page frame numbers of 22 bits. Tegra30 and Tegra114 use the lower 20 of them: a
/// driver checks addresses itself.
pub struct Tegra;

impl Tegra {
    const READ: u32 = 1 << 31;
    const WRITE: u32 = 1 << 30;
    const NONSECURE: u32 = 1 << 29;
    const NEXT: u32 = 1 << 28;
    const FRAME: u32 = (1 << 22) - 1;
    const SECTION_SHIFT: u32 = 22;

    /// The entry of a page at `paddr`, which has to be a multiple of its size.
    // Each page that is mapped calls it.
    #[inline(always)]
    fn leaf(shift: u32, paddr: u64, prot: Prot) -> Result<u32> {
        let frame = paddr >> 12;
        if frame > Self::FRAME.into() {
            return Err(ERANGE);
        }
        let access = if prot.readable() { Self::READ } else { 0 }
            | if prot.writable() { Self::WRITE } else { 0 };
        if access == 0 || paddr & ((1 << shift) - 1) != 0 {
            return Err(EINVAL);
        }
        Ok(frame as u32 | access | Self::NONSECURE)
    }

    #[inline]
    fn page_of(entry: u32, shift: u32) -> Option<Page> {
        let prot = match (entry & Self::READ != 0, entry & Self::WRITE != 0) {
            (true, true) => Prot::READ_WRITE,
            (true, false) => Prot::READ,
            (false, true) => Prot::WRITE,
            (false, false) => return None,
        };

        Some(Page {
            paddr: u64::from(entry & Self::FRAME) << 12,
            shift,
            prot,
        })
    }
}

impl Format for Tegra {
    const NAME: &'static str = "tegra";
    const DIR_ENTRIES: usize = 1024;
    const TABLE_ENTRIES: usize = 1024;
    const PAGE_SHIFT: u32 = 12;
    const STEP: u32 = 1;
    const LARGE: &'static [u32] = &[Self::SECTION_SHIFT];

    fn dir_entry(table: u64) -> Option<u32> {
        Some(Self::leaf(12, table, Prot::READ_WRITE).ok()? | Self::NEXT)
    }

    #[inline]
    fn page_entry(paddr: u64, prot: Prot) -> Result<u32> {
        Self::leaf(12, paddr, prot)
    }

    fn large_entry(shift: u32, paddr: u64, prot: Prot) -> Result<u32> {
        Self::leaf(shift, paddr, prot)
    }

    #[inline]
    fn page(entry: u32) -> Option<Page> {
        Self::page_of(entry, 12)
    }

    fn dir_page(entry: u32) -> Option<Page> {
        if entry & Self::NEXT != 0 {
            return None;
        }
        Self::page_of(entry, Self::SECTION_SHIFT)
    }

    fn dir_table(entry: u32) -> Option<u64> {
        (entry & Self::NEXT != 0).then_some(u64::from(entry & Self::FRAME) << 12)
    }
}
