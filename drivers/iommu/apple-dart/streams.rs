// SPDX-License-Identifier: GPL-2.0

//! Sets of streams, as bits.

use core::sync::atomic::{
    AtomicU64,
    Ordering::Relaxed, //
};

use iommu::atomic_safe;

use crate::variant::MAX_STREAMS;

/// Words of a set.
pub(crate) const WORDS: usize = MAX_STREAMS / u64::BITS as usize;

/// Streams of one instance, one bit each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Streams {
    words: [u64; WORDS],
}

atomic_safe!(Streams { words });

impl Streams {
    pub(crate) const NONE: Self = Self { words: [0; WORDS] };

    /// Returns the streams below `count`.
    pub(crate) fn below(count: u16) -> Self {
        (0..count).collect()
    }

    /// Adds stream `id`. Ignores an `id` that is not below [`MAX_STREAMS`].
    #[inline]
    pub(crate) fn insert(&mut self, id: u16) {
        if let Some(word) = self.words.get_mut(usize::from(id) / 64) {
            *word |= 1 << (id % 64);
        }
    }

    /// Removes stream `id`. Returns whether it was in the set.
    #[inline]
    pub(crate) fn remove(&mut self, id: u16) -> bool {
        let was_in = self.contains(id);

        if let Some(word) = self.words.get_mut(usize::from(id) / 64) {
            *word &= !(1 << (id % 64));
        }
        was_in
    }

    #[inline]
    pub(crate) fn insert_all(&mut self, others: &Self) {
        for (word, bits) in self.words.iter_mut().zip(others.words) {
            *word |= bits;
        }
    }

    #[inline]
    pub(crate) fn remove_all(&mut self, others: &Self) {
        for (word, bits) in self.words.iter_mut().zip(others.words) {
            *word &= !bits;
        }
    }

    #[inline]
    pub(crate) fn contains(&self, id: u16) -> bool {
        self.words
            .get(usize::from(id) / 64)
            .is_some_and(|word| word >> (id % 64) & 1 != 0)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // A comparison would be a call.
        self.words.iter().fold(0, |all, word| all | word) == 0
    }

    pub(crate) fn len(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// Returns the bits as stored.
    #[inline]
    pub(crate) fn words(&self) -> &[u64; WORDS] {
        &self.words
    }

    /// Returns the bits as registers take them: the 32 bits of register word `index`.
    #[inline]
    pub(crate) fn register(&self, index: usize) -> u32 {
        let word = self.words.get(index / 2).copied().unwrap_or(0);

        (word >> (index % 2 * 32)) as u32
    }

    /// Returns the set of the streams in the first word.
    pub(crate) fn in_first(word: u64) -> Self {
        let mut set = Self::NONE;
        set.words[0] = word;
        set
    }

    /// Returns a set that other CPUs may change meanwhile.
    pub(crate) fn load(words: &[AtomicU64; WORDS]) -> Self {
        let mut set = Self::NONE;
        for (word, bits) in set.words.iter_mut().zip(words) {
            *word = bits.load(Relaxed);
        }
        set
    }

    /// The streams of the set, from the lowest on.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = u16> {
        let mut rest = self.words;

        core::iter::from_fn(move || {
            let (index, word) = rest.iter_mut().enumerate().find(|(_, word)| **word != 0)?;
            let bit = word.trailing_zeros() as usize;

            *word &= *word - 1;
            Some((64 * index + bit) as u16)
        })
    }
}

impl FromIterator<u16> for Streams {
    fn from_iter<I: IntoIterator<Item = u16>>(ids: I) -> Self {
        let mut set = Self::NONE;
        for id in ids {
            set.insert(id);
        }
        set
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(apple_dart_streams)]
mod tests {
    use super::*;

    /// A set of `ids`.
    fn set(ids: &[u16]) -> Streams {
        ids.iter().copied().collect()
    }

    #[test]
    fn registers_have_32_bits() {
        let streams = set(&[0, 31, 32, 63, 64, 255]);

        assert_eq!(streams.register(0), 1 << 31 | 1);
        assert_eq!(streams.register(1), 1 << 31 | 1);
        assert_eq!(streams.register(2), 1);
        assert_eq!(streams.register(7), 1 << 31);
        for index in [3, 4, 5, 6, 8] {
            assert_eq!(streams.register(index), 0);
        }
    }

    #[test]
    fn ids_come_in_order() {
        let ids = [0, 1, 31, 32, 63, 64, 127, 128, 255];
        let set = set(&ids);
        let mut seen = set.iter();

        for id in ids {
            assert!(seen.next() == Some(id));
        }
        assert!(seen.next().is_none());
    }

    #[test]
    fn sets_are_added_and_taken_away() {
        let mut streams = Streams::below(65);

        assert_eq!(streams.len(), 65);
        assert!(streams.contains(64) && !streams.contains(65));
        streams.remove_all(&Streams::below(64));
        assert!(streams == set(&[64]));
        streams.insert_all(&set(&[3, 64, 200]));
        streams.remove(64);
        assert!(streams == set(&[3, 200]));
        streams.remove(3);
        streams.remove(200);
        assert!(streams.is_empty());
    }

    #[test]
    fn ids_beyond_all_blocks_are_left_out() {
        let mut streams = Streams::below(MAX_STREAMS as u16);

        assert_eq!(streams.len() as usize, MAX_STREAMS);
        streams.insert(MAX_STREAMS as u16);
        streams.remove(u16::MAX);
        assert_eq!(streams.len() as usize, MAX_STREAMS);
        assert!(!streams.contains(MAX_STREAMS as u16));
    }
}
