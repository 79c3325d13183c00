// SPDX-License-Identifier: GPL-2.0

//! Tegra30.

use super::{
    swgroup,
    Soc, //
};

pub(crate) static SOC: Soc = Soc {
    asids: 4,
    address_bits: 32,
    ptc_line: 4,
    tlb_config: 0x2000_0010,
    ptc_config: 0x2000_003f,
    swgroups: &[
        swgroup(1, "dc", 0x240, &[1, 3, 5, 7, 16]),
        swgroup(2, "dcb", 0x244, &[2, 4, 6, 8, 17]),
        swgroup(3, "epp", 0x248, &[9, 40, 41, 42]),
        swgroup(4, "g2", 0x24c, &[10, 11, 20, 48]),
        swgroup(5, "mpe", 0x264, &[12, 26, 27, 28, 43, 58]),
        swgroup(6, "vi", 0x280, &[13, 44, 45, 46, 47]),
        swgroup(7, "afi", 0x238, &[14, 49]),
        swgroup(8, "avpc", 0x23c, &[15, 50]),
        swgroup(9, "nv", 0x268, &[18, 24, 32, 51]),
        swgroup(10, "nv2", 0x26c, &[19, 25, 33, 52]),
        swgroup(11, "hda", 0x254, &[21, 53]),
        swgroup(12, "hc", 0x250, &[22, 23, 54]),
        swgroup(13, "ppcs", 0x270, &[29, 30, 59, 60]),
        swgroup(14, "sata", 0x278, &[31, 61]),
        swgroup(15, "vde", 0x27c, &[34, 35, 36, 37, 62, 63, 64, 65]),
        swgroup(18, "isp", 0x258, &[55]),
    ],
    // DC, DCB, G2, NV, NV2.
    shared: &[1, 2, 4, 9, 10],
};
