// SPDX-License-Identifier: GPL-2.0

//! One cache of table entries: direct-mapped, never forgetful by itself.
//!
//! Which slots are in use is kept apart from the slots in a bitmap of two levels, and how many
//! belong to whom in a few counts. So emptying the cache costs the same however full it is, a
//! lookup costs one probe, and dropping a range looks only at the slots in use that the range can
//! occupy, and at those only in groups of 64 whose tags come near the range. An entry that is dropped
//! was paid for by its fill. Results are exact; nothing is dropped late or too much.

use super::OWNERS;

/// An entry as it was read from memory, and how it came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The word.
    pub(super) word: u32,
    /// Directory through which it was read.
    pub(super) ttb: u32,
    /// Master for which it was read, or [`DEBUG`](super::DEBUG).
    pub(super) owner: u8,
}

#[derive(Clone, Copy)]
struct Slot {
    tag: u32,
    word: u32,
    /// `ttb | owner`: the low 14 bits of a directory's address are zero.
    from: u32,
}

const OWNER: u32 = OWNERS as u32 - 1;

/// A cache with `N` slots, for which `W` words of 64 bits tell which are in use.
///
/// # Invariants
///
/// - `N == 64 * W`, a power of two, and `W <= 64`.
/// - A slot is in use if bit `slot / 64` of `summary` and bit `slot % 64` of that word are set.
///   Words without their `summary` bit are leftovers and mean nothing.
/// - The tags of the slots in use of a word with its `summary` bit lie within that word's `bounds`.
/// - `live[o]` is the number of slots in use that belong to `o`.
pub(super) struct Tlb<const N: usize, const W: usize> {
    slots: [Slot; N],
    words: [u64; W],
    bounds: [(u32, u32); W],
    summary: u64,
    live: [u32; OWNERS],
}

impl<const N: usize, const W: usize> Tlb<N, W> {
    pub(super) const fn new() -> Self {
        assert!(N == 64 * W && N.is_power_of_two() && W <= 64);

        Self {
            slots: [Slot {
                tag: 0,
                word: 0,
                from: 0,
            }; N],
            words: [0; W],
            bounds: [(0, 0); W],
            summary: 0,
            live: [0; OWNERS],
        }
    }

    fn in_use(&self, slot: usize) -> bool {
        self.summary >> (slot / 64) & 1 != 0 && self.words[slot / 64] >> (slot % 64) & 1 != 0
    }

    /// The entry for `tag`.
    pub(super) fn get(&self, tag: u32) -> Option<Entry> {
        let i = tag as usize % N;
        let slot = self.slots[i];

        (slot.tag == tag && self.in_use(i)).then_some(Entry {
            word: slot.word,
            ttb: slot.from & !OWNER,
            owner: (slot.from & OWNER) as u8,
        })
    }

    /// Stores the entry for `tag`; true when one for another tag had to go.
    pub(super) fn put(&mut self, tag: u32, entry: Entry) -> bool {
        let i = tag as usize % N;
        let mut collision = false;

        if self.in_use(i) {
            collision = self.slots[i].tag != tag;
            self.live[self.owner(i)] -= 1;
        } else if self.summary >> (i / 64) & 1 == 0 {
            self.summary |= 1 << (i / 64);
            self.words[i / 64] = 0;
            self.bounds[i / 64] = (tag, tag);
        }
        self.words[i / 64] |= 1 << (i % 64);
        let (low, high) = self.bounds[i / 64];
        self.bounds[i / 64] = (low.min(tag), high.max(tag));
        self.slots[i] = Slot {
            tag,
            word: entry.word,
            from: entry.ttb & !OWNER | u32::from(entry.owner) & OWNER,
        };
        self.live[self.owner(i)] += 1;

        collision
    }

    fn owner(&self, slot: usize) -> usize {
        (self.slots[slot].from & OWNER) as usize
    }

    /// Empties the cache and adds to `dropped` what was in it.
    pub(super) fn flush(&mut self, dropped: &mut [u32; OWNERS]) {
        if self.summary == 0 {
            return;
        }
        for (sum, live) in dropped.iter_mut().zip(&mut self.live) {
            *sum += *live;
            *live = 0;
        }
        self.summary = 0;
    }

    /// Drops the entries for `first..=last` and adds them to `dropped`.
    pub(super) fn drop_range(&mut self, first: u32, last: u32, dropped: &mut [u32; OWNERS]) {
        let (start, end) = (first as usize % N, last as usize % N);

        if self.summary == 0 || first > last {
            return;
        }
        if (last - first) as usize >= N - 1 {
            self.drop_slots(0, N - 1, first, last, dropped);
        } else if start <= end {
            self.drop_slots(start, end, first, last, dropped);
        } else {
            self.drop_slots(start, N - 1, first, last, dropped);
            self.drop_slots(0, end, first, last, dropped);
        }
    }

    /// Looks at the slots `start..=end` for entries of `first..=last`.
    fn drop_slots(
        &mut self,
        start: usize,
        end: usize,
        first: u32,
        last: u32,
        dropped: &mut [u32; OWNERS],
    ) {
        let mut words = self.summary & span(start / 64, end / 64);

        while words != 0 {
            let w = words.trailing_zeros() as usize;
            let low = if w == start / 64 { start % 64 } else { 0 };
            let high = if w == end / 64 { end % 64 } else { 63 };
            let mut bits = self.words[w] & span(low, high);

            words &= words - 1;
            if last < self.bounds[w].0 || first > self.bounds[w].1 {
                continue;
            }
            while bits != 0 {
                let b = bits.trailing_zeros() as usize;
                let slot = w * 64 + b;

                bits &= bits - 1;
                if (first..=last).contains(&self.slots[slot].tag) {
                    let owner = self.owner(slot);

                    self.words[w] &= !(1 << b);
                    self.live[owner] -= 1;
                    dropped[owner] += 1;
                }
            }
            if self.words[w] == 0 {
                self.summary &= !(1 << w);
            }
        }
    }
}

/// Ones from bit `low` to bit `high`, both at most 63.
fn span(low: usize, high: usize) -> u64 {
    (u64::MAX >> (63 - high)) & (u64::MAX << low)
}
