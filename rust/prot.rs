// SPDX-License-Identifier: GPL-2.0

//! The accesses that a mapping allows.

use kernel::{
    bindings,
    fmt, //
};

/// The `prot` argument of `iommu_map()`.
///
/// Bits that the hardware cannot express are ignored, as the core's interface demands. Bits that
/// the kernel does not define are removed.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct Prot(u32);

impl Prot {
    /// No access at all.
    pub const NONE: Self = Self(0);
    /// The device may read.
    pub const READ: Self = Self(bindings::IOMMU_READ);
    /// The device may write.
    pub const WRITE: Self = Self(bindings::IOMMU_WRITE);
    /// The device may read and write.
    pub const READ_WRITE: Self = Self(bindings::IOMMU_READ | bindings::IOMMU_WRITE);
    /// Accesses snoop the CPU's caches.
    pub const CACHE: Self = Self(bindings::IOMMU_CACHE);
    /// No instruction fetches.
    pub const NOEXEC: Self = Self(bindings::IOMMU_NOEXEC);
    /// The target is a device, not memory.
    pub const MMIO: Self = Self(bindings::IOMMU_MMIO);
    /// Only privileged accesses.
    pub const PRIV: Self = Self(bindings::IOMMU_PRIV);

    const KNOWN: u32 = bindings::IOMMU_READ
        | bindings::IOMMU_WRITE
        | bindings::IOMMU_CACHE
        | bindings::IOMMU_NOEXEC
        | bindings::IOMMU_MMIO
        | bindings::IOMMU_PRIV;

    /// The device may do these.
    #[inline]
    pub const fn new(read: bool, write: bool) -> Self {
        Self(read as u32 * bindings::IOMMU_READ | write as u32 * bindings::IOMMU_WRITE)
    }

    /// Converts the value that the core passes.
    #[inline]
    pub(crate) const fn from_raw(prot: i32) -> Self {
        Self(prot as u32 & Self::KNOWN)
    }

    /// Returns the value that the core takes.
    #[inline]
    pub(crate) const fn as_raw(self) -> i32 {
        self.0 as i32
    }

    /// Whether all of `other` is allowed.
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the device may read.
    #[inline]
    pub const fn readable(self) -> bool {
        self.contains(Self::READ)
    }

    /// Whether the device may write.
    #[inline]
    pub const fn writable(self) -> bool {
        self.contains(Self::WRITE)
    }
}

impl core::ops::BitOr for Prot {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Prot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.readable() { "r" } else { "-" })?;
        f.write_str(if self.writable() { "w" } else { "-" })
    }
}

impl fmt::Debug for Prot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
