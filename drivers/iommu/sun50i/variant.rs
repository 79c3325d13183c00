// SPDX-License-Identifier: GPL-2.0

//! The differences between the SoCs' versions of the block: the number of masters, how ranges are
//! invalidated, prefetch.

/// The properties of one version.
pub(crate) struct Variant {
    /// Number of masters.
    pub(crate) masters: u16,
    /// Whether TLB entries can be invalidated by start and end, see [`end_register`]. The
    /// alternative is by address and mask.
    pub(crate) start_end: bool,
    /// Whether entries are read ahead of use.
    pub(crate) prefetch: bool,
    /// Ports that belong to the device of another port, as (second, first). Devicetrees name
    /// the first port only.
    pub(crate) second_ports: &'static [(u16, u16)],
}

iommu::atomic_safe! { Variant { masters, start_end, prefetch, second_ports } }

/// Returns the contents of H616's end register for a range whose last byte is `last`: the end is
/// exclusive, the page after the last one. There is none for the last page of all.
pub(crate) const fn end_register(last: u32) -> Option<u32> {
    (last | 0xfff).checked_add(1)
}

impl Variant {
    /// Returns one bit per master.
    pub(crate) const fn all_masters(&self) -> u32 {
        (1 << self.masters) - 1
    }

    /// Returns the access-class bits of all masters, two each.
    pub(crate) const fn all_accesses(&self) -> u32 {
        (1 << (2 * self.masters)) - 1
    }
}

/// H6: six masters.
pub(crate) const H6: Variant = Variant {
    masters: 6,
    start_end: false,
    prefetch: true,
    // The video engine has VE_R for reference frames, and VE.
    second_ports: &[(1, 3)],
};

/// H616 and its siblings: seven masters. The vendor leaves prefetch off, for performance.
pub(crate) const H616: Variant = Variant {
    masters: 7,
    start_end: true,
    prefetch: false,
    second_ports: &[(2, 3)],
};

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(sun50i_variant)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_as_in_their_manuals() {
        for (variant, masters, start_end, all_masters, all_accesses) in
            [(&H6, 6, false, 0x3f, 0xfff), (&H616, 7, true, 0x7f, 0x3fff)]
        {
            assert_eq!(variant.masters, masters);
            assert_eq!(variant.start_end, start_end);
            assert_eq!(variant.prefetch, !start_end);
            assert_eq!(variant.all_masters(), all_masters);
            assert_eq!(variant.all_accesses(), all_accesses);
        }
    }
}
