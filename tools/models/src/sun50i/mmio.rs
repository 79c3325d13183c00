// SPDX-License-Identifier: GPL-2.0

//! Register accesses.

use super::{
    caches::{
        MACRO,
        PTW, //
    },
    faults::Faults,
    regs::{
        Reg,
        OVWT_ENABLE,
        RESET_ALL, //
    },
    Iommu, //
};
use crate::{
    Line,
    Memory, //
};

/// The offsets of all registers.
const ALL: [u32; 54] = [
    0x000, 0x010, 0x020, 0x030, 0x040, 0x044, 0x048, 0x04c, 0x050, 0x060, 0x070, 0x080, 0x084,
    0x088, 0x08c, 0x090, 0x094, 0x098, 0x0a0, 0x0a8, 0x0b0, 0x0b4, 0x0b8, 0x0bc, 0x0c0, 0x0c4,
    0x0c8, 0x0cc, 0x0d0, 0x100, 0x108, 0x110, 0x114, 0x118, 0x11c, 0x120, 0x124, 0x128, 0x130,
    0x134, 0x150, 0x154, 0x158, 0x15c, 0x160, 0x164, 0x168, 0x170, 0x174, 0x180, 0x184, 0x190,
    0x194, 0x198,
];

impl Iommu {
    /// Reads a register.
    ///
    /// Returns 0 for a register that does not exist or cannot be reached. Each read of a busy
    /// command register advances the command, see [`Knobs::busy_reads`](super::Knobs::busy_reads).
    pub fn mmio_read(&mut self, mem: &mut dyn Memory, off: u32) -> u32 {
        self.counters.regs.mmio_reads += 1;
        let Some(reg) = self.reach(off) else {
            return 0;
        };

        let value = match reg {
            Reg::TlbFlush => self.poll_flush(),
            Reg::TlbIvldEnable => self.poll_tlb_ivld(),
            Reg::PcIvldEnable => self.poll_ptw_ivld(),
            Reg::VaConfig => self.regs.va_config & !1 | self.poll_debug(),
            reg => self.value(reg),
        };
        self.refetch(mem);
        value
    }

    /// Returns the value of a register without any effect and without counting, reachable or not.
    pub fn peek(&self, off: u32) -> u32 {
        Reg::decode(self.variant, off).map_or(0, |reg| self.value(reg))
    }

    /// Shows the registers.
    pub fn show_regs(&self, line: Line<'_>) {
        for off in ALL {
            line(format_args!("0x{off:03x} 0x{:08x}", self.peek(off)));
        }
    }

    /// The register at `off`, if it can be reached now.
    fn reach(&mut self, off: u32) -> Option<Reg> {
        if !self.clock {
            self.counters.regs.gated_accesses += 1;
            return None;
        }
        if self.in_reset {
            self.counters.reset_accesses += 1;
            return None;
        }
        self.counters
            .regs
            .decode(off, |off| Reg::decode(self.variant, off))
    }

    fn value(&self, reg: Reg) -> u32 {
        let (regs, faults) = (&self.regs, &self.faults);

        match reg {
            Reg::Version => self.variant.version(),
            Reg::Reset => regs.reset,
            Reg::Enable => regs.enable,
            Reg::Bypass => regs.bypass,
            Reg::AutoGating => regs.auto_gating,
            Reg::WbufCtrl => regs.wbuf,
            Reg::OooCtrl => regs.ooo,
            Reg::BdyPrtCtrl => regs.bdy,
            Reg::Ttb => regs.ttb,
            Reg::TlbEnable => regs.tlb_enable,
            Reg::TlbPrefetch => regs.prefetch,
            Reg::TlbFlush => self.commands.flush_bits(),
            Reg::TlbIvldMode => regs.ivld_mode,
            Reg::TlbIvldStart => regs.ivld_start,
            Reg::TlbIvldEnd => regs.ivld_end,
            Reg::TlbIvldAddr => regs.ivld_addr,
            Reg::TlbIvldMask => regs.ivld_mask,
            Reg::TlbIvldEnable => u32::from(self.commands.tlb_ivld_busy()),
            Reg::PcIvldAddr => regs.pc_addr,
            Reg::PcIvldEnable => u32::from(self.commands.ptw_ivld_busy()),
            Reg::DmAut(k) => regs.dm_aut[k],
            Reg::DmAutOvwt => regs.ovwt,
            Reg::IntEnable => regs.int_enable,
            Reg::IntSta => faults.status,
            Reg::ErrAddr(m) => faults.permission[m].addr,
            Reg::ErrData(m) => faults.permission[m].data,
            Reg::ErrAddrL1 => faults.levels[0].addr,
            Reg::ErrAddrL2 => faults.levels[1].addr,
            Reg::ErrDataL1 => faults.levels[0].data,
            Reg::ErrDataL2 => faults.levels[1].data,
            Reg::L1Pg => faults.pages[0],
            Reg::L2Pg => faults.pages[1],
            Reg::Va => regs.va,
            Reg::VaData => regs.va_data,
            Reg::VaConfig => regs.va_config & !1 | u32::from(self.commands.debug_busy()),
            Reg::PmuEnable => regs.pmu_enable,
            Reg::Pmu(unit, word) => self.pmu.word(unit, word),
            Reg::IntClr | Reg::PmuClr | Reg::Latency => 0,
        }
    }

    /// Writes a register.
    ///
    /// Bits without a meaning are counted and ignored. The debug port accesses `mem`.
    pub fn mmio_write(&mut self, mem: &mut dyn Memory, off: u32, val: u32) {
        self.counters.regs.mmio_writes += 1;
        let Some(reg) = self.reach(off) else {
            return;
        };

        self.log.write(off, val);
        let writable = reg.writable(self.variant);
        let val = val & !reg.harmless(self.variant, val);
        if let Some(val) = self.counters.regs.taken(val, writable) {
            self.store(mem, reg, val);
        }
        self.refetch(mem);
    }

    fn store(&mut self, mem: &mut dyn Memory, reg: Reg, val: u32) {
        match reg {
            Reg::TlbIvldMode
            | Reg::TlbIvldStart
            | Reg::TlbIvldEnd
            | Reg::TlbIvldAddr
            | Reg::TlbIvldMask => self.disturb_tlb_ivld(),
            Reg::PcIvldAddr => self.disturb_ptw_ivld(),
            Reg::Va | Reg::VaData | Reg::VaConfig if self.debug_loses_write() => return,
            _ => (),
        }

        let regs = &mut self.regs;
        match reg {
            Reg::Reset => self.write_reset(val),
            Reg::Enable => regs.enable = val,
            Reg::Bypass => regs.bypass = val,
            Reg::AutoGating => regs.auto_gating = val,
            Reg::WbufCtrl => regs.wbuf = val,
            Reg::OooCtrl => regs.ooo = val,
            Reg::BdyPrtCtrl => regs.bdy = val,
            Reg::Ttb => self.write_ttb(val),
            Reg::TlbEnable => regs.tlb_enable = val,
            Reg::TlbPrefetch => regs.prefetch = val,
            Reg::TlbFlush => self.start_flush(val),
            Reg::TlbIvldMode => regs.ivld_mode = val,
            Reg::TlbIvldStart => regs.ivld_start = val,
            Reg::TlbIvldEnd => regs.ivld_end = val,
            Reg::TlbIvldAddr => regs.ivld_addr = val,
            Reg::TlbIvldMask => regs.ivld_mask = val,
            Reg::TlbIvldEnable if val != 0 => self.start_tlb_ivld(),
            Reg::PcIvldAddr => regs.pc_addr = val,
            Reg::PcIvldEnable if val != 0 => self.start_ptw_ivld(),
            Reg::DmAut(k) => regs.dm_aut[k] = val,
            Reg::DmAutOvwt => regs.ovwt = val,
            Reg::IntEnable => regs.int_enable = val,
            Reg::IntClr => self.faults.clear(val, self.knobs.stall),
            Reg::Va => regs.va = val,
            Reg::VaData => regs.va_data = val,
            Reg::VaConfig => {
                regs.va_config = val & !1;
                if val & 1 != 0 {
                    self.start_debug();
                    self.debug_access(mem);
                }
            }
            Reg::PmuEnable => regs.pmu_enable = val,
            Reg::PmuClr if val != 0 => self.pmu.clear(),
            _ => (),
        }
    }

    /// RESET: the caches whose bits are 0 are emptied, and stay empty; lanes are reset.
    ///
    /// Bit 31 also clears faults and commands. That it keeps the other registers is an assumption.
    fn write_reset(&mut self, val: u32) {
        let lanes = !val & self.variant.mask();

        self.regs.reset = val;
        self.caches.flush(!val & (MACRO | PTW) | lanes, false);
        self.faults.lanes_reset(lanes, self.knobs.stall);
        if val & RESET_ALL == 0 {
            self.caches.flush(!0, false);
            self.faults = Faults::new();
            self.commands = super::command::Commands::new();
        }
    }

    /// TTB: may be written only while no master can be translated through it.
    ///
    /// That is the case with ENABLE = 0, with all masters bypassed, and with all masters denied by
    /// DM_AUT_OVWT (an assumption about the documents' "idle" masters).
    fn write_ttb(&mut self, val: u32) {
        let rights = self.variant.rights();
        let all_bypassed = self.regs.bypass == self.variant.mask();
        let all_denied = self.regs.ovwt & (OVWT_ENABLE | rights) == OVWT_ENABLE | rights;

        if self.regs.enable != 0 && !all_bypassed && !all_denied {
            self.counters.ttb_while_enabled += 1;
            if self.knobs.strict_ttb {
                return;
            }
        }
        if self.regs.enable == 0 || !self.knobs.fixed_ttb {
            self.regs.ttb = val;
        }
    }
}
