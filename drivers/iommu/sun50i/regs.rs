// SPDX-License-Identifier: GPL-2.0

//! Registers of the Allwinner sun50i IOMMU, named as in the H6 manual.
//!
//! Fields with one bit per master are masks: bit `m` is master `m`, six of them on H6, seven on
//! H616.

use kernel::register;

register! {
    /// Version of the block, in the low byte.
    pub(crate) VERSION(u32) @ 0x000 {
        7:0 version;
    }

    /// Reset of the block's parts. A 0 bit holds its part in reset.
    pub(crate) RESET(u32) @ 0x010 {
        31:31 iommu => bool;
        17:17 ptw_cache => bool;
        16:16 macro_tlb => bool;
        6:0 masters;
    }

    /// Enables translation. While it is 0, all accesses pass untranslated.
    pub(crate) ENABLE(u32) @ 0x020 {
        0:0 enable => bool;
    }

    /// Masters whose accesses pass untranslated.
    pub(crate) BYPASS(u32) @ 0x030 {
        6:0 masters;
    }

    /// Internal clock gating.
    pub(crate) AUTO_GATING(u32) @ 0x040 {
        0:0 enable => bool;
    }

    /// Physical address of the directory, in units of 16 KiB.
    pub(crate) TTB(u32) @ 0x050 {
        31:14 base;
    }

    /// Caches that are in use.
    pub(crate) TLB_ENABLE(u32) @ 0x060 {
        17:17 ptw_cache => bool;
        16:16 macro_tlb => bool;
        6:0 micro_tlb;
    }

    /// Masters for which entries are prefetched.
    pub(crate) TLB_PREFETCH(u32) @ 0x070 {
        6:0 masters;
    }

    /// Invalidates caches; reads as 0 again when that is done.
    pub(crate) TLB_FLUSH(u32) @ 0x080 {
        17:17 ptw_cache => bool;
        16:16 macro_tlb => bool;
        6:0 micro_tlb;
    }

    /// Selects how TLB entries are addressed: by address and mask, or by start and end. Not on H6.
    pub(crate) TLB_IVLD_MODE_SEL(u32) @ 0x084 {
        0:0 start_end => bool;
    }

    /// First page to invalidate. Not on H6.
    pub(crate) TLB_IVLD_START(u32) @ 0x088 {
        31:12 page;
    }

    /// Page after the last one to invalidate. Not on H6.
    pub(crate) TLB_IVLD_END(u32) @ 0x08c {
        31:12 page;
    }

    /// Address of the pages to invalidate.
    pub(crate) TLB_IVLD_ADDR(u32) @ 0x090 {
        31:12 page;
    }

    /// Address bits that are compared.
    pub(crate) TLB_IVLD_MASK(u32) @ 0x094 {
        31:12 page;
    }

    /// Starts an invalidation; reads as 0 again when it is done.
    pub(crate) TLB_IVLD_ENABLE(u32) @ 0x098 {
        0:0 enable => bool;
    }

    /// Address whose directory entry is invalidated in the page table walk cache.
    pub(crate) PC_IVLD_ADDR(u32) @ 0x0a0 {
        31:20 mib;
    }

    /// Starts this invalidation; reads as 0 again when it is done.
    pub(crate) PC_IVLD_ENABLE(u32) @ 0x0a8 {
        0:0 enable => bool;
    }

    /// Rules of two of the sixteen access classes each: bit `2m` denies reads to master `m`, bit
    /// `2m + 1` denies writes.
    pub(crate) DM_AUT_CTRL(u32)[8] @ 0x0b0 {
        31:16 odd;
        15:0 even;
    }

    /// Overrides the rules of all access classes.
    pub(crate) DM_AUT_OVWT(u32) @ 0x0d0 {
        31:31 enable => bool;
        13:0 denied;
    }

    /// Faults that raise the interrupt.
    pub(crate) INT_ENABLE(u32) @ 0x100 {
        17:17 invalid_l2 => bool;
        16:16 invalid_l1 => bool;
        6:0 permission;
    }

    /// Acknowledges faults.
    pub(crate) INT_CLR(u32) @ 0x104 {
        17:17 invalid_l2 => bool;
        16:16 invalid_l1 => bool;
        6:0 permission;
    }

    /// Latched faults.
    pub(crate) INT_STA(u32) @ 0x108 {
        17:17 invalid_l2 => bool;
        16:16 invalid_l1 => bool;
        6:0 permission;
    }

    /// Address of each master's permission fault.
    pub(crate) INT_ERR_ADDR(u32)[7] @ 0x110 {
        31:0 iova;
    }

    /// Address without a directory entry.
    pub(crate) INT_ERR_ADDR_L1(u32) @ 0x130 {
        31:0 iova;
    }

    /// Address without a page entry.
    pub(crate) INT_ERR_ADDR_L2(u32) @ 0x134 {
        31:0 iova;
    }

    /// Page entry of each master's permission fault.
    pub(crate) INT_ERR_DATA(u32)[7] @ 0x150 {
        7:4 class;
    }

    /// Masters that met a missing directory entry.
    pub(crate) L1PG_INT(u32) @ 0x180 {
        31:31 debug_or_prefetch => bool;
        6:0 masters;
    }

    /// Masters that met a missing page entry.
    pub(crate) L2PG_INT(u32) @ 0x184 {
        31:31 debug_or_prefetch => bool;
        6:0 masters;
    }

    /// Address that the debug port accesses.
    pub(crate) VA(u32) @ 0x190 {
        31:0 iova;
    }

    /// Word that the debug port has read, or is to write.
    pub(crate) VA_DATA(u32) @ 0x194 {
        31:0 word;
    }

    /// Control of the debug port.
    pub(crate) VA_CONFIG(u32) @ 0x198 {
        31:31 debug => bool;
        8:8 write => bool;
        0:0 start => bool;
    }
}
