// SPDX-License-Identifier: GPL-2.0

//! Registers: which exist, which bits can be written, and their values after reset.

use super::Variant;

/// A register, decoded from its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reg {
    Version,
    Reset,
    Enable,
    Bypass,
    AutoGating,
    WbufCtrl,
    OooCtrl,
    BdyPrtCtrl,
    Ttb,
    TlbEnable,
    TlbPrefetch,
    TlbFlush,
    TlbIvldMode,
    TlbIvldStart,
    TlbIvldEnd,
    TlbIvldAddr,
    TlbIvldMask,
    TlbIvldEnable,
    PcIvldAddr,
    PcIvldEnable,
    DmAut(usize),
    DmAutOvwt,
    IntEnable,
    IntClr,
    IntSta,
    /// Address of a permission fault, by master.
    ErrAddr(usize),
    /// Page entry of a permission fault, by master.
    ErrData(usize),
    ErrAddrL1,
    ErrAddrL2,
    ErrDataL1,
    ErrDataL2,
    L1Pg,
    L2Pg,
    Va,
    VaData,
    VaConfig,
    PmuEnable,
    PmuClr,
    /// Word 0 to 3 of a counter: access low and high, hit low and high.
    Pmu(usize, u32),
    /// Latency counters. The model has no time; they read 0.
    Latency,
}

/// VA_CONFIG: debug access instead of prefetch.
pub(super) const CONFIG_DEBUG: u32 = 1 << 31;
/// VA_CONFIG: write instead of read.
pub(super) const CONFIG_WRITE: u32 = 1 << 8;
/// RESET: the whole IOMMU.
pub(super) const RESET_ALL: u32 = 1 << 31;
/// DM_AUT_OVWT: replaces the domains' rules.
pub(super) const OVWT_ENABLE: u32 = 1 << 31;
/// Index of the macro TLB among the PMU's counters, after those of masters.
pub(super) const PMU_MACRO: usize = 7;
/// Index of the PTW cache among the PMU's counters.
pub(super) const PMU_PTW: usize = 8;
/// The causes after those of masters in the interrupt registers.
pub(super) const INT_LEVELS: u32 = 3 << 16;
/// INT_ENABLE: bits that enable reports of prefetch and the debug port.
pub(super) const INT_SOFT: u32 = 7 << 18;

impl Reg {
    /// The register at `off`, if this version has it.
    pub(super) fn decode(variant: Variant, off: u32) -> Option<Reg> {
        let masters = variant.masters();

        Some(match off {
            0x000 => Reg::Version,
            0x010 => Reg::Reset,
            0x020 => Reg::Enable,
            0x030 => Reg::Bypass,
            0x040 => Reg::AutoGating,
            0x044 => Reg::WbufCtrl,
            0x048 => Reg::OooCtrl,
            0x04c => Reg::BdyPrtCtrl,
            0x050 => Reg::Ttb,
            0x060 => Reg::TlbEnable,
            0x070 => Reg::TlbPrefetch,
            0x080 => Reg::TlbFlush,
            0x084 if variant.has_start_end() => Reg::TlbIvldMode,
            0x088 if variant.has_start_end() => Reg::TlbIvldStart,
            0x08c if variant.has_start_end() => Reg::TlbIvldEnd,
            0x090 => Reg::TlbIvldAddr,
            0x094 => Reg::TlbIvldMask,
            0x098 => Reg::TlbIvldEnable,
            0x0a0 => Reg::PcIvldAddr,
            0x0a8 => Reg::PcIvldEnable,
            0x0b0..=0x0cc => Reg::DmAut(((off - 0x0b0) / 4) as usize),
            0x0d0 => Reg::DmAutOvwt,
            0x100 => Reg::IntEnable,
            0x104 => Reg::IntClr,
            0x108 => Reg::IntSta,
            0x110..=0x128 if (off - 0x110) / 4 < masters => {
                Reg::ErrAddr(((off - 0x110) / 4) as usize)
            }
            0x130 => Reg::ErrAddrL1,
            0x134 => Reg::ErrAddrL2,
            0x150..=0x168 if (off - 0x150) / 4 < masters => {
                Reg::ErrData(((off - 0x150) / 4) as usize)
            }
            0x170 => Reg::ErrDataL1,
            0x174 => Reg::ErrDataL2,
            0x180 => Reg::L1Pg,
            0x184 => Reg::L2Pg,
            0x190 => Reg::Va,
            0x194 => Reg::VaData,
            0x198 => Reg::VaConfig,
            0x200 => Reg::PmuEnable,
            0x210 => Reg::PmuClr,
            0x230..=0x29c if (off - 0x230) / 16 < masters => {
                Reg::Pmu(((off - 0x230) / 16) as usize, off / 4 % 4)
            }
            0x2d0..=0x2dc => Reg::Pmu(PMU_MACRO, off / 4 % 4),
            0x2e0..=0x2ec => Reg::Pmu(PMU_PTW, off / 4 % 4),
            0x300..=0x368 if (off - 0x300) / 16 < masters => match off % 16 {
                0 | 4 => Reg::Latency,
                8 if variant.has_max_latency() => Reg::Latency,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The bits of this register that have a meaning in a write; `None` if it is read-only.
    pub(super) fn writable(self, variant: Variant) -> Option<u32> {
        let masters = variant.mask();
        let rights = variant.rights();

        Some(match self {
            Reg::Reset => RESET_ALL | 3 << 16 | masters,
            Reg::Enable
            | Reg::AutoGating
            | Reg::TlbIvldMode
            | Reg::TlbIvldEnable
            | Reg::PcIvldEnable
            | Reg::PmuEnable
            | Reg::PmuClr => 1,
            Reg::Bypass | Reg::WbufCtrl | Reg::OooCtrl | Reg::BdyPrtCtrl | Reg::TlbPrefetch => {
                masters
            }
            Reg::Ttb => !0 << 14,
            Reg::TlbEnable | Reg::TlbFlush => 3 << 16 | masters,
            Reg::TlbIvldStart | Reg::TlbIvldEnd | Reg::TlbIvldAddr | Reg::TlbIvldMask => !0 << 12,
            Reg::PcIvldAddr => !0 << 20,
            Reg::DmAut(0) => rights << 16,
            Reg::DmAut(_) => rights << 16 | rights,
            Reg::DmAutOvwt => OVWT_ENABLE | rights,
            Reg::IntEnable => INT_SOFT | INT_LEVELS | masters,
            Reg::IntClr => INT_LEVELS | masters,
            Reg::Va | Reg::VaData => !0,
            Reg::VaConfig => CONFIG_DEBUG | CONFIG_WRITE | 1,
            Reg::Version
            | Reg::IntSta
            | Reg::ErrAddr(_)
            | Reg::ErrData(_)
            | Reg::ErrAddrL1
            | Reg::ErrAddrL2
            | Reg::ErrDataL1
            | Reg::ErrDataL2
            | Reg::L1Pg
            | Reg::L2Pg
            | Reg::Pmu(..)
            | Reg::Latency => return None,
        })
    }

    /// The bits of `val` that a register ignores and that software may set.
    ///
    /// Drivers write RESET as the complement of a mask of lanes, then as all ones, and write whole
    /// addresses to TLB_IVLD_ADDR and PC_IVLD_ADDR.
    pub(super) fn harmless(self, variant: Variant, val: u32) -> u32 {
        let reserved = !self.writable(variant).unwrap_or(!0);

        match self {
            Reg::Reset if val & reserved == reserved => reserved,
            Reg::TlbIvldAddr | Reg::PcIvldAddr => reserved,
            _ => 0,
        }
    }
}

/// Contents of the registers that keep written values.
pub(super) struct Regs {
    pub(super) reset: u32,
    pub(super) enable: u32,
    pub(super) bypass: u32,
    pub(super) auto_gating: u32,
    pub(super) wbuf: u32,
    pub(super) ooo: u32,
    pub(super) bdy: u32,
    pub(super) ttb: u32,
    pub(super) tlb_enable: u32,
    pub(super) prefetch: u32,
    pub(super) ivld_mode: u32,
    pub(super) ivld_start: u32,
    pub(super) ivld_end: u32,
    pub(super) ivld_addr: u32,
    pub(super) ivld_mask: u32,
    pub(super) pc_addr: u32,
    pub(super) dm_aut: [u32; 8],
    pub(super) ovwt: u32,
    pub(super) int_enable: u32,
    pub(super) va: u32,
    pub(super) va_data: u32,
    pub(super) va_config: u32,
    pub(super) pmu_enable: u32,
}

impl Regs {
    /// The contents after reset.
    pub(super) const fn new(variant: Variant) -> Self {
        let masters = variant.mask();

        Self {
            reset: RESET_ALL | 3 << 16 | masters,
            enable: 0,
            bypass: variant.bypass(),
            auto_gating: 1,
            wbuf: masters,
            ooo: masters,
            bdy: masters,
            ttb: 0,
            tlb_enable: 3 << 16 | masters,
            prefetch: 0,
            ivld_mode: 0,
            ivld_start: 0,
            ivld_end: 0,
            ivld_addr: 0,
            ivld_mask: 0,
            pc_addr: 0,
            dm_aut: [0; 8],
            ovwt: 0,
            int_enable: 0,
            va: 0,
            va_data: 0,
            va_config: 0,
            pmu_enable: 0,
        }
    }

    /// The rule for the page of an entry: two bits per master.
    pub(super) fn rule(&self, word: u32) -> u16 {
        let domain = word >> 4 & 0xf;
        let rule = match self.denial() {
            Some(denial) => return denial,
            None => self.dm_aut[domain as usize / 2] >> (16 * (domain & 1)),
        };

        rule as u16
    }

    /// The rule for all pages in place of their domains' rules, if there is one.
    pub(super) fn denial(&self) -> Option<u16> {
        (self.ovwt & OVWT_ENABLE != 0).then_some(self.ovwt as u16)
    }
}

/// Whether `master` may not make this access to a page with `rule`.
pub(super) fn prohibits(rule: u16, master: u32, write: bool) -> bool {
    rule >> (2 * master + u32::from(write)) & 1 != 0
}
