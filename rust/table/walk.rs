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

use crate::walker::WalkerDevice;

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Calls `f` with each page and its IOVA, in the order of IOVAs.
    pub(super) fn for_each_page(&self, mut f: impl FnMut(u64, &Page)) {
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
