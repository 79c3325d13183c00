// SPDX-License-Identifier: GPL-2.0

//! The entries of a page table, as one kind of hardware has them.

use core::marker::PhantomData;

use kernel::prelude::*;

use super::slot::Slot;

use crate::prot::Prot;

/// Entries of a two-level page table, as the hardware has them.
///
/// An implementation that contradicts itself makes for wrong translations, but not for undefined
/// behaviour: no address that it decodes is followed by software.
pub trait Format: 'static {
    /// Name, for messages.
    const NAME: &'static str;
    /// Number of words of the directory; a power of two.
    const DIR_ENTRIES: usize;
    /// Number of words of a table; a power of two.
    const TABLE_ENTRIES: usize;
    /// Binary logarithm of the page size.
    const PAGE_SHIFT: u32;
    /// What is added to the entry of a page to get that of the page behind it, in a range of
    /// [`Self::LINEAR`].
    const STEP: u32;
    /// Binary logarithm of the size of the ranges of physical addresses in which [`Self::STEP`]
    /// holds.
    const LINEAR: u32 = 63;
    /// Binary logarithms of further page sizes, in ascending order. A page that is smaller than the
    /// range of a table has several equal entries in the table. Others have one or several equal
    /// entries in the directory.
    const LARGE: &'static [u32] = &[];

    /// The directory entry that points to the table at `table`; never 0. `None` if the hardware
    /// cannot address it.
    fn dir_entry(table: u64) -> Option<u32>;

    /// The entry of a page; never 0. The pages for which this succeeds are an interval.
    ///
    /// # Errors
    ///
    /// `ERANGE` for an address that the hardware cannot have, `EINVAL` for one that is not a
    /// page's, and for permissions that the hardware cannot express and must not widen.
    fn page_entry(paddr: u64, prot: Prot) -> Result<u32>;

    /// As [`Self::page_entry`], for a page of a size in [`Self::LARGE`].
    fn large_entry(_shift: u32, _paddr: u64, _prot: Prot) -> Result<u32> {
        Err(EINVAL)
    }

    /// The page of a table's entry, or `None` for an invalid entry.
    fn page(entry: u32) -> Option<Page>;

    /// The page of a directory entry, or `None` for an invalid entry and for one that points to a
    /// table.
    fn dir_page(_entry: u32) -> Option<Page> {
        None
    }

    /// The address of the table that an entry points to, or `None`.
    fn dir_table(entry: u32) -> Option<u64>;
}

/// A page, as an entry has it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Physical address of its first byte.
    pub paddr: u64,
    /// Binary logarithm of its size.
    pub shift: u32,
    /// The accesses that are allowed.
    pub prot: Prot,
}

/// Sizes that follow from a [`Format`].
pub(super) struct Sizes<F>(PhantomData<F>);

impl<F: Format> Sizes<F> {
    pub(super) const VALID: () = {
        assert!(F::DIR_ENTRIES.is_power_of_two() && F::TABLE_ENTRIES.is_power_of_two());
        assert!(F::PAGE_SHIFT < 32);
        assert!(F::LINEAR >= F::PAGE_SHIFT && F::LINEAR < 64);
        // So that a page's number fits a word, and its address what the core counts with.
        assert!(Self::PAGES <= 1 << 31);
        // So that the address of a table has bits to spare, see `Slot`.
        assert!(Self::TABLE > Slot::FLAGS);
        let mut i = 0;
        while i < F::LARGE.len() {
            let last = if i == 0 {
                F::PAGE_SHIFT
            } else {
                F::LARGE[i - 1]
            };
            assert!(F::LARGE[i] > last && F::LARGE[i] < 32);
            assert!(1 << (F::LARGE[i] - F::PAGE_SHIFT) <= Self::PAGES);
            i += 1;
        }
    };
    pub(super) const DIRECTORY: usize = F::DIR_ENTRIES * size_of::<u32>();
    pub(super) const TABLE: usize = F::TABLE_ENTRIES * size_of::<u32>();
    /// Pages of the whole address space.
    pub(super) const PAGES: u64 = (F::DIR_ENTRIES as u64) * (F::TABLE_ENTRIES as u64);
    /// Bits of an IOVA that say which page it is of.
    pub(super) const PAGE_BITS: u64 = (Self::PAGES - 1) << F::PAGE_SHIFT;
    /// Binary logarithm of the bytes behind a directory entry.
    pub(super) const DIR_SHIFT: u32 = F::PAGE_SHIFT + F::TABLE_ENTRIES.trailing_zeros();
    /// Whether directory entries can be pages.
    pub(super) const HAS_SECTIONS: bool =
        !F::LARGE.is_empty() && F::LARGE[F::LARGE.len() - 1] >= Self::DIR_SHIFT;
    /// Whether pages can have several entries of a table.
    pub(super) const HAS_CONTIGUOUS: bool = !F::LARGE.is_empty() && F::LARGE[0] < Self::DIR_SHIFT;
}
