// SPDX-License-Identifier: GPL-2.0

//! The entries of Apple's DART. The kernel's library writes them; here they are read.

use kernel::{
    bindings::{
        self,
        io_pgtable_fmt, //
    },
    bits::genmask_u64,
    prelude::*,
    sizes::{
        SZ_16K,
        SZ_4K, //
    },
};

use crate::{
    bindings::rust_iommu_helper_phys_to_virt,
    prot::Prot,
    PhysAddr, //
};

use super::{
    Config,
    PageTable, //
};

/// The entries of a page table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// Those of T8020 and compatible ones: physical addresses of 36 bits, not shifted.
    Dart1,
    /// Those of T6000, T8110 and compatible ones: physical addresses of 42 bits, shifted right by
    /// 4.
    Dart2,
}

crate::atomic_safe!(
    enum Entries {
        Dart1,
        Dart2,
    }
);

const VALID: u64 = 1;

impl Entries {
    /// The library's name of the format.
    pub(super) fn format(self) -> io_pgtable_fmt {
        match self {
            Self::Dart1 => bindings::io_pgtable_fmt_APPLE_DART,
            Self::Dart2 => bindings::io_pgtable_fmt_APPLE_DART2,
        }
    }

    /// Whether the entries are wide enough for `config`.
    ///
    /// The library does not check that: it would follow a truncated address. Those of `Dart1` have
    /// bits 12 to 35 of an address. Those of `Dart2` have bits 14 to 41, so they cannot hold tables
    /// and pages of 4 KiB.
    pub fn supports(self, config: &Config) -> bool {
        match self {
            Self::Dart1 => matches!(config.page_size, SZ_4K | SZ_16K) && config.oas <= 36,
            Self::Dart2 => config.page_size == SZ_16K && config.oas <= 42,
        }
    }

    /// Returns the physical address in an entry: as `iopte_to_paddr()` of the library does, since
    /// addresses of tables are dereferenced.
    pub(super) fn paddr(self, entry: u64) -> PhysAddr {
        match self {
            Self::Dart1 => entry & genmask_u64(12..=35),
            Self::Dart2 => (entry & genmask_u64(10..=37)) << 4,
        }
    }

    /// Returns the accesses that an entry allows.
    pub(super) fn prot(self, entry: u64) -> Prot {
        let (no_write, no_read) = match self {
            Self::Dart1 => (1 << 7, 1 << 8),
            Self::Dart2 => (1 << 2, 1 << 3),
        };

        Prot::new(entry & no_read == 0, entry & no_write == 0)
    }
}

impl PageTable {
    fn entry_count(&self) -> usize {
        self.config.page_size / size_of::<u64>()
    }

    /// Reads an entry of a table of this page table.
    fn entry(&self, table: PhysAddr, index: usize) -> u64 {
        // SAFETY: tables lie in the kernel's linear mapping, have this many entries, and stay as
        // long as `self`. Entries are only written as a whole.
        unsafe {
            rust_iommu_helper_phys_to_virt(table)
                .cast::<u64>()
                .add(index % self.entry_count())
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
        let bits = self.entry_count().ilog2();
        let span = (self.config.page_size as u64) << (bits * (level - 1));

        *tables += 1;
        for index in 0..self.entry_count() {
            let entry = self.entry(table, index);
            let at = iova + span * index as u64;

            if entry & VALID == 0 {
                continue;
            }
            // At most three levels: the library refuses more.
            if level > 1 {
                self.walk(self.entries.paddr(entry), level - 1, at, tables, f);
            } else {
                f(at, entry);
            }
        }
    }

    /// Calls `f` with the IOVA and the entry of each mapped page, and returns the number of tables.
    pub(super) fn walk_all(&self, f: &mut dyn FnMut(u64, u64)) -> usize {
        let mut tables = 0;
        let below = self.levels - 1;
        let span = (self.config.page_size as u64) << (self.entry_count().ilog2() * below);

        for (index, &table) in self.ttbrs().iter().enumerate() {
            self.walk(table, below, span * index as u64, &mut tables, f);
        }
        tables
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_pgtable_dart)]
mod tests {
    use super::*;

    use crate::{
        gfp::Gfp,
        table::interface::PagingTable, //
    };

    const SIZES: [(usize, u32, usize, u32); 4] = [
        // Page size, input width; then number of top-level tables, and levels.
        (0x1000, 32, 4, 3),
        (0x4000, 32, 1, 3),
        (0x4000, 36, 1, 3),
        (0x4000, 42, 1, 4),
    ];

    fn make(entries: Entries, page_size: usize, ias: u32) -> Result<PageTable> {
        let oas = if ias > 36 { 42 } else { 36 };

        PageTable::new(
            entries,
            Config {
                page_size,
                ias,
                oas,
            },
        )
    }

    fn round(table: PageTable) -> Result {
        let page_size = table.config.page_size;
        let size = page_size as u64;
        let map =
            |iova, paddr, count, prot| table.map(iova, paddr, page_size, count, prot, Gfp::KERNEL);
        // The last page of a table and the first one of the next.
        let iova = size * (page_size as u64 / 8) - size;

        assert_eq!(table.usage(), (0, table.ttbrs().len() * page_size));
        let (done, ret) = map(iova, 0x8_0000_0000, 3, Prot::READ);
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
        map(iova, 0x4000_0000, 1, Prot::READ).1?;
        assert_eq!(table.iova_to_phys(iova + 5), Some(0x4000_0005));
        assert_eq!(table.unmap(iova + size, page_size), 0);
        assert_eq!(table.unmap(iova, page_size), page_size);
        assert_eq!(table.unmap(iova, page_size), 0);

        // The last page of the address space.
        let last = table.last + 1 - size;
        map(last, 0x4000_0000, 1, Prot::READ_WRITE).1?;
        assert_eq!(table.iova_to_phys(table.last), Some(0x4000_0000 + size - 1));
        Ok(())
    }

    #[test]
    fn maps_at_borders() -> Result {
        for (page_size, ias, ttbrs, levels) in SIZES {
            for entries in [Entries::Dart1, Entries::Dart2] {
                let fits = match entries {
                    Entries::Dart1 => ias <= 36,
                    Entries::Dart2 => page_size == 0x4000,
                };
                if fits {
                    let table = make(entries, page_size, ias)?;
                    assert!((table.ttbrs().len(), table.levels()) == (ttbrs, levels));
                    round(table)?;
                }
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

        assert!(PageTable::new(Entries::Dart2, config(0x1000, 36)).err() == Some(EINVAL));
        assert!(PageTable::new(Entries::Dart2, config(0x1000, 42)).err() == Some(EINVAL));
        assert!(PageTable::new(Entries::Dart1, config(0x4000, 42)).err() == Some(EINVAL));
        // No table fits into 4 KiB.
        assert!(PageTable::new(Entries::Dart1, config(0x1000, 13)).err() == Some(EINVAL));
    }

    #[test]
    fn refuses_widths_without_a_page() {
        for (page_size, ias) in [(0x1000, 12), (0x1000, 0), (0x4000, 65), (0, 32)] {
            assert_eq!(make(Entries::Dart1, page_size, ias).err(), Some(EINVAL));
        }
    }

    #[test]
    fn refuses_what_does_not_fit() -> Result {
        let table = make(Entries::Dart1, 0x4000, 32)?;
        let map =
            |iova, paddr, count, prot| table.map(iova, paddr, 0x4000, count, prot, Gfp::KERNEL);

        assert!(map(0x1000, 0, 1, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 0x1000, 1, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 0, 0, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0xffff_c000, 0, 2, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(u64::MAX & !0x3fff, 0, 1, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(1 << 32, 0, 1, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 1 << 36, 1, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 0, usize::MAX, Prot::READ) == (0, Err(ERANGE)));
        assert!(map(0, 0, 1, Prot::NONE) == (0, Err(EINVAL)));
        for iova in [0, 0x1000, 1 << 32, u64::MAX & !0x3fff] {
            assert_eq!(table.unmap(iova, 0x4000), 0);
        }
        assert_eq!(table.usage(), (0, 0x4000));

        assert!(make(Entries::Dart1, 0x10000, 32).is_err());
        assert!(make(Entries::Dart1, 0x3000, 32).is_err());
        assert!(make(Entries::Dart1, 0x4000, 0).is_err());
        assert!(make(Entries::Dart1, 0x4000, 48).is_err());
        Ok(())
    }
}
