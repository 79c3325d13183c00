// SPDX-License-Identifier: GPL-2.0

//! Tegra210.

use super::{
    gpu,
    swgroup,
    Soc, //
};

pub(crate) static SOC: Soc = Soc {
    asids: 128,
    address_bits: 34,
    ptc_line: 16,
    tlb_config: 0x3000_0030,
    ptc_config: 0x2800_003f,
    swgroups: &[
        swgroup(1, "dc", 0x240, &[1, 3, 5, 16, 90, 115]),
        swgroup(2, "dcb", 0x244, &[2, 4, 6, 17]),
        swgroup(3, "afi", 0x238, &[14, 49]),
        swgroup(4, "avpc", 0x23c, &[15, 50]),
        swgroup(5, "hda", 0x254, &[21, 53]),
        swgroup(6, "hc", 0x250, &[22, 23, 54]),
        swgroup(7, "nvenc", 0x264, &[28, 43]),
        swgroup(8, "ppcs", 0x270, &[29, 30, 59, 60]),
        swgroup(9, "sata", 0x274, &[31, 61]),
        swgroup(11, "isp2", 0x258, &[68, 70, 71]),
        swgroup(12, "xusb_host", 0x288, &[74, 75]),
        swgroup(13, "xusb_dev", 0x28c, &[76, 77]),
        swgroup(14, "isp2b", 0xaa4, &[78, 80, 81]),
        swgroup(15, "tsec", 0x294, &[84, 85]),
        swgroup(16, "a9avp", 0x290, &[86, 87]),
        gpu(17, 0xaac),
        swgroup(18, "sdmmc1a", 0xa94, &[96, 100]),
        swgroup(19, "sdmmc2a", 0xa98, &[97, 101]),
        swgroup(20, "sdmmc3a", 0xa9c, &[98, 102]),
        swgroup(21, "sdmmc4a", 0xaa0, &[99, 103]),
        swgroup(22, "vic", 0x284, &[108, 109]),
        swgroup(23, "vi", 0x280, &[114]),
        swgroup(24, "nvdec", 0xab4, &[120, 121]),
        swgroup(25, "ape", 0xab8, &[122, 123]),
        swgroup(26, "nvjpg", 0xac0, &[126, 127]),
        swgroup(27, "se", 0xabc, &[128, 129]),
        swgroup(28, "axiap", 0xacc, &[130, 131]),
        swgroup(29, "etr", 0xad0, &[132, 133]),
        swgroup(30, "tsecb", 0xad4, &[134, 135]),
        swgroup(31, "nv", 0x268, &[]),
        swgroup(32, "nv2", 0x26c, &[]),
        swgroup(33, "ppcs1", 0x298, &[]),
        swgroup(34, "dc1", 0xa88, &[]),
        swgroup(35, "ppcs2", 0xab0, &[]),
        swgroup(36, "hc1", 0xac4, &[]),
        swgroup(37, "se1", 0xac8, &[]),
        swgroup(38, "tsec1", 0xad8, &[]),
        swgroup(39, "tsecb1", 0xadc, &[]),
        swgroup(40, "nvdec1", 0xae0, &[]),
    ],
    // DC, DCB.
    shared: &[1, 2],
};
