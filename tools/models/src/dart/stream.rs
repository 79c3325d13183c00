// SPDX-License-Identifier: GPL-2.0

//! The registers of a stream: its mode, its tables, and the stream that replaces it.

use super::{
    knobs::Both,
    variant::Layout,
    Block,
    Config,
    Dart,
    Fault,
    Pass,
    Variant,
    SPACES, //
};

/// Contents of the registers of streams.
pub(super) struct Streams {
    pub(super) tcr: [u32; SPACES],
    pub(super) ttbr: [[u32; 4]; SPACES],
    /// T8110: registers whose effect is not modelled.
    pub(super) tunables: [u32; SPACES],
}

/// The value of the tunables that was seen in hardware.
const TUNABLE: u32 = 0x000f_0000;

impl Streams {
    /// The contents after power-on.
    pub(super) const fn new() -> Self {
        Self {
            tcr: [0; SPACES],
            ttbr: [[0; 4]; SPACES],
            tunables: [TUNABLE; SPACES],
        }
    }

    /// Restores these contents in place, since they are too large for a stack.
    pub(super) fn reset(&mut self) {
        self.tcr.fill(0);
        self.ttbr.fill([0; 4]);
        self.tunables.fill(TUNABLE);
    }
}

/// TCR, decoded.
#[derive(Clone, Copy)]
pub(super) struct Tcr {
    pub(super) translate: bool,
    pub(super) bypass: bool,
    /// The filter is bypassed.
    pub(super) filter_bypass: bool,
    /// Tables have one more level.
    pub(super) four_level: bool,
    /// The stream whose registers are used in place of this one's.
    pub(super) remap: Option<u32>,
    /// T8020: upper bits of the physical address in bypass, in units of 4 GiB.
    pub(super) window: u64,
    /// T8020: bits that mask faults.
    quiet: u32,
}

/// The mode of a stream.
pub(super) enum Mode {
    Blocks(Block),
    Passes(Pass),
    Translates,
}

/// T8020: bits of TCR that mask faults.
const QUIET: u32 = 0x0000_065f;

/// The bits of TCR that an instance has.
pub(super) fn tcr_writable(config: &Config) -> u32 {
    let (mut bits, bypass, four_level) = match config.variant.layout() {
        Layout::T8020 => (0x03ff_1180 | QUIET, 0x1100, 0),
        Layout::T8110 => (0x0000_0f8f, 0x6, 0x8),
    };

    if !config.has_bypass() {
        bits &= !bypass;
    }
    if !config.is_v2() {
        bits &= !four_level;
    }
    bits
}

/// The bits of TTBR that an instance has: valid, and an address of its width.
pub(super) fn ttbr_writable(config: &Config) -> u32 {
    match config.variant.layout() {
        Layout::T8020 => 1 << 31 | (1 << (config.output - 12)) - 1,
        Layout::T8110 => 1 | ((1 << (config.output - 14)) - 1) << 2,
    }
}

impl Tcr {
    pub(super) fn new(layout: Layout, word: u32) -> Self {
        let bit = |n: u32| word >> n & 1 != 0;

        match layout {
            Layout::T8020 => Self {
                translate: bit(7),
                bypass: bit(8),
                filter_bypass: bit(12),
                four_level: false,
                remap: None,
                window: u64::from(word >> 16 & 0x3ff),
                quiet: word & QUIET,
            },
            Layout::T8110 => Self {
                translate: bit(0),
                bypass: bit(1),
                filter_bypass: bit(2),
                four_level: bit(3),
                remap: bit(7).then_some(word >> 8 & 0xf),
                window: 0,
                quiet: 0,
            },
        }
    }

    /// Whether `fault` is masked.
    pub(super) fn hushes(self, fault: Fault) -> bool {
        let bit = match fault {
            Fault::NoTtbr => 0,
            Fault::NoPgd | Fault::NoPmd => 1,
            Fault::NoPte => 2,
            Fault::Write => 3,
            Fault::Read => 4,
            Fault::Axi => 6,
            Fault::Filter => 10,
            Fault::SubPage => return false,
        };

        self.quiet >> bit & 1 != 0
    }
}

impl Dart {
    pub(super) fn tcr(&self, stream: u32) -> Tcr {
        Tcr::new(
            self.config.variant.layout(),
            self.streams.tcr[stream as usize],
        )
    }

    /// Whether a stream is enabled. With one word for 64 streams, those without a bit are enabled.
    fn enabled(&self, stream: u32) -> bool {
        let usb4 = self.config.variant == Variant::T8103Usb4;
        let lacks_bit = usb4 && self.knobs.enable_at_fc && stream >= 32;

        lacks_bit || self.regs.enable[stream as usize / 32] >> (stream % 32) & 1 != 0
    }

    /// The stream whose TCR and TTBRs are used for `stream`. If the target of the remap does not
    /// exist, that is `stream` itself.
    pub(super) fn remapped(&self, stream: u32) -> u32 {
        let target = match self.config.variant.layout() {
            Layout::T8020 if stream < 16 => {
                self.regs.remap[stream as usize / 4] >> (8 * (stream % 4)) & 0xff
            }
            Layout::T8020 => stream,
            Layout::T8110 => self.tcr(stream).remap.unwrap_or(stream),
        };

        if target < self.config.streams {
            target
        } else {
            stream
        }
    }

    /// The mode of `stream`, whose TCR is `tcr`.
    pub(super) fn mode(&self, stream: u32, tcr: Tcr) -> Mode {
        if !self.power {
            Mode::Blocks(Block::Unpowered)
        } else if !self.clock {
            Mode::Blocks(Block::Gated)
        } else if self.knobs.block_while_busy && self.command.running().is_some() {
            Mode::Blocks(Block::Busy)
        } else if !self.enabled(stream) {
            Mode::Blocks(Block::Disabled)
        } else {
            match (tcr.translate, tcr.bypass) {
                (false, false) => Mode::Blocks(Block::Off),
                (true, false) => Mode::Translates,
                (false, true) => Mode::Passes(Pass::Bypass),
                (true, true) => match self.knobs.both {
                    Both::Passes => Mode::Passes(Pass::Both),
                    Both::Blocks => Mode::Blocks(Block::Off),
                },
            }
        }
    }

    /// Number of address bits that the tables of a stream with this TCR cover.
    pub(super) fn reach(&self, tcr: Tcr) -> u32 {
        let levels = 2 + u32::from(tcr.four_level);
        let ttbrs = self.config.variant.ttbrs().trailing_zeros();
        let reach = self.config.page_shift + levels * self.config.index_bits() + ttbrs;

        reach.min(self.config.input)
    }

    /// The top table of `stream` for `iova`, if the TTBR for it is valid.
    pub(super) fn root(&self, stream: u32, iova: u64) -> Option<u64> {
        let i = self.ttbr_index(iova);
        let table = self.decode_ttbr(self.streams.ttbr[stream as usize][i])?;

        Some(table & !(self.config.page() - 1))
    }

    /// The number of the TTBR for `iova`.
    pub(super) fn ttbr_index(&self, iova: u64) -> usize {
        let shift = self.config.page_shift + 2 * self.config.index_bits();

        (iova >> shift) as usize & (self.config.variant.ttbrs() as usize - 1)
    }

    /// Whether some TTBR of `stream` is valid.
    pub(super) fn has_root(&self, stream: usize) -> bool {
        let mut ttbrs = self.streams.ttbr[stream].iter();

        ttbrs.any(|&word| self.decode_ttbr(word).is_some())
    }

    /// The address in a TTBR, if it is valid.
    pub(super) fn decode_ttbr(&self, word: u32) -> Option<u64> {
        match self.config.variant.layout() {
            Layout::T8020 => (word >> 31 != 0).then_some(u64::from(word & !(1 << 31)) << 12),
            Layout::T8110 => (word & 1 != 0).then_some(u64::from(word >> 2) << 14),
        }
    }
}
