// SPDX-License-Identifier: GPL-2.0

//! The lookup of an address's page entry: caches, walk, line fill.

use super::{
    caches::{
        Entry,
        Level, //
    },
    stream::Tcr,
    Dart,
    Fault, //
};
use crate::Memory;

/// The stream and the address of a walk.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    /// The stream whose TTBRs are used.
    pub(super) stream: u32,
    /// The stream for which entries are cached.
    pub(super) space: u32,
    pub(super) tcr: Tcr,
    pub(super) iova: u64,
}

/// A failed lookup: the fault, and the top table of the walk, or 0.
pub(super) struct Miss {
    pub(super) fault: Fault,
    pub(super) root: u64,
}

/// Page entries of a line: 64 bytes of table memory.
const LINE: u32 = 8;

impl Level {
    /// The fault of a walk that finds no valid entry at this level.
    fn fault(self) -> Fault {
        match self {
            Level::Page => Fault::NoPte,
            Level::Segment => Fault::NoPmd,
            Level::Context => Fault::NoPgd,
        }
    }

    /// The level above, if the tables of the stream have it.
    fn above(self, tcr: Tcr) -> Option<Level> {
        match self {
            Level::Page => Some(Level::Segment),
            Level::Segment if tcr.four_level => Some(Level::Context),
            Level::Segment | Level::Context => None,
        }
    }
}

impl Dart {
    /// The tag of a level's entry in its cache: the address without the bits of the levels below.
    pub(super) fn tag(&self, level: Level, iova: u64) -> u32 {
        (iova >> self.tag_shift(level)) as u32
    }

    pub(super) fn tag_shift(&self, level: Level) -> u32 {
        self.config.page_shift + level.number() * self.config.index_bits()
    }

    fn caches_level(&self, level: Level) -> bool {
        level == Level::Page || self.knobs.cache_tables
    }

    /// Returns the valid page entry of an address.
    pub(super) fn lookup(&mut self, mem: &mut dyn Memory, walk: Walk) -> Result<Entry, Miss> {
        self.entry(mem, walk, Level::Page)
    }

    /// Returns the valid entry of a level, from its cache or from its table. To find the table, it
    /// looks up the entry of the level above.
    pub(super) fn entry(
        &mut self,
        mem: &mut dyn Memory,
        walk: Walk,
        level: Level,
    ) -> Result<Entry, Miss> {
        let tag = self.tag(level, walk.iova);
        let cached = match self.caches_level(level) {
            true => self.caches.get(level, walk.space, tag),
            false => None,
        };
        let entry = match cached {
            Some(entry) => {
                self.hit(level);
                entry
            }
            None => {
                self.counters.walks += u64::from(level == Level::Page);
                let (table, root) = self.table(mem, walk, level)?;

                self.read_entry(mem, walk.space, level, tag, table, root)?
            }
        };

        if self.entries.valid(entry.word) {
            Ok(entry)
        } else {
            Err(Miss {
                fault: level.fault(),
                root: entry.root,
            })
        }
    }

    fn hit(&mut self, level: Level) {
        let hits = match level {
            Level::Page => &mut self.counters.hits_tlb,
            Level::Segment => &mut self.counters.hits_segment,
            Level::Context => &mut self.counters.hits_context,
        };

        *hits += 1;
    }

    /// Returns the table that has the entry of a level, and the top table of the walk.
    fn table(
        &mut self,
        mem: &mut dyn Memory,
        walk: Walk,
        level: Level,
    ) -> Result<(u64, u64), Miss> {
        match level.above(walk.tcr) {
            Some(above) => {
                let entry = self.entry(mem, walk, above)?;

                Ok((self.entries.pa(entry.word), entry.root))
            }
            None => {
                let root = self.ttbr(walk).ok_or(Miss {
                    fault: Fault::NoTtbr,
                    root: 0,
                })?;

                Ok((root, root))
            }
        }
    }

    /// The top table of a walk, if its TTBR is valid and not cached as invalid.
    fn ttbr(&mut self, walk: Walk) -> Option<u64> {
        let i = self.ttbr_index(walk.iova);
        let cached = self.caches.has_no_ttbr(walk.space, i);
        let root = self.root(walk.stream, walk.iova).filter(|_| !cached);

        if root.is_none() && self.knobs.cache_no_ttbr {
            self.caches.put_no_ttbr(walk.space, i);
        }
        root
    }

    /// Reads the entry for `tag`, and for a page also the other entries of its line.
    fn read_entry(
        &mut self,
        mem: &mut dyn Memory,
        space: u32,
        level: Level,
        tag: u32,
        table: u64,
        root: u64,
    ) -> Result<Entry, Miss> {
        let indices = (1 << self.config.index_bits()) - 1;
        let at = |tag: u32| table + 8 * u64::from(tag & indices);

        self.counters.table_reads += 1;
        let Some(word) = mem.table64(at(tag)) else {
            self.counters.bus_errors += 1;
            return Err(Miss {
                fault: Fault::Axi,
                root,
            });
        };
        let entry = Entry { word, root };
        self.check(level, word);
        if level == Level::Page && self.knobs.line_fill {
            let line = tag & !(LINE - 1);

            for near in (line..line + LINE).filter(|&near| near != tag) {
                // An entry that is cached already stays. If a fill replaced a stale entry, it could
                // hide a missing invalidation.
                if self.caches.get(level, space, near).is_none() {
                    if let Some(word) = mem.table64(at(near)) {
                        self.fill(level, space, near, Entry { word, root });
                    }
                }
            }
        }
        if self.caches_level(level) {
            self.fill(level, space, tag, entry);
        }
        Ok(entry)
    }

    fn fill(&mut self, level: Level, space: u32, tag: u32, entry: Entry) {
        if self.knobs.negative || self.entries.valid(entry.word) {
            let direct = self.knobs.direct_mapped;
            let collision = self.caches.put(level, space, tag, entry, direct);

            self.counters.collisions += u64::from(collision);
        }
    }

    /// Counts bits of a valid entry that should be 0.
    fn check(&mut self, level: Level, word: u64) {
        let bad = match level {
            Level::Page => self.entries.bad_page(word),
            Level::Segment | Level::Context => self.entries.bad_table(word),
        };

        self.counters.reserved_entry_bits += u64::from(bad && self.entries.valid(word));
    }
}
