// SPDX-License-Identifier: GPL-2.0

//! The formats of Apple's DART. The kernel's library writes the entries; here they are read.
//!
//! C file: [`drivers/iommu/io-pgtable-dart.c`](srctree/drivers/iommu/io-pgtable-dart.c)

use kernel::{
    bindings::{
        self,
        io_pgtable_fmt, //
    },
    bits::genmask_u64,
    iommu::pgtable::IoPageTableFmt,
    prelude::*,
    sizes::{
        SZ_16K,
        SZ_4K, //
    },
};

use crate::{
    bindings::rust_iommu_helper_phys_to_virt,
    gfp::Gfp,
    prot::Prot,
    table::interface::{
        merge,
        Geometry,
        PagingTable,
        Translation, //
    },
    PhysAddr, //
};

use super::{
    Config,
    PageTable,
    Robust, //
};

/// Entries of T8020 and compatible ones: physical addresses of 36 bits, not shifted.
pub enum Dart1 {}

/// Entries of T6000, T8110 and compatible ones: physical addresses of 42 bits, shifted right by 4.
pub enum Dart2 {}

impl IoPageTableFmt for Dart1 {
    const FORMAT: io_pgtable_fmt = bindings::io_pgtable_fmt_APPLE_DART as io_pgtable_fmt;
}

impl IoPageTableFmt for Dart2 {
    const FORMAT: io_pgtable_fmt = bindings::io_pgtable_fmt_APPLE_DART2 as io_pgtable_fmt;
}

// SAFETY: io-pgtable-dart.c frees tables in `free` only; installs them by cmpxchg and writes
// entries whole; refuses, with a warning, to map a mapped page and to unmap an unmapped one; takes
// no lock, allocates with the given flags, and uses of the configuration only page size, widths and
// `coherent_walk`. An entry has bits 12 to 35 of an address.
unsafe impl Robust for Dart1 {
    fn supports(config: &Config) -> bool {
        matches!(config.page_size, SZ_4K | SZ_16K) && config.oas <= 36
    }
}
// SAFETY: as above. An entry has bits 14 to 41 of an address, so it cannot hold tables and pages of
// 4 KiB.
unsafe impl Robust for Dart2 {
    fn supports(config: &Config) -> bool {
        config.page_size == SZ_16K && config.oas <= 42
    }
}

/// The differences between the entries of the two formats.
///
/// # Safety
///
/// [`DartFormat::paddr`] returns the address that the library has put into the entry. The address
/// is dereferenced.
pub unsafe trait DartFormat: Robust {
    /// Bits that deny writes and reads.
    const NO_WRITE: u64;
    /// See [`Self::NO_WRITE`].
    const NO_READ: u64;

    /// Returns the physical address in an entry.
    fn paddr(entry: u64) -> PhysAddr;
}

// SAFETY: as paddr_to_iopte() in io-pgtable-dart.c has it for this format.
unsafe impl DartFormat for Dart1 {
    const NO_WRITE: u64 = 1 << 7;
    const NO_READ: u64 = 1 << 8;

    fn paddr(entry: u64) -> PhysAddr {
        entry & genmask_u64(12..=35)
    }
}

// SAFETY: as paddr_to_iopte() in io-pgtable-dart.c has it for this format.
unsafe impl DartFormat for Dart2 {
    const NO_WRITE: u64 = 1 << 2;
    const NO_READ: u64 = 1 << 3;

    fn paddr(entry: u64) -> PhysAddr {
        (entry & genmask_u64(10..=37)) << 4
    }
}

const VALID: u64 = 1;

impl<F: DartFormat> PageTable<F> {
    /// Returns the physical addresses of the one or four tables at which the hardware starts.
    ///
    /// They are constant for the page table's life. The page table must not be dropped while
    /// hardware may walk it.
    pub fn ttbrs(&self) -> &[u64] {
        // SAFETY: this is the part of the union that these formats use; the library has filled it
        // in.
        let cfg = unsafe { &self.cfg().__bindgen_anon_1.apple_dart_cfg };

        cfg.ttbr.get(..cfg.n_ttbrs as usize).unwrap_or(&[])
    }

    /// Returns the levels of a walk, 3 or 4. The first is the choice of a table by the hardware's
    /// register.
    pub fn levels(&self) -> u32 {
        // SAFETY: as above.
        unsafe { self.cfg().__bindgen_anon_1.apple_dart_cfg.n_levels }
    }

    fn entries(&self) -> usize {
        self.config().page_size / size_of::<u64>()
    }

    /// Reads an entry of a table of this page table.
    fn entry(&self, table: PhysAddr, index: usize) -> u64 {
        // SAFETY: tables lie in the kernel's linear mapping, have this many entries, and stay as
        // long as `self`. Entries are only written as a whole.
        unsafe {
            rust_iommu_helper_phys_to_virt(table)
                .cast::<u64>()
                .add(index % self.entries())
                .read_volatile()
        }
    }

    /// Walks the table at `level`, whose first entry is for `iova`; pages are entries of level 1.
    /// Adds the number of tables walked to `tables`, and calls `f` with the IOVA and the entry of
    /// each mapped page.
    fn walk(
        &self,
        table: PhysAddr,
        level: u32,
        iova: u64,
        tables: &mut usize,
        f: &mut dyn FnMut(u64, u64),
    ) {
        let bits = self.entries().ilog2();
        let span = (self.config().page_size as u64) << (bits * (level - 1));

        *tables += 1;
        for index in 0..self.entries() {
            let entry = self.entry(table, index);
            let at = iova + span * index as u64;

            if entry & VALID == 0 {
                continue;
            }
            // At most three levels: the library refuses more.
            if level > 1 {
                self.walk(F::paddr(entry), level - 1, at, tables, f);
            } else {
                f(at, entry);
            }
        }
    }

    fn walk_all(&self, f: &mut dyn FnMut(u64, u64)) -> usize {
        let mut tables = 0;
        let below = self.levels() - 1;
        let span = (self.config().page_size as u64) << (self.entries().ilog2() * below);

        for (index, &table) in self.ttbrs().iter().enumerate() {
            self.walk(table, below, span * index as u64, &mut tables, f);
        }
        tables
    }
}

impl<F: DartFormat> PagingTable for PageTable<F> {
    fn geometry(&self) -> Geometry {
        Geometry {
            pgsizes: self.config().page_size as u32,
            aperture: 0..=self.last(),
        }
    }

    // Each transfer calls it.
    #[inline(always)]
    fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        _pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        PageTable::map(self, iova, paddr, pgcount, prot, gfp)
    }

    // Each transfer calls it.
    #[inline(always)]
    fn unmap(&self, iova: u64, size: usize) -> usize {
        PageTable::unmap(self, iova, size)
    }

    #[inline]
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        PageTable::iova_to_phys(self, iova)
    }

    fn translations(&self, f: &mut dyn FnMut(Translation)) {
        let size = self.config().page_size as u64;

        merge(f, |add| {
            self.walk_all(&mut |iova, entry| {
                let mut prot = Prot::NONE;
                if entry & F::NO_READ == 0 {
                    prot = prot | Prot::READ;
                }
                if entry & F::NO_WRITE == 0 {
                    prot = prot | Prot::WRITE;
                }
                add(Translation {
                    iova,
                    paddr: F::paddr(entry),
                    size,
                    prot,
                });
            });
        });
    }

    fn usage(&self) -> (usize, usize) {
        let tables = self.walk_all(&mut |_, _| {});

        (
            tables - self.ttbrs().len(),
            tables * self.config().page_size,
        )
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_pgtable_dart)]
mod tests {
    use super::*;

    const SIZES: [(usize, u32, usize, u32); 4] = [
        // Page size, input width; then number of top-level tables, and levels.
        (0x1000, 32, 4, 3),
        (0x4000, 32, 1, 3),
        (0x4000, 36, 1, 3),
        (0x4000, 42, 1, 4),
    ];

    fn make<F: DartFormat>(page_size: usize, ias: u32) -> Result<PageTable<F>> {
        PageTable::new(Config {
            page_size,
            ias,
            oas: if ias > 36 { 42 } else { 36 },
        })
    }

    fn round<F: DartFormat>(page_size: usize, ias: u32) -> Result {
        let table = make::<F>(page_size, ias)?;
        let size = page_size as u64;
        // The last page of a table and the first one of the next.
        let iova = size * (page_size as u64 / 8) - size;

        assert_eq!(table.usage(), (0, table.ttbrs().len() * page_size));
        let (done, ret) = table.map(iova, 0x8_0000_0000, 3, Prot::READ, Gfp::KERNEL);
        ret?;
        assert_eq!(done, 3);
        assert_eq!(
            table.iova_to_phys(iova + size + 5),
            Some(0x8_0000_0000 + size + 5)
        );
        assert_eq!(table.iova_to_phys(iova - 1), None);
        assert_eq!(
            table.usage().0,
            2 * (table.levels() as usize - 2) - usize::from(table.levels() == 4)
        );

        let mut ranges = 0;
        table.translations(&mut |range| {
            ranges += 1;
            assert_eq!(range.iova, iova);
            assert_eq!(range.paddr, 0x8_0000_0000);
            assert_eq!(range.size, 3 * size);
            assert!(range.prot == Prot::READ);
        });
        assert_eq!(ranges, 1);

        // Stops at the hole.
        assert_eq!(table.unmap(iova, 3 * page_size), 3 * page_size);
        assert_eq!(table.unmap(iova, page_size), 0);
        assert_eq!(table.iova_to_phys(iova), None);

        // One by one.
        table.map(iova, 0x4000_0000, 1, Prot::READ, Gfp::KERNEL).1?;
        assert_eq!(table.iova_to_phys(iova + 5), Some(0x4000_0005));
        assert_eq!(table.unmap(iova + size, page_size), 0);
        assert_eq!(table.unmap(iova, page_size), page_size);
        assert_eq!(table.unmap(iova, page_size), 0);

        // The last page of the address space.
        let last = table.last() + 1 - size;
        table
            .map(last, 0x4000_0000, 1, Prot::READ_WRITE, Gfp::KERNEL)
            .1?;
        assert_eq!(
            table.iova_to_phys(table.last()),
            Some(0x4000_0000 + size - 1)
        );
        Ok(())
    }

    #[test]
    fn maps_at_borders() -> Result {
        fn shape<F: DartFormat>(page_size: usize, ias: u32) -> Result<(usize, u32)> {
            let table = make::<F>(page_size, ias)?;

            Ok((table.ttbrs().len(), table.levels()))
        }

        for (page_size, ias, ttbrs, levels) in SIZES {
            if ias <= 36 {
                assert!(shape::<Dart1>(page_size, ias)? == (ttbrs, levels));
                round::<Dart1>(page_size, ias)?;
            }
            if page_size == 0x4000 {
                assert!(shape::<Dart2>(page_size, ias)? == (ttbrs, levels));
                round::<Dart2>(page_size, ias)?;
            }
        }
        Ok(())
    }

    /// A truncated address of a table would be the address of other memory.
    #[test]
    fn refuses_addresses_that_entries_cannot_hold() {
        let config = |page_size, oas| Config {
            page_size,
            ias: 32,
            oas,
        };

        assert!(PageTable::<Dart2>::new(config(0x1000, 36)).err() == Some(EINVAL));
        assert!(PageTable::<Dart2>::new(config(0x1000, 42)).err() == Some(EINVAL));
        assert!(PageTable::<Dart1>::new(config(0x4000, 42)).err() == Some(EINVAL));
        // No table fits into 4 KiB.
        assert!(PageTable::<Dart1>::new(config(0x1000, 13)).err() == Some(EINVAL));
    }

    #[test]
    fn refuses_widths_without_a_page() {
        for (page_size, ias) in [(0x1000, 12), (0x1000, 0), (0x4000, 65), (0, 32)] {
            assert_eq!(make::<Dart1>(page_size, ias).err(), Some(EINVAL));
        }
    }

    #[test]
    fn refuses_what_does_not_fit() -> Result {
        let table = make::<Dart1>(0x4000, 32)?;
        let map = |iova, paddr, count, prot| table.map(iova, paddr, count, prot, Gfp::KERNEL);

        assert!(map(0x1000, 0, 1, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 0x1000, 1, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 0, 0, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0xffff_c000, 0, 2, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(u64::MAX & !0x3fff, 0, 1, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 1 << 36, 1, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 0, usize::MAX, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 0, 1, Prot::NONE) == (0, Err(EINVAL)));

        let map = |iova, paddr, prot| table.map(iova, paddr, 1, prot, Gfp::KERNEL).1;
        assert!(map(0x1000, 0, Prot::READ) == Err(ERANGE));
        assert!(map(0, 0x1000, Prot::READ) == Err(ERANGE));
        assert!(map(1 << 32, 0, Prot::READ) == Err(ERANGE));
        assert!(map(u64::MAX & !0x3fff, 0, Prot::READ) == Err(ERANGE));
        assert!(map(0, 1 << 36, Prot::READ) == Err(ERANGE));
        assert!(map(0, 0, Prot::NONE) == Err(EINVAL));
        for iova in [0, 0x1000, 1 << 32, u64::MAX & !0x3fff] {
            assert_eq!(table.unmap(iova, 0x4000), 0);
        }
        assert_eq!(table.usage(), (0, 0x4000));

        assert!(make::<Dart1>(0x10000, 32).is_err());
        assert!(make::<Dart1>(0x3000, 32).is_err());
        assert!(make::<Dart1>(0x4000, 0).is_err());
        assert!(make::<Dart1>(0x4000, 48).is_err());
        Ok(())
    }
}
