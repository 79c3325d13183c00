// SPDX-License-Identifier: GPL-2.0

//! Tegra114.

use super::{
    swgroup,
    Soc, //
};

pub(crate) static SOC: Soc = Soc {
    asids: 4,
    address_bits: 32,
    ptc_line: 8,
    tlb_config: 0x2000_0020,
    ptc_config: 0x2000_003f,
    swgroups: &[
        swgroup(1, "dc", 0x240, &[1, 3, 5, 16]),
        swgroup(2, "dcb", 0x244, &[2, 4, 6, 17]),
        swgroup(3, "epp", 0x248, &[9, 40, 41, 42]),
        swgroup(4, "g2", 0x24c, &[10, 11, 20, 48]),
        swgroup(5, "avpc", 0x23c, &[15, 50]),
        swgroup(6, "nv", 0x268, &[18, 19, 24, 32, 51, 52, 78, 79, 80, 81]),
        swgroup(7, "hda", 0x254, &[21, 53]),
        swgroup(8, "hc", 0x250, &[22, 23, 54]),
        swgroup(9, "msenc", 0x264, &[28, 43]),
        swgroup(10, "ppcs", 0x270, &[29, 30, 59, 60]),
        swgroup(11, "vde", 0x27c, &[34, 35, 36, 37, 62, 63, 64, 65]),
        swgroup(14, "vi", 0x280, &[44, 45, 46, 47]),
        swgroup(15, "isp", 0x258, &[55]),
        swgroup(16, "xusb_host", 0x288, &[74, 75]),
        swgroup(17, "xusb_dev", 0x28c, &[76, 77]),
        swgroup(19, "tsec", 0x294, &[84, 85]),
    ],
    // DC, DCB, G2, NV.
    shared: &[1, 2, 4, 6],
};
