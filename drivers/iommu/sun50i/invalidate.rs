// SPDX-License-Identifier: GPL-2.0

//! The choice of the commands that invalidate a range in the hardware's caches, by their cost.
//!
//! Costs are counted in register accesses, which dominate on this bus. A ranged command is worth
//! more than it costs, since it spares the other entries; but beyond a certain number of such
//! commands, invalidating everything is cheaper.

use core::ops::RangeInclusive;

use crate::variant::end_register;

const PAGE_SHIFT: u32 = 12;

/// Accesses per TLB invalidation: two for the address and mask, one to start, one to poll.
const PER_BLOCK: usize = 4;
/// Accesses per page table walk cache invalidation.
const PER_DIR: usize = 3;
/// The cost of invalidating everything: two accesses, and an equivalent for refilling the caches.
const FLUSH_ALL: usize = 17;

/// The pages that one command by address and mask invalidates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Block {
    /// First page, as an address.
    pub(crate) addr: u32,
    /// Mask of the address bits that are compared: the highest bits are ones.
    pub(crate) mask: u32,
}

impl Block {
    /// Returns the smallest block that covers `first..=last`, which are page numbers.
    #[inline]
    fn covering(first: u32, last: u32) -> Self {
        let differing = u32::BITS - (first ^ last).leading_zeros();
        let mask = u32::MAX.checked_shl(differing + PAGE_SHIFT).unwrap_or(0);

        Self {
            addr: (first << PAGE_SHIFT) & mask,
            mask,
        }
    }

    /// Returns the number of pages in the block, less one.
    #[inline]
    fn others(&self) -> u32 {
        !self.mask >> PAGE_SHIFT
    }

    /// Returns the block of exactly the pages from address `first` to `last`, if there is one. All
    /// addresses are two blocks: the hardware has no mask without ones.
    #[inline(always)]
    pub(crate) fn exact(first: u32, last: u32) -> Option<Self> {
        let (first, last) = (first >> PAGE_SHIFT, last >> PAGE_SHIFT);
        if first == last {
            // The most frequent case: a single page needs no calculation.
            return Some(Self {
                addr: first << PAGE_SHIFT,
                mask: u32::MAX << PAGE_SHIFT,
            });
        }
        let block = Self::covering(first, last);

        (last - first == block.others() && block.mask != 0).then_some(block)
    }
}

/// At most two blocks that cover a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Blocks {
    blocks: [Block; 2],
    len: usize,
}

impl Blocks {
    /// Covers `range` with one block or two, with as few other pages as possible.
    ///
    /// The highest address bit in which both ends differ splits the range. One block over both
    /// halves is exact if the range fills it; otherwise each half has a block that is at most twice
    /// as large as the half.
    pub(crate) fn new(range: &RangeInclusive<u32>) -> Self {
        if let Some(block) = Block::exact(*range.start(), *range.end()) {
            return Self {
                blocks: [block; 2],
                len: 1,
            };
        }
        let first = range.start() >> PAGE_SHIFT;
        let last = range.end() >> PAGE_SHIFT;
        let half = (Block::covering(first, last).others() >> 1) + 1;
        let split = (first | (half - 1)) + 1;
        Self {
            blocks: [
                Block::covering(first, split - 1),
                Block::covering(split, last),
            ],
            len: 2,
        }
    }

    pub(crate) fn as_slice(&self) -> &[Block] {
        &self.blocks[..self.len]
    }
}

/// The commands for a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Plan {
    /// Invalidate everything, TLBs and page table walk cache.
    All,
    /// Invalidate the pages of these blocks, and each directory entry by address.
    Blocks(Blocks),
    /// Invalidate the pages from the range's start to this end, and each directory entry by
    /// address.
    StartEnd(u32),
}

impl Plan {
    /// Chooses the commands for the pages of `range` and for `dirs` directory entries.
    pub(crate) fn new(range: &RangeInclusive<u32>, dirs: usize, start_end: bool) -> Self {
        let plan = match end_register(*range.end()) {
            None if start_end || *range.start() == 0 => return Plan::All,
            Some(end) if start_end => Plan::StartEnd(end),
            _ => Plan::Blocks(Blocks::new(range)),
        };
        let commands = match &plan {
            Plan::Blocks(blocks) => blocks.len,
            _ => 1,
        };
        if commands * PER_BLOCK + dirs * PER_DIR > FLUSH_ALL {
            return Plan::All;
        }
        plan
    }
}

/// The directory entries to invalidate, up to the number that is invalidated by address.
pub(crate) struct Dirs {
    iovas: [u32; Self::MAX + 1],
    len: usize,
}

impl Dirs {
    /// If there are more, invalidating everything is cheaper.
    const MAX: usize = FLUSH_ALL / PER_DIR;

    /// No entries.
    pub(crate) const NONE: Self = Self {
        iovas: [0; Self::MAX + 1],
        len: 0,
    };

    /// Makes the list from the first addresses of the entries. A length of [`Self::MAX`] + 1 stands
    /// for any larger number.
    pub(crate) fn new(iovas: impl Iterator<Item = u64>) -> Self {
        let mut dirs = Self::NONE;
        for (slot, iova) in dirs.iovas.iter_mut().zip(iovas) {
            *slot = iova as u32;
            dirs.len += 1;
        }
        dirs
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u32] {
        &self.iovas[..self.len]
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(sun50i_invalidate)]
mod tests {
    use super::*;

    fn covers(blocks: &Blocks, page: u32) -> bool {
        blocks
            .as_slice()
            .iter()
            .any(|block| (page << PAGE_SHIFT) & block.mask == block.addr)
    }

    #[test]
    fn aligned_runs_take_one_exact_block() {
        for shift in 0..20 {
            let start = 1u32 << (PAGE_SHIFT + shift);
            let blocks = Blocks::new(&(start..=start.wrapping_mul(2).wrapping_sub(1)));
            assert_eq!(blocks.as_slice().len(), 1);
            assert_eq!(blocks.as_slice()[0].addr, start);
            assert_eq!(blocks.as_slice()[0].mask, start.wrapping_neg());
        }
    }

    /// The hardware ignores a command whose mask has no ones.
    #[test]
    fn all_addresses_take_two_blocks() {
        assert_eq!(Block::exact(0, u32::MAX), None);
        let blocks = Blocks::new(&(0..=u32::MAX));
        assert_eq!(
            blocks.as_slice(),
            &[0, 1 << 31].map(|addr| Block {
                addr,
                mask: 1 << 31
            })
        );
    }

    #[test]
    fn every_page_of_a_range_is_covered() {
        for first in 0..40u32 {
            for last in first..40 {
                let range = first << PAGE_SHIFT..=(last << PAGE_SHIFT | 0xfff);
                let blocks = Blocks::new(&range);
                for page in first..=last {
                    assert!(covers(&blocks, page));
                }
                for block in blocks.as_slice() {
                    assert_eq!((!block.mask).wrapping_add(1).count_ones(), 1);
                    assert_eq!(block.addr & !block.mask, 0);
                }
            }
        }
    }

    #[test]
    fn blocks_are_at_most_twice_the_range() {
        for first in 0..40u32 {
            for last in first..40 {
                let blocks = Blocks::new(&(first << PAGE_SHIFT..=(last << PAGE_SHIFT | 0xfff)));
                let covered: u64 = blocks
                    .as_slice()
                    .iter()
                    .map(|block| u64::from(!block.mask >> PAGE_SHIFT) + 1)
                    .sum();
                assert!(covered <= 2 * u64::from(last - first + 1));
            }
        }
    }

    #[test]
    fn the_last_page_of_the_address_space_is_not_forgotten() {
        assert_eq!(Plan::new(&(0xffff_f000..=u32::MAX), 0, true), Plan::All);
        let blocks = Blocks::new(&(0xffff_f000..=u32::MAX));
        assert!(covers(&blocks, 0xf_ffff));
    }

    #[test]
    fn no_directory_entry_is_left_out() {
        for count in 0..32u64 {
            let dirs = Dirs::new((0..count).map(|n| n << 20));
            let listed = dirs.as_slice().len();

            for start_end in [false, true] {
                if Plan::new(&(0..=0xfff), listed, start_end) != Plan::All {
                    assert_eq!(listed as u64, count);
                }
            }
        }
    }

    #[test]
    fn many_directory_entries_make_it_a_flush() {
        assert!(Plan::new(&(0..=0xfff), 1, false) != Plan::All);
        assert_eq!(Plan::new(&(0..=0x3ff_ffff), 64, false), Plan::All);
    }
}
