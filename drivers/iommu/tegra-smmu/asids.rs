// SPDX-License-Identifier: GPL-2.0

//! The address space IDs (ASIDs) of an instance.
//!
//! The last one is that of the blocked domain. The others are given out from the highest on: the
//! kernel's own driver gives them out from 0 on, and firmware leaves registers with 0.

use kernel::prelude::*;

/// The ASIDs that are in use, one bit each. No SoC has more than 128.
pub(crate) struct Asids {
    taken: u128,
    count: u8,
}

impl Asids {
    /// Makes the record of `count` ASIDs, of which only that of the blocked domain is in use.
    pub(crate) fn new(count: u8) -> Self {
        let mut this = Self { taken: 0, count };

        // Takes the last one.
        let _ = this.take();
        this
    }

    /// Takes an ASID that is not in use.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if all are in use.
    pub(crate) fn take(&mut self) -> Result<u8> {
        let free = (0..self.count).rev().find(|&asid| !self.is_taken(asid));
        let asid = free.ok_or(ENOSPC)?;

        self.taken |= 1 << asid;
        Ok(asid)
    }

    /// Returns an ASID that [`Self::take`] has given, of which the hardware has nothing cached.
    pub(crate) fn put(&mut self, asid: u8) {
        self.taken &= !(1 << asid);
    }

    fn is_taken(&self, asid: u8) -> bool {
        self.taken >> asid & 1 != 0
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(tegra_smmu_asids)]
mod tests {
    use super::*;

    #[test]
    fn the_last_is_reserved() {
        for count in [4, 128] {
            let mut asids = Asids::new(count);

            for expected in (0..count - 1).rev() {
                assert_eq!(asids.take(), Ok(expected));
            }
            assert_eq!(asids.take(), Err(ENOSPC));
        }
    }

    #[test]
    fn a_returned_one_is_given_again() {
        let mut asids = Asids::new(4);

        assert_eq!(
            [asids.take(), asids.take(), asids.take()],
            [Ok(2), Ok(1), Ok(0)]
        );
        asids.put(1);
        assert_eq!(asids.take(), Ok(1));
        assert_eq!(asids.take(), Err(ENOSPC));
        asids.put(2);
        asids.put(0);
        assert_eq!(asids.take(), Ok(2));
    }
}
