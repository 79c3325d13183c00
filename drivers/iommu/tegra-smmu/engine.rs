// SPDX-License-Identifier: GPL-2.0

//! The registers, and changes of what swgroups' accesses pass through.
//!
//! Everything here may run in any context, under the lock of the instance. Commands take several
//! register accesses, and registers are shared by all swgroups; the lock orders them.
//!
//! An access of a client is translated if SMMU_CONFIG, the client's bit in TRANSLATION_ENABLE and
//! the register of its swgroup all enable that. Otherwise it passes untranslated. This driver sets
//! the former two and leaves them set: only the register of a swgroup changes, in one write for
//! all of its clients.
//!
//! - [`commands`]: flushes, and the roots of ASIDs.

use iommu::prelude::*;
use kernel::{
    io::Io,
    prelude::*, //
};

use crate::{
    regs::*,
    soc::{
        Soc,
        Swgroup,
        ENABLES, //
    },
    swgroups::Swgroups, //
};

mod commands;

/// Bytes of the register window that every SoC has.
const REGS_SIZE: usize = 0x400;

/// The registers of an instance.
pub(crate) type Block = Registers<REGS_SIZE>;

/// The registers of one instance, and what the driver knows of their contents.
pub(crate) struct Engine {
    pub(crate) io: Block,
    soc: &'static Soc,
    /// The driver uses the hardware.
    ready: bool,
    /// The driver or the machine shuts down: no swgroup that is denied is opened again.
    shut: bool,
}

atomic_safe! { Engine { io, soc, ready, shut } }

impl Engine {
    pub(crate) fn new(io: Block, soc: &'static Soc) -> Self {
        Self {
            io,
            soc,
            ready: false,
            shut: false,
        }
    }

    pub(crate) fn soc(&self) -> &'static Soc {
        self.soc
    }

    /// Whether the driver or the machine is shutting down.
    pub(crate) fn is_shut(&self) -> bool {
        self.shut
    }

    /// Reads the register of a swgroup.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is not in the register window.
    pub(crate) fn read(&self, swgroup: &Swgroup) -> Result<SMMU_ASID> {
        self.io.try_read32(swgroup.offset).map(SMMU_ASID::from)
    }

    /// Writes the register of a swgroup. Returns whether it holds the value.
    fn write(&self, swgroup: &Swgroup, word: SMMU_ASID) -> bool {
        let written = self.io.try_write32(word.into(), swgroup.offset).is_ok();

        written && self.read(swgroup).map(u32::from) == Ok(u32::from(word))
    }

    /// Enables the clients of a swgroup.
    ///
    /// # Errors
    ///
    /// `EPERM` if firmware does not let the driver.
    fn enable_clients(&self, swgroup: &Swgroup) -> Result {
        for (word, offset) in ENABLES.into_iter().enumerate() {
            let mask = swgroup.enable_mask(word);
            if mask == 0 || self.io.try_read32(offset)? & mask == mask {
                continue;
            }
            let all = self.io.try_read32(offset)? | mask;

            self.io.try_write32(all, offset)?;
            if self.io.try_read32(offset)? & mask != mask {
                return Err(EPERM);
            }
        }
        Ok(())
    }

    fn swgroups(&self) -> impl Iterator<Item = (usize, &'static Swgroup)> {
        self.soc.swgroups.iter().enumerate()
    }

    /// Enables translation.
    ///
    /// # Errors
    ///
    /// `EPERM` if firmware does not let the driver.
    fn turn_on(&self) -> Result {
        let is_on = || self.io.read(SMMU_CONFIG).enable();

        if !is_on() {
            self.io.write_reg(SMMU_CONFIG::zeroed().with_enable(true));
        }
        is_on().then_some(()).ok_or(EPERM)
    }

    /// Returns the indices of the swgroups that are enabled, one bit each, and of those among them
    /// that do not have the register of `denied`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if a register is not in the register window.
    pub(crate) fn found(&self, denied: &Swgroups) -> Result<(u64, u64)> {
        let (mut found, mut translated) = (0, 0);

        for (index, swgroup) in self.swgroups() {
            let word = self.read(swgroup)?;
            if word.enable() {
                let is_denied = denied.register(index).map(u32::from) == Some(word.into());

                found |= 1 << index;
                translated |= u64::from(!is_denied) << index;
            }
        }
        Ok((found, translated))
    }

    /// Writes all registers. `root` returns the directory of an ASID.
    ///
    /// A swgroup that has its right register already is not changed, nor is a root. If no register
    /// was lost, a swgroup that is to pass but is enabled is left to the driver that has enabled
    /// it.
    ///
    /// # Errors
    ///
    /// `EIO` if registers do not hold what is written, `EPERM` if firmware keeps translation off,
    /// or that of a client which is to be translated or denied. All registers are written all the
    /// same.
    pub(crate) fn set_up(
        &mut self,
        swgroups: &Swgroups,
        root: impl Fn(u8) -> Option<u64>,
    ) -> Result {
        let mut result = Ok(());
        let blocked = swgroups.blocked();
        let kept = root(blocked).is_some_and(|dir| self.has_root(blocked, Self::root(dir)));

        self.ready = true;
        // Table memory is below 4 GiB.
        if self.soc.is_wide() {
            self.io
                .try_write(SMMU_PTC_FLUSH_1, SMMU_PTC_FLUSH_1::zeroed())?;
        }
        for asid in 0..self.soc.asids {
            if let Some(directory) = root(asid) {
                result = result.and(self.write_root(asid, Self::root(directory)));
            }
        }
        self.io
            .write_reg(SMMU_TLB_CONFIG::from(self.soc.tlb_config));
        self.io
            .write_reg(SMMU_PTC_CONFIG::from(self.soc.ptc_config));
        self.drop_everything();
        for (index, swgroup) in self.swgroups() {
            if swgroups.is_enabled(index) {
                result = result.and(self.enable_clients(swgroup));
            }
        }
        result = result.and(self.turn_on());
        for (index, swgroup) in self.swgroups() {
            let Some(word) = swgroups.register(index) else {
                continue;
            };
            let found = self.read(swgroup)?;
            if kept && found.enable() && !word.enable() {
                continue;
            }
            if u32::from(found) != u32::from(word) && !self.write(swgroup, word) {
                result = result.and(Err(EIO));
            }
        }
        // The caches may have entries of a swgroup that was enabled with another root.
        self.drop_everything();
        result
    }

    /// Changes the registers of swgroups from those of `old` to those of `new`. Each has its old
    /// or its new domain at any time. The roots of the ASIDs are set.
    ///
    /// # Errors
    ///
    /// `EBUSY` if another driver has enabled the swgroup, `EPERM` if firmware keeps translation
    /// off, or that of a client, `EIO` if a register does not hold what is written. The registers
    /// are those of `old` then.
    pub(crate) fn change(&self, old: &Swgroups, new: &Swgroups) -> Result {
        let changed = |(index, _): &(usize, _)| !old.agrees(new, *index);

        for (index, swgroup) in self.swgroups().filter(changed) {
            if !old.is_enabled(index) && self.read(swgroup)?.enable() {
                return Err(EBUSY);
            }
            if new.is_enabled(index) {
                self.enable_clients(swgroup)?;
                self.turn_on()?;
            }
        }
        for (index, swgroup) in self.swgroups().filter(changed) {
            if new
                .register(index)
                .is_none_or(|word| self.write(swgroup, word))
            {
                continue;
            }
            for (index, swgroup) in self.swgroups().take(index + 1).filter(changed) {
                let word = old.register(index).unwrap_or(SMMU_ASID::from(0));
                self.write(swgroup, word);
            }
            return Err(EIO);
        }
        Ok(())
    }

    /// Writes the registers of `denied`, in which no swgroup is translated. One that does not take
    /// its value does not keep the others from theirs. Later changes open no swgroup.
    ///
    /// The blocked domain loses its directory, whose memory the driver or the kernel will free.
    pub(crate) fn shut(&mut self, denied: &Swgroups) {
        self.shut = true;
        if !self.ready {
            return;
        }
        for (index, swgroup) in self.swgroups() {
            if denied.is_enabled(index) {
                let _ = denied.register(index).map(|word| self.write(swgroup, word));
            }
        }
        let _ = self.set_root(denied.blocked(), SMMU_PTB_DATA::zeroed());
    }
}
