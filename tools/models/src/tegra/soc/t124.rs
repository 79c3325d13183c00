// SPDX-License-Identifier: GPL-2.0

//! Tegra124 and Tegra132, whose SMMUs are the same.

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

pub(super) static SOC: Soc = Soc {
    window: 0x1000,
    asids: 128,
    address_bits: 34,
    ptc_line: 8,
    tlb_line: 8,
    client_mask: 0x7f,
    interrupts: MORE_INTERRUPTS,
    tlb_config: CONFIG | ROUND_ROBIN,
    ptc_config: CONFIG | REQUEST_LIMIT,
    enables: &[0x228, 0x22c, 0x230, 0x234],
    security: &[0x038, 0x03c],
    update_status: false,
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
    group(7, "msenc", 0x264, &[28, 43]),
    group(8, "ppcs", 0x270, &[29, 30, 59, 60]),
    group(9, "sata", 0x274, &[31, 61]),
    group(10, "vde", 0x27c, &[34, 35, 36, 37, 62, 63, 64, 65]),
    untranslated(11, "mpcorelp", &[38, 56]),
    untranslated(12, "mpcore", &[39, 57]),
    group(13, "isp2", 0x258, &[68, 70, 71]),
    group(14, "xusb_host", 0x288, &[74, 75]),
    group(15, "xusb_dev", 0x28c, &[76, 77]),
    group(16, "isp2b", 0xaa4, &[78, 80, 81]),
    group(17, "tsec", 0x294, &[84, 85]),
    group(18, "a9avp", 0x290, &[86, 87]),
    by_address(19, "gpu", 0xaac, &[88, 89]),
    group(20, "sdmmc1a", 0xa94, &[96, 100]),
    group(21, "sdmmc2a", 0xa98, &[97, 101]),
    group(22, "sdmmc3a", 0xa9c, &[98, 102]),
    group(23, "sdmmc4a", 0xaa0, &[99, 103]),
    group(24, "vic", 0x284, &[108, 109]),
    group(25, "vi", 0x280, &[114]),
];
