// SPDX-License-Identifier: GPL-2.0

//! The choice of the commands that flush a range from the hardware's caches.
//!
//! The PTC has lines of table memory, the TLB has translations. An entry that has changed is
//! dropped from both, from the PTC first: otherwise the TLB could get the entry from the PTC again.
//!
//! The fewest register accesses win. A command that also drops entries outside of the range counts
//! as several, since these have to be fetched again.

use core::ops::RangeInclusive;

const PAGE_SHIFT: u32 = 12;
/// Binary logarithm of the bytes that a group command of the TLB drops.
const GROUP_SHIFT: u32 = 14;
/// Binary logarithm of the bytes of a directory entry, which a section command drops.
const SECTION_SHIFT: u32 = 22;

/// The cost of dropping the whole PTC, in lines.
const PTC_COST: u32 = 8;
/// The cost of dropping a section, in groups.
const SECTION_COST: u32 = 8;
/// The cost of dropping an ASID, in sections.
const ASID_COST: u32 = 4;

/// Commands that drop lines of the PTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ptc {
    /// All lines.
    All,
    /// Each line of the range.
    Lines,
}

/// Commands that drop translations of one ASID from the TLB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tlb {
    /// All of them.
    All,
    /// Each section of the range.
    Sections,
    /// Each group of the range.
    Groups,
}

/// The commands for a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    first: u32,
    last: u32,
    /// Binary logarithm of the bytes whose entries are one line of the PTC.
    line_shift: u32,
    pub(crate) ptc: Ptc,
    pub(crate) tlb: Tlb,
}

impl Plan {
    /// Chooses the commands for the addresses of `range`. A line of the PTC has `line` entries.
    ///
    /// If a directory entry of the range is `fresh`, all lines and whole sections are dropped: the
    /// page of a new table may have been one before, and the PTC may have lines of that.
    #[inline]
    pub(crate) fn new(range: &RangeInclusive<u64>, line: u32, fresh: bool) -> Self {
        // The crate has checked ranges against the aperture, which has 32 bits.
        let (first, last) = (*range.start() as u32, *range.end() as u32);
        let line_shift = PAGE_SHIFT + line.trailing_zeros();
        let count = |shift: u32| (last >> shift) - (first >> shift) + 1;

        Self {
            first,
            last,
            line_shift,
            ptc: if fresh || count(line_shift) > PTC_COST {
                Ptc::All
            } else {
                Ptc::Lines
            },
            tlb: if count(SECTION_SHIFT) > ASID_COST {
                Tlb::All
            } else if fresh || count(GROUP_SHIFT) > SECTION_COST * count(SECTION_SHIFT) {
                Tlb::Sections
            } else {
                Tlb::Groups
            },
        }
    }

    /// Whether a range is one page, which needs no plan.
    #[inline(always)]
    pub(crate) fn is_page(range: &RangeInclusive<u64>) -> bool {
        range.start() >> PAGE_SHIFT == range.end() >> PAGE_SHIFT
    }

    /// Whether it is one line and one group. Then no read is needed between the two commands.
    #[inline]
    pub(crate) fn is_single(&self) -> bool {
        let is_one = |shift: u32| self.first >> shift == self.last >> shift;

        self.ptc == Ptc::Lines
            && self.tlb == Tlb::Groups
            && is_one(self.line_shift)
            && is_one(GROUP_SHIFT)
    }

    /// The first address of each line of the PTC.
    #[inline]
    pub(crate) fn lines(&self) -> impl Iterator<Item = u32> {
        self.parts(self.line_shift)
    }

    /// The first address of each group.
    #[inline]
    pub(crate) fn groups(&self) -> impl Iterator<Item = u32> {
        self.parts(GROUP_SHIFT)
    }

    /// The first address of each section.
    pub(crate) fn sections(&self) -> impl Iterator<Item = u32> {
        self.parts(SECTION_SHIFT)
    }

    #[inline]
    fn parts(&self, shift: u32) -> impl Iterator<Item = u32> {
        (self.first >> shift..=self.last >> shift).map(move |part| part << shift)
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(tegra_smmu_flush)]
mod tests {
    use super::*;

    /// Entries of a line on each SoC.
    const LINES: [u32; 3] = [4, 8, 16];

    fn plan(first: u64, pages: u64, line: u32) -> Plan {
        Plan::new(&(first << 12..=((first + pages) << 12) - 1), line, false)
    }

    /// The register accesses of a plan.
    fn accesses(plan: &Plan) -> usize {
        let ptc = match plan.ptc {
            Ptc::All => 1,
            Ptc::Lines => plan.lines().count(),
        };
        let tlb = match plan.tlb {
            Tlb::All => 1,
            Tlb::Sections => plan.sections().count(),
            Tlb::Groups => plan.groups().count(),
        };

        ptc + usize::from(!plan.is_single()) + tlb + 1
    }

    /// Whether the plan drops the translation of a page, and the line of its entry.
    fn drops(plan: &Plan, page: u64, line: u32) -> (bool, bool) {
        let within = |mut parts: &mut dyn Iterator<Item = u32>, pages: u64| {
            Iterator::any(&mut parts, |part| {
                let first = u64::from(part >> 12);
                (first..first + pages).contains(&page)
            })
        };

        (
            match plan.ptc {
                Ptc::All => true,
                Ptc::Lines => within(&mut plan.lines(), line.into()),
            },
            match plan.tlb {
                Tlb::All => true,
                Tlb::Sections => within(&mut plan.sections(), 1024),
                Tlb::Groups => within(&mut plan.groups(), 4),
            },
        )
    }

    #[test]
    fn one_page_takes_three_accesses() {
        for line in LINES {
            for page in [0, 3, 1023, 1024, 0xf_ffff] {
                assert_eq!(accesses(&plan(page, 1, line)), 3);
            }
        }
    }

    #[test]
    fn large_ranges_take_four_accesses() {
        for line in LINES {
            assert_eq!(accesses(&plan(1024, 1024, line)), 4);
            assert_eq!(accesses(&plan(0, 1 << 20, line)), 4);
            assert_eq!(plan(0, 1 << 20, line).tlb, Tlb::All);
        }
    }

    #[test]
    fn runs_take_their_lines_and_groups() {
        for line in LINES {
            for pages in 2..=32u64 {
                let plan = plan(64, pages, line);
                let lines = pages.div_ceil(line.into()) as usize;
                let groups = pages.div_ceil(4) as usize;
                let between = usize::from(lines > 1 || groups > 1);

                assert_eq!(accesses(&plan), lines + groups + between + 1);
            }
        }
    }

    /// Of a naive driver, which flushes each page.
    #[test]
    fn never_more_accesses_than_page_by_page() {
        for line in LINES {
            for first in 0..20 {
                for pages in 1..200 {
                    assert!(accesses(&plan(first, pages, line)) <= 3 * pages as usize);
                }
            }
        }
    }

    #[test]
    fn every_page_is_dropped_from_both_caches() {
        for line in LINES {
            for first in (0..40).chain(1000..1030).chain(0xf_ff00..0xf_ff20) {
                for pages in [1, 2, 3, 5, 16, 31, 32, 33, 64, 129, 224] {
                    let plan = plan(first, pages, line);

                    for page in first..first + pages {
                        assert_eq!(drops(&plan, page, line), (true, true));
                    }
                }
            }
        }
    }

    #[test]
    fn pages_far_off_are_kept() {
        for line in LINES {
            let plan = plan(1024, 4, line);

            assert_eq!(drops(&plan, 1023, line), (false, false));
            assert_eq!(drops(&plan, 1024 + 16, line), (false, false));
        }
    }

    #[test]
    fn new_tables_drop_all_lines_and_the_section() {
        for line in LINES {
            let plan = Plan::new(&(0x40_0000..=0x40_0fff), line, true);

            assert_eq!((plan.ptc, plan.tlb), (Ptc::All, Tlb::Sections));
            assert_eq!(plan.sections().count(), 1);
            assert_eq!(accesses(&plan), 4);
        }
    }
}
