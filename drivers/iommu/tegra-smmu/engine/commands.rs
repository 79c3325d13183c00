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

    /// Flushes by `plan` what is cached of an ASID. `entry` returns the physical address of the
    /// table entry of an IOVA, if there is a table.
    ///
    /// A single line and a single group need no read in between, as drivers for all of these SoCs
    /// have shown. For more of them, each driver that has such a command reads.
    // Each transfer calls it.
    #[inline]
    pub(crate) fn flush(&mut self, asid: u8, plan: &Plan, entry: impl Fn(u32) -> Option<u64>) {
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
            Tlb::All => self.drop_translations(asid, kind::ALL, 0),
            Tlb::Sections => {
                for iova in plan.sections() {
                    self.drop_translations(asid, kind::SECTION, iova);
                }
            }
            Tlb::Groups => {
                for iova in plan.groups() {
                    self.drop_translations(asid, kind::GROUP, iova);
                }
            }
        }
        self.wait();
    }

    pub(super) fn drop_all_lines(&self) {
        self.io.write(SMMU_PTC_FLUSH, SMMU_PTC_FLUSH::from(0));
    }

    /// Drops the line of the PTC with this physical address.
    #[inline]
    fn drop_line(&mut self, paddr: u64) {
        let high = (paddr >> 32) as u32;

        if self.soc.is_wide() && self.high != Some(high) {
            // `found` has checked that the register is in the window.
            let _ = self
                .io
                .try_write(SMMU_PTC_FLUSH_1, SMMU_PTC_FLUSH_1::from(high));
            self.high = Some(high);
        }
        let line = paddr as u32 & !(4 * self.soc.ptc_line - 1);
        self.io.write(
            SMMU_PTC_FLUSH,
            SMMU_PTC_FLUSH::from(line).with_by_address(true),
        );
    }

    #[inline]
    fn drop_translations(&self, asid: u8, kind: u32, iova: u32) {
        let word = u32::from(asid) << self.soc.asid_shift() | iova >> 12 | kind;

        self.io.write(
            SMMU_TLB_FLUSH,
            SMMU_TLB_FLUSH::from(word).with_match_asid(true),
        );
    }

    /// Flushes everything that is cached of an ASID, and all lines.
    fn drop_asid(&self, asid: u8) {
        self.drop_all_lines();
        self.wait();
        self.drop_translations(asid, kind::ALL, 0);
        self.wait();
    }

    /// Flushes everything.
    pub(super) fn drop_everything(&self) {
        self.drop_all_lines();
        self.wait();
        self.io.write(SMMU_TLB_FLUSH, SMMU_TLB_FLUSH::from(0));
        self.wait();
    }

    /// Sets the root of an ASID that no swgroup uses.
    ///
    /// The page of the directory may have been table memory before, of which the PTC may have
    /// lines.
    ///
    /// # Errors
    ///
    /// `EIO` if the ASID does not take the root, as a secure one.
    pub(crate) fn set_root(&mut self, asid: u8, directory: u64) -> Result {
        self.drop_asid(asid);
        self.write_root(asid, Self::root(directory))
    }

    /// Takes the root of an ASID away, which no swgroup uses any more. All tables may be freed when
    /// this returns: no cache has any of their lines.
    pub(crate) fn clear_root(&mut self, asid: u8) {
        // An ASID that has taken a root takes this one.
        let _ = self.write_root(asid, SMMU_PTB_DATA::from(0));
        self.drop_asid(asid);
    }

    /// Returns the root with a directory, which the allocator of table memory keeps below 4 GiB.
    pub(super) fn root(directory: u64) -> SMMU_PTB_DATA {
        SMMU_PTB_DATA::from((directory >> 12) as u32)
            .with_readable(true)
            .with_writable(true)
            .with_nonsecure(true)
    }

    /// Writes a root, unless the register has it already.
    pub(super) fn write_root(&self, asid: u8, root: SMMU_PTB_DATA) -> Result {
        let holds = || u32::from(self.io.read(SMMU_PTB_DATA)) == u32::from(root);

        self.io
            .write(SMMU_PTB_ASID, SMMU_PTB_ASID::from(u32::from(asid)));
        if holds() {
            return Ok(());
        }
        self.io.write(SMMU_PTB_DATA, root);
        holds().then_some(()).ok_or(EIO)
    }
}
