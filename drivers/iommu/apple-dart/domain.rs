// SPDX-License-Identifier: GPL-2.0

//! An address space: a page table, and the streams of each instance that go through it.

use core::{
    ops::RangeInclusive,
    sync::atomic::{
        AtomicU64,
        Ordering, //
    },
};

use iommu::{
    pgtable::PageTable,
    prelude::*, //
};
use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    sync::{
        atomic::Full,
        barrier::smp_mb, //
    },
};

use crate::{
    engine::{
        Engine,
        Path, //
    },
    streams::{
        Streams,
        WORDS, //
    },
    window::Window,
    AppleDart, //
};

/// The line in the log when streams are denied because of a timeout.
const STALLED: &str = "invalidation timed out, its masters are denied until one succeeds";

/// The state of a domain at one instance.
struct Place {
    /// The register values by which streams are translated through the tables.
    path: Path,
    /// The streams that use the tables, one bit each.
    streams: [AtomicU64; WORDS],
}

atomic_safe!(Place { path, streams });

impl Place {
    /// Invalidates everything that the instance with this index has cached of the domain.
    #[inline(always)]
    fn invalidate(&self, engines: &mut Engines<'_, AppleDart>, index: usize) -> Result {
        let Some(mut engine) = engines.at(index) else {
            return Ok(());
        };
        let result = engine.flush(&self.streams);

        drop(engine);
        if result.is_err() {
            engines.log_if(index, Engine::has_to_log, STALLED);
        }
        result
    }
}

/// A paging domain. Made for the instances of one master; other masters behind the same
/// instances may share it.
pub(crate) struct Domain {
    /// The addresses that masters use. The table has them without their upper bits.
    window: Window,
    table: PageTable,
    places: KVec<Place>,
}

atomic_safe! { Domain { window, table, places } }

impl Domain {
    /// Makes a domain for the instances of `master`, all of which are in `iommus`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if a block cannot use the tables, or its pages are larger than the kernel's, and
    /// the errors of the page table.
    pub(crate) fn new(
        iommus: &Instances<'_, AppleDart>,
        master: &Master<AppleDart>,
    ) -> Result<Self> {
        let first = iommus.first()?;
        let params = first.lock().params()?;
        let mut config = params.table;

        if master.data().page_size > PAGE_SIZE {
            return Err(EINVAL);
        }
        for (_, iommu) in iommus.iter() {
            config = iommu.lock().params()?.narrow(config);
        }
        let table = PageTable::new(first.variant.entries, config)?;
        let mut places = KVec::new();

        for (_, iommu) in iommus.iter() {
            let place = Place {
                path: iommu.lock().paging(table.ttbrs(), table.levels())?,
                streams: [const { AtomicU64::new(0) }; WORDS],
            };
            places.push(place, GFP_KERNEL)?;
        }
        Ok(Self {
            window: params.window,
            table,
            places,
        })
    }

    /// Returns the path of streams of an instance through the tables.
    pub(crate) fn path(&self, instance: usize) -> &Path {
        self.places
            .get(instance)
            .map_or(&Path::BLOCKED, |place| &place.path)
    }

    /// Adds streams. From now on, changes of the table are invalidated for `added`, too.
    ///
    /// Called before the hardware gets the table. A CPU that unmaps and does not see `added` yet
    /// has cleared its entries before the hardware reads any of them.
    pub(crate) fn add(&self, instance: usize, added: &Streams) {
        if let Some(place) = self.places.get(instance) {
            for (word, bits) in place.streams.iter().zip(added.words()) {
                // Most words are 0, and each `fetch_or` takes the bus.
                if *bits != 0 {
                    word.fetch_or(*bits, Ordering::SeqCst);
                }
            }
        }
        smp_mb(Full);
    }

    /// Removes stream `id`, for which the hardware does not read the table any more.
    pub(crate) fn remove(&self, instance: usize, id: u16) {
        let place = self.places.get(instance);

        if let Some(word) = place.and_then(|place| place.streams.get(usize::from(id) / 64)) {
            word.fetch_and(!(1 << (id % 64)), Ordering::SeqCst);
        }
    }

    /// Invalidates everything that the instances have cached of this domain.
    // Every transfer calls this. Most domains have one instance.
    #[inline(always)]
    fn invalidate(&self, engines: &mut Engines<'_, AppleDart>) -> Result {
        // The entries must be written before the streams that may have read them are loaded; see
        // `add`.
        smp_mb(Full);
        match &self.places[..] {
            [place] => place.invalidate(engines, 0),
            _ => self.invalidate_each(engines),
        }
    }

    #[inline(never)]
    fn invalidate_each(&self, engines: &mut Engines<'_, AppleDart>) -> Result {
        let mut result = Ok(());

        for (index, place) in self.places.iter().enumerate() {
            result = result.and(place.invalidate(engines, index));
        }
        result
    }
}

impl PagingTable for Domain {
    fn geometry(&self) -> Geometry {
        Geometry {
            aperture: self.window.range(),
            ..self.table.geometry()
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
        let iova = self.window.index(iova);

        self.table.map(iova, paddr, pgsize, pgcount, prot, gfp)
    }

    // Each transfer calls it.
    #[inline(always)]
    fn unmap(&self, iova: u64, size: usize) -> usize {
        self.table.unmap(self.window.index(iova), size)
    }

    #[inline]
    fn iova_to_phys(&self, iova: u64) -> Option<PhysAddr> {
        self.table.iova_to_phys(self.window.inside(iova)?)
    }

    fn translations(&self, f: &mut dyn FnMut(Translation)) {
        self.table.translations(&mut |range| {
            f(Translation {
                iova: self.window.outside(range.iova),
                ..range
            })
        });
    }

    fn usage(&self) -> (usize, usize) {
        self.table.usage()
    }
}

impl PagingDomain<AppleDart> for Domain {
    type Table = Self;

    #[inline(always)]
    fn table(&self) -> &Self {
        self
    }

    /// The hardware may have cached that a page is not mapped, also when it read a neighbour's
    /// entry.
    #[inline(always)]
    fn sync_map(
        &self,
        engines: &mut Engines<'_, AppleDart>,
        _range: RangeInclusive<u64>,
    ) -> Result {
        self.invalidate(engines)
    }

    #[inline(always)]
    fn flush_all(&self, engines: &mut Engines<'_, AppleDart>) {
        // A failure was logged, and the streams are denied.
        let _ = self.invalidate(engines);
    }
}
