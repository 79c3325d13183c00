// SPDX-License-Identifier: GPL-2.0

//! The lookup of a page's translation: TLB, walk through the PTC, line fill.

use super::{
    caches::{
        Line,
        Translation,
        LINE, //
    },
    format::{
        directory_index,
        table_index,
        Word, //
    },
    regs::{
        PTC_ENABLE,
        STATS_ENABLE,
        TLB_LINES, //
    },
    Fault,
    Smmu, //
};
use crate::Memory;

/// The indices of the statistics: hits of a cache, with the misses behind each.
const STATS_TLB: usize = 0;
const STATS_PTC: usize = 2;

/// The level at which a walk ends.
enum Leaf {
    /// No valid entry at this level.
    Missing(Fault),
    /// The section of a directory entry.
    Section(Word),
    /// The line of table entries with the page's.
    Table(Line),
}

/// The upper levels of a walk, which all pages of a TLB line share.
struct Upper {
    root: Word,
    /// The rights that they grant.
    rights: u32,
    leaf: Leaf,
    /// All memory could be read, so that the result may be cached.
    complete: bool,
}

impl Smmu {
    /// The number of the PTC line with the physical address `pa`.
    pub(super) fn line_number(&self, pa: u64) -> u32 {
        (pa >> (2 + self.variant.soc().ptc_line.trailing_zeros())) as u32
    }

    /// Whether the PTC is on.
    pub(super) fn ptc_works(&self) -> bool {
        self.regs.ptc_config & PTC_ENABLE != 0
    }

    /// Whether the TLB is on: it has lines in use.
    pub(super) fn tlb_works(&self) -> bool {
        self.regs.tlb_config & TLB_LINES != 0
    }

    /// Counts a hit or miss in the statistics, if `config` has them on.
    fn count(&mut self, config: u32, stats: usize, hit: bool) {
        if config & STATS_ENABLE != 0 {
            let count = &mut self.regs.stats[stats + usize::from(!hit)];

            *count = count.wrapping_add(1);
        }
    }

    /// Returns the translation of a page, valid or not.
    pub(super) fn lookup(&mut self, mem: &mut dyn Memory, asid: u32, page: u32) -> Translation {
        let hit = match self.tlb_works() {
            true => self.caches.translation(asid, page),
            false => None,
        };

        self.count(self.regs.tlb_config, STATS_TLB, hit.is_some());
        if let Some(translation) = hit {
            self.counters.hits_tlb += 1;
            return translation;
        }
        self.counters.walks += 1;
        self.walk(mem, asid, page)
    }

    /// Walks the tables for a page, and fills its line of the TLB.
    pub(super) fn walk(&mut self, mem: &mut dyn Memory, asid: u32, page: u32) -> Translation {
        let upper = self.upper(mem, asid, page);
        let wanted = self.translation(&upper, page);

        if let Leaf::Table(line) = &upper.leaf {
            self.check_page(line[self.in_line(page)]);
        }
        if upper.complete && self.tlb_works() {
            self.fill(asid, page, wanted);
            if self.knobs.line_fill {
                let size = self.variant.soc().tlb_line;
                let first = page & !(size - 1);

                for near in (first..first + size).filter(|&near| near != page) {
                    // A translation that is cached already stays. If a fill replaced a stale one,
                    // it could hide a missing flush.
                    if self.caches.translation(asid, near).is_none() {
                        self.fill(asid, near, self.translation(&upper, near));
                    }
                }
            }
        }
        wanted
    }

    /// Walks the levels above the table entries of a page's line, and reads these.
    fn upper(&mut self, mem: &mut dyn Memory, asid: u32, page: u32) -> Upper {
        let soc = self.variant.soc();
        let root = Word(self.regs.roots[asid as usize]);
        let mut upper = Upper {
            root,
            rights: root.rights(),
            leaf: Leaf::Missing(Fault::NoRoot),
            complete: true,
        };

        if !root.valid() {
            return upper;
        }
        upper.leaf = Leaf::Missing(Fault::NoPde);
        let at = root.address(soc) + 4 * u64::from(directory_index(page));
        let Some(line) = self.read_line(mem, at) else {
            upper.rights = 0;
            upper.complete = false;
            return upper;
        };
        let entry = Word(line[self.in_line(directory_index(page))]);

        upper.rights &= entry.rights();
        if !entry.valid() {
            return upper;
        }
        if !entry.is_table() {
            self.counters.wide_pages += u64::from(entry.is_wide(soc));
            self.counters.misaligned_sections += u64::from(entry.is_misaligned_section());
            upper.leaf = Leaf::Section(entry);
            return upper;
        }
        self.counters.wide_tables += u64::from(entry.is_wide(soc));
        let at = entry.address(soc) + 4 * u64::from(table_index(page));
        match self.read_line(mem, at) {
            Some(line) => upper.leaf = Leaf::Table(line),
            None => {
                upper.leaf = Leaf::Missing(Fault::NoPte);
                upper.rights = 0;
                upper.complete = false;
            }
        }
        upper
    }

    /// Index of an entry in the PTC line that contains it.
    fn in_line(&self, index: u32) -> usize {
        (index & (self.variant.soc().ptc_line - 1)) as usize
    }

    /// The translation of a page below `upper`.
    fn translation(&self, upper: &Upper, page: u32) -> Translation {
        let soc = self.variant.soc();
        let (frame, rights, missing) = match &upper.leaf {
            Leaf::Missing(fault) => (0, upper.rights, Some(*fault)),
            Leaf::Section(entry) => (entry.frame_in_section(soc, page), upper.rights, None),
            Leaf::Table(line) => {
                let entry = Word(line[self.in_line(page)]);
                let missing = (!entry.valid()).then_some(Fault::NoPte);

                (entry.frame(soc), upper.rights & entry.rights(), missing)
            }
        };

        Translation {
            word: Word(rights | frame),
            root: upper.root,
            missing,
        }
    }

    fn fill(&mut self, asid: u32, page: u32, translation: Translation) {
        if self.knobs.negative || translation.missing.is_none() {
            let direct = self.knobs.direct_mapped;
            let collision = self.caches.put_translation(asid, page, translation, direct);

            self.counters.collisions += u64::from(collision);
        }
    }

    /// Counts what is wrong with the entry of a page.
    fn check_page(&mut self, word: u32) {
        let entry = Word(word);

        if entry.valid() {
            self.counters.wide_pages += u64::from(entry.is_wide(self.variant.soc()));
        }
    }

    /// Reads the line with the entry at `pa` for a walk, through the PTC; `None` if there is no
    /// memory.
    fn read_line(&mut self, mem: &mut dyn Memory, pa: u64) -> Option<Line> {
        let number = self.line_number(pa);
        let hit = match self.ptc_works() {
            true => self.caches.line(number),
            false => None,
        };

        self.count(self.regs.ptc_config, STATS_PTC, hit.is_some());
        if hit.is_some() {
            self.counters.hits_ptc += 1;
            return hit;
        }
        self.counters.misses_ptc += 1;
        self.fetch_line(mem, number)
    }

    /// Reads a line from memory, and stores it if the PTC is on.
    pub(super) fn fetch_line(&mut self, mem: &mut dyn Memory, number: u32) -> Option<Line> {
        let size = self.variant.soc().ptc_line;
        let base = u64::from(number) * u64::from(4 * size);
        let mut line = [0; LINE];

        self.counters.table_reads += 1;
        for (i, word) in (0..u64::from(size)).zip(&mut line) {
            let Some(read) = mem.table32(base + 4 * i) else {
                self.counters.bus_errors += 1;
                return None;
            };

            *word = read;
        }
        if self.ptc_works() {
            let direct = self.knobs.direct_mapped;

            self.counters.collisions += u64::from(self.caches.put_line(number, line, direct));
        }
        Some(line)
    }
}
