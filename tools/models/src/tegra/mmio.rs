// SPDX-License-Identifier: GPL-2.0

//! Register accesses. All registers have 32 bits.

use super::{
    format::{
        Word,
        RIGHTS, //
    },
    regs::{
        Reg,
        SWGROUP_ENABLE, //
    },
    Smmu, //
};
use crate::{
    Line,
    Memory, //
};

/// The value of a read that no device answers.
const UNANSWERED: u32 = !0;

impl Smmu {
    /// Reads a register.
    ///
    /// Returns all ones without power, and 0 for a register that does not exist or that can only be
    /// written. All writes before the read have arrived.
    pub fn mmio_read(&mut self, mem: &mut dyn Memory, off: u32) -> u32 {
        self.counters.regs.mmio_reads += 1;
        if !self.answers() {
            return UNANSWERED;
        }
        self.drain(mem);

        let Some(reg) = self.decode(off) else {
            return 0;
        };
        self.counters.reads.add(reg.class());
        self.counters.writeonly_reads += u64::from(reg.is_writeonly());
        self.value(reg)
    }

    /// Returns the value of a register without any effect and without counting, powered or not.
    /// Writes that have not arrived do not show.
    pub fn peek(&self, off: u32) -> u32 {
        Reg::decode(self.variant.soc(), off).map_or(0, |reg| self.value(reg))
    }

    /// Returns the root of an ASID, as PTB_DATA shows it.
    pub fn root(&self, asid: u32) -> u32 {
        self.regs.roots.get(asid as usize).copied().unwrap_or(0)
    }

    /// Shows the registers of the SMMU and the interrupt, and of all others those that are not 0;
    /// last the roots of all ASIDs that are not 0.
    pub fn show_regs(&self, line: Line<'_>) {
        let soc = self.variant.soc();

        for off in (0..soc.window).step_by(4) {
            let Some(reg) = Reg::decode(soc, off).filter(|reg| !reg.is_writeonly()) else {
                continue;
            };
            let always = matches!(
                reg,
                Reg::IntStatus
                    | Reg::IntMask
                    | Reg::ErrStatus
                    | Reg::ErrAddress
                    | Reg::Config
                    | Reg::TlbConfig
                    | Reg::PtcConfig
                    | Reg::PtbAsid
                    | Reg::PtbData
                    | Reg::Enable(_)
            );
            let val = self.value(reg);

            if always || val != 0 {
                line(format_args!("0x{off:03x} 0x{val:08x}"));
            }
        }
        for (asid, &root) in self.regs.roots.iter().enumerate() {
            if root != 0 {
                line(format_args!("root_{asid} 0x{root:08x}"));
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

        self.counters.writes.add(reg.class());
        self.log.write(off, val);
        let writable = reg.writable(self.variant.soc(), val);
        if let Some(val) = self.counters.regs.taken(val, writable) {
            self.post(mem, reg, val);
        }
    }

    fn answers(&mut self) -> bool {
        self.counters.unpowered_accesses += u64::from(!self.power);
        self.power
    }

    fn decode(&mut self, off: u32) -> Option<Reg> {
        let soc = self.variant.soc();

        self.counters.regs.decode(off, |off| Reg::decode(soc, off))
    }

    fn value(&self, reg: Reg) -> u32 {
        let (regs, faults) = (&self.regs, &self.faults);

        match reg {
            Reg::IntStatus => faults.status,
            Reg::IntMask => faults.mask,
            Reg::ErrStatus => faults.error,
            Reg::ErrAddress => faults.address,
            Reg::Config => regs.config,
            Reg::TlbConfig => regs.tlb_config,
            Reg::PtcConfig => regs.ptc_config,
            Reg::PtbAsid => regs.ptb_asid,
            Reg::PtbData => regs.roots[regs.ptb_asid as usize],
            Reg::TlbFlush | Reg::PtcFlush => 0,
            Reg::PtcFlushHigh => regs.ptc_flush_high,
            Reg::Security(i) => regs.security[i],
            Reg::Order(i) => regs.order[i],
            Reg::Stats(i) => regs.stats[i],
            Reg::Enable(i) => regs.enables[i],
            Reg::Swgroup(i) => regs.swgroups[i],
            Reg::UpdateStatus | Reg::OtherError => 0,
            // Clients are idle as soon as they are blocked.
            Reg::ResetStatus(control) => regs.controller[control as usize / 4],
            Reg::Controller(off) => regs.controller[off as usize / 4],
        }
    }

    /// Stores the accepted bits of a write when it arrives.
    pub(super) fn store(&mut self, reg: Reg, val: u32) {
        let fixed = matches!(reg, Reg::Swgroup(i) if i == self.knobs.fixed as usize);
        if fixed || self.knobs.secured && reg.is_secured() {
            self.counters.secured_writes += 1;
            return;
        }

        let soc = self.variant.soc();
        let regs = &mut self.regs;
        match reg {
            Reg::IntStatus => self.faults.clear(val),
            Reg::IntMask => self.faults.mask = val,
            Reg::Config => regs.config = val,
            Reg::TlbConfig => regs.tlb_config = val,
            Reg::PtcConfig => regs.ptc_config = val,
            Reg::PtbAsid => regs.ptb_asid = val,
            Reg::PtbData => self.write_root(val),
            Reg::TlbFlush => self.flush_tlb(val),
            Reg::PtcFlush => self.flush_ptc(val),
            Reg::PtcFlushHigh => {
                self.counters.high_unchanged += u64::from(regs.ptc_flush_high == val);
                regs.ptc_flush_high = val;
            }
            Reg::Security(i) => regs.security[i] = val,
            Reg::Order(i) => regs.order[i] = val,
            Reg::Enable(i) => regs.enables[i] = val & soc.enable_mask(i),
            Reg::Swgroup(i) => regs.swgroups[i] = val,
            Reg::Controller(off) => regs.controller[off as usize / 4] = val,
            Reg::ErrStatus
            | Reg::ErrAddress
            | Reg::Stats(_)
            | Reg::UpdateStatus
            | Reg::OtherError
            | Reg::ResetStatus(_) => (),
        }
    }

    fn write_root(&mut self, val: u32) {
        let soc = self.variant.soc();
        let asid = self.regs.ptb_asid as usize;

        if self.regs.security[asid / 32] >> (asid % 32) & 1 != 0 {
            self.counters.secure_root_writes += 1;
            self.faults.refuse_root(soc);
            return;
        }
        self.counters.wide_roots += u64::from(Word(val).is_wide(soc));
        self.counters.live_roots += u64::from(self.in_use(asid as u32));
        self.regs.roots[asid] = val & (RIGHTS | soc.pfn_mask());
    }

    /// Whether an enabled swgroup has this ASID. 0 in one of the fields for addresses above 4 GiB
    /// does not count, since it is also the value of a field that software never sets.
    pub(super) fn in_use(&self, asid: u32) -> bool {
        let mut enabled = self
            .regs
            .swgroups
            .iter()
            .filter(|&&word| word & SWGROUP_ENABLE != 0);

        enabled.any(|word| {
            word & 0x7f == asid || asid != 0 && (1..4).any(|i| word >> (8 * i) & 0x7f == asid)
        })
    }
}
