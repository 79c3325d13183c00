// SPDX-License-Identifier: GPL-2.0

//! A walker that fetches lines and translations again as soon as a flush has dropped them.

use super::{
    regs::CONFIG_ENABLE,
    Smmu, //
};
use crate::Memory;

impl Smmu {
    /// Fetches what flushes have dropped, see [`Knobs::refetch`](super::Knobs::refetch).
    ///
    /// Called when a register write has arrived. While nothing is translated, it waits for a later
    /// call, and so do the translations of an ASID that no enabled swgroup has.
    pub(super) fn refetch(&mut self, mem: &mut dyn Memory) {
        if !self.knobs.refetch || !self.power || self.regs.config & CONFIG_ENABLE == 0 {
            return;
        }
        if self.ptc_works() {
            while let Some(number) = self.caches.take_line() {
                if self.caches.line(number).is_none() {
                    self.fetch_line(mem, number);
                }
            }
        }
        if !self.tlb_works() {
            return;
        }
        for _ in 0..self.caches.waiting_translations() {
            let Some((asid, page)) = self.caches.take_translation() else {
                break;
            };

            if !self.in_use(asid) {
                self.caches.postpone_translation();
            } else if self.caches.translation(asid, page).is_none() {
                self.walk(mem, asid, page);
            }
        }
    }
}
