// SPDX-License-Identifier: GPL-2.0

//! A cache of table entries. It drops an entry only for a command, or if it is full.
//!
//! Entries are in buckets: consecutive tags have consecutive buckets, and a bucket is a list of
//! any number of entries. If the cache is used as a direct-mapped one, a bucket has at most one
//! entry of each space. The entries of all buckets are in one array.
//!
//! Each entry belongs to an address space, and a lookup in one space finds no entry of another.
//! Each space has a generation; entries of an older generation are invalid. So a flush of a space
//! has the same cost for any number of entries. A bitmap of two levels records which buckets may
//! have entries. Dropping a range checks only the buckets that the range can occupy, and of these
//! only groups of 64 whose tags are near the range. Results are exact: no entry is dropped late,
//! and none that should stay.
//!
//! A command may leave the keys of what it drops in a queue, for a walker that fetches them again.

/// A table entry that is cached for an owner.
pub(crate) trait Cached: Copy {
    /// The master or stream it was read for, below the number of owners of its cache.
    fn owner(&self) -> usize;
}

#[derive(Clone, Copy)]
struct Node<T> {
    tag: u32,
    generation: u32,
    space: u16,
    /// The next node of its list, or [`NONE`].
    next: u16,
    entry: T,
}

/// The end of a list.
const NONE: u16 = u16::MAX;

/// A cache with room for `NODES` entries of `SPACES` address spaces, in `SLOTS` buckets. `WORDS`
/// words of 64 bits record which buckets are in use. The entries of each space are counted for each
/// of `OWNERS` owners.
///
/// # Invariants
///
/// - `SLOTS == 64 * WORDS`, a power of two, and `WORDS <= 64`. `SPACES` is a power of two, and at
///   most `SLOTS`. `NODES < NONE`.
/// - Each node below `fresh` is in one list: that of the bucket of its tag and space, `free`, or the
///   queue from `first` to `last`, which has `waiting` nodes.
/// - A node in a bucket is valid if it has the generation of its space. There is at most one valid
///   node for a tag and space.
/// - A bucket with a valid node has bit `bucket / 64` of `summary` and bit `bucket % 64` of that
///   word set. Words without their `summary` bit are stale and ignored.
/// - The tags of the valid nodes in the buckets of a word lie within that word's `bounds`.
/// - `live[s][o]` is the number of valid nodes for space `s` that belong to `o`, and `total` the
///   number of all.
pub(crate) struct Cache<
    T,
    const SLOTS: usize,
    const WORDS: usize,
    const SPACES: usize,
    const OWNERS: usize,
    const NODES: usize,
> {
    nodes: [Node<T>; NODES],
    heads: [u16; SLOTS],
    free: u16,
    /// The first node that was never used.
    fresh: u16,
    /// The next node to be evicted if the cache is full.
    victim: u16,
    first: u16,
    last: u16,
    waiting: u16,
    words: [u64; WORDS],
    bounds: [(u32, u32); WORDS],
    summary: u64,
    generations: [u32; SPACES],
    live: [[u32; OWNERS]; SPACES],
    total: u32,
}

impl<
        T: Cached,
        const SLOTS: usize,
        const WORDS: usize,
        const SPACES: usize,
        const OWNERS: usize,
        const NODES: usize,
    > Cache<T, SLOTS, WORDS, SPACES, OWNERS, NODES>
{
    /// An empty cache. Unused nodes hold `filler`.
    pub(crate) const fn new(filler: T) -> Self {
        assert!(SLOTS == 64 * WORDS && SLOTS.is_power_of_two() && WORDS <= 64);
        assert!(SPACES.is_power_of_two() && SPACES <= SLOTS && SPACES <= 1 << 16);
        assert!(NODES > 0 && NODES < NONE as usize);

        Self {
            nodes: [Node {
                tag: 0,
                generation: 0,
                space: 0,
                next: NONE,
                entry: filler,
            }; NODES],
            heads: [NONE; SLOTS],
            free: NONE,
            fresh: 0,
            victim: 0,
            first: NONE,
            last: NONE,
            waiting: 0,
            words: [0; WORDS],
            bounds: [(0, 0); WORDS],
            summary: 0,
            generations: [0; SPACES],
            live: [[0; OWNERS]; SPACES],
            total: 0,
        }
    }

    /// The bucket for `tag` in `space`. The first buckets of spaces are as far apart as possible,
    /// those of low numbers farthest, so that small mappings at the same addresses in several spaces
    /// have buckets of their own.
    fn bucket(space: u32, tag: u32) -> usize {
        let bits = SPACES.trailing_zeros();
        let spread = space
            .reverse_bits()
            .checked_shr(u32::BITS - bits)
            .unwrap_or(0);

        (tag as usize + spread as usize * (SLOTS / SPACES)) % SLOTS
    }

    fn is_valid(&self, node: &Node<T>) -> bool {
        self.generations[usize::from(node.space)] == node.generation
    }

    /// The entry for `tag` in `space`.
    pub(crate) fn get(&self, space: u32, tag: u32) -> Option<T> {
        let mut at = self.heads[Self::bucket(space, tag)];

        while at != NONE {
            let node = &self.nodes[usize::from(at)];

            if node.tag == tag && u32::from(node.space) == space && self.is_valid(node) {
                return Some(node.entry);
            }
            at = node.next;
        }
        None
    }

    /// Stores the entry for `tag` in `space`; true if that evicted another entry. With `direct`,
    /// another entry of the space in the bucket is evicted.
    pub(crate) fn put(&mut self, space: u32, tag: u32, entry: T, direct: bool) -> bool {
        let i = Self::bucket(space, tag);
        let mut evicted = false;

        self.unlink(i, false, |node| {
            let same = node.tag == tag;
            let goes = u32::from(node.space) == space && (same || direct);

            evicted |= goes && !same;
            goes
        });
        if self.free == NONE && usize::from(self.fresh) == NODES {
            evicted |= self.make_room();
        }
        if self.summary >> (i / 64) & 1 == 0 {
            self.summary |= 1 << (i / 64);
            self.words[i / 64] = 0;
            self.bounds[i / 64] = (tag, tag);
        }
        self.words[i / 64] |= 1 << (i % 64);
        let (low, high) = self.bounds[i / 64];
        self.bounds[i / 64] = (low.min(tag), high.max(tag));

        let at = self.take_node();
        self.nodes[usize::from(at)] = Node {
            tag,
            generation: self.generations[space as usize],
            space: space as u16,
            next: self.heads[i],
            entry,
        };
        self.heads[i] = at;
        self.live[space as usize][entry.owner()] += 1;
        self.total += 1;

        evicted
    }

    /// Takes a free node. There is one.
    fn take_node(&mut self) -> u16 {
        let at = self.free;

        if at == NONE {
            self.fresh += 1;
            return self.fresh - 1;
        }
        self.free = self.nodes[usize::from(at)].next;
        at
    }

    /// Frees a node of the queue, or the nodes that are not valid, or, if all are, one that is: true
    /// then.
    fn make_room(&mut self) -> bool {
        if self.take_dropped().is_some() {
            return false;
        }
        if (self.total as usize) < NODES {
            for i in 0..SLOTS {
                self.unlink(i, false, |_| false);
            }
            return false;
        }

        let Node { tag, space, .. } = self.nodes[usize::from(self.victim)];
        self.victim = (self.victim + 1) % NODES as u16;
        self.unlink(Self::bucket(space.into(), tag), false, |node| {
            node.tag == tag && node.space == space
        });
        true
    }

    /// Frees the nodes of a bucket that are not valid, and the valid ones for which `drops` is true.
    /// With `keep`, the latter are put into the queue.
    fn unlink(&mut self, bucket: usize, keep: bool, mut drops: impl FnMut(&Node<T>) -> bool) {
        let mut before = NONE;
        let mut at = self.heads[bucket];

        while at != NONE {
            let node = self.nodes[usize::from(at)];
            let valid = self.is_valid(&node);

            if valid && !drops(&node) {
                before = at;
            } else {
                if valid {
                    self.live[usize::from(node.space)][node.entry.owner()] -= 1;
                    self.total -= 1;
                }
                match before {
                    NONE => self.heads[bucket] = node.next,
                    _ => self.nodes[usize::from(before)].next = node.next,
                }
                if valid && keep {
                    self.enqueue(at);
                } else {
                    self.nodes[usize::from(at)].next = self.free;
                    self.free = at;
                }
            }
            at = node.next;
        }
        if self.heads[bucket] == NONE {
            self.words[bucket / 64] &= !(1 << (bucket % 64));
            if self.words[bucket / 64] == 0 {
                self.summary &= !(1 << (bucket / 64));
            }
        }
    }

    fn enqueue(&mut self, at: u16) {
        self.nodes[usize::from(at)].next = NONE;
        match self.last {
            NONE => self.first = at,
            last => self.nodes[usize::from(last)].next = at,
        }
        self.last = at;
        self.waiting += 1;
    }

    /// The number of entries in the queue.
    pub(crate) fn waiting(&self) -> u16 {
        self.waiting
    }

    /// Takes the first entry out of the queue: its space, its tag, and its old contents.
    pub(crate) fn take_dropped(&mut self) -> Option<(u32, u32, T)> {
        let at = self.first;

        if at == NONE {
            return None;
        }
        let node = self.nodes[usize::from(at)];
        self.first = node.next;
        if self.first == NONE {
            self.last = NONE;
        }
        self.waiting -= 1;
        self.nodes[usize::from(at)].next = self.free;
        self.free = at;
        Some((node.space.into(), node.tag, node.entry))
    }

    /// Puts the entry that was taken last into the queue again.
    pub(crate) fn postpone(&mut self) {
        let at = self.take_node();

        self.enqueue(at);
    }

    /// Empties `space`; returns the number of its entries for each owner.
    pub(crate) fn flush(&mut self, space: u32) -> [u32; OWNERS] {
        let dropped = core::mem::replace(&mut self.live[space as usize], [0; OWNERS]);

        let generation = &mut self.generations[space as usize];
        *generation = generation.wrapping_add(1);
        self.total -= dropped.iter().sum::<u32>();
        if self.total == 0 {
            self.summary = 0;
        }
        dropped
    }

    /// Drops the entries for `first..=last` of `space` and adds them to `dropped`. With `keep`, they
    /// are put into the queue.
    pub(crate) fn drop_range(
        &mut self,
        space: u32,
        first: u32,
        last: u32,
        keep: bool,
        dropped: &mut [u32; OWNERS],
    ) {
        let (start, end) = (Self::bucket(space, first), Self::bucket(space, last));

        if self.summary == 0 || first > last {
            return;
        }
        let mut range = Range {
            space,
            first,
            last,
            keep,
            dropped,
        };
        if (last - first) as usize >= SLOTS - 1 {
            self.drop_buckets(0, SLOTS - 1, &mut range);
        } else if start <= end {
            self.drop_buckets(start, end, &mut range);
        } else {
            self.drop_buckets(start, SLOTS - 1, &mut range);
            self.drop_buckets(0, end, &mut range);
        }
    }

    /// Drops the entries of `range` in the buckets `start..=end`.
    fn drop_buckets(&mut self, start: usize, end: usize, range: &mut Range<'_, OWNERS>) {
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

                bits &= bits - 1;
                self.unlink(w * 64 + b, range.keep, |node| {
                    let has = range.has(u32::from(node.space), node.tag);

                    range.dropped[node.entry.owner()] += u32::from(has);
                    has
                });
            }
        }
    }
}

/// The range to drop, and the counts of dropped entries.
struct Range<'a, const OWNERS: usize> {
    space: u32,
    first: u32,
    last: u32,
    keep: bool,
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
