// SPDX-License-Identifier: GPL-2.0

//! Registers of the Tegra SMMU, in the window of the memory controller.
//!
//! - ASID: the ID of an address space.
//! - Frame: a physical address in units of 4 KiB.
//! - PTC: the cache of lines of table memory, by physical address.
//! - TLB: the cache of translations, by ASID and address.
//!
//! Where secure firmware runs, SMMU_CONFIG, TRANSLATION_ENABLE and the roots of secure ASIDs may
//! ignore writes.

use kernel::register;

register! {
    /// Enables translation. While it is 0, all accesses pass untranslated.
    pub(crate) SMMU_CONFIG(u32) @ 0x010 {
        0:0 enable => bool;
    }

    /// Use of the TLB.
    pub(crate) SMMU_TLB_CONFIG(u32) @ 0x014 {
        29:29 hit_under_miss => bool;
        28:28 round_robin => bool;
        5:0 active_lines;
    }

    /// Use of the PTC.
    pub(crate) SMMU_PTC_CONFIG(u32) @ 0x018 {
        29:29 enable => bool;
        27:24 request_limit;
        5:0 index_map;
    }

    /// The ASID whose root PTB_DATA shows.
    pub(crate) SMMU_PTB_ASID(u32) @ 0x01c {
        6:0 asid;
    }

    /// Root of an ASID: the frame of its directory, and the accesses that it allows.
    pub(crate) SMMU_PTB_DATA(u32) @ 0x020 {
        31:31 readable => bool;
        30:30 writable => bool;
        29:29 nonsecure => bool;
        21:0 frame;
    }

    /// Drops translations. The ASID is in the bits below `match_asid`, see
    /// [`Soc::asid_shift`](crate::soc::Soc::asid_shift).
    pub(crate) SMMU_TLB_FLUSH(u32) @ 0x030 {
        31:31 match_asid => bool;
        19:2 page;
        1:0 kind;
    }

    /// Drops lines of table memory: one, or all if it is 0.
    pub(crate) SMMU_PTC_FLUSH(u32) @ 0x034 {
        31:4 line;
        0:0 by_address => bool;
    }

    /// Address bits 33:32 for the next write of PTC_FLUSH. Since Tegra124.
    pub(crate) SMMU_PTC_FLUSH_1(u32) @ 0x9b8 {
        1:0 high;
    }

    /// The register of a swgroup, which is at any word of the window. If it is not enabled, all
    /// accesses of the swgroup pass untranslated.
    ///
    /// Since Tegra124 there are four ASIDs, for address bits 33:32 of 0 to 3.
    pub(crate) SMMU_ASID(u32)[0x400] @ 0x000 {
        31:31 enable => bool;
        6:0 asid;
    }
}

/// The addresses that a write of TLB_FLUSH matches.
pub(crate) mod kind {
    /// All addresses.
    pub(crate) const ALL: u32 = 0;
    /// The 4 MiB of an address.
    pub(crate) const SECTION: u32 = 2;
    /// The 16 KiB of an address.
    pub(crate) const GROUP: u32 = 3;
}
