// SPDX-License-Identifier: GPL-2.0

//! The addresses that a devicetree lets masters use.

use core::ops::RangeInclusive;

use iommu::{
    atomic_safe,
    pgtable::Config, //
};
use kernel::prelude::*;

/// The addresses that masters of a block can use: `apple,dma-range` of its node.
///
/// The bits above the width of the block are the same in all of them. Tables are indexed by the
/// bits below.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    first: u64,
    last: u64,
    /// The address bits that index the tables.
    mask: u64,
}

atomic_safe!(Window { first, last, mask });

impl Window {
    /// Returns the window of all addresses that tables of `config` can translate.
    pub(crate) fn whole(config: &Config) -> Self {
        let mask = u64::MAX >> (64 - config.ias.clamp(1, 64));

        Self {
            first: 0,
            last: mask,
            mask,
        }
    }

    /// Returns the window of `size` bytes from `first`, in pages of `config`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `size` is 0, if the addresses wrap around or cross a boundary of the input
    /// width, or are not whole pages.
    pub(crate) fn new(first: u64, size: u64, config: &Config) -> Result<Self> {
        let mask = Self::whole(config).mask;
        let last = size
            .checked_sub(1)
            .and_then(|size| first.checked_add(size))
            .ok_or(EINVAL)?;

        if (first ^ last) & !mask != 0 || (first | size) & (config.page_size as u64 - 1) != 0 {
            return Err(EINVAL);
        }
        Ok(Self { first, last, mask })
    }

    pub(crate) fn range(&self) -> RangeInclusive<u64> {
        self.first..=self.last
    }

    /// Converts `iova`, which is in the window, to the address that indexes the tables.
    #[inline(always)]
    pub(crate) fn index(&self, iova: u64) -> u64 {
        iova & self.mask
    }

    /// Converts `iova`, if it is in the window, to the address that indexes the tables.
    #[inline(always)]
    pub(crate) fn inside(&self, iova: u64) -> Option<u64> {
        (self.first <= iova && iova <= self.last).then_some(self.index(iova))
    }

    /// Converts an address that indexes the tables to that of a master. Does not change an address
    /// that has higher bits already.
    pub(crate) fn outside(&self, index: u64) -> u64 {
        if index & !self.mask == 0 {
            index | (self.first & !self.mask)
        } else {
            index
        }
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(apple_dart_window)]
mod tests {
    use super::*;

    const CONFIG: Config = Config {
        page_size: 0x4000,
        ias: 32,
        oas: 36,
    };

    #[test]
    fn upper_bits_are_the_same() -> Result {
        let window = Window::new(0xf_0000_0000, 0xfc00_0000, &CONFIG)?;

        assert!(window.range() == (0xf_0000_0000..=0xf_fbff_ffff));
        assert_eq!(window.inside(0xf_0000_0000), Some(0));
        assert_eq!(window.inside(0xf_fbff_ffff), Some(0xfbff_ffff));
        for iova in [0, 0xfbff_ffff, 0xe_ffff_ffff, 0xf_fc00_0000, 0x1f_0000_0000] {
            assert_eq!(window.inside(iova), None);
        }
        assert_eq!(window.outside(0x4000), 0xf_0000_4000);
        assert_eq!(window.outside(0xf_0000_4000), 0xf_0000_4000);
        assert_eq!(window.outside(0xe_0000_4000), 0xe_0000_4000);
        Ok(())
    }

    #[test]
    fn lower_bits_are_not_added() -> Result {
        let window = Window::new(0x1_4000_0000, 0x4000_0000, &CONFIG)?;

        assert_eq!(window.inside(0x1_4000_4000), Some(0x4000_4000));
        assert_eq!(window.outside(0x4000_4000), 0x1_4000_4000);
        Ok(())
    }

    #[test]
    fn without_a_property_all_is_inside() -> Result {
        let whole = Window::whole(&CONFIG);

        assert!(whole == Window::new(0, 1 << 32, &CONFIG)?);
        assert_eq!(whole.inside(0xffff_ffff), Some(0xffff_ffff));
        assert_eq!(whole.inside(1 << 32), None);
        assert_eq!(whole.outside(0x4000), 0x4000);
        Ok(())
    }

    #[test]
    fn refuses_borders() {
        for (first, size) in [
            (0, 0),
            (0, (1 << 32) + 0x4000),
            (0xffff_c000, 0x8000),
            (0xffff_ffff_ffff_c000, 0x8000),
            (0xffff_ffff_ffff_c000, u64::MAX & !0x3fff),
            (0x1000, 0x4000),
            (0, 0x1000),
        ] {
            assert!(Window::new(first, size, &CONFIG).is_err());
        }
        assert!(Window::new(0xffff_ffff_ffff_c000, 0x4000, &CONFIG).is_ok());
    }
}
