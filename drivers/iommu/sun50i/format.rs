// SPDX-License-Identifier: GPL-2.0

//! Page table entries of the sun50i IOMMU.

use core::ops::RangeInclusive;

use iommu::{
    prot::Prot,
    table::{
        Format,
        Page, //
    }, //
};
use kernel::prelude::*;

/// Access classes, the "domains" of the manual, that the driver uses. The hardware has sixteen of
/// them, each with a rule per master; class 0 always allows everything.
pub(crate) const CLASSES: RangeInclusive<u32> = 1..=4;

/// Returns the accesses that a class allows.
pub(crate) const fn prot_of(class: u32) -> Prot {
    match class {
        1 => Prot::NONE,
        2 => Prot::READ,
        3 => Prot::WRITE,
        _ => Prot::READ_WRITE,
    }
}

/// Returns the class that allows `prot`.
#[inline]
const fn class_of(prot: Prot) -> u32 {
    // The classes are in this order, so a sum replaces a choice between four.
    1 + prot.readable() as u32 + 2 * prot.writable() as u32
}

/// Two levels: 4096 directory entries of 1 MiB each, 256 page entries of 4 KiB.
///
/// - Directory entry: bits 31:10 address of the table, bits 1:0 are 0b01 if valid.
/// - Page entry: bits 31:12 address of the page, bits 7:4 access class, bit 1 set if valid.
pub(crate) struct Sun50iFormat;

impl Sun50iFormat {
    const DIR_VALID: u32 = 0b01;
    const DIR_VALID_MASK: u32 = 0b11;
    const DIR_TABLE: u32 = !0x3ff;
    const PAGE_VALID: u32 = 1 << 1;
    const PAGE_ADDRESS: u32 = !0xfff;
    const CLASS_SHIFT: u32 = 4;
    const CLASS_MASK: u32 = 0xf;
}

impl Format for Sun50iFormat {
    const NAME: &'static str = "sun50i";
    const DIR_ENTRIES: usize = 4096;
    const TABLE_ENTRIES: usize = 256;
    const PAGE_SHIFT: u32 = 12;
    const STEP: u32 = 1 << Self::PAGE_SHIFT;

    #[inline]
    fn dir_entry(table: u64) -> Option<u32> {
        let table = u32::try_from(table).ok()?;
        (table & !Self::DIR_TABLE == 0).then_some(table | Self::DIR_VALID)
    }

    #[inline]
    fn dir_table(entry: u32) -> Option<u64> {
        (entry & Self::DIR_VALID_MASK == Self::DIR_VALID)
            .then_some(u64::from(entry & Self::DIR_TABLE))
    }

    #[inline]
    fn page_entry(paddr: u64, prot: Prot) -> Result<u32> {
        if paddr & !u64::from(Self::PAGE_ADDRESS) != 0 {
            let fits = paddr <= u64::from(u32::MAX);
            return Err(if fits { EINVAL } else { ERANGE });
        }
        Ok(paddr as u32 | class_of(prot) << Self::CLASS_SHIFT | Self::PAGE_VALID)
    }

    #[inline]
    fn page(entry: u32) -> Option<Page> {
        (entry & Self::PAGE_VALID != 0).then(|| Page {
            paddr: u64::from(entry & Self::PAGE_ADDRESS),
            shift: Self::PAGE_SHIFT,
            prot: prot_of(entry >> Self::CLASS_SHIFT & Self::CLASS_MASK),
        })
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
iommu::table_suite!(sun50i_table, tests, Sun50iFormat);
