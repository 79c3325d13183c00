// SPDX-License-Identifier: GPL-2.0

//! The properties of the hardware that a test may change.

use crate::{
    command::BUSY_SEED,
    knobs::{
        knobs,
        settings, //
    },
};

settings! {
    /// Which of several faults MC_ERR_STATUS and MC_ERR_ADR describe.
    pub enum Latch {
        /// The first one, until its bits of MC_INTSTATUS are cleared.
        First = 0,
        /// The last one.
        Last = 1,
    }
}

settings! {
    /// The registers that firmware has set before a driver runs, at start and after system sleep.
    pub enum Firmware {
        /// None.
        Nothing = 0,
        /// TRANSLATION_ENABLE has all bits set, and SMMU_CONFIG is on. Roots and swgroups are 0.
        On = 1,
    }
}

knobs! {
    /// Choices where documents say nothing, and states that firmware leaves behind.
    ///
    /// Knobs survive the loss of power.
    pub struct Knobs {
        /// Registers that take only secure writes ignore the driver's: SMMU_CONFIG,
        /// TRANSLATION_ENABLE, ASID_SECURITY. With [`Firmware::Nothing`] nothing is translated then.
        secured: bool,
        /// The registers that firmware has set. [`Smmu::set_knob`](super::Smmu::set_knob) applies it
        /// at once.
        firmware: Firmware,
        /// The number of a swgroup that firmware has left enabled with ASID 0. 0, the number of a
        /// swgroup without a register: none. Applied like `firmware`.
        left_on: u32,
        /// The number of a swgroup whose register ignores writes. 0: none.
        fixed: u32,
        /// The number of accesses of masters that overtake a register write, if no register is read
        /// meanwhile. So a driver that does not read continues with the state before the write.
        posted: u32,
        /// Seed of random numbers from 0 to 3, of which each write takes one for `posted`, if that
        /// is 0. With a seed of 0, writes take effect at once.
        busy_seed: u32,
        /// A TLB line is filled as a whole. If false, only the translation of the page is stored.
        line_fill: bool,
        /// The TLB keeps the result of a walk that found no valid entry.
        negative: bool,
        /// The caches are small and direct-mapped, so that entries evict each other. If false, they
        /// evict an entry only when they are full, so that a missing flush always shows.
        direct_mapped: bool,
        /// The walker fetches dropped lines and translations again as soon as a flush is done. So
        /// a flush that comes too early shows without an access in between, and so does one of the
        /// TLB before the one of the PTC.
        refetch: bool,
        /// Which of several faults is reported.
        latch: Latch,
        /// Loss of power loses nothing, as in suspend to idle.
        retain: bool,
    }
}

impl Knobs {
    pub(super) const fn new() -> Self {
        Self {
            secured: false,
            firmware: Firmware::Nothing,
            left_on: 0,
            fixed: 0,
            posted: 0,
            busy_seed: BUSY_SEED,
            line_fill: true,
            negative: true,
            direct_mapped: false,
            refetch: false,
            latch: Latch::First,
            retain: false,
        }
    }
}
