// SPDX-License-Identifier: GPL-2.0

//! Register accesses. All registers have 32 bits.

use super::{
    regs::{
        existing,
        Reg,
        CONFIG_LOCK,
        PROTECT_TABLES, //
    },
    variant::{
        Bypass,
        Config,
        Layout, //
    },
    Dart, //
};
use crate::{
    Line,
    Memory, //
};

/// Size of the register window.
const WINDOW: u32 = 0x4000;
/// The value of a read that no device answers.
const NOBODY: u32 = !0;

impl Dart {
    /// Reads a register.
    ///
    /// Returns all ones without power or clock, which is an error on the bus, and 0 for a register
    /// that does not exist. Each read of a busy command register advances the command, see
    /// [`Knobs::busy_reads`](super::Knobs::busy_reads).
    pub fn mmio_read(&mut self, mem: &mut dyn Memory, off: u32) -> u32 {
        self.counters.regs.mmio_reads += 1;
        if !self.answers() {
            return NOBODY;
        }

        let value = match self.decode(off) {
            None => 0,
            Some(Reg::Command) => self.poll_command(),
            Some(reg) => self.value(reg),
        };
        self.refetch(mem);
        value
    }

    /// Returns the value of a register without any effect and without counting, powered or not.
    pub fn peek(&self, off: u32) -> u32 {
        Reg::decode(&self.config, &self.knobs, off).map_or(0, |reg| self.value(reg))
    }

    /// Shows all registers, those of streams only if they are not 0.
    pub fn show_regs(&self, line: Line<'_>) {
        for off in (0..WINDOW).step_by(4) {
            let reg = Reg::decode(&self.config, &self.knobs, off);
            let boring = matches!(
                reg,
                Some(Reg::Tcr(_) | Reg::Ttbr(..) | Reg::StreamTunable(_))
            );
            let val = reg.map(|reg| self.value(reg));

            if let Some(val) = val.filter(|&val| val != 0 || !boring) {
                line(format_args!("0x{off:03x} 0x{val:08x}"));
            }
        }
    }

    /// Writes a register. Bits without a meaning are counted and ignored.
    pub fn mmio_write(&mut self, mem: &mut dyn Memory, off: u32, val: u32) {
        self.counters.regs.mmio_writes += 1;
        if !self.answers() {
            return;
        }
        let Some(reg) = self.decode(off) else {
            return;
        };

        self.log.write(off, val);
        let writable = reg.writable(&self.built());
        if let Some(val) = self.counters.regs.taken(val, writable) {
            self.store(reg, val);
        }
        self.refetch(mem);
    }

    fn answers(&mut self) -> bool {
        if !self.power {
            self.counters.unpowered_accesses += 1;
        } else if !self.clock {
            self.counters.regs.gated_accesses += 1;
        }
        self.power && self.clock
    }

    fn decode(&mut self, off: u32) -> Option<Reg> {
        let (config, knobs) = (&self.config, &self.knobs);

        self.counters
            .regs
            .decode(off, |off| Reg::decode(config, knobs, off))
    }

    /// The instance's configuration, without the features that a knob removes.
    fn built(&self) -> Config {
        if self.knobs.no_bypass {
            self.config.bypass(Bypass::Unsupported)
        } else {
            self.config
        }
    }

    fn value(&self, reg: Reg) -> u32 {
        let (regs, faults) = (&self.regs, &self.faults);

        match reg {
            Reg::Params(i) => self.built().params()[i],
            Reg::Select(i) => regs.select[i],
            Reg::Command => self.command_word(),
            Reg::Error => faults.error,
            Reg::FaultLow => faults.addr as u32,
            Reg::FaultHigh => (faults.addr >> 32) as u32,
            Reg::ErrorMask => faults.mask,
            Reg::Secondary(i) => faults.secondary[i],
            Reg::Config => regs.config,
            Reg::Remap(i) => regs.remap[i],
            Reg::FilterLock => regs.filter_lock,
            Reg::Enable(i) | Reg::EnableSet(i) | Reg::EnableClear(i) => regs.enable[i],
            Reg::Protect | Reg::Unprotect => regs.protect,
            Reg::ProtectLock => regs.protect_lock,
            Reg::Range(i) => regs.range[i],
            Reg::Tunable(i) => regs.tunables[i],
            Reg::StreamTunable(i) => self.streams.tunables[i],
            Reg::Tcr(s) => self.streams.tcr[s],
            Reg::Ttbr(s, i) => self.streams.ttbr[s][i],
        }
    }

    fn store(&mut self, reg: Reg, val: u32) {
        if matches!(reg, Reg::Select(_) | Reg::Range(_)) && self.loses_write() {
            return;
        }

        let layout = self.config.variant.layout();
        let regs = &mut self.regs;
        match reg {
            Reg::Params(_) | Reg::FaultLow | Reg::FaultHigh => (),
            Reg::Select(i) => regs.select[i] = val,
            Reg::Command => self.start_command(val),
            Reg::Error => self.faults.clear(layout, &self.knobs, val),
            Reg::ErrorMask => self.faults.mask = val,
            Reg::Secondary(i) => self.faults.secondary[i] &= !val,
            Reg::Config => {
                if !self.refuses_locked() {
                    self.regs.config = val;
                }
            }
            Reg::Remap(i) => regs.remap[i] = val,
            Reg::FilterLock => regs.filter_lock |= val,
            Reg::Enable(i) => regs.enable[i] = val & existing(&self.config, i),
            Reg::EnableSet(i) => regs.enable[i] |= val & existing(&self.config, i),
            Reg::EnableClear(i) => regs.enable[i] &= !val,
            Reg::Protect => regs.protect |= val,
            Reg::Unprotect => {
                self.counters.locked_writes += u64::from(val & regs.protect_lock != 0);
                regs.protect &= !(val & !regs.protect_lock);
            }
            Reg::ProtectLock => regs.protect_lock |= val,
            Reg::Range(i) => regs.range[i] = val,
            Reg::Tunable(i) => regs.tunables[i] = val,
            Reg::StreamTunable(i) => self.streams.tunables[i] = val,
            Reg::Tcr(s) => self.write_tcr(s, val),
            Reg::Ttbr(s, i) => self.write_ttbr(s, i, val),
        }
    }

    /// Whether TCR and TTBR are locked, on T8020 also CONFIG.
    fn locked(&self) -> bool {
        match self.config.variant.layout() {
            Layout::T8020 => self.regs.config & CONFIG_LOCK != 0,
            Layout::T8110 => self.regs.protect & PROTECT_TABLES != 0,
        }
    }

    fn refuses_locked(&mut self) -> bool {
        if !self.locked() {
            return false;
        }
        self.counters.locked_writes += 1;
        true
    }

    fn write_tcr(&mut self, stream: usize, val: u32) {
        let deaf = self.knobs.deaf || self.knobs.deaf_stream == stream as u32 + 1;
        if self.refuses_locked() || deaf {
            return;
        }
        self.streams.tcr[stream] = val;

        let tcr = self.tcr(stream as u32);
        self.counters.both_modes += u64::from(tcr.translate && tcr.bypass);
        if tcr.translate && tcr.remap.is_none() && !self.has_root(stream) {
            self.counters.translation_without_ttbr += 1;
        }
    }

    fn write_ttbr(&mut self, stream: usize, i: usize, val: u32) {
        if self.refuses_locked() || self.knobs.deaf {
            return;
        }
        let table = self.decode_ttbr(val);

        if table.is_some_and(|pa| pa % self.config.page() != 0) {
            self.counters.misaligned_ttbrs += 1;
        }
        if self.tcr(stream as u32).translate {
            self.counters.live_ttbrs += 1;
        }
        self.streams.ttbr[stream][i] = val;
    }
}
