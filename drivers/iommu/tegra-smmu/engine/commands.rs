// SPDX-License-Identifier: GPL-2.0

//! Commands that flush the hardware's caches, and the roots of ASIDs.
//!
//! A command is done when its write has arrived. A read waits for all writes before it.

use kernel::{
    io::Io,
    prelude::*, //
};

use super::Engine;

use crate::{
    flush::{
        Plan,
        Ptc,
        Tlb, //
    },
    regs::*,
};

impl Engine {
    /// Waits until all writes have arrived.
    #[inline]
    pub(super) fn wait(&self) {
        let _ = self.io.read(SMMU_PTB_ASID);
    }

    /// Returns the command that drops all translations of an ASID.
    pub(crate) fn drop_all(&self, asid: u8) -> SMMU_TLB_FLUSH {
        SMMU_TLB_FLUSH::from(u32::from(asid) << self.soc.asid_shift() | kind::ALL)
            .with_match_asid(true)
    }

    /// Flushes what is cached of one page of the ASID of `drop_all`. `entry` is the physical
    /// address of its entry.
    ///
    /// The two commands need no read in between, as drivers for all of these SoCs have shown.
    // Each transfer calls it.
    #[inline(always)]
    pub(crate) fn flush_page(&self, drop_all: SMMU_TLB_FLUSH, iova: u32, entry: u64) {
        self.drop_line(entry);
        self.drop_translations(drop_all, kind::GROUP, iova);
        self.wait();
    }

    /// Flushes by `plan` what is cached of the ASID of `drop_all`. `entry` returns the physical
    /// address of the table entry of an IOVA, if there is a table.
    ///
    /// A single line and a single group need no read in between, as for [`Self::flush_page`]. For
    /// more of them, each driver that has such a command reads.
    pub(crate) fn flush(
        &self,
        drop_all: SMMU_TLB_FLUSH,
        plan: &Plan,
        entry: impl Fn(u32) -> Option<u64>,
    ) {
        match plan.ptc {
            Ptc::All => self.drop_all_lines(),
            Ptc::Lines => {
                for paddr in plan.lines().filter_map(entry) {
                    self.drop_line(paddr);
                }
            }
        }
        if !plan.is_single() {
            self.wait();
        }
        match plan.tlb {
            Tlb::All => self.io.write_reg(drop_all),
            Tlb::Sections => {
                for iova in plan.sections() {
                    self.drop_translations(drop_all, kind::SECTION, iova);
                }
            }
            Tlb::Groups => {
                for iova in plan.groups() {
                    self.drop_translations(drop_all, kind::GROUP, iova);
                }
            }
        }
        self.wait();
    }

    pub(super) fn drop_all_lines(&self) {
        self.io.write_reg(SMMU_PTC_FLUSH::from(0));
    }

    /// Drops the line of the PTC with this physical address, which is below 4 GiB.
    #[inline(always)]
    fn drop_line(&self, paddr: u64) {
        // The bytes of a line are a power of two.
        let mask = self.soc.ptc_line.wrapping_mul(4).wrapping_neg();

        self.io
            .write_reg(SMMU_PTC_FLUSH::from(paddr as u32 & mask).with_by_address(true));
    }

    #[inline(always)]
    fn drop_translations(&self, drop_all: SMMU_TLB_FLUSH, kind: u32, iova: u32) {
        self.io.write_reg(SMMU_TLB_FLUSH::from(
            u32::from(drop_all) | iova >> 12 | kind,
        ));
    }

    /// Flushes everything.
    pub(super) fn drop_everything(&self) {
        self.drop_all_lines();
        self.wait();
        self.io.write_reg(SMMU_TLB_FLUSH::from(0));
        self.wait();
    }

    /// Sets the root of an ASID that no swgroup uses, and flushes all that is cached of it.
    ///
    /// It drops all lines of the PTC. So the PTC has none of the former directory and its tables,
    /// which may be freed then, and none from a former use of the new directory's memory.
    ///
    /// # Errors
    ///
    /// `EIO` if the ASID does not take the root, as a secure one.
    pub(crate) fn set_root(&self, asid: u8, root: SMMU_PTB_DATA) -> Result {
        let result = self.write_root(asid, root);

        self.drop_all_lines();
        self.wait();
        self.io.write_reg(self.drop_all(asid));
        self.wait();
        result
    }

    /// Returns the root with a directory, which the allocator of table memory keeps below 4 GiB.
    pub(crate) fn root(directory: u64) -> SMMU_PTB_DATA {
        SMMU_PTB_DATA::from((directory >> 12) as u32)
            .with_readable(true)
            .with_writable(true)
            .with_nonsecure(true)
    }

    /// Whether the selected ASID has this root.
    fn holds(&self, root: SMMU_PTB_DATA) -> bool {
        u32::from(self.io.read(SMMU_PTB_DATA)) == u32::from(root)
    }

    /// Whether an ASID has this root.
    pub(super) fn has_root(&self, asid: u8, root: SMMU_PTB_DATA) -> bool {
        self.io.write_reg(SMMU_PTB_ASID::from(u32::from(asid)));
        self.holds(root)
    }

    /// Writes a root, unless the register has it already.
    pub(super) fn write_root(&self, asid: u8, root: SMMU_PTB_DATA) -> Result {
        if self.has_root(asid, root) {
            return Ok(());
        }
        self.io.write_reg(root);
        self.holds(root).then_some(()).ok_or(EIO)
    }
}
