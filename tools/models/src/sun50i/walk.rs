// SPDX-License-Identifier: GPL-2.0

//! The lookup of a virtual address's page entry: caches, walk, pair fill, prefetch.

use super::{
    caches::{
        Entry,
        MACRO,
        PTW, //
    },
    faults::{
        Kept,
        Latch, //
    },
    Iommu,
    DEBUG, //
};
use crate::{
    Cause,
    Memory, //
};

/// A failed lookup: the cause, and the entry that caused it.
pub(super) struct Miss {
    pub(super) cause: Cause,
    pub(super) entry: Entry,
}

/// The requester of a translation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Master(u32),
    Debug,
}

impl Who {
    pub(super) fn of(owner: u8) -> Self {
        match owner {
            DEBUG => Who::Debug,
            master => Who::Master(master.into()),
        }
    }

    fn owner(self) -> u8 {
        match self {
            Who::Master(m) => m as u8,
            Who::Debug => DEBUG,
        }
    }
}

pub(super) fn table_valid(word: u32) -> bool {
    word & 3 == 1
}

pub(super) fn page_valid(word: u32) -> bool {
    word & 2 != 0
}

/// Bits of a valid directory entry that should be 0.
const TABLE_RESERVED: u32 = 0x0000_03fc;
/// Bits of a valid page entry that should be 0, around the number of its domain.
const PAGE_RESERVED: u32 = 0x0000_0f0d;

impl Iommu {
    /// Whether this shared cache is enabled and out of reset.
    fn works(&self, cache: u32) -> bool {
        self.regs.tlb_enable & self.regs.reset & cache != 0
    }

    fn counting(&self) -> bool {
        self.regs.pmu_enable != 0
    }

    /// The physical address in an entry.
    pub(super) fn entry_pa(&self, word: u32, low: u32) -> u64 {
        let pa = u64::from(word & (!0 << low));

        if self.knobs.high_dram && pa < 0x4000_0000 {
            pa + (1 << 32)
        } else {
            pa
        }
    }

    /// Returns the valid page entry for `va`, from the first cache that has it, or by a walk.
    pub(super) fn lookup(
        &mut self,
        mem: &mut dyn Memory,
        who: Who,
        va: u32,
    ) -> Result<Entry, Miss> {
        let page = va >> 12;

        if let Who::Master(m) = who {
            if self.regs.tlb_enable >> m & 1 != 0 {
                let hit = self.caches.micro(m, page);

                if self.counting() {
                    self.pmu.micro(m, hit.is_some());
                }
                if let Some(entry) = hit {
                    self.counters.hits_micro += 1;
                    return Ok(entry);
                }
            }
        }

        let entry = self.lookup_shared(mem, who, page)?;
        if !page_valid(entry.word) {
            return Err(Miss {
                cause: Cause::NoPage,
                entry,
            });
        }
        if let Who::Master(m) = who {
            self.fill_micro(m, page, entry);
        }
        Ok(entry)
    }

    /// Stores a page entry into the micro TLB of `master`, if that is enabled.
    pub(super) fn fill_micro(&mut self, master: u32, page: u32, entry: Entry) {
        if self.regs.tlb_enable >> master & 1 != 0 {
            let direct = self.knobs.direct_mapped;
            let own = Entry {
                owner: master as u8,
                ..entry
            };
            let collision = self.caches.put_micro(master, page, own, direct);

            self.counters.collisions += u64::from(collision);
        }
    }

    /// Returns the page entry for `page`, valid or not, from the macro TLB or by a walk.
    fn lookup_shared(&mut self, mem: &mut dyn Memory, who: Who, page: u32) -> Result<Entry, Miss> {
        if self.works(MACRO) {
            let hit = self.caches.page(page);

            if self.counting() {
                self.pmu.tlb(hit.is_some());
            }
            if let Some(entry) = hit {
                self.counters.hits_macro += 1;
                return Ok(entry);
            }
        }

        self.counters.walks += 1;
        let directory = self.directory(mem, who, page >> 8, true);
        let result = if table_valid(directory.word) {
            Ok(self.read_page(mem, who, directory, page))
        } else {
            Err(Miss {
                cause: Cause::NoTable,
                entry: directory,
            })
        };

        if let Who::Master(m) = who {
            if self.regs.prefetch >> m & 1 != 0 {
                self.prefetch_after(mem, who, page);
            }
        }
        result
    }

    /// Returns the directory entry of `mib`, valid or not. Prefetch does not count as a lookup.
    pub(super) fn directory(
        &mut self,
        mem: &mut dyn Memory,
        who: Who,
        mib: u32,
        counted: bool,
    ) -> Entry {
        if self.works(PTW) {
            let hit = self.caches.directory(mib);

            if counted {
                if self.counting() {
                    self.pmu.ptw(hit.is_some());
                }
                self.counters.hits_ptw += u64::from(hit.is_some());
            }
            if let Some(entry) = hit {
                return entry;
            }
        }

        let ttb = self.regs.ttb;
        let owner = who.owner();
        let words = self.read_line(mem, u64::from(ttb), mib);
        let word = words[0].unwrap_or(0);

        self.check(table_valid(word), word & TABLE_RESERVED);

        if self.works(PTW) {
            let direct = self.knobs.direct_mapped;

            self.fill(words, mib, ttb, owner, |caches, index, entry| {
                if index != mib && caches.directory(index).is_some() {
                    return false;
                }
                caches.put_directory(index, entry, direct)
            });
        }
        Entry {
            word,
            ttb,
            rule: self.regs.rule(word),
            owner,
        }
    }

    /// Counts bits of a valid entry that should be 0.
    fn check(&mut self, valid: bool, reserved: u32) {
        self.counters.reserved_entry_bits += u64::from(valid && reserved != 0);
    }

    /// Reads the entry of `page` from the table that `directory` points to.
    pub(super) fn read_page(
        &mut self,
        mem: &mut dyn Memory,
        who: Who,
        directory: Entry,
        page: u32,
    ) -> Entry {
        let ttb = directory.ttb;
        let owner = who.owner();
        let table = self.entry_pa(directory.word, 10);
        let words = self.read_line(mem, table, page & 0xff);
        let word = words[0].unwrap_or(0);

        self.check(page_valid(word), word & PAGE_RESERVED);

        if self.works(MACRO) {
            let direct = self.knobs.direct_mapped;

            self.fill(words, page, ttb, owner, |caches, index, entry| {
                if index != page && caches.page(index).is_some() {
                    return false;
                }
                caches.put_page(index, entry, direct)
            });
        }
        Entry {
            word,
            ttb,
            rule: self.regs.rule(word),
            owner,
        }
    }

    /// Reads entry `index` of the table at `base`, and with pair fill its neighbour.
    fn read_line(&mut self, mem: &mut dyn Memory, base: u64, index: u32) -> [Option<u32>; 2] {
        let at = |index: u32| base + 4 * u64::from(index);
        let word = mem.table32(at(index));

        self.counters.table_reads += 1;
        if word.is_none() {
            self.counters.bus_errors += 1;
        }
        match self.knobs.pair_fill {
            true => [word, mem.table32(at(index ^ 1))],
            false => [word, None],
        }
    }

    /// Stores the entries that [`Iommu::read_line`] has read. A neighbour that is cached already
    /// stays. If a fill replaced a stale entry, it could hide a missing invalidation.
    fn fill(
        &mut self,
        words: [Option<u32>; 2],
        index: u32,
        ttb: u32,
        owner: u8,
        mut put: impl FnMut(&mut super::caches::Caches, u32, Entry) -> bool,
    ) {
        for (word, index) in words.into_iter().zip([index, index ^ 1]) {
            if let Some(word) = word {
                let entry = Entry {
                    word,
                    ttb,
                    rule: self.regs.rule(word),
                    owner,
                };
                let collision = put(&mut self.caches, index, entry);

                self.counters.collisions += u64::from(collision);
            }
        }
    }

    /// Reads ahead after a walk for `page`.
    fn prefetch_after(&mut self, mem: &mut dyn Memory, who: Who, page: u32) {
        let (pages, mib) = (
            self.knobs.prefetch_pages.min(64),
            self.knobs.prefetch_mib.min(64),
        );

        for next in page + 1..=(page + pages).min(0xf_ffff) {
            self.prefetch(mem, who, next);
        }
        if self.works(PTW) {
            for next in (page >> 8) + 1..=((page >> 8) + mib).min(0xfff) {
                if self.caches.directory(next).is_none() {
                    let entry = self.directory(mem, who, next, false);

                    if !table_valid(entry.word) {
                        self.soft_fault(0, false, next << 20, entry.word);
                    }
                }
            }
        }
    }

    /// Reads the entry of `page` into the macro TLB if it is not there.
    pub(super) fn prefetch(&mut self, mem: &mut dyn Memory, who: Who, page: u32) {
        if !self.works(MACRO) || self.caches.page(page).is_some() {
            return;
        }

        let cached = self.works(PTW) && self.caches.directory(page >> 8).is_some();
        let directory = self.directory(mem, who, page >> 8, false);
        if !table_valid(directory.word) {
            self.soft_fault(0, cached, page << 12, directory.word);
            return;
        }

        let entry = self.read_page(mem, who, directory, page);
        if !page_valid(entry.word) {
            self.soft_fault(1, false, page << 12, entry.word);
        }
    }

    /// Records an invalid entry that no master requested, if software or a knob has enabled that.
    pub(super) fn soft_fault(&mut self, level: usize, cached: bool, va: u32, word: u32) {
        let asked = match (level, cached) {
            (0, false) => 1 << 18,
            (0, true) => 1 << 19,
            _ => 1 << 20,
        };

        if self.knobs.report_soft || self.regs.int_enable & asked != 0 {
            let latch = Latch {
                addr: va,
                data: word,
            };

            if self.faults.latch_soft(level, latch) != Kept::Nothing {
                self.counters.faults_soft += 1;
            }
        }
    }
}
