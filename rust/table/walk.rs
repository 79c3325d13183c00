// SPDX-License-Identifier: GPL-2.0

//! A [`Table`] as the [`PagingTable`] of a domain.

use kernel::{
    prelude::*,
    sync::atomic::Relaxed, //
};

use super::{
    entries,
    interface::{
        merge,
        Geometry,
        PagingTable,
        Translation, //
    },
    Format,
    Page,
    Sizes,
    Table, //
};

use crate::{
    gfp::Gfp,
    prot::Prot,
    walker::WalkerDevice,
    PhysAddr, //
};

impl<F: Format, W: WalkerDevice> PagingTable for Table<F, W> {
    fn geometry(&self) -> Geometry {
        Geometry {
            pgsizes: Self::page_sizes(),
            aperture: 0..=Self::aperture_end(),
        }
    }

    // Each transfer calls it.
    #[inline(always)]
    fn map(
        &self,
        iova: u64,
        paddr: PhysAddr,
        pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        Table::map(self, iova, paddr, pgsize, pgcount, prot, gfp)
    }

    // Each transfer calls it.
    #[inline(always)]
    fn unmap(&self, iova: u64, size: usize) -> usize {
        Table::unmap(self, iova, size)
    }

    #[inline(always)]
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        Table::iova_to_phys(self, iova)
    }

    /// Tables may change meanwhile: each page was mapped at some moment.
    fn translations(&self, f: &mut dyn FnMut(Translation)) {
        merge(f, |add| {
            self.for_each_page(|iova, page| {
                add(Translation {
                    iova,
                    paddr: page.paddr,
                    size: 1 << page.shift,
                    prot: page.prot,
                });
            });
        });
    }

    fn usage(&self) -> (usize, usize) {
        (self.tables(), self.bytes())
    }
}

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Calls `f` with each page and its IOVA, in the order of IOVAs.
    fn for_each_page(&self, mut f: impl FnMut(u64, &Page)) {
        let mut next = 0;

        for (index, word) in self.body.dir().iter().enumerate() {
            let start = (index as u64) << Sizes::<F>::DIR_SHIFT;
            let mut see = |iova: u64, page: Option<Page>| {
                // Not the further entries of a page that has several.
                if let Some(page) = page.filter(|_| iova >= next) {
                    f(iova, &page);
                    next = iova + (1 << page.shift);
                }
            };

            let Some(table) = self.table(index) else {
                see(start, F::dir_page(entries::read(word)));
                continue;
            };
            for (i, word) in table.iter().enumerate() {
                let entry = entries::read(word);
                see(start + ((i as u64) << F::PAGE_SHIFT), F::page(entry));
            }
        }
    }

    /// Number of tables.
    pub fn tables(&self) -> usize {
        self.body.tables.load(Relaxed)
    }

    /// Bytes that the hardware may walk: tables and the directory.
    pub fn bytes(&self) -> usize {
        Sizes::<F>::DIRECTORY + self.tables() * Sizes::<F>::TABLE
    }
}
