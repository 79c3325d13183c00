// SPDX-License-Identifier: GPL-2.0

//! Tegra114.

use super::{
    by_client,
    group,
    untranslated,
    Soc,
    Swgroup,
    CONFIG,
    INTERRUPTS, //
};

pub(super) static SOC: Soc = Soc {
    window: 0x1000,
    asids: 4,
    address_bits: 32,
    ptc_line: 8,
    tlb_line: 8,
    client_mask: 0x7f,
    interrupts: INTERRUPTS,
    tlb_config: CONFIG,
    ptc_config: CONFIG,
    enables: &[0x228, 0x22c, 0x230],
    security: &[0x038],
    update_status: false,
    resets: &[0x200],
    swgroups: SWGROUPS,
    by_client: by_client(SWGROUPS),
};

const SWGROUPS: &[Swgroup] = &[
    untranslated(0, "ptc", &[0]),
    group(1, "dc", 0x240, &[1, 3, 5, 16]),
    group(2, "dcb", 0x244, &[2, 4, 6, 17]),
    group(3, "epp", 0x248, &[9, 40, 41, 42]),
    group(4, "g2", 0x24c, &[10, 11, 20, 48]),
    group(5, "avpc", 0x23c, &[15, 50]),
    group(6, "nv", 0x268, &[18, 19, 24, 32, 51, 52, 78, 79, 80, 81]),
    group(7, "hda", 0x254, &[21, 53]),
    group(8, "hc", 0x250, &[22, 23, 54]),
    group(9, "msenc", 0x264, &[28, 43]),
    group(10, "ppcs", 0x270, &[29, 30, 59, 60]),
    group(11, "vde", 0x27c, &[34, 35, 36, 37, 62, 63, 64, 65]),
    untranslated(12, "mpcorelp", &[38, 56]),
    untranslated(13, "mpcore", &[39, 57]),
    group(14, "vi", 0x280, &[44, 45, 46, 47]),
    group(15, "isp", 0x258, &[55]),
    group(16, "xusb_host", 0x288, &[74, 75]),
    group(17, "xusb_dev", 0x28c, &[76, 77]),
    untranslated(18, "emucif", &[82, 83]),
    group(19, "tsec", 0x294, &[84, 85]),
];
