// SPDX-License-Identifier: GPL-2.0

//! Allocation flags that come from the caller of `iommu_map()`.

use kernel::bindings;

/// What the caller allows an allocation to do, passed on as it came.
///
/// [`kernel::alloc::Flags`] cannot be made from a `gfp_t`, and a driver has no business inventing
/// flags for somebody else's context: the only way to get one of these is to be called with it.
///
/// Corresponds to `gfp_t`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Gfp(bindings::gfp_t);

impl Gfp {
    const DMA: bindings::gfp_t = 1 << bindings::___GFP_DMA_BIT;
    const HIGHMEM: bindings::gfp_t = 1 << bindings::___GFP_HIGHMEM_BIT;
    const DMA32: bindings::gfp_t = 1 << bindings::___GFP_DMA32_BIT;
    const DIRECT_RECLAIM: bindings::gfp_t = 1 << bindings::___GFP_DIRECT_RECLAIM_BIT;

    /// For allocations made by the crate in process context.
    pub(crate) const KERNEL: Self = Self(bindings::GFP_KERNEL);

    /// Takes over the flags of the caller. Zone modifiers are not the caller's to choose: they
    /// are removed.
    #[inline]
    pub(crate) const fn from_raw(gfp: bindings::gfp_t) -> Self {
        Self(gfp & !(Self::HIGHMEM | Self::DMA | Self::DMA32))
    }

    /// The same permission, for memory below 4 GiB.
    #[inline]
    pub(crate) const fn dma32(self) -> bindings::gfp_t {
        self.0 | Self::DMA32
    }

    /// The flags as C takes them.
    #[inline]
    pub(crate) const fn as_raw(self) -> bindings::gfp_t {
        self.0
    }

    /// Whether the allocation may sleep.
    ///
    /// Corresponds to `gfpflags_allow_blocking()`.
    #[inline]
    pub const fn can_sleep(self) -> bool {
        self.0 & Self::DIRECT_RECLAIM != 0
    }
}
