// SPDX-License-Identifier: GPL-2.0

//! Memory, and random numbers.

#![allow(dead_code)]

use iommu_models::Memory;

pub struct Ram {
    base: u64,
    bytes: Vec<u8>,
}

impl Ram {
    pub fn new(base: u64, size: usize) -> Self {
        Self {
            base,
            bytes: vec![0; size],
        }
    }

    fn at(&self, pa: u64, len: usize) -> Option<usize> {
        let offset = usize::try_from(pa.checked_sub(self.base)?).ok()?;

        (offset.checked_add(len)? <= self.bytes.len()).then_some(offset)
    }

    pub fn get(&mut self, pa: impl Into<u64>) -> u32 {
        self.read32(pa.into()).unwrap()
    }

    pub fn set(&mut self, pa: impl Into<u64>, word: u32) {
        assert!(self.write(pa.into(), &word.to_le_bytes()));
    }

    pub fn get64(&mut self, pa: u64) -> u64 {
        let mut word = [0; 8];

        assert!(self.read(pa, &mut word));
        u64::from_le_bytes(word)
    }

    pub fn set64(&mut self, pa: u64, word: u64) {
        assert!(self.write(pa, &word.to_le_bytes()));
    }
}

impl Memory for Ram {
    fn read(&mut self, pa: u64, buf: &mut [u8]) -> bool {
        let Some(at) = self.at(pa, buf.len()) else {
            return false;
        };
        buf.copy_from_slice(&self.bytes[at..at + buf.len()]);
        true
    }

    fn write(&mut self, pa: u64, buf: &[u8]) -> bool {
        let Some(at) = self.at(pa, buf.len()) else {
            return false;
        };
        self.bytes[at..at + buf.len()].copy_from_slice(buf);
        true
    }
}

/// A small generator of random numbers with a seed.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as u32
    }

    pub fn below(&mut self, n: u32) -> u32 {
        self.next() % n
    }
}

/// The seeds of a random test; `MODELS_SEED=n` selects one.
pub fn seeds() -> Vec<u64> {
    match std::env::var("MODELS_SEED") {
        Ok(seed) => vec![seed.parse().expect("MODELS_SEED is a number")],
        Err(_) => (1..=8)
            .map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .collect(),
    }
}
