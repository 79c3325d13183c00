// SPDX-License-Identifier: GPL-2.0

//! KUnit suites of the page table, the same for every format.
//!
//! The modules have the cases as functions over a [`Format`](super::Format), and
//! [`table_suite!`](crate::table_suite!) makes a suite of them: here for the formats of this crate,
//! in a driver for its own format.

use super::{
    tegra::Tegra,
    v7s::V7s, //
};

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
        $crate::table_suite! {
            $suite, $module, $format:
            fn format_round_trip() in cases;
            fn run_over_tables() in cases;
            fn edges() in cases;
            fn one_page() in cases;
            fn overlap_is_busy() in cases;
            fn unmap_ends_at_hole() in cases;
            fn ranges_are_merged() in cases;
            fn empty_tables_stay() in cases;
            fn parts_of_ranges() in cases;
            fn random_against_reference() in sizes;
            fn sections_and_tables() in sizes;
            fn allocation_fails() in life;
            fn device_goes() in life;
            fn another_walker() in life;
            fn forgotten_stays() in life;
            fn fresh_until_settled() in life;
            fn two_cpus() in life;
            fn cached_walks() in caches;
            fn every_table_is_cleaned() in caches;
        }
    };
    ($suite:ident, $module:ident, $format:ty: $(fn $case:ident() in $file:ident;)*) => {
        #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
        #[kernel::prelude::kunit_tests($suite)]
        mod $module {
            #[allow(unused_imports, reason = "the host has the cases in its tests only")]
            use super::*;

            $(
                #[test]
                fn $case() -> kernel::error::Result {
                    $crate::table::kunit::$file::$case::<$format>()
                }
            )*
        }
    };
}

table_suite!(rust_iommu_table_tegra, tegra, Tegra);
table_suite!(rust_iommu_table_v7s, v7s, V7s<4096, 35>);
