// SPDX-License-Identifier: GPL-2.0

//! Allocation flags of the caller of `iommu_map()`.

use kernel::bindings;

/// The caller's permission for an allocation, passed on unchanged.
///
/// [`kernel::alloc::Flags`] cannot be made from a `gfp_t`, and a driver must not choose flags for
/// the context of its caller: it can only use the flags that a callback is passed.
///
/// Corresponds to `gfp_t`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Gfp(bindings::gfp_t);

impl Gfp {
    const DMA: bindings::gfp_t = 1 << bindings::___GFP_DMA_BIT;
    const HIGHMEM: bindings::gfp_t = 1 << bindings::___GFP_HIGHMEM_BIT;
    const DMA32: bindings::gfp_t = 1 << bindings::___GFP_DMA32_BIT;

    /// For allocations made by the crate in process context.
    pub(crate) const KERNEL: Self = Self(bindings::GFP_KERNEL);

    /// Converts the flags of the caller. Removes zone modifiers, which the caller cannot choose.
    #[inline]
    pub(crate) const fn from_raw(gfp: bindings::gfp_t) -> Self {
        Self(gfp & !(Self::HIGHMEM | Self::DMA | Self::DMA32))
    }

    /// Returns the same flags, for memory below 4 GiB.
    #[inline]
    pub(crate) const fn dma32(self) -> bindings::gfp_t {
        self.0 | Self::DMA32
    }

    /// Returns the flags as C takes them.
    #[inline]
    pub(crate) const fn as_raw(self) -> bindings::gfp_t {
        self.0
    }
}
