// SPDX-License-Identifier: GPL-2.0

//! The debug port, which accesses one word through translation, or prefetches one entry, without a
//! master.

use super::{
    regs::{
        CONFIG_DEBUG,
        CONFIG_WRITE,
        RESET_ALL, //
    },
    walk::{
        Miss,
        Who, //
    },
    Iommu, //
};
use crate::{
    Cause,
    Memory, //
};

impl Iommu {
    /// Runs the access that VA, VA_DATA and VA_CONFIG describe.
    ///
    /// No rule of DM_AUT_CTRL applies, since there is no master. With ENABLE = 0 the port does
    /// nothing and a read returns 0; that is counted. A word that could not be read is 0.
    pub(super) fn debug_access(&mut self, mem: &mut dyn Memory) {
        let (va, config) = (self.regs.va, self.regs.va_config);
        let write = config & CONFIG_WRITE != 0;

        if self.regs.enable == 0 || self.regs.reset & RESET_ALL == 0 {
            self.counters.debug_while_disabled += 1;
            if !write {
                self.regs.va_data = 0;
            }
            return;
        }
        if config & CONFIG_DEBUG == 0 {
            self.prefetch(mem, Who::Debug, va >> 12);
            return;
        }

        let pa = self.debug_translate(mem, va);
        if write {
            if pa.is_some_and(|pa| !mem.write(pa, &self.regs.va_data.to_le_bytes())) {
                self.counters.bus_errors += 1;
            }
        } else {
            self.regs.va_data = pa.and_then(|pa| mem.read32(pa)).unwrap_or(0);
        }
    }

    fn debug_translate(&mut self, mem: &mut dyn Memory, va: u32) -> Option<u64> {
        let mib = va >> 20;
        let cached = self.caches.directory(mib).is_some();

        match self.lookup(mem, Who::Debug, va) {
            Ok(entry) => Some(self.entry_pa(entry.word, 12) | u64::from(va & 0xffc)),
            Err(Miss { cause, entry }) => {
                let level = usize::from(cause != Cause::NoTable);

                self.soft_fault(level, cached, va, entry.word);
                None
            }
        }
    }
}
