// SPDX-License-Identifier: GPL-2.0

//! Guest memory as the hardware accesses it.

/// Guest memory, by physical address.
///
/// All data is little endian. Each access returns whether there is memory at the address.
pub trait Memory {
    /// Fills `buf` from `pa` on; false if not all of the range is memory.
    fn read(&mut self, pa: u64, buf: &mut [u8]) -> bool;

    /// Stores `buf` from `pa` on; false if not all of the range is memory.
    fn write(&mut self, pa: u64, buf: &[u8]) -> bool;

    /// Reads one aligned word of data.
    fn read32(&mut self, pa: u64) -> Option<u32> {
        let mut word = [0; 4];

        self.read(pa, &mut word).then(|| u32::from_le_bytes(word))
    }

    /// Reads one aligned word of a page table with 32-bit entries for a walker.
    ///
    /// A walker that does not snoop the CPU's caches reads only data that was cleaned to memory. A
    /// board that keeps a shadow of cleaned memory overrides this.
    fn table32(&mut self, pa: u64) -> Option<u32> {
        self.read32(pa)
    }

    /// Reads one aligned word of a page table with 64-bit entries for a walker, never in halves.
    fn table64(&mut self, pa: u64) -> Option<u64> {
        let mut word = [0; 8];

        self.read(pa, &mut word).then(|| u64::from_le_bytes(word))
    }
}
