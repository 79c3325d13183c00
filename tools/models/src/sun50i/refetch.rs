// SPDX-License-Identifier: GPL-2.0

//! A walker that fetches entries again as soon as a command has dropped them.

use super::{
    caches::Dropped,
    regs::RESET_ALL,
    walk::{
        page_valid,
        table_valid,
        Who, //
    },
    Iommu, //
};
use crate::Memory;

impl Iommu {
    /// Fetches the entries that commands have dropped, see [`Knobs::refetch`](super::Knobs::refetch).
    ///
    /// While nothing is translated, they wait for a later call.
    pub(super) fn refetch(&mut self, mem: &mut dyn Memory) {
        let reset = self.in_reset || self.regs.reset & RESET_ALL == 0;

        if !self.knobs.refetch || reset || !self.clock || self.regs.enable == 0 {
            return;
        }
        while let Some(dropped) = self.caches.take_dropped() {
            match dropped {
                Dropped::Directory(mib, owner) => {
                    self.directory(mem, Who::of(owner), mib, false);
                }
                Dropped::Page(page, owner) => self.refetch_page(mem, Who::of(owner), page),
                Dropped::Micro(page, master) => {
                    self.refetch_page(mem, Who::of(master), page);
                    self.refetch_micro(master.into(), page);
                }
            }
        }
    }

    /// Reads a page entry into the macro TLB, if it is not there, through the PTW cache.
    fn refetch_page(&mut self, mem: &mut dyn Memory, who: Who, page: u32) {
        if self.caches.page(page).is_some() {
            return;
        }
        let directory = self.directory(mem, who, page >> 8, false);

        if table_valid(directory.word) {
            self.read_page(mem, who, directory, page);
        }
    }

    /// Copies a page entry from the macro TLB to the micro TLB of `master`.
    fn refetch_micro(&mut self, master: u32, page: u32) {
        let entry = self.caches.page(page);

        if let Some(entry) = entry.filter(|entry| page_valid(entry.word)) {
            self.fill_micro(master, page, entry);
        }
    }
}
