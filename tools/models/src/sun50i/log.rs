// SPDX-License-Identifier: GPL-2.0

//! What masters did, and through which table, since a mark.

use crate::Cause;

/// Why an access left at PA = VA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The clock was off.
    Gated,
    /// The reset line, or bit 31 of RESET, held the IOMMU in reset.
    Reset,
    /// ENABLE was 0.
    Disabled,
    /// The master's BYPASS bit was 1.
    Bypass,
}

/// What became of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It left at PA = VA.
    Passed(Pass),
    /// It was translated by an entry that had been read through the directory at `ttb`.
    Translated {
        /// Directory the entry came from, not necessarily the one TTB names now.
        ttb: u32,
    },
    /// It faulted.
    Faulted {
        /// Why.
        cause: Cause,
        /// Directory the deciding entry came from.
        ttb: u32,
    },
}

/// One access of a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Running number, from 1.
    pub seq: u64,
    /// Who.
    pub master: u32,
    /// Where to, before translation.
    pub va: u32,
    /// Where to, after translation; 0 for a fault.
    pub pa: u64,
    /// Read or write.
    pub write: bool,
    /// What became of it.
    pub how: How,
}

const RECENT: usize = 64;
const TABLES: usize = 8;
const MASTERS: usize = 8;

const NOTHING: Access = Access {
    seq: 0,
    master: 0,
    va: 0,
    pa: 0,
    write: false,
    how: How::Passed(Pass::Gated),
};

/// The last accesses and register writes, and counts since the last mark.
#[derive(Debug)]
pub struct Log {
    recent: [Access; RECENT],
    accesses: u64,
    writes: [(u32, u32); RECENT],
    written: u64,
    passed: [[u64; 4]; MASTERS],
    faulted: [u64; MASTERS],
    tables: [(u32, u64); TABLES],
    used: usize,
    via_other: u64,
    stale: u64,
}

impl Log {
    pub(super) const fn new() -> Self {
        Self {
            recent: [NOTHING; RECENT],
            accesses: 0,
            writes: [(0, 0); RECENT],
            written: 0,
            passed: [[0; 4]; MASTERS],
            faulted: [0; MASTERS],
            tables: [(0, 0); TABLES],
            used: 0,
            via_other: 0,
            stale: 0,
        }
    }

    /// Starts to count anew. The rings are kept.
    pub fn mark(&mut self) {
        self.passed = [[0; 4]; MASTERS];
        self.faulted = [0; MASTERS];
        self.used = 0;
        self.via_other = 0;
        self.stale = 0;
    }

    /// Accesses of `master` at PA = VA since the mark.
    pub fn passed(&self, master: u32) -> u64 {
        self.passed[slot(master)].iter().sum()
    }

    /// Accesses of `master` at PA = VA for this reason since the mark.
    pub fn passed_by(&self, master: u32, why: Pass) -> u64 {
        self.passed[slot(master)][why as usize]
    }

    /// Accesses of anybody at PA = VA since the mark.
    pub fn passed_any(&self) -> u64 {
        self.passed.iter().flatten().sum()
    }

    /// Accesses translated by entries that came from the directory at `ttb`, since the mark.
    ///
    /// Only for one of the first eight directories since the mark, see [`Log::via_other`].
    pub fn via(&self, ttb: u32) -> u64 {
        self.tables()
            .find(|&(table, _)| table == ttb)
            .map_or(0, |(_, n)| n)
    }

    /// The first eight directories used since the mark, with the number of accesses.
    pub fn tables(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.tables[..self.used].iter().copied()
    }

    /// Accesses translated through further directories since the mark.
    pub fn via_other(&self) -> u64 {
        self.via_other
    }

    /// Accesses translated since the mark by entries of a directory that TTB did not name then.
    pub fn stale_table(&self) -> u64 {
        self.stale
    }

    /// Faults of `master` since the mark.
    pub fn faulted(&self, master: u32) -> u64 {
        self.faulted[slot(master)]
    }

    /// The last 64 accesses, oldest first, without those that found their lane stopped.
    pub fn recent(&self) -> impl Iterator<Item = Access> + '_ {
        ring(self.accesses).map(|i| self.recent[i])
    }

    /// The last 64 register writes that reached the hardware, oldest first: offset, value.
    pub fn writes(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        ring(self.written).map(|i| self.writes[i])
    }

    /// Notes an access; `current` is what TTB names. The running number is assigned here.
    pub(super) fn access(&mut self, access: Access, current: u32) {
        let i = self.accesses as usize % RECENT;

        self.accesses += 1;
        self.recent[i] = Access {
            seq: self.accesses,
            ..access
        };
        match access.how {
            How::Passed(why) => self.passed[slot(access.master)][why as usize] += 1,
            How::Faulted { .. } => self.faulted[slot(access.master)] += 1,
            How::Translated { ttb } => {
                if ttb != current {
                    self.stale += 1;
                }
                self.count_table(ttb);
            }
        }
    }

    fn count_table(&mut self, ttb: u32) {
        let used = self.used;

        if let Some(entry) = self.tables[..used].iter_mut().find(|e| e.0 == ttb) {
            entry.1 += 1;
        } else if used < TABLES {
            self.tables[used] = (ttb, 1);
            self.used += 1;
        } else {
            self.via_other += 1;
        }
    }

    pub(super) fn write(&mut self, off: u32, val: u32) {
        self.writes[self.written as usize % RECENT] = (off, val);
        self.written += 1;
    }
}

fn slot(master: u32) -> usize {
    (master as usize).min(MASTERS - 1)
}

/// The slots of a ring in which `count` items were stored, oldest first.
fn ring(count: u64) -> impl Iterator<Item = usize> {
    (count.saturating_sub(RECENT as u64)..count).map(|i| i as usize % RECENT)
}
