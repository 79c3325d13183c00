// SPDX-License-Identifier: GPL-2.0

//! Hardware that walks a page table, and the steps of a driver that map and unmap.

use core::{
    marker::PhantomData,
    ops::RangeInclusive, //
};

use std::collections::BTreeMap;

use kernel::{
    bindings, memory,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
};

use crate::{
    instance::Instance,
    mapped_tables::Walker,
    paging::PagingTable,
    prot::Prot,
    table::{
        Format,
        Table, //
    },
    walker::BoundWalker,
};

/// Whether a format has pages in the directory.
pub(crate) fn has_sections<F: Format>() -> bool {
    F::LARGE.iter().any(|shift| 1 << shift >= span::<F>())
}

/// Bytes of address space behind one directory entry.
pub(crate) const fn span<F: Format>() -> u64 {
    (F::TABLE_ENTRIES as u64) << F::PAGE_SHIFT
}

/// A walker with a TLB and a walk cache, which evict nothing and keep invalid entries, too.
pub(crate) struct Hardware<F> {
    dev: *const bindings::device,
    directory: u64,
    is_on: bool,
    dirs: BTreeMap<u64, u32>,
    pages: BTreeMap<u64, Option<(u64, Prot)>>,
    _format: PhantomData<F>,
}

// SAFETY: the device is there for longer, see `Domain`.
unsafe impl<F> Send for Hardware<F> {}

impl<F: Format> Hardware<F> {
    /// Translates as a master's access does, or a prefetch.
    pub(crate) fn access(&mut self, iova: u64) -> Option<(u64, Prot)> {
        assert!(self.is_on);
        let page = iova >> F::PAGE_SHIFT;
        let offset = iova & ((1 << F::PAGE_SHIFT) - 1);

        let found = match self.pages.get(&page) {
            Some(&found) => found,
            None => {
                let found = self.walk(page << F::PAGE_SHIFT);
                self.pages.insert(page, found);
                found
            }
        };
        found.map(|(paddr, prot)| (paddr + offset, prot))
    }

    fn walk(&mut self, iova: u64) -> Option<(u64, Prot)> {
        let index = iova / span::<F>();
        let at = self.directory + 4 * index;
        let dir = *self
            .dirs
            .entry(index)
            .or_insert_with(|| memory::walk(self.dev, at));

        let page = match (F::dir_table(dir), F::dir_page(dir)) {
            (Some(table), None) => {
                let index = (iova % span::<F>()) >> F::PAGE_SHIFT;
                F::page(memory::walk(self.dev, table + 4 * index))?
            }
            (None, Some(page)) => page,
            (None, None) => {
                assert_eq!(
                    dir, 0,
                    "an entry that is neither a table, nor a page, nor 0"
                );
                return None;
            }
            (Some(_), Some(_)) => panic!("{dir:#x} is a table and a page"),
        };
        Some((page.paddr + (iova & ((1 << page.shift) - 1)), page.prot))
    }

    fn invalidate(&mut self, range: &RangeInclusive<u64>) {
        let pages = range.start() >> F::PAGE_SHIFT..=range.end() >> F::PAGE_SHIFT;
        self.pages.retain(|page, _| !pages.contains(page));
    }

    fn invalidate_dir(&mut self, iova: u64) {
        self.dirs.remove(&(iova / span::<F>()));
    }

    fn invalidate_all(&mut self) {
        self.dirs.clear();
        self.pages.clear();
    }
}

/// An address space, an instance and its hardware. As `drivers/iommu/sun50i/domain.rs`, for all
/// formats.
pub(crate) struct Domain<F: Format> {
    pub(crate) table: Table<F, Walker>,
    pub(crate) instance: Arc<Instance>,
    pub(crate) hardware: Mutex<Hardware<F>>,
}

impl<F: Format> Domain<F> {
    pub(crate) fn new(raw: bindings::device) -> Result<Self> {
        Self::on(Instance::new(raw)?)
    }

    /// One of several of an instance.
    pub(crate) fn on(instance: Arc<Instance>) -> Result<Self> {
        let table = Table::<F, _>::new(Walker(instance.clone()))?;
        let hardware = Hardware {
            dev: instance.raw(),
            directory: table.directory(),
            is_on: true,
            dirs: BTreeMap::new(),
            pages: BTreeMap::new(),
            _format: PhantomData,
        };

        Ok(Self {
            table,
            instance,
            hardware: Mutex::of(hardware),
        })
    }

    /// Calls `f` with the lock of the instance held, if the device is bound.
    fn with<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        let presence = self.instance.presence().lock();

        // SAFETY: the lock is held until `f` has returned.
        presence
            .0
            .is_some()
            .then(|| f(&unsafe { self.instance.walker() }))
    }

    /// The steps for a page, if they are all that there is to do.
    fn sync_page(&self, range: &RangeInclusive<u64>) -> bool {
        let page = *range.start();
        let done = self.with(|walker| {
            let entry = self.table.clean_page(walker, page)?;
            assert_eq!(Some(entry), self.table.entry_address(page));
            self.hardware.lock().invalidate(range);
            Some(())
        });

        done.flatten().is_some()
    }

    fn clean_long(&self, range: &RangeInclusive<u64>) {
        let mut rest = range.clone();

        loop {
            let part = Table::<F, Walker>::start_of(&rest);
            self.with(|walker| self.table.clean(walker, &part));
            if part.end() == rest.end() {
                return;
            }
            rest = *part.end() + 1..=*rest.end();
        }
    }

    /// After pages were mapped. For formats with pages in the directory, also after an unmap.
    pub(crate) fn sync_map(&self, range: &RangeInclusive<u64>) {
        if range.start() >> F::PAGE_SHIFT == range.end() >> F::PAGE_SHIFT && self.sync_page(range) {
            return;
        }
        let is_short = Table::<F, Walker>::start_of(range) == *range;

        if is_short {
            let fresh = self.with(|walker| {
                let fresh = self.table.clean(walker, range);
                if !fresh {
                    self.hardware.lock().invalidate(range);
                }
                fresh
            });
            if fresh != Some(true) {
                return;
            }
        } else {
            self.clean_long(range);
        }
        self.with(|_| {
            // The walker can be at work between any two commands.
            for iova in self.table.fresh(range) {
                self.hardware.lock().invalidate_dir(iova);
            }
            self.hardware.lock().invalidate(range);
            self.table.settle(range);
        });
    }

    /// After pages were unmapped.
    pub(crate) fn sync(&self, range: &RangeInclusive<u64>) {
        if has_sections::<F>() {
            return self.sync_map(range);
        }
        let is_short = Table::<F, Walker>::start_of(range) == *range;

        if !is_short {
            self.clean_long(range);
        }
        self.with(|walker| {
            if is_short {
                let _ = self.table.clean(walker, range);
            }
            self.hardware.lock().invalidate(range);
        });
    }

    pub(crate) fn flush_all(&self) {
        self.clean_long(&(0..=Table::<F, Walker>::aperture_end()));
        self.with(|_| self.hardware.lock().invalidate_all());
    }

    /// The device is unbound.
    pub(crate) fn unbind(&self) {
        self.instance.close();
        self.hardware.lock().is_on = false;
        self.instance.unbind();
    }

    /// An access, if the device is bound.
    pub(crate) fn access(&self, iova: u64) -> Option<(u64, Prot)> {
        self.hardware.lock().access(iova)
    }

    /// A prefetch of a walker that may be stopped.
    pub(crate) fn prefetch(&self, iova: u64) {
        let mut hardware = self.hardware.lock();
        if hardware.is_on {
            hardware.access(iova);
        }
    }

    pub(crate) fn tables(&self) -> usize {
        self.table.usage().0
    }
}
