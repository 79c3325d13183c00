// SPDX-License-Identifier: GPL-2.0

//! The path of a master's access through the IOMMU.

use super::{
    faults::{
        Kept,
        Latch, //
    },
    regs::{
        prohibits,
        RESET_ALL, //
    },
    walk::{
        Miss,
        Who, //
    },
    Access,
    How,
    Iommu,
    Pass, //
};
use crate::{
    burst::{
        self,
        Piece, //
    },
    Cause,
    Denied,
    Memory, //
};

impl Iommu {
    /// Translates one access of `master` inside a 4 KiB page to a physical address.
    ///
    /// A fault is latched. An address beyond 32 bits has no directory entry, so that it faults.
    /// `master` must be below the variant's number of masters; a larger one, which has no lane and
    /// no bits in registers, is refused with [`Denied::Bus`].
    pub fn access(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        write: bool,
    ) -> Result<u64, Denied> {
        if master >= self.variant.masters() {
            return Err(Denied::Bus);
        }
        self.counters.accesses += 1;

        if let Some(why) = self.passes(master) {
            self.counters.passed.add(why);
            self.note(master, va, va, write, How::Passed(why));
            return Ok(va);
        }
        if (self.faults.stalled() | !self.regs.reset) >> master & 1 != 0 {
            self.counters.stalled += 1;
            return Err(Denied::Stalled);
        }

        self.refetch(mem);
        let Ok(narrow) = u32::try_from(va) else {
            return Err(self.fault(master, va, write, Cause::NoTable, 0, 0));
        };
        let denial = self.regs.denial().filter(|_| !self.knobs.denied_walks);
        if denial.is_some_and(|rule| prohibits(rule, master, write)) {
            return Err(self.fault(master, va, write, Cause::Permission, 0, 0));
        }
        let entry = match self.lookup(mem, Who::Master(master), narrow) {
            Ok(entry) => entry,
            Err(Miss { cause, entry }) => {
                return Err(self.fault(master, va, write, cause, entry.word, entry.ttb));
            }
        };
        let rule = if self.knobs.cached_rules {
            entry.rule
        } else {
            self.regs.rule(entry.word)
        };
        if prohibits(rule, master, write) {
            let cause = Cause::Permission;

            return Err(self.fault(master, va, write, cause, entry.word, entry.ttb));
        }

        let pa = self.entry_pa(entry.word, 12) | (va & 0xfff);
        let how = How::Translated {
            table: entry.ttb.into(),
        };
        self.note(master, va, pa, write, how);
        Ok(pa)
    }

    /// The reason why accesses of `master` are not translated, or `None` if they are.
    fn passes(&self, master: u32) -> Option<Pass> {
        if self.in_reset || self.regs.reset & RESET_ALL == 0 {
            Some(Pass::Reset)
        } else if !self.clock {
            Some(Pass::Gated)
        } else if self.regs.enable == 0 {
            Some(Pass::Disabled)
        } else if self.regs.bypass >> master & 1 != 0 {
            Some(Pass::Bypass)
        } else {
            None
        }
    }

    fn note(&mut self, master: u32, va: u64, pa: u64, write: bool, how: How) {
        let access = Access {
            seq: 0,
            master,
            va,
            pa,
            write,
            how,
        };

        self.log.access(access, Some(self.regs.ttb.into()));
    }

    fn fault(
        &mut self,
        master: u32,
        va: u64,
        write: bool,
        cause: Cause,
        word: u32,
        ttb: u32,
    ) -> Denied {
        let latch = Latch {
            addr: va as u32,
            data: word,
        };

        match self.faults.latch(master, cause, latch, self.knobs.stall) {
            Kept::All => self.counters.faults_latched += 1,
            Kept::MasterOnly => self.counters.faults_merged += 1,
            Kept::Nothing => self.counters.faults_lost += 1,
        }
        let how = How::Faulted {
            cause,
            table: ttb.into(),
        };
        self.note(master, va, 0, write, how);
        Denied::Fault(cause)
    }

    /// Translates the next piece of a burst with `len` bytes left.
    ///
    /// If the master's 4KB_BDY_PRT_CTRL bit is set, a burst is split at page boundaries. Otherwise
    /// the whole burst is translated by the entry of its first page.
    fn piece(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        len: usize,
        write: bool,
    ) -> Result<Piece, Denied> {
        let len = if self.regs.bdy >> master & 1 != 0 {
            len.min(0x1000 - (va & 0xfff) as usize)
        } else {
            len
        };

        Ok(Piece {
            pa: self.access(mem, master, va, write)?,
            len,
        })
    }

    /// Reads a burst of `master` from `va` on.
    ///
    /// # Errors
    ///
    /// Those of [`Iommu::access`], and [`Denied::Bus`] where there is no memory. Parts before the
    /// failing one have been done.
    pub fn read(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        buf: &mut [u8],
    ) -> Result<(), Denied> {
        burst::read(mem, va, buf, |mem, va, left| {
            self.piece(mem, master, va, left, false)
        })
    }

    /// Writes a burst of `master` from `va` on.
    ///
    /// # Errors
    ///
    /// Those of [`Iommu::read`].
    pub fn write(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        buf: &[u8],
    ) -> Result<(), Denied> {
        burst::write(mem, va, buf, |mem, va, left| {
            self.piece(mem, master, va, left, true)
        })
    }
}
