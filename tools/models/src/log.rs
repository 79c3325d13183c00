// SPDX-License-Identifier: GPL-2.0

//! The log of masters' accesses, with the tables they used, since a mark; and of the last register
//! writes.

use core::fmt;

use crate::{
    show::{
        Line,
        ALWAYS, //
    },
    Kind, //
};

/// The result of an access. `P` are the reasons to pass it untranslated, `B` those to block it
/// without a fault, `C` the causes of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How<P, B, C> {
    /// It passed at PA = VA.
    Passed(P),
    /// It was blocked without a fault.
    Blocked(B),
    /// It was translated by an entry that was read through the top table at `table`.
    Translated {
        /// Top table of the entry, which is not necessarily the current one.
        table: u64,
    },
    /// It faulted.
    Faulted {
        /// The cause.
        cause: C,
        /// Top table of the entry that caused the fault; 0 without an entry.
        table: u64,
    },
}

/// One access of a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access<P, B, C> {
    /// Running number, from 1.
    pub seq: u64,
    /// The master or stream.
    pub master: u32,
    /// The address before translation.
    pub va: u64,
    /// The address after translation; 0 if it was not translated.
    pub pa: u64,
    /// Read or write.
    pub write: bool,
    /// The result.
    pub how: How<P, B, C>,
}

impl<P: Kind, B: Kind, C: Kind> fmt::Display for How<P, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            How::Passed(why) => write!(f, "passed {}", why.name()),
            How::Blocked(why) => write!(f, "blocked {}", why.name()),
            How::Translated { table } => write!(f, "translated 0x{table:08x}"),
            How::Faulted { cause, table } => write!(f, "faulted {} 0x{table:08x}", cause.name()),
        }
    }
}

impl<P: Kind, B: Kind, C: Kind> fmt::Display for Access<P, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} master {} {} va 0x{:08x} pa 0x{:08x} {}",
            self.seq,
            self.master,
            if self.write { "w" } else { "r" },
            self.va,
            self.pa,
            self.how
        )
    }
}

const RECENT: usize = 64;
const TABLES: usize = 8;
/// The most reasons of a kind that a model has.
const REASONS: usize = 5;

/// The last accesses and register writes, and counts since the last mark.
#[derive(Debug)]
pub struct Log<P, B, C, const MASTERS: usize> {
    recent: [Option<Access<P, B, C>>; RECENT],
    accesses: u64,
    writes: [(u32, u32); RECENT],
    written: u64,
    passed: [[u64; REASONS]; MASTERS],
    blocked: [[u64; REASONS]; MASTERS],
    faulted: [u64; MASTERS],
    tables: [(u64, u64); TABLES],
    used: usize,
    via_other: u64,
    stale: u64,
}

impl<P: Kind, B: Kind, C: Kind, const MASTERS: usize> Log<P, B, C, MASTERS> {
    pub(crate) const fn new() -> Self {
        assert!(P::ALL.len() <= REASONS && B::ALL.len() <= REASONS);

        Self {
            recent: [None; RECENT],
            accesses: 0,
            writes: [(0, 0); RECENT],
            written: 0,
            passed: [[0; REASONS]; MASTERS],
            blocked: [[0; REASONS]; MASTERS],
            faulted: [0; MASTERS],
            tables: [(0, 0); TABLES],
            used: 0,
            via_other: 0,
            stale: 0,
        }
    }

    /// Resets the counts. The rings are kept.
    pub fn mark(&mut self) {
        self.passed.fill([0; REASONS]);
        self.blocked.fill([0; REASONS]);
        self.faulted.fill(0);
        self.used = 0;
        self.via_other = 0;
        self.stale = 0;
    }

    /// Accesses of `master` at PA = VA since the mark.
    pub fn passed(&self, master: u32) -> u64 {
        self.passed[slot::<MASTERS>(master)].iter().sum()
    }

    /// Accesses of `master` at PA = VA for this reason since the mark.
    pub fn passed_by(&self, master: u32, why: P) -> u64 {
        self.passed[slot::<MASTERS>(master)][why.index()]
    }

    /// Accesses of all masters at PA = VA since the mark.
    pub fn passed_any(&self) -> u64 {
        self.passed.iter().flatten().sum()
    }

    /// Accesses of `master` blocked without a fault since the mark.
    pub fn blocked(&self, master: u32) -> u64 {
        self.blocked[slot::<MASTERS>(master)].iter().sum()
    }

    /// Accesses of `master` blocked for this reason since the mark.
    pub fn blocked_by(&self, master: u32, why: B) -> u64 {
        self.blocked[slot::<MASTERS>(master)][why.index()]
    }

    /// Accesses translated by entries of the top table at `table`, since the mark.
    ///
    /// Only for one of the first eight tables since the mark, see [`Log::via_other`].
    pub fn via(&self, table: u64) -> u64 {
        self.tables()
            .find(|&(known, _)| known == table)
            .map_or(0, |(_, n)| n)
    }

    /// The first eight top tables used since the mark, with the number of accesses.
    pub fn tables(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.tables[..self.used].iter().copied()
    }

    /// Accesses translated through further tables since the mark.
    pub fn via_other(&self) -> u64 {
        self.via_other
    }

    /// Accesses translated since the mark by entries of a table that was not the current one.
    pub fn stale_table(&self) -> u64 {
        self.stale
    }

    /// Faults of `master` since the mark.
    pub fn faulted(&self, master: u32) -> u64 {
        self.faulted[slot::<MASTERS>(master)]
    }

    /// The last 64 accesses, oldest first, except for those that found their lane stopped.
    pub fn recent(&self) -> impl Iterator<Item = Access<P, B, C>> + '_ {
        ring(self.accesses).filter_map(|i| self.recent[i])
    }

    /// The last 64 register writes that reached the hardware, oldest first: offset, value.
    pub fn writes(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        ring(self.written).map(|i| self.writes[i])
    }

    /// Shows the counts since the mark for the first `masters` masters.
    pub fn show(&self, masters: u32, line: Line<'_>) {
        line(format_args!("passed {}", self.passed_any()));
        for master in 0..masters {
            let passed = self.passed(master);
            let blocked = self.blocked(master);
            let faulted = self.faulted(master);

            if master as usize >= ALWAYS && passed + blocked + faulted == 0 {
                continue;
            }
            line(format_args!("passed_{master} {passed}"));
            for &why in P::ALL {
                let n = self.passed_by(master, why);

                if n != 0 {
                    line(format_args!("passed_{master}_{} {n}", why.name()));
                }
            }
            if !B::ALL.is_empty() {
                line(format_args!("blocked_{master} {blocked}"));
            }
            for &why in B::ALL {
                let n = self.blocked_by(master, why);

                if n != 0 {
                    line(format_args!("blocked_{master}_{} {n}", why.name()));
                }
            }
            line(format_args!("faulted_{master} {faulted}"));
        }
        for (n, (table, count)) in self.tables().enumerate() {
            line(format_args!("table_{n} 0x{table:08x} {count}"));
        }
        line(format_args!("table_others {}", self.via_other()));
        line(format_args!("stale_table {}", self.stale_table()));
    }

    /// Shows the last accesses, oldest first.
    pub fn show_recent(&self, line: Line<'_>) {
        self.recent()
            .for_each(|access| line(format_args!("{access}")));
    }

    /// Shows the last register writes, oldest first.
    pub fn show_writes(&self, line: Line<'_>) {
        self.writes()
            .for_each(|(off, val)| line(format_args!("0x{off:03x} 0x{val:08x}")));
    }

    /// Records an access, and assigns its running number. `current` is the current top table for
    /// it, if any.
    pub(crate) fn access(&mut self, access: Access<P, B, C>, current: Option<u64>) {
        let i = self.accesses as usize % RECENT;
        let master = slot::<MASTERS>(access.master);

        self.accesses += 1;
        self.recent[i] = Some(Access {
            seq: self.accesses,
            ..access
        });
        match access.how {
            How::Passed(why) => self.passed[master][why.index()] += 1,
            How::Blocked(why) => self.blocked[master][why.index()] += 1,
            How::Faulted { .. } => self.faulted[master] += 1,
            How::Translated { table } => {
                if Some(table) != current {
                    self.stale += 1;
                }
                self.count_table(table);
            }
        }
    }

    fn count_table(&mut self, table: u64) {
        let used = self.used;

        if let Some(entry) = self.tables[..used].iter_mut().find(|e| e.0 == table) {
            entry.1 += 1;
        } else if used < TABLES {
            self.tables[used] = (table, 1);
            self.used += 1;
        } else {
            self.via_other += 1;
        }
    }

    pub(crate) fn write(&mut self, off: u32, val: u32) {
        self.writes[self.written as usize % RECENT] = (off, val);
        self.written += 1;
    }
}

fn slot<const MASTERS: usize>(master: u32) -> usize {
    (master as usize).min(MASTERS - 1)
}

/// The slots of a ring in which `count` items were stored, oldest first.
fn ring(count: u64) -> impl Iterator<Item = usize> {
    (count.saturating_sub(RECENT as u64)..count).map(|i| i as usize % RECENT)
}
