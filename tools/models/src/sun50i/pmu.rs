// SPDX-License-Identifier: GPL-2.0

//! The performance counters: lookups and hits of each master, in the macro TLB and the PTW cache.

use super::regs::{
    PMU_MACRO,
    PMU_PTW, //
};

const UNITS: usize = PMU_PTW + 1;

#[derive(Clone, Copy)]
struct Unit {
    lookups: u64,
    hits: u64,
}

const ZERO: Unit = Unit {
    lookups: 0,
    hits: 0,
};

/// All counters; they count only while enabled.
pub(super) struct Pmu {
    units: [Unit; UNITS],
}

impl Pmu {
    pub(super) const fn new() -> Self {
        Self {
            units: [ZERO; UNITS],
        }
    }

    pub(super) fn clear(&mut self) {
        self.units = [ZERO; UNITS];
    }

    fn count(&mut self, unit: usize, hit: bool) {
        self.units[unit].lookups += 1;
        self.units[unit].hits += u64::from(hit);
    }

    pub(super) fn micro(&mut self, master: u32, hit: bool) {
        self.count((master as usize).min(PMU_MACRO - 1), hit);
    }

    pub(super) fn tlb(&mut self, hit: bool) {
        self.count(PMU_MACRO, hit);
    }

    pub(super) fn ptw(&mut self, hit: bool) {
        self.count(PMU_PTW, hit);
    }

    /// One of the four words of a unit; the high ones have 11 bits.
    pub(super) fn word(&self, unit: usize, word: u32) -> u32 {
        let value = match word / 2 {
            0 => self.units[unit].lookups,
            _ => self.units[unit].hits,
        };

        match word % 2 {
            0 => value as u32,
            _ => (value >> 32) as u32 & 0x7ff,
        }
    }
}
