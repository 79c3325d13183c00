// SPDX-License-Identifier: GPL-2.0

//! Pages of other sizes than that of a single entry.
//!
//! A page that is smaller than the range of a table has several equal entries in the table. One
//! that is larger has one or several equal entries in the directory. If a directory entry has a
//! table already, which must be empty then, the table waits in the slot until the page is unmapped.

use kernel::prelude::*;

use super::{
    entries,
    words,
    Body,
    Format,
    Page,
    Sizes,
    Slot,
    Table, //
};

use crate::{
    gfp::Gfp,
    prot::Prot,
    streaming,
    walker::{
        BoundWalker,
        WalkerDevice, //
    },
};

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// [`Table::map`] for page sizes of [`Format::LARGE`].
    #[inline(never)]
    pub(super) fn map_large(
        &self,
        iova: u64,
        paddr: u64,
        pgsize: usize,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        let shift = pgsize.trailing_zeros();

        if let Err(e) = Self::check_large(iova, paddr, pgsize, pgcount, prot) {
            return (0, Err(e));
        }
        for done in 0..pgcount {
            let offset = (done as u64) << shift;
            let mapped = F::large_entry(shift, paddr + offset, prot)
                .and_then(|entry| self.map_one_large(iova + offset, shift, entry, gfp));

            if let Err(e) = mapped {
                return (done, Err(e));
            }
        }
        (pgcount, Ok(()))
    }

    fn check_large(iova: u64, paddr: u64, pgsize: usize, pgcount: usize, prot: Prot) -> Result {
        let shift = pgsize.trailing_zeros();

        if pgcount == 0
            || !pgsize.is_power_of_two()
            || !F::LARGE.contains(&shift)
            || (iova | paddr) & (pgsize as u64 - 1) != 0
        {
            return Err(EINVAL);
        }
        let more = (pgcount as u64 - 1)
            .checked_mul(pgsize as u64)
            .ok_or(ERANGE)?;
        let last = iova.checked_add(more | (pgsize as u64 - 1)).ok_or(ERANGE)?;
        if last > Self::aperture_end() {
            return Err(ERANGE);
        }
        F::large_entry(shift, paddr.checked_add(more).ok_or(ERANGE)?, prot)?;
        Ok(())
    }

    fn map_one_large(&self, iova: u64, shift: u32, entry: u32, gfp: Gfp) -> Result {
        let page = iova >> F::PAGE_SHIFT;
        let count = 1 << (shift - F::PAGE_SHIFT);
        let piece = Self::piece(page, count);

        if shift >= Sizes::<F>::DIR_SHIFT {
            return self
                .body
                .map_section(piece.index, count / F::TABLE_ENTRIES, entry);
        }
        let words = &self.table_or_new(piece.index, gfp)?[piece.start..][..piece.pages];
        if entries::count(words) != 0 {
            return Err(EBUSY);
        }
        entries::fill(words, entry, 0);
        Ok(())
    }

    /// The page behind `iova`, of any size.
    pub(super) fn page_at(&self, iova: u64) -> Option<Page> {
        let page = iova >> F::PAGE_SHIFT;
        if page >= Sizes::<F>::PAGES {
            return None;
        }
        let piece = Self::piece(page, 1);

        match self.table(piece.index) {
            Some(table) => F::page(entries::read(&table[piece.start])),
            None => F::dir_page(entries::read(&self.body.dir()[piece.index])),
        }
    }

    /// [`Table::unmap`] for formats with several page sizes.
    #[inline(never)]
    pub(super) fn unmap_any(&self, iova: u64, size: usize) -> usize {
        let mut done = 0;

        while done < size {
            let Some(at) = iova.checked_add(done as u64) else {
                break;
            };
            // A table has pages of one size only: whole runs of them are emptied at once.
            if !Sizes::<F>::HAS_CONTIGUOUS {
                let pages = self.unmap_run(at, (size - done) >> F::PAGE_SHIFT);
                if pages != 0 {
                    done += pages << F::PAGE_SHIFT;
                    continue;
                }
            }
            let Some(page) = self.page_at(at) else {
                break;
            };
            // A format that decodes other sizes than it has.
            if page.shift != F::PAGE_SHIFT && !F::LARGE.contains(&page.shift) {
                break;
            }
            let bytes = 1 << page.shift;
            let piece = Self::piece(at >> F::PAGE_SHIFT, bytes >> F::PAGE_SHIFT);

            if at & (bytes as u64 - 1) != 0 || bytes > size - done {
                break;
            }
            if page.shift >= Sizes::<F>::DIR_SHIFT && self.table(piece.index).is_none() {
                let count = bytes >> Sizes::<F>::DIR_SHIFT;
                self.body.unmap_section(piece.index, count);
            } else if let Some(table) = self.table(piece.index) {
                let words = &table[piece.start..][..piece.pages];
                words.iter().for_each(|word| entries::write(word, 0));
            }
            done += bytes;
        }
        done
    }
}

impl<F: Format, W: WalkerDevice> Body<F, W> {
    /// Writes `count` equal directory entries.
    ///
    /// # Errors
    ///
    /// `EBUSY` if something is mapped there, `ENODEV` if the device is unbound.
    fn map_section(&self, index: usize, count: usize, entry: u32) -> Result {
        self.device
            .lock(|walker| {
                let slots = &self.slots[index..][..count];

                if !slots.iter().all(|slot| self.is_free(slot)) {
                    return Err(EBUSY);
                }
                slots.iter().for_each(|slot| slot.set_section(true));
                self.write_dir(Some(walker), index, count, |_| entry);
                Ok(())
            })
            .ok_or(ENODEV)?
    }

    /// Whether nothing is mapped in the range of a slot.
    fn is_free(&self, slot: &Slot) -> bool {
        let is_empty = |table| {
            // SAFETY: by the type invariants the table has that many words, and stays.
            let words = unsafe { words(table, F::TABLE_ENTRIES) };
            entries::count(words) == 0
        };

        !slot.has(Slot::SECTION) && slot.any_table().is_none_or(is_empty)
    }

    /// Writes directory entries that point to their tables, or are invalid, in the place of a page.
    fn unmap_section(&self, index: usize, count: usize) {
        let change = |walker: Option<&BoundWalker<'_>>| {
            self.write_dir(walker, index, count, |slot| {
                slot.any_table()
                    .and_then(|table| F::dir_entry(streaming::paddr_of(table.cast())))
                    .unwrap_or(0)
            });
            self.slots[index..][..count]
                .iter()
                .for_each(|slot| slot.set_section(false));
        };

        if self.device.lock(|walker| change(Some(walker))).is_none() {
            change(None);
        }
    }

    fn write_dir(
        &self,
        walker: Option<&BoundWalker<'_>>,
        index: usize,
        count: usize,
        entry: impl Fn(&Slot) -> u32,
    ) {
        let words = &self.dir()[index..][..count];

        for (word, slot) in words.iter().zip(&self.slots[index..]) {
            entries::write(word, entry(slot));
        }
        if let Some(walker) = walker {
            // SAFETY: words of the directory, and the walker is that of `device`.
            unsafe { self.clean_words(walker, words) };
        }
    }
}
