// SPDX-License-Identifier: GPL-2.0

//! The SMMU of Tegra30, Tegra114, Tegra124 (and 132) and Tegra210, a part of the memory controller.
//!
//! One [`Smmu`] is one instance. A board connects its power ([`Smmu::set_power`]), the registers of
//! the memory controller ([`Smmu::mmio_read`], [`Smmu::mmio_write`]), its interrupt line
//! ([`Smmu::irq`], a level) and its masters ([`Smmu::access`], or whole bursts by [`Smmu::read`]
//! and [`Smmu::write`]). The number of a master is the id of a memory client. A device has one or
//! more clients, which belong to the swgroup that its devicetree node names
//! ([`Variant::swgroups`]).
//!
//! # What is modelled
//!
//! - The path of an access: SMMU_CONFIG, the client's bit of TRANSLATION_ENABLE, the ASID register
//!   of its swgroup, TLB, walk through the PTC, rights of all levels, non-secure bit.
//! - The PTC, which keeps whole lines of page-table memory by physical address, for all ASIDs. The
//!   TLB, which keeps translations by ASID and page, also of pages that are not mapped. A TLB line
//!   is filled as a whole. Both keep everything until a flush drops it or the cache is full.
//! - Flushes of the PTC (line, all) and the TLB (group, section, ASID, all). A wrong order of the
//!   two shows as a stale translation.
//! - Sections of 4 MiB.
//! - Register writes that arrive late, unless a read follows them ([`Knobs::posted`]).
//! - The fault of a translation with its pair of interrupt bits, and the interrupt line.
//! - Registers that only secure software can write ([`Knobs::secured`]), secure ASIDs, and what
//!   firmware leaves behind ([`Knobs::firmware`], [`Knobs::left_on`]).
//! - Registers of the memory controller that its driver uses: they keep written values, and a
//!   client's hot reset is done at once.
//!
//! # Assumptions
//!
//! Where documents allow several readings, the model has the one that is strictest for a driver,
//! unless noted otherwise.
//!
//! - After power-on all registers are 0, except SMMU_TLB_CONFIG and SMMU_PTC_CONFIG, which on all
//!   SoCs have the values known of Tegra30.
//! - A register write that no read follows may arrive after up to three accesses of masters. A write
//!   of the interrupt registers arrives at once.
//! - A flush of a group drops 16 KiB. A line of the TLB has four pages on Tegra30 and eight on the
//!   others, so a flush of a group may leave half of it.
//! - A flush by address drops the line of the PTC with that address, and no neighbour. Address bits
//!   33:32 are those of PTC_FLUSH_1 when the write of PTC_FLUSH arrives.
//! - The TLB keeps the result of a walk that found an invalid root, like one of an invalid entry.
//! - Caches that are turned off keep their contents. PTB_DATA and ASID registers drop nothing.
//! - A right must be granted by root, directory and table. So must the non-secure bit: all clients
//!   are non-secure, and a page that is secure at some level is refused.
//! - The frame number has no bits beyond the width of physical addresses. Such bits are ignored.
//! - An IOVA beyond 32 bits, or beyond 34 on the later SoCs, faults as if nothing were mapped. The
//!   width of the addresses that a certain client can send is not modelled.
//! - A GPU access with address bit 34 set is translated without that bit. If the swgroup is off, it
//!   passes with it.
//! - Bits of TRANSLATION_ENABLE without a client read as 0.
//! - The first fault is kept until both of its bits are cleared ([`Knobs::latch`]). A bypassed or
//!   translated access to an address without memory fails on the bus, without an interrupt.
//! - An entry in table memory that cannot be read counts as invalid and is not cached.
//! - A write of the root of a secure ASID is dropped. Its error register on Tegra210 reads as 0.
//! - Registers at offsets that are not known are counted, read as 0 and ignore writes.
//!
//! Not modelled: the AHB's wait for the SMMU on Tegra30 and Tegra114, which is a register of
//! another device, and blocking a client's accesses by its hot reset.
//!
//! # Misuse
//!
//! Misuse by a driver is counted by kind in [`Counters`], and has the worst effect that it might
//! have in hardware. [`Counters::errors`] is the sum.

mod caches;
mod counters;
mod datapath;
mod faults;
mod flush;
mod format;
mod knobs;
mod mmio;
mod posted;
mod refetch;
mod regs;
mod soc;
mod walk;

pub use counters::Counters;
pub use knobs::{
    Firmware,
    Knobs,
    Latch, //
};
pub use regs::Class;
pub use soc::{
    Swgroup,
    Switch,
    Variant, //
};

use caches::Caches;
use faults::Faults;
use posted::Posted;
use regs::Regs;

use crate::{
    command::Pace,
    kind::kinds,
    log, //
};

/// The most ASIDs that an instance has.
const ASIDS: usize = 128;

kinds! {
    /// Why an access passed at PA = IOVA.
    pub enum Pass {
        /// SMMU_CONFIG was 0.
        Off => "off",
        /// The client's bit of TRANSLATION_ENABLE was 0.
        Client => "client",
        /// The swgroup was not enabled.
        Swgroup => "swgroup",
        /// The swgroup has no register.
        NoRegister => "no-register",
        /// The GPU did not ask for translation.
        Physical => "physical",
    }
}

kinds! {
    /// Why an access was blocked without a fault.
    pub enum Block {
        /// There was no power.
        Unpowered => "unpowered",
    }
}

kinds! {
    /// Why an access faulted.
    pub enum Fault {
        /// The address is wider than an IOVA.
        Wide => "wide",
        /// The root of the ASID is not valid.
        NoRoot => "no-root",
        /// No valid entry in the directory.
        NoPde => "no-pde",
        /// No valid entry in the table.
        NoPte => "no-pte",
        /// The non-secure bit is missing at some level.
        Secure => "secure",
        /// Some level does not permit writing.
        Write => "write",
        /// Some level does not permit reading.
        Read => "read",
    }
}

/// The result of an access. The table is the directory.
pub type How = log::How<Pass, Block, Fault>;
/// One access of a client, which is its `master`.
pub type Access = log::Access<Pass, Block, Fault>;
/// The last accesses and register writes, and counts since the last mark.
pub type Log = log::Log<Pass, Block, Fault, { soc::CLIENTS }>;

/// One instance.
///
/// It has about 540 KiB, so it should be a `static`.
pub struct Smmu {
    /// Settings that a test may change. See [`Smmu::set_knob`] for those with an effect on reset.
    pub knobs: Knobs,
    /// Event counters.
    pub counters: Counters,
    /// The last accesses of clients and register writes.
    pub log: Log,
    variant: Variant,
    power: bool,
    regs: Regs,
    posted: Posted,
    pace: Pace,
    faults: Faults,
    caches: Caches,
}

impl Smmu {
    /// An instance without power.
    pub const fn new(variant: Variant) -> Self {
        Self {
            knobs: Knobs::new(),
            counters: Counters::new(),
            log: Log::new(),
            variant,
            power: false,
            regs: Regs::new(),
            posted: Posted::new(),
            pace: Pace::new(),
            faults: Faults::new(),
            caches: Caches::new(),
        }
    }

    /// The SoC.
    pub const fn variant(&self) -> Variant {
        self.variant
    }

    /// Makes this an instance of another SoC, in the state after power-on.
    pub fn set_variant(&mut self, variant: Variant) {
        self.variant = variant;
        self.reset();
    }

    /// Switches the power. Without power, registers cannot be reached and all accesses fail;
    /// registers get the values after power-on and firmware, and caches are emptied.
    pub fn set_power(&mut self, on: bool) {
        if !on && !self.knobs.retain {
            self.reset();
        }
        self.power = on;
    }

    /// Restores the state after power-on and firmware; power is unchanged.
    pub fn reset(&mut self) {
        self.regs.reset(self.variant.soc(), &self.knobs);
        self.posted.clear();
        self.faults = Faults::new();
        self.caches.clear();
    }

    /// Sets a knob; false if there is none of that name, or if it has no such setting.
    ///
    /// Firmware runs before any driver, so its knobs also restore the state after power-on.
    pub fn set_knob(&mut self, name: &str, value: u32) -> bool {
        let known = self.knobs.set(name, value);

        if known && matches!(name, "firmware" | "left_on") {
            self.reset();
        }
        known
    }

    /// Level of the interrupt line.
    pub fn irq(&self) -> bool {
        self.power && self.faults.line()
    }

    /// The frame and rights that the TLB holds for a page of an ASID, valid or not.
    pub fn tlb(&self, asid: u32, iova: u32) -> Option<u32> {
        let found =
            (asid < self.variant.asids()).then(|| self.caches.translation(asid, iova >> 12))?;

        found.map(|translation| translation.word.0)
    }

    /// The word that the PTC holds for the entry at `pa`.
    pub fn ptc(&self, pa: u64) -> Option<u32> {
        let line = self.caches.line(self.line_number(pa))?;

        Some(line[(pa / 4) as usize & (self.variant.soc().ptc_line as usize - 1)])
    }
}
