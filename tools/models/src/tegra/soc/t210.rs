// SPDX-License-Identifier: GPL-2.0

//! Tegra210.

use super::{
    by_address,
    by_client,
    group,
    untranslated,
    Soc,
    Swgroup,
    CONFIG,
    MORE_INTERRUPTS,
    REQUEST_LIMIT,
    ROUND_ROBIN, //
};

/// Bits of SMMU_PTC_CONFIG that one firmware sets. Their meaning is not known.
const UNKNOWN_PTC: u32 = 0xf << 8;

pub(super) static SOC: Soc = Soc {
    window: 0x1000,
    asids: 128,
    address_bits: 34,
    ptc_line: 16,
    tlb_line: 8,
    client_mask: 0xff,
    interrupts: MORE_INTERRUPTS,
    tlb_config: CONFIG | ROUND_ROBIN,
    ptc_config: CONFIG | REQUEST_LIMIT | UNKNOWN_PTC,
    enables: &[0x228, 0x22c, 0x230, 0x234, 0xb98],
    security: &[0x038, 0x03c, 0x9e0, 0x9e4, 0x9e8, 0x9ec, 0x9f0, 0x9f4],
    update_status: true,
    resets: &[0x200, 0x970],
    swgroups: SWGROUPS,
    by_client: by_client(SWGROUPS),
};

const SWGROUPS: &[Swgroup] = &[
    untranslated(0, "ptc", &[0]),
    group(1, "dc", 0x240, &[1, 3, 5, 16, 90, 115]),
    group(2, "dcb", 0x244, &[2, 4, 6, 17]),
    group(3, "afi", 0x238, &[14, 49]),
    group(4, "avpc", 0x23c, &[15, 50]),
    group(5, "hda", 0x254, &[21, 53]),
    group(6, "hc", 0x250, &[22, 23, 54]),
    group(7, "nvenc", 0x264, &[28, 43]),
    group(8, "ppcs", 0x270, &[29, 30, 59, 60]),
    group(9, "sata", 0x274, &[31, 61]),
    untranslated(10, "mpcore", &[39, 57]),
    group(11, "isp2", 0x258, &[68, 70, 71]),
    group(12, "xusb_host", 0x288, &[74, 75]),
    group(13, "xusb_dev", 0x28c, &[76, 77]),
    group(14, "isp2b", 0xaa4, &[78, 80, 81]),
    group(15, "tsec", 0x294, &[84, 85]),
    group(16, "a9avp", 0x290, &[86, 87]),
    by_address(17, "gpu", 0xaac, &[88, 89, 136, 137]),
    group(18, "sdmmc1a", 0xa94, &[96, 100]),
    group(19, "sdmmc2a", 0xa98, &[97, 101]),
    group(20, "sdmmc3a", 0xa9c, &[98, 102]),
    group(21, "sdmmc4a", 0xaa0, &[99, 103]),
    group(22, "vic", 0x284, &[108, 109]),
    group(23, "vi", 0x280, &[114]),
    group(24, "nvdec", 0xab4, &[120, 121]),
    group(25, "ape", 0xab8, &[122, 123]),
    group(26, "nvjpg", 0xac0, &[126, 127]),
    group(27, "se", 0xabc, &[128, 129]),
    group(28, "axiap", 0xacc, &[130, 131]),
    group(29, "etr", 0xad0, &[132, 133]),
    group(30, "tsecb", 0xad4, &[134, 135]),
    group(31, "nv", 0x268, &[]),
    group(32, "nv2", 0x26c, &[]),
    group(33, "ppcs1", 0x298, &[]),
    group(34, "dc1", 0xa88, &[]),
    group(35, "ppcs2", 0xab0, &[]),
    group(36, "hc1", 0xac4, &[]),
    group(37, "se1", 0xac8, &[]),
    group(38, "tsec1", 0xad8, &[]),
    group(39, "tsecb1", 0xadc, &[]),
    group(40, "nvdec1", 0xae0, &[]),
];
