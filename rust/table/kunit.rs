// SPDX-License-Identifier: GPL-2.0

//! KUnit suites of the page table, the same for every format.
//!
//! The modules have the cases as functions over a [`Format`], and
//! [`table_suite!`](crate::table_suite!) makes a suite of them: here for the formats of this crate,
//! in a driver for its own format.

use super::{
    tegra::Tegra,
    v7s::V7s,
    Format,
    Page, //
};

use crate::prot::Prot;

use kernel::prelude::*;

pub mod caches;
pub mod cases;
pub mod life;
pub mod sizes;
pub mod support;
#[cfg(CONFIG_IOMMU_IO_PGTABLE_ARMV7S)]
mod v7s_library;

/// Makes a KUnit suite of all cases for a format.
#[macro_export]
macro_rules! table_suite {
    ($suite:ident, $module:ident, $format:ty) => {
        #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
        #[kernel::prelude::kunit_tests($suite)]
        mod $module {
            use super::*;
            use $crate::table::kunit::{
                caches,
                cases,
                life,
                sizes, //
            };

            #[test]
            fn format_round_trip() -> kernel::error::Result {
                cases::format_round_trip::<$format>()
            }

            #[test]
            fn run_over_tables() -> kernel::error::Result {
                cases::run_over_tables::<$format>()
            }

            #[test]
            fn edges() -> kernel::error::Result {
                cases::edges::<$format>()
            }

            #[test]
            fn one_page() -> kernel::error::Result {
                cases::one_page::<$format>()
            }

            #[test]
            fn overlap_is_busy() -> kernel::error::Result {
                cases::overlap_is_busy::<$format>()
            }

            #[test]
            fn unmap_ends_at_hole() -> kernel::error::Result {
                cases::unmap_ends_at_hole::<$format>()
            }

            #[test]
            fn random_against_reference() -> kernel::error::Result {
                cases::random_against_reference::<$format>()
            }

            #[test]
            fn ranges_are_merged() -> kernel::error::Result {
                cases::ranges_are_merged::<$format>()
            }

            #[test]
            fn empty_tables_stay() -> kernel::error::Result {
                cases::empty_tables_stay::<$format>()
            }

            #[test]
            fn parts_of_ranges() -> kernel::error::Result {
                cases::parts_of_ranges::<$format>()
            }

            #[test]
            fn page_sizes() -> kernel::error::Result {
                sizes::page_sizes::<$format>()
            }

            #[test]
            fn sections_and_tables() -> kernel::error::Result {
                sizes::sections_and_tables::<$format>()
            }

            #[test]
            fn allocation_fails() -> kernel::error::Result {
                life::allocation_fails::<$format>()
            }

            #[test]
            fn device_goes() -> kernel::error::Result {
                life::device_goes::<$format>()
            }

            #[test]
            fn another_walker() -> kernel::error::Result {
                life::another_walker::<$format>()
            }

            #[test]
            fn cached_walks() -> kernel::error::Result {
                caches::cached_walks::<$format>()
            }

            #[test]
            fn every_table_is_cleaned() -> kernel::error::Result {
                caches::every_table_is_cleaned::<$format>()
            }

            #[test]
            fn forgotten_stays() -> kernel::error::Result {
                life::forgotten_stays::<$format>()
            }

            #[test]
            fn fresh_until_settled() -> kernel::error::Result {
                life::fresh_until_settled::<$format>()
            }

            #[test]
            fn two_cpus() -> kernel::error::Result {
                life::two_cpus::<$format>()
            }
        }
    };
}

/// 4096 tables of 256 entries, the valid bit and permissions low in the word, as sun50i has them.
pub struct Wide;

impl Format for Wide {
    const NAME: &'static str = "kunit-wide";
    const DIR_ENTRIES: usize = 4096;
    const TABLE_ENTRIES: usize = 256;
    const PAGE_SHIFT: u32 = 12;
    const STEP: u32 = 1 << 12;

    fn dir_entry(table: u64) -> Option<u32> {
        Some(u32::try_from(table).ok()? | 1)
    }

    fn dir_table(entry: u32) -> Option<u64> {
        (entry & 3 == 1).then_some(u64::from(entry & !0x3ff))
    }

    fn page_entry(paddr: u64, prot: Prot) -> Result<u32> {
        let page = u32::try_from(paddr).map_err(|_| ERANGE)?;
        if page & 0xfff != 0 {
            return Err(EINVAL);
        }
        let access = u32::from(prot.readable()) << 4 | u32::from(prot.writable()) << 5;
        Ok(page | access | 2)
    }

    fn page(entry: u32) -> Option<Page> {
        (entry & 2 != 0).then(|| Page {
            paddr: u64::from(entry & !0xfff),
            shift: 12,
            prot: prot(entry & 1 << 4 != 0, entry & 1 << 5 != 0),
        })
    }
}

fn prot(read: bool, write: bool) -> Prot {
    let mut prot = Prot::NONE;
    if read {
        prot = prot | Prot::READ;
    }
    if write {
        prot = prot | Prot::WRITE;
    }
    prot
}

table_suite!(rust_iommu_table_wide, wide, Wide);
table_suite!(rust_iommu_table_tegra, tegra, Tegra);
table_suite!(rust_iommu_table_v7s, v7s, V7s<4096, 35>);
