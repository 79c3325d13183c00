// SPDX-License-Identifier: GPL-2.0

//! Looking at a page table, for debugfs.

use kernel::sync::atomic::Relaxed;

use super::{
    entries,
    Format,
    Piece,
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
    /// Where it goes.
    pub paddr: u64,
    /// Number of pages.
    pub pages: usize,
    /// What accesses are allowed.
    pub prot: Prot,
}

/// A range under construction.
#[derive(Copy, Clone)]
struct Found {
    page: u64,
    pages: usize,
    entry: u32,
}

impl Found {
    fn into_range<F: Format>(self) -> Option<Range> {
        Some(Range {
            iova: self.page << F::PAGE_SHIFT,
            paddr: F::page_paddr(self.entry)?,
            pages: self.pages,
            prot: F::page_prot(self.entry),
        })
    }

    /// Whether `next` goes on where this ends.
    fn joins<F: Format>(&self, next: &Self) -> bool {
        let expected = self
            .entry
            .wrapping_add(F::STEP.wrapping_mul(self.pages as u32));
        self.page + self.pages as u64 == next.page && expected == next.entry
    }
}

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Calls `f` with each range of live translations, in the order of IOVAs.
    ///
    /// Tables may change meanwhile: each range was true at some moment.
    pub fn for_each_range(&self, mut f: impl FnMut(&Range)) {
        let mut last: Option<Found> = None;
        let mut page = 0;

        while page < Sizes::<F>::PAGES {
            let piece = Self::piece(page, F::TABLE_ENTRIES);
            let Some(found) = self.first_in(page, piece) else {
                page += piece.pages as u64;
                continue;
            };
            page = found.page + found.pages as u64;
            last = match last {
                Some(mut run) if run.joins::<F>(&found) => {
                    run.pages += found.pages;
                    Some(run)
                }
                Some(run) => {
                    if let Some(range) = run.into_range::<F>() {
                        f(&range);
                    }
                    Some(found)
                }
                None => Some(found),
            };
        }
        if let Some(range) = last.and_then(Found::into_range::<F>) {
            f(&range);
        }
    }

    fn first_in(&self, page: u64, piece: Piece) -> Option<Found> {
        let table = self.table(piece.index)?;
        let (start, pages, entry) = entries::first_run(&table[piece.start..][..piece.pages], F::STEP)?;

        Some(Found {
            page: page + start as u64,
            pages,
            entry,
        })
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
