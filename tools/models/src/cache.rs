// SPDX-License-Identifier: GPL-2.0

//! A cache of table entries. It is direct-mapped, and drops an entry only for a command or for
//! another entry that needs the slot.
//!
//! Each entry belongs to an address space, and a lookup in one space finds no entry of another.
//! Each space has a generation; entries of an older generation are invalid. So a flush of a space
//! has the same cost for any number of entries. A bitmap of two levels records which slots may be
//! in use. A lookup checks one slot. Dropping a range checks only the slots that the range can
//! occupy, and of these only groups of 64 whose tags are near the range. The cost of dropping
//! entries is bounded by that of their fills. Results are exact: no entry is dropped late, and
//! none that should stay.

/// A table entry that is cached for an owner.
pub(crate) trait Cached: Copy {
    /// The master or stream it was read for, below the number of owners of its cache.
    fn owner(&self) -> usize;
}

#[derive(Clone, Copy)]
struct Slot<T> {
    tag: u32,
    space: u16,
    generation: u64,
    entry: T,
}

/// A cache with `SLOTS` slots for `SPACES` address spaces. `WORDS` words of 64 bits record which
/// slots are in use. The entries of each space are counted for each of `OWNERS` owners.
///
/// # Invariants
///
/// - `SLOTS == 64 * WORDS`, a power of two, and `WORDS <= 64`. `SPACES` is a power of two, and at
///   most `SLOTS`.
/// - A slot in use has bit `slot / 64` of `summary` and bit `slot % 64` of that word set, and the
///   generation of its space. Words without their `summary` bit are stale and ignored.
/// - The tags of the slots whose bits are set in a word with its `summary` bit lie within that
///   word's `bounds`.
/// - `live[s][o]` is the number of slots in use for space `s` that belong to `o`, and `total` the
///   number of all.
pub(crate) struct Cache<
    T,
    const SLOTS: usize,
    const WORDS: usize,
    const SPACES: usize,
    const OWNERS: usize,
> {
    slots: [Slot<T>; SLOTS],
    words: [u64; WORDS],
    bounds: [(u32, u32); WORDS],
    summary: u64,
    generations: [u64; SPACES],
    live: [[u32; OWNERS]; SPACES],
    total: u32,
}

impl<
        T: Cached,
        const SLOTS: usize,
        const WORDS: usize,
        const SPACES: usize,
        const OWNERS: usize,
    > Cache<T, SLOTS, WORDS, SPACES, OWNERS>
{
    /// An empty cache. Unused slots hold `filler`.
    pub(crate) const fn new(filler: T) -> Self {
        assert!(SLOTS == 64 * WORDS && SLOTS.is_power_of_two() && WORDS <= 64);
        assert!(SPACES.is_power_of_two() && SPACES <= SLOTS && SPACES <= 1 << 16);

        Self {
            slots: [Slot {
                tag: 0,
                space: 0,
                generation: 0,
                entry: filler,
            }; SLOTS],
            words: [0; WORDS],
            bounds: [(0, 0); WORDS],
            summary: 0,
            generations: [0; SPACES],
            live: [[0; OWNERS]; SPACES],
            total: 0,
        }
    }

    /// The slot for `tag` in `space`. Consecutive tags have consecutive slots. The first slots of
    /// spaces are as far apart as possible, those of low numbers farthest, so that small mappings
    /// at the same addresses in several spaces do not evict each other.
    fn slot(space: u32, tag: u32) -> usize {
        let bits = SPACES.trailing_zeros();
        let spread = space
            .reverse_bits()
            .checked_shr(u32::BITS - bits)
            .unwrap_or(0);

        (tag as usize + spread as usize * (SLOTS / SPACES)) % SLOTS
    }

    fn marked(&self, slot: usize) -> bool {
        self.summary >> (slot / 64) & 1 != 0 && self.words[slot / 64] >> (slot % 64) & 1 != 0
    }

    fn in_use(&self, slot: usize) -> bool {
        let Slot {
            space, generation, ..
        } = self.slots[slot];

        self.marked(slot) && self.generations[space as usize] == generation
    }

    /// The entry for `tag` in `space`.
    pub(crate) fn get(&self, space: u32, tag: u32) -> Option<T> {
        let i = Self::slot(space, tag);
        let slot = self.slots[i];

        (slot.tag == tag && u32::from(slot.space) == space && self.in_use(i)).then_some(slot.entry)
    }

    /// Stores the entry for `tag` in `space`; true if that evicted another entry.
    pub(crate) fn put(&mut self, space: u32, tag: u32, entry: T) -> bool {
        let i = Self::slot(space, tag);
        let old = self.slots[i];
        let mut collision = false;

        if self.in_use(i) {
            collision = old.tag != tag || u32::from(old.space) != space;
            self.forget(i);
        }
        if self.summary >> (i / 64) & 1 == 0 {
            self.summary |= 1 << (i / 64);
            self.words[i / 64] = 0;
            self.bounds[i / 64] = (tag, tag);
        }
        self.words[i / 64] |= 1 << (i % 64);
        let (low, high) = self.bounds[i / 64];
        self.bounds[i / 64] = (low.min(tag), high.max(tag));
        self.slots[i] = Slot {
            tag,
            space: space as u16,
            generation: self.generations[space as usize],
            entry,
        };
        self.live[space as usize][entry.owner()] += 1;
        self.total += 1;

        collision
    }

    /// Subtracts a slot in use from the counts; returns its owner.
    fn forget(&mut self, slot: usize) -> usize {
        let Slot { space, entry, .. } = self.slots[slot];
        let owner = entry.owner();

        self.live[space as usize][owner] -= 1;
        self.total -= 1;
        owner
    }

    /// Empties `space`; returns the number of its entries for each owner.
    pub(crate) fn flush(&mut self, space: u32) -> [u32; OWNERS] {
        let dropped = core::mem::replace(&mut self.live[space as usize], [0; OWNERS]);

        self.generations[space as usize] += 1;
        self.total -= dropped.iter().sum::<u32>();
        if self.total == 0 {
            self.summary = 0;
        }
        dropped
    }

    /// Drops the entries for `first..=last` of `space` and adds them to `dropped`.
    pub(crate) fn drop_range(
        &mut self,
        space: u32,
        first: u32,
        last: u32,
        dropped: &mut [u32; OWNERS],
    ) {
        let (start, end) = (Self::slot(space, first), Self::slot(space, last));

        if self.summary == 0 || first > last {
            return;
        }
        let mut range = Range {
            space,
            first,
            last,
            dropped,
        };
        if (last - first) as usize >= SLOTS - 1 {
            self.drop_slots(0, SLOTS - 1, &mut range);
        } else if start <= end {
            self.drop_slots(start, end, &mut range);
        } else {
            self.drop_slots(start, SLOTS - 1, &mut range);
            self.drop_slots(0, end, &mut range);
        }
    }

    /// Drops the entries of `range` in the slots `start..=end`.
    fn drop_slots(&mut self, start: usize, end: usize, range: &mut Range<'_, OWNERS>) {
        let mut words = self.summary & span(start / 64, end / 64);

        while words != 0 {
            let w = words.trailing_zeros() as usize;
            let low = if w == start / 64 { start % 64 } else { 0 };
            let high = if w == end / 64 { end % 64 } else { 63 };
            let mut bits = self.words[w] & span(low, high);

            words &= words - 1;
            if range.last < self.bounds[w].0 || range.first > self.bounds[w].1 {
                continue;
            }
            while bits != 0 {
                let b = bits.trailing_zeros() as usize;
                let i = w * 64 + b;

                bits &= bits - 1;
                if !self.in_use(i) {
                    self.words[w] &= !(1 << b);
                } else if range.has(u32::from(self.slots[i].space), self.slots[i].tag) {
                    self.words[w] &= !(1 << b);
                    range.dropped[self.forget(i)] += 1;
                }
            }
            if self.words[w] == 0 {
                self.summary &= !(1 << w);
            }
        }
    }
}

/// The range to drop, and the counts of dropped entries.
struct Range<'a, const OWNERS: usize> {
    space: u32,
    first: u32,
    last: u32,
    dropped: &'a mut [u32; OWNERS],
}

impl<const OWNERS: usize> Range<'_, OWNERS> {
    fn has(&self, space: u32, tag: u32) -> bool {
        space == self.space && (self.first..=self.last).contains(&tag)
    }
}

/// A word with ones from bit `low` to bit `high`, both at most 63.
fn span(low: usize, high: usize) -> u64 {
    (u64::MAX >> (63 - high)) & (u64::MAX << low)
}
