// SPDX-License-Identifier: GPL-2.0

//! Tegra30.

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
    window: 0x400,
    asids: 4,
    address_bits: 32,
    ptc_line: 4,
    tlb_line: 4,
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
    group(1, "dc", 0x240, &[1, 3, 5, 7, 16]),
    group(2, "dcb", 0x244, &[2, 4, 6, 8, 17]),
    group(3, "epp", 0x248, &[9, 40, 41, 42]),
    group(4, "g2", 0x24c, &[10, 11, 20, 48]),
    group(5, "mpe", 0x264, &[12, 26, 27, 28, 43, 58]),
    group(6, "vi", 0x280, &[13, 44, 45, 46, 47]),
    group(7, "afi", 0x238, &[14, 49]),
    group(8, "avpc", 0x23c, &[15, 50]),
    group(9, "nv", 0x268, &[18, 24, 32, 51]),
    group(10, "nv2", 0x26c, &[19, 25, 33, 52]),
    group(11, "hda", 0x254, &[21, 53]),
    group(12, "hc", 0x250, &[22, 23, 54]),
    group(13, "ppcs", 0x270, &[29, 30, 59, 60]),
    group(14, "sata", 0x278, &[31, 61]),
    group(15, "vde", 0x27c, &[34, 35, 36, 37, 62, 63, 64, 65]),
    untranslated(16, "mpcorelp", &[38, 56]),
    untranslated(17, "mpcore", &[39, 57]),
    group(18, "isp", 0x258, &[55]),
];
