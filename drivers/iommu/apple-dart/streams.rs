// SPDX-License-Identifier: GPL-2.0

//! Sets of streams.

use iommu::atomic_safe;

use crate::variant::MAX_STREAMS;

/// Words of a set.
pub(crate) const WORDS: usize = MAX_STREAMS / u32::BITS as usize;

atomic_safe! {
    /// Streams of one instance, one bit each.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Streams {
        words: [u32; WORDS],
    }
}

impl Streams {
    pub(crate) const NONE: Self = Self { words: [0; WORDS] };

    /// The streams below `count`.
    pub(crate) fn below(count: u16) -> Self {
        let mut set = Self::NONE;
        for id in 0..count {
            set.insert(id);
        }
        set
    }

    /// `id` is below [`MAX_STREAMS`]; others are left out.
    pub(crate) fn insert(&mut self, id: u16) {
        if let Some(word) = self.words.get_mut(usize::from(id) / 32) {
            *word |= 1 << (id % 32);
        }
    }

    pub(crate) fn remove(&mut self, id: u16) {
        if let Some(word) = self.words.get_mut(usize::from(id) / 32) {
            *word &= !(1 << (id % 32));
        }
    }

    pub(crate) fn contains(&self, id: u16) -> bool {
        self.words
            .get(usize::from(id) / 32)
            .is_some_and(|word| word >> (id % 32) & 1 != 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    pub(crate) fn len(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// The bits, as registers take them.
    pub(crate) fn words(&self) -> &[u32; WORDS] {
        &self.words
    }

    /// See [`Self::words`].
    pub(crate) fn from_words(words: [u32; WORDS]) -> Self {
        Self { words }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (0..MAX_STREAMS as u16).filter(|&id| self.contains(id))
    }
}

impl From<&[u16]> for Streams {
    fn from(ids: &[u16]) -> Self {
        let mut set = Self::NONE;
        for &id in ids {
            set.insert(id);
        }
        set
    }
}
