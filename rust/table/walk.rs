// SPDX-License-Identifier: GPL-2.0

//! Looking at a page table, for debugfs.

use kernel::sync::atomic::Relaxed;

use super::{
    entries,
    Format,
    Page,
    Sizes,
    Table, //
};

use crate::{
    prot::Prot,
    walker::WalkerDevice, //
};

/// Pages that follow each other on both sides and allow the same.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first IOVA.
    pub iova: u64,
    /// The first physical address.
    pub paddr: u64,
    /// Number of bytes.
    pub size: u64,
    /// The accesses that are allowed.
    pub prot: Prot,
}

impl Range {
    /// Adds a page, if it continues the range.
    fn extend(&mut self, iova: u64, page: &Page) -> bool {
        let continues = self.iova + self.size == iova
            && self.paddr + self.size == page.paddr
            && self.prot == page.prot;

        if continues {
            self.size += 1 << page.shift;
        }
        continues
    }
}

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Calls `f` with each range of live translations, in the order of IOVAs.
    ///
    /// Tables may change meanwhile: each page was mapped at some moment.
    pub fn for_each_range(&self, mut f: impl FnMut(&Range)) {
        let mut last: Option<Range> = None;

        self.for_each_page(|iova, page| {
            if last.as_mut().is_some_and(|range| range.extend(iova, page)) {
                return;
            }
            let next = Range {
                iova,
                paddr: page.paddr,
                size: 1 << page.shift,
                prot: page.prot,
            };
            if let Some(range) = last.replace(next) {
                f(&range);
            }
        });
        if let Some(range) = last {
            f(&range);
        }
    }

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
