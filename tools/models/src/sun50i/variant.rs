// SPDX-License-Identifier: GPL-2.0

//! The versions of the hardware, as data.

/// A version of the hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// H6 (V10): six masters, invalidation by address and mask only.
    H6,
    /// H616 family (V12): seven masters, also invalidation by start and end.
    H616,
}

impl Variant {
    /// Number of masters.
    pub const fn masters(self) -> u32 {
        match self {
            Variant::H6 => 6,
            Variant::H616 => 7,
        }
    }

    /// One bit per master.
    pub const fn mask(self) -> u32 {
        (1 << self.masters()) - 1
    }

    /// Two bits per master, as in the permission registers.
    pub const fn rights(self) -> u32 {
        (1 << (2 * self.masters())) - 1
    }

    /// Contents of VERSION.
    pub(super) const fn version(self) -> u32 {
        match self {
            Variant::H6 => 0x10,
            Variant::H616 => 0x12,
        }
    }

    /// BYPASS after reset.
    pub(super) const fn bypass(self) -> u32 {
        match self {
            Variant::H6 => 0,
            Variant::H616 => 0x7f,
        }
    }

    /// Whether the TLB can be invalidated by start and end (0x84, 0x88, 0x8c exist).
    pub(super) const fn has_start_end(self) -> bool {
        matches!(self, Variant::H616)
    }

    /// Whether the latency counters have a maximum (0x308 + 16 m).
    pub(super) const fn has_max_latency(self) -> bool {
        matches!(self, Variant::H616)
    }

    /// How far this version is assumed to read ahead: pages, MiB.
    pub(super) const fn prefetch(self) -> (u32, u32) {
        match self {
            Variant::H6 => (1, 1),
            Variant::H616 => (8, 2),
        }
    }
}
