// SPDX-License-Identifier: GPL-2.0

//! The short-descriptor format of ARMv7, which MediaTek's IOMMUs have, with more address bits.
//!
//! C file: [`drivers/iommu/io-pgtable-arm-v7s.c`](srctree/drivers/iommu/io-pgtable-arm-v7s.c)

use kernel::{
    bindings::{
        self,
        io_pgtable_fmt, //
    },
    iommu::pgtable::IoPageTableFmt, //
};

use super::{
    io::IoPageTable,
    tlb::Tlb, //
};

/// Tables of two levels with pages of 4 KiB and 64 KiB, and sections of 1 MiB and 16 MiB.
///
/// It is not [`Robust`](super::Robust): it frees tables when a section takes their place.
pub enum ArmV7s {}

impl IoPageTableFmt for ArmV7s {
    const FORMAT: io_pgtable_fmt = bindings::io_pgtable_fmt_ARM_V7S as io_pgtable_fmt;
}

/// Everything may be read and written: the hardware has no permissions.
pub const NO_PERMS: usize = 1 << 1;
/// Physical addresses of up to 35 bits, MediaTek's way.
pub const MTK_EXT: usize = 1 << 3;
/// The same for the table that the hardware begins with.
pub const MTK_TTBR_EXT: usize = 1 << 4;

impl<T: Tlb> IoPageTable<'_, ArmV7s, T> {
    /// The value of the register that says where the table begins.
    ///
    /// It must not be dropped while hardware may walk it.
    pub fn ttbr(&self) -> u32 {
        // SAFETY: this is the part of the union that the format uses; the library has filled it in.
        unsafe { self.cfg().__bindgen_anon_1.arm_v7s_cfg.ttbr }
    }
}
