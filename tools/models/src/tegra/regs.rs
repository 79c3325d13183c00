// SPDX-License-Identifier: GPL-2.0

//! Registers: which exist, which bits can be written, and their values after power-on.
//!
//! The window is that of the memory controller (MC). Its other registers belong to the drivers of
//! the MC and of the memory. Those that these drivers use keep written values and have no effect.

use super::{
    flush,
    soc::{
        Soc,
        ENABLES,
        SWGROUPS, //
    },
    Firmware,
    Knobs,
    ASIDS, //
};
use crate::kind::kinds;

/// A register, decoded from its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reg {
    IntStatus,
    IntMask,
    ErrStatus,
    ErrAddress,
    Config,
    TlbConfig,
    PtcConfig,
    PtbAsid,
    PtbData,
    TlbFlush,
    PtcFlush,
    /// PTC_FLUSH_1, the upper bits of the address.
    PtcFlushHigh,
    /// ASID_SECURITY, 32 ASIDs a word.
    Security(usize),
    /// CLIENT_CONFIG, 32 clients a word: the order of requests, which has no effect here.
    Order(usize),
    /// Hits and misses of the TLB, hits and misses of the PTC.
    Stats(usize),
    /// TRANSLATION_ENABLE, 32 clients a word.
    Enable(usize),
    /// The ASID register of a swgroup, by its number.
    Swgroup(usize),
    /// ERR_APB_ASID_UPDATE_STATUS. Its fields are not known; it reads as 0.
    UpdateStatus,
    /// Error registers of the MC for causes that the model does not have; they read as 0.
    OtherError,
    /// Status of hot resets, by the offset of the control word.
    ResetStatus(u32),
    /// Another register of the MC, by offset.
    Controller(u32),
}

kinds! {
    /// Kinds of registers, whose accesses are counted separately.
    pub enum Class {
        /// MC_INTSTATUS, MC_INTMASK, and the error registers.
        Interrupt => "interrupt",
        /// SMMU_CONFIG, SMMU_TLB_CONFIG, SMMU_PTC_CONFIG, CLIENT_CONFIG.
        Config => "config",
        /// PTB_ASID and PTB_DATA.
        Root => "root",
        /// TLB_FLUSH.
        TlbFlush => "tlb-flush",
        /// PTC_FLUSH.
        PtcFlush => "ptc-flush",
        /// PTC_FLUSH_1.
        PtcFlushHigh => "ptc-flush-high",
        /// ASID_SECURITY and its error register.
        Security => "security",
        /// TRANSLATION_ENABLE.
        Client => "client",
        /// ASID registers of swgroups.
        Swgroup => "swgroup",
        /// The statistics.
        Stats => "stats",
        /// Other registers of the MC.
        Controller => "controller",
    }
}

/// The bit of SMMU_CONFIG that enables translation.
pub(super) const CONFIG_ENABLE: u32 = 1 << 0;
/// SMMU_TLB_CONFIG: the number of lines in use.
pub(super) const TLB_LINES: u32 = 0x3f;
/// SMMU_PTC_CONFIG: the cache is on.
pub(super) const PTC_ENABLE: u32 = 1 << 29;
/// SMMU_TLB_CONFIG and SMMU_PTC_CONFIG: hits and misses are counted.
pub(super) const STATS_ENABLE: u32 = 1 << 31;
/// An ASID register: the swgroup is translated.
pub(super) const SWGROUP_ENABLE: u32 = 1 << 31;

/// After power-on. This is known of Tegra30 and assumed for the others; TF-A writes the same on
/// Tegra210.
const TLB_CONFIG_RESET: u32 = 0x2000_0010;
const PTC_CONFIG_RESET: u32 = 0x2000_003f;

/// Offsets of the MC's registers for errors of other causes, on the later SoCs: protected video
/// memory, secure carveout, microcode carveout, generalised carveouts.
const OTHER_ERRORS: [u32; 8] = [0x654, 0x658, 0x67c, 0x680, 0x9b0, 0x9b4, 0xc00, 0xc04];

/// The position of `off` in a list of offsets.
fn position(list: &[u32], off: u32) -> Option<usize> {
    list.iter().position(|&known| known == off)
}

impl Reg {
    /// The register at `off`, if this SoC has it.
    pub(super) fn decode(soc: &Soc, off: u32) -> Option<Reg> {
        if off >= soc.window {
            return None;
        }
        Some(match off {
            0x000 => Reg::IntStatus,
            0x004 => Reg::IntMask,
            0x008 => Reg::ErrStatus,
            0x00c => Reg::ErrAddress,
            0x010 => Reg::Config,
            0x014 => Reg::TlbConfig,
            0x018 => Reg::PtcConfig,
            0x01c => Reg::PtbAsid,
            0x020 => Reg::PtbData,
            0x030 => Reg::TlbFlush,
            0x034 => Reg::PtcFlush,
            0x1f0..=0x1fc => Reg::Stats((off / 4 % 4) as usize),
            0x9b8 if soc.is_wide() => Reg::PtcFlushHigh,
            0x9d0 if soc.update_status => Reg::UpdateStatus,
            _ => return Self::decode_listed(soc, off),
        })
    }

    /// The registers whose offsets depend on the SoC, and those of the MC.
    fn decode_listed(soc: &Soc, off: u32) -> Option<Reg> {
        if let Some(i) = position(soc.security, off) {
            return Some(Reg::Security(i));
        }
        if let Some(i) = position(soc.enables, off) {
            return Some(Reg::Enable(i));
        }
        if let Some(i) = off
            .checked_sub(0x040)
            .map(|off| off as usize / 4)
            .filter(|&i| i < soc.enables.len())
        {
            return Some(Reg::Order(i));
        }
        let mut swgroups = soc.swgroups.iter();
        if let Some(i) = swgroups.position(|group| group.register() == Some(off)) {
            return Some(Reg::Swgroup(i));
        }
        if soc.resets.contains(&off) {
            return Some(Reg::Controller(off));
        }
        if soc.resets.contains(&(off.wrapping_sub(4))) {
            return Some(Reg::ResetStatus(off - 4));
        }
        if soc.is_wide() && OTHER_ERRORS.contains(&off) {
            return Some(Reg::OtherError);
        }
        // EMEM_ADR_CFG, arbitration, TIMING_CONTROL_DBG and TIMING_CONTROL, latency allowance.
        matches!(off, 0x054 | 0x090..=0x0e8 | 0x0f8 | 0x0fc | 0x2e0..=0x3f0)
            .then_some(Reg::Controller(off))
    }

    /// The kind of this register.
    pub(super) fn class(self) -> Class {
        match self {
            Reg::IntStatus | Reg::IntMask | Reg::ErrStatus | Reg::ErrAddress | Reg::OtherError => {
                Class::Interrupt
            }
            Reg::Config | Reg::TlbConfig | Reg::PtcConfig | Reg::Order(_) => Class::Config,
            Reg::PtbAsid | Reg::PtbData => Class::Root,
            Reg::TlbFlush => Class::TlbFlush,
            Reg::PtcFlush => Class::PtcFlush,
            Reg::PtcFlushHigh => Class::PtcFlushHigh,
            Reg::Security(_) | Reg::UpdateStatus => Class::Security,
            Reg::Enable(_) => Class::Client,
            Reg::Swgroup(_) => Class::Swgroup,
            Reg::Stats(_) => Class::Stats,
            Reg::ResetStatus(_) | Reg::Controller(_) => Class::Controller,
        }
    }

    /// Whether only secure software can write this register, if it is secured.
    pub(super) fn is_secured(self) -> bool {
        matches!(self, Reg::Config | Reg::Security(_) | Reg::Enable(_))
    }

    /// Whether this register can only be written.
    pub(super) fn is_writeonly(self) -> bool {
        matches!(self, Reg::TlbFlush | Reg::PtcFlush)
    }

    /// The bits of `val` that have a meaning in a write; `None` if the register is read-only.
    ///
    /// The roots' bits beyond the width of physical addresses are counted by their own name.
    pub(super) fn writable(self, soc: &Soc, val: u32) -> Option<u32> {
        Some(match self {
            Reg::ErrStatus
            | Reg::ErrAddress
            | Reg::Stats(_)
            | Reg::UpdateStatus
            | Reg::OtherError
            | Reg::ResetStatus(_) => return None,
            Reg::IntStatus | Reg::IntMask => soc.interrupts,
            Reg::Config => CONFIG_ENABLE,
            Reg::TlbConfig => soc.tlb_config,
            Reg::PtcConfig => soc.ptc_config,
            Reg::PtbAsid => soc.asids - 1,
            Reg::PtbData => 0xefff_ffff,
            Reg::TlbFlush => flush::tlb_bits(soc, val),
            Reg::PtcFlush => flush::ptc_bits(val),
            Reg::PtcFlushHigh => 3,
            Reg::Security(_) if soc.asids < 32 => (1 << soc.asids) - 1,
            // Firmware is known to write all ones for "all clients".
            Reg::Enable(_) if val == !0 => !0,
            Reg::Enable(i) => soc.enable_mask(i),
            Reg::Swgroup(_) if soc.is_wide() => SWGROUP_ENABLE | 0x7f7f_7f7f,
            Reg::Swgroup(_) => SWGROUP_ENABLE | (soc.asids - 1),
            Reg::Security(_) | Reg::Order(_) | Reg::Controller(_) => !0,
        })
    }
}

/// Words of the window's storage.
const WORDS: usize = 0x400;
/// The most words of ASID_SECURITY.
const SECURITIES: usize = 8;

/// Contents of the registers that keep written values, except for those of faults.
pub(super) struct Regs {
    pub(super) config: u32,
    pub(super) tlb_config: u32,
    pub(super) ptc_config: u32,
    pub(super) ptb_asid: u32,
    /// PTB_DATA by ASID.
    pub(super) roots: [u32; ASIDS],
    pub(super) ptc_flush_high: u32,
    pub(super) security: [u32; SECURITIES],
    pub(super) order: [u32; ENABLES],
    pub(super) stats: [u32; 4],
    pub(super) enables: [u32; ENABLES],
    pub(super) swgroups: [u32; SWGROUPS],
    /// Other registers of the MC, by index of the word in the window.
    pub(super) controller: [u32; WORDS],
}

impl Regs {
    /// The contents after power-on, without firmware.
    pub(super) const fn new() -> Self {
        Self {
            config: 0,
            tlb_config: TLB_CONFIG_RESET,
            ptc_config: PTC_CONFIG_RESET,
            ptb_asid: 0,
            roots: [0; ASIDS],
            ptc_flush_high: 0,
            security: [0; SECURITIES],
            order: [0; ENABLES],
            stats: [0; 4],
            enables: [0; ENABLES],
            swgroups: [0; SWGROUPS],
            controller: [0; WORDS],
        }
    }

    /// Restores these contents, and sets those of firmware. Works in place, since they are too large
    /// for a stack.
    pub(super) fn reset(&mut self, soc: &Soc, knobs: &Knobs) {
        self.config = 0;
        self.tlb_config = TLB_CONFIG_RESET;
        self.ptc_config = PTC_CONFIG_RESET;
        self.ptb_asid = 0;
        self.roots.fill(0);
        self.ptc_flush_high = 0;
        self.security.fill(0);
        self.order.fill(0);
        self.stats.fill(0);
        self.enables.fill(0);
        self.swgroups.fill(0);
        self.controller.fill(0);

        if knobs.firmware == Firmware::On {
            self.config = CONFIG_ENABLE;
            for word in 0..soc.enables.len() {
                self.enables[word] = soc.enable_mask(word);
            }
        }
        let left_on = soc.swgroups.get(knobs.left_on as usize);
        if let Some(group) = left_on.filter(|group| group.register().is_some()) {
            self.swgroups[group.number() as usize] = SWGROUP_ENABLE;
        }
    }
}
