// SPDX-License-Identifier: GPL-2.0

//! Tegra124 and Tegra132.

use super::{
    gpu,
    swgroup,
    Soc, //
};

pub(crate) static SOC: Soc = Soc {
    asids: 128,
    address_bits: 34,
    ptc_line: 8,
    tlb_config: 0x3000_0020,
    ptc_config: 0x2800_003f,
    swgroups: &[
        swgroup(1, "dc", 0x240, &[1, 3, 5, 16, 90, 115]),
        swgroup(2, "dcb", 0x244, &[2, 4, 6, 17]),
        swgroup(3, "afi", 0x238, &[14, 49]),
        swgroup(4, "avpc", 0x23c, &[15, 50]),
        swgroup(5, "hda", 0x254, &[21, 53]),
        swgroup(6, "hc", 0x250, &[22, 23, 54]),
        swgroup(7, "msenc", 0x264, &[28, 43]),
        swgroup(8, "ppcs", 0x270, &[29, 30, 59, 60]),
        swgroup(9, "sata", 0x274, &[31, 61]),
        swgroup(10, "vde", 0x27c, &[34, 35, 36, 37, 62, 63, 64, 65]),
        swgroup(13, "isp2", 0x258, &[68, 70, 71]),
        swgroup(14, "xusb_host", 0x288, &[74, 75]),
        swgroup(15, "xusb_dev", 0x28c, &[76, 77]),
        swgroup(16, "isp2b", 0xaa4, &[78, 80, 81]),
        swgroup(17, "tsec", 0x294, &[84, 85]),
        swgroup(18, "a9avp", 0x290, &[86, 87]),
        gpu(19, 0xaac),
        swgroup(20, "sdmmc1a", 0xa94, &[96, 100]),
        swgroup(21, "sdmmc2a", 0xa98, &[97, 101]),
        swgroup(22, "sdmmc3a", 0xa9c, &[98, 102]),
        swgroup(23, "sdmmc4a", 0xaa0, &[99, 103]),
        swgroup(24, "vic", 0x284, &[108, 109]),
        swgroup(25, "vi", 0x280, &[114]),
    ],
    // DC, DCB, VIC.
    shared: &[1, 2, 24],
};
