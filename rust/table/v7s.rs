// SPDX-License-Identifier: GPL-2.0

//! Entries of the ARMv7 short-descriptor format, as MediaTek's IOMMUs have it.
//!
//! A directory of 4096 entries (16384 for IOVAs of 34 bits), one for 1 MiB each, and tables of 256
//! entries. A page of 64 KiB has 16 equal entries in a table, one of 16 MiB has 16 equal entries in
//! the directory. Physical addresses have up to 35 bits. Bits 32 to 34 are where ARM has
//! permissions, so there are none.
//!
//! C implementation: `drivers/iommu/io-pgtable-arm-v7s.c` with `IO_PGTABLE_QUIRK_ARM_MTK_EXT` and
//! `IO_PGTABLE_QUIRK_NO_PERMS`.

use kernel::prelude::*;

use super::{
    Format,
    Page, //
};

use crate::prot::Prot;

/// Entries for directories of `DIR_ENTRIES` entries and physical addresses of `OAS` bits, 32 to 35.
pub struct V7s<const DIR_ENTRIES: usize, const OAS: u32>;

/// Type of a directory entry, in its lowest bits.
const TABLE: u32 = 0b01;
const SECTION: u32 = 0b10;
/// Type of a table's entry.
const LARGE: u32 = 0b01;
const SMALL: u32 = 0b10;
const TYPE: u32 = 0b11;

/// Not global, and shareable: in all entries of pages.
const SHARED: u32 = 1 << 7 | 1 << 6;
/// Normal memory: the lowest bit of TEX.
const NORMAL: u32 = 1 << 2;
/// Where [`SHARED`] and [`NORMAL`] begin.
const SECTION_ATTRIBUTES: u32 = 10;
const PAGE_ATTRIBUTES: u32 = 4;
/// TEX of a large page is at bit 12, not at 6.
const LARGE_TEX: u32 = 10;
/// B and C have the same place in all entries.
const BUFFERED: u32 = 1 << 2;
const CACHED: u32 = 1 << 3;
/// Memory of the non-secure world.
const TABLE_NONSECURE: u32 = 1 << 3;
const SECTION_NONSECURE: u32 = 1 << 19;
/// A directory entry is one of 16 of a page.
const SUPERSECTION: u32 = 1 << 18;

impl<const DIR_ENTRIES: usize, const OAS: u32> V7s<DIR_ENTRIES, OAS> {
    /// The address of a page of `1 << shift` bytes, as an entry has it.
    #[inline]
    fn address(shift: u32, paddr: u64, prot: Prot) -> Result<u32> {
        const { assert!(OAS >= 32 && OAS <= 35) };
        if paddr >> OAS != 0 {
            return Err(ERANGE);
        }
        // Memory that may be read may be written, too: the format cannot tell.
        if paddr & ((1 << shift) - 1) != 0 || !(prot.readable() || prot.writable()) {
            return Err(EINVAL);
        }
        let high = (paddr >> 32) as u32;

        Ok(paddr as u32 | (high & 1) << 9 | (high >> 1 & 1) << 4 | (high >> 2 & 1) << 5)
    }

    /// The attributes of a page's entry: [`SHARED`] and [`NORMAL`] at their places, B and C.
    #[inline]
    fn attributes(prot: Prot, shared: u32, tex: u32) -> u32 {
        let shared = SHARED << shared;
        let normal = shared | NORMAL << tex;

        if prot.contains(Prot::MMIO) {
            shared | BUFFERED
        } else if prot.contains(Prot::CACHE) {
            normal | BUFFERED | CACHED
        } else {
            normal
        }
    }

    fn page_of(entry: u32, shift: u32) -> Page {
        let high = entry >> 9 & 1 | (entry >> 4 & 1) << 1 | (entry >> 5 & 1) << 2;

        Page {
            paddr: u64::from(high) << 32 | u64::from(entry & !((1 << shift) - 1)),
            shift,
            prot: Prot::READ_WRITE,
        }
    }
}

impl<const DIR_ENTRIES: usize, const OAS: u32> Format for V7s<DIR_ENTRIES, OAS> {
    const NAME: &'static str = "v7s";
    const DIR_ENTRIES: usize = DIR_ENTRIES;
    const TABLE_ENTRIES: usize = 256;
    const PAGE_SHIFT: u32 = 12;
    const STEP: u32 = 1 << 12;
    const LINEAR: u32 = 32;
    const LARGE: &'static [u32] = &[16, 20, 24];

    fn dir_entry(table: u64) -> Option<u32> {
        let table = u32::try_from(table).ok()?;

        (table & 0x3ff == 0).then_some(table | TABLE_NONSECURE | TABLE)
    }

    #[inline]
    fn page_entry(paddr: u64, prot: Prot) -> Result<u32> {
        let attributes = Self::attributes(prot, PAGE_ATTRIBUTES, PAGE_ATTRIBUTES);

        Ok(Self::address(12, paddr, prot)? | attributes | SMALL)
    }

    fn large_entry(shift: u32, paddr: u64, prot: Prot) -> Result<u32> {
        let address = Self::address(shift, paddr, prot)?;
        let section = Self::attributes(prot, SECTION_ATTRIBUTES, SECTION_ATTRIBUTES)
            | SECTION_NONSECURE
            | SECTION;

        match shift {
            16 => Ok(address | Self::attributes(prot, PAGE_ATTRIBUTES, LARGE_TEX) | LARGE),
            20 => Ok(address | section),
            24 => Ok(address | section | SUPERSECTION),
            _ => Err(EINVAL),
        }
    }

    #[inline]
    fn page(entry: u32) -> Option<Page> {
        match entry & TYPE {
            0 => None,
            LARGE => Some(Self::page_of(entry, 16)),
            _ => Some(Self::page_of(entry, 12)),
        }
    }

    fn dir_page(entry: u32) -> Option<Page> {
        if entry & TYPE != SECTION {
            return None;
        }
        let shift = if entry & SUPERSECTION != 0 { 24 } else { 20 };

        Some(Self::page_of(entry, shift))
    }

    fn dir_table(entry: u32) -> Option<u64> {
        (entry & TYPE == TABLE).then_some(u64::from(entry & !0x3ff))
    }
}
