// SPDX-License-Identifier: GPL-2.0

//! Registers: which exist, which bits can be written, and their values after power-on.

use super::{
    variant::Layout,
    Config,
    Knobs,
    Variant,
    SPACES, //
};

/// A register, decoded from its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reg {
    /// PARAMS1 and so on, from 0.
    Params(usize),
    /// T8020: the streams that a command applies to, 32 a word.
    Select(usize),
    Command,
    Error,
    FaultLow,
    FaultHigh,
    /// T8110: masked faults.
    ErrorMask,
    /// T8110: streams with faults that were not latched, 32 a word.
    Secondary(usize),
    /// T8020: with the lock bit.
    Config,
    /// T8020: the streams that replace others, four a word.
    Remap(usize),
    /// T8020: lock of the filter, which has no other effect here.
    FilterLock,
    /// T8020: enabled streams, 32 a word.
    Enable(usize),
    /// T8110: enables streams.
    EnableSet(usize),
    /// T8110: disables streams.
    EnableClear(usize),
    /// T8110: sets locks.
    Protect,
    /// T8110: clears locks.
    Unprotect,
    /// T8110: prevents locks from being cleared.
    ProtectLock,
    /// T8110: first and last page of a range to invalidate.
    Range(usize),
    /// A register that is only tuned: an index into [`Layout::tunables`].
    Tunable(usize),
    /// T8110: the same by stream.
    StreamTunable(usize),
    Tcr(usize),
    /// By stream and number.
    Ttbr(usize, usize),
}

/// A register whose effect is not modelled.
pub(super) struct Tunable {
    off: u32,
    writable: u32,
    reset: u32,
}

const fn tunable(off: u32, writable: u32, reset: u32) -> Tunable {
    Tunable {
        off,
        writable,
        reset,
    }
}

/// CONFIG of T8020: locks TCR, TTBR and itself.
pub(super) const CONFIG_LOCK: u32 = 1 << 15;
/// Bits of CONFIG that firmware is known to set.
const CONFIG_TUNING: u32 = 0x8001_6100;
/// PROTECT of T8110: locks TCR and TTBR.
pub(super) const PROTECT_TABLES: u32 = 1 << 0;
/// PROTECT: all bits.
const PROTECT_ALL: u32 = 0x1f;

const TUNABLES: usize = 8;

impl Layout {
    /// The registers that firmware tunes, with the values seen in hardware.
    const fn tunables(self) -> &'static [Tunable] {
        const T8020: [Tunable; 3] = [
            tunable(0x068, 0x000f_0f0f, 0x0002_0202),
            tunable(0x06c, 0x00ff_ffff, 0),
            tunable(0x0f8, !0, 0),
        ];
        const T8110: [Tunable; 7] = [
            tunable(0x20c, 0xff00_00ff, 0x1e00_0048),
            tunable(0x210, 0x0000_0003, 0),
            tunable(0x218, 0x3fff_fffc, 0),
            tunable(0x220, 0x000f_0f0f, 0x0002_0202),
            tunable(0x224, 0x00ff_ffff, 0),
            tunable(0x228, 0x3f3f_3f3f, 0x3f3f_3f3f),
            tunable(0x22c, 0x0707_0707, 0x0101_0101),
        ];

        match self {
            Layout::T8020 => &T8020,
            Layout::T8110 => &T8110,
        }
    }
}

/// Index of the word at `off` in an array of `n` words at `base`.
fn word(off: u32, base: u32, n: u32) -> Option<usize> {
    let i = off.checked_sub(base)? / 4;

    (i < n).then_some(i as usize)
}

impl Reg {
    /// The register at `off`, if this instance has it.
    pub(super) fn decode(config: &Config, knobs: &Knobs, off: u32) -> Option<Reg> {
        let layout = config.variant.layout();
        let reg = match layout {
            Layout::T8020 => Self::decode_t8020(config, knobs, off),
            Layout::T8110 => Self::decode_t8110(config, off),
        };

        reg.or_else(|| {
            let i = layout.tunables().iter().position(|t| t.off == off)?;

            Some(Reg::Tunable(i))
        })
    }

    fn decode_t8020(config: &Config, knobs: &Knobs, off: u32) -> Option<Reg> {
        let streams = config.streams;
        let usb4 = matches!(config.variant, Variant::T8103Usb4);
        let ttbr = if usb4 { 0x400 } else { 0x200 };

        if let Some(i) = word(off, 0x100, streams) {
            return Some(Reg::Tcr(i));
        }
        if let Some(i) = word(off, ttbr, 4 * streams) {
            return Some(Reg::Ttbr(i / 4, i % 4));
        }
        Some(match off {
            0x000 | 0x004 => Reg::Params((off / 4) as usize),
            0x020 => Reg::Command,
            0x034 | 0x038 => Reg::Select((off / 4 % 4 - 1) as usize),
            0x040 => Reg::Error,
            0x050 => Reg::FaultLow,
            0x054 => Reg::FaultHigh,
            0x060 => Reg::Config,
            0x080..=0x08c => Reg::Remap((off / 4 % 4) as usize),
            0x0f0 => Reg::FilterLock,
            0x0f8 if usb4 && !knobs.enable_at_fc => Reg::Enable(0),
            0x0fc if usb4 && !knobs.enable_at_fc => Reg::Enable(1),
            0x0fc => Reg::Enable(0),
            _ => return None,
        })
    }

    fn decode_t8110(config: &Config, off: u32) -> Option<Reg> {
        let streams = config.streams;
        let words = streams.div_ceil(32);

        if let Some(i) = word(off, 0x1c0, words) {
            return Some(Reg::Secondary(i));
        }
        if let Some(i) = word(off, 0x800, streams) {
            return Some(Reg::StreamTunable(i));
        }
        if let Some(i) = word(off, 0xc00, words) {
            return Some(Reg::EnableSet(i));
        }
        if let Some(i) = word(off, 0xc20, words) {
            return Some(Reg::EnableClear(i));
        }
        if let Some(i) = word(off, 0x1000, streams) {
            return Some(Reg::Tcr(i));
        }
        if let Some(i) = word(off, 0x1400, streams) {
            return Some(Reg::Ttbr(i, 0));
        }
        Some(match off {
            0x000..=0x00c => Reg::Params((off / 4) as usize),
            0x080 => Reg::Command,
            0x098 if config.is_v2() => Reg::Range(0),
            0x0a0 if config.is_v2() => Reg::Range(1),
            0x100 => Reg::Error,
            0x104 => Reg::ErrorMask,
            0x170 => Reg::FaultLow,
            0x174 => Reg::FaultHigh,
            0x200 => Reg::Protect,
            0x204 => Reg::Unprotect,
            0x208 => Reg::ProtectLock,
            _ => return None,
        })
    }

    /// The bits of this register that have a meaning in a write; `None` if it is read-only.
    ///
    /// If software is known to write all ones for "all streams", they do not count as a mistake.
    pub(super) fn writable(self, config: &Config) -> Option<u32> {
        let layout = config.variant.layout();

        Some(match self {
            Reg::Params(_) | Reg::FaultLow | Reg::FaultHigh => return None,
            Reg::Select(_)
            | Reg::Error
            | Reg::ErrorMask
            | Reg::Secondary(_)
            | Reg::Enable(_)
            | Reg::EnableSet(_)
            | Reg::EnableClear(_) => !0,
            Reg::Command => super::command::writable(config),
            Reg::Config => CONFIG_LOCK | CONFIG_TUNING,
            Reg::Remap(_) => (config.streams - 1) * 0x0101_0101,
            Reg::FilterLock => 1,
            Reg::Protect | Reg::Unprotect | Reg::ProtectLock => PROTECT_ALL,
            // A page number in units of four.
            Reg::Range(_) => !3 & (!0 >> (30 - (config.input - config.page_shift))),
            Reg::Tunable(i) => layout.tunables()[i].writable,
            Reg::StreamTunable(_) => 0x000f_007f,
            Reg::Tcr(_) => super::stream::tcr_writable(config),
            Reg::Ttbr(..) => super::stream::ttbr_writable(config),
        })
    }
}

/// Contents of the registers that keep written values, except for those of errors and of streams.
pub(super) struct Regs {
    pub(super) select: [u32; 2],
    /// The last value written to the command register.
    pub(super) command: u32,
    pub(super) config: u32,
    pub(super) remap: [u32; 4],
    pub(super) filter_lock: u32,
    pub(super) enable: [u32; SPACES / 32],
    pub(super) protect: u32,
    pub(super) protect_lock: u32,
    pub(super) range: [u32; 2],
    pub(super) tunables: [u32; TUNABLES],
}

impl Regs {
    /// The contents after power-on.
    pub(super) const fn new(config: &Config, knobs: &Knobs) -> Self {
        let mut regs = Self {
            select: [0; 2],
            command: 0,
            config: 0,
            remap: [0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x0f0e_0d0c],
            filter_lock: 0,
            enable: [0; SPACES / 32],
            protect: 0,
            protect_lock: 0,
            range: [0; 2],
            tunables: [0; TUNABLES],
        };
        let tunables = config.variant.layout().tunables();
        let mut i = 0;

        while i < tunables.len() {
            regs.tunables[i] = tunables[i].reset;
            i += 1;
        }
        i = 0;
        while i < regs.enable.len() && knobs.enabled_at_reset {
            regs.enable[i] = existing(config, i);
            i += 1;
        }
        regs
    }
}

/// The streams of a word of 32 that exist.
pub(super) const fn existing(config: &Config, word: usize) -> u32 {
    match (config.streams as usize).saturating_sub(32 * word) {
        0 => 0,
        n @ 1..=31 => (1 << n) - 1,
        _ => !0,
    }
}
