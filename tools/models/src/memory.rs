// SPDX-License-Identifier: GPL-2.0

//! Guest memory as hardware sees it.

/// Guest memory, by physical address.
///
/// Everything is little endian. An implementation answers for each access whether there is memory.
pub trait Memory {
    /// Fills `buf` from `pa` on; false when not all of it is memory.
    fn read(&mut self, pa: u64, buf: &mut [u8]) -> bool;

    /// Stores `buf` from `pa` on; false when not all of it is memory.
    fn write(&mut self, pa: u64, buf: &[u8]) -> bool;

    /// One aligned word of data.
    fn read32(&mut self, pa: u64) -> Option<u32> {
        let mut word = [0; 4];

        self.read(pa, &mut word).then(|| u32::from_le_bytes(word))
    }

    /// One aligned word of a page table with 32-bit entries, read by a walker.
    ///
    /// A walker that does not snoop the CPU's caches sees only what was cleaned to memory. A board
    /// that keeps a shadow of cleaned memory overrides this.
    fn table32(&mut self, pa: u64) -> Option<u32> {
        self.read32(pa)
    }

    /// One aligned word of a page table with 64-bit entries, read by a walker, and never in halves.
    fn table64(&mut self, pa: u64) -> Option<u64> {
        let mut word = [0; 8];

        self.read(pa, &mut word).then(|| u64::from_le_bytes(word))
    }
}
