// SPDX-License-Identifier: GPL-2.0

//! Two CPUs on one page table, and its walker, in all interleavings that loom finds. A thread is
//! preempted three times at most, which bounds their number. Loom also has stores become visible to
//! other threads as late as their memory order allows.

use kernel::{
    bindings,
    memory,
    prelude::*, //
};

use loom::{
    cell::UnsafeCell,
    sync::Arc,
    thread, //
};

use crate::{
    gate::Gate,
    gfp::Gfp,
    hardware::{
        has_sections,
        span,
        Domain, //
    },
    paging::PagingTable,
    prot::Prot,
    table::{
        Format,
        Page, //
    },
};

const RW: Prot = Prot::READ_WRITE;
const PAGE: u64 = 0x1000;

/// As the format of sun50i, with the smallest tables. With `SECTIONS`, directory entries can be
/// pages, as on Tegra.
struct Tiny<const SECTIONS: bool>;

type Pages = Tiny<false>;
type Sections = Tiny<true>;

impl<const SECTIONS: bool> Format for Tiny<SECTIONS> {
    const NAME: &'static str = "tiny";
    const DIR_ENTRIES: usize = 2;
    const TABLE_ENTRIES: usize = 64;
    const PAGE_SHIFT: u32 = 12;
    const STEP: u32 = 1 << 12;
    const LARGE: &'static [u32] = if SECTIONS { &[18] } else { &[] };

    fn dir_entry(table: u64) -> Option<u32> {
        Some(u32::try_from(table).ok()? | 1)
    }

    fn dir_table(entry: u32) -> Option<u64> {
        (entry & 3 == 1).then_some(u64::from(entry & !0xff))
    }

    fn dir_page(entry: u32) -> Option<Page> {
        (SECTIONS && entry & 3 == 2).then_some(Page {
            paddr: u64::from(entry & !0x3_ffff),
            shift: 18,
            prot: RW,
        })
    }

    fn page_entry(paddr: u64, _prot: Prot) -> Result<u32> {
        Ok(u32::try_from(paddr).map_err(|_| ERANGE)? | 2)
    }

    fn large_entry(_shift: u32, paddr: u64, prot: Prot) -> Result<u32> {
        Self::page_entry(paddr, prot)
    }

    fn page(entry: u32) -> Option<Page> {
        (entry & 2 != 0).then_some(Page {
            paddr: u64::from(entry & !0xfff),
            shift: 12,
            prot: RW,
        })
    }
}

/// Runs `f` in all interleavings. Nothing may be left after each.
fn model(f: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.max_branches = 20_000;
    memory::reset();
    builder.check(move || {
        f();
        assert_eq!(memory::blocks(), 0, "blocks are left");
    });
}

fn domain<F: Format>(coherent: bool) -> Arc<Domain<F>> {
    let device = bindings::device {
        coherent,
        ..Default::default()
    };
    Arc::new(Domain::new(device).expect("there is memory"))
}

/// The address that a page is mapped to.
fn target(iova: u64) -> u64 {
    0x8000_0000 + iova
}

fn one(iova: u64) -> core::ops::RangeInclusive<u64> {
    iova..=iova + PAGE - 1
}

impl<F: Format> Domain<F> {
    fn map_page(&self, iova: u64) -> (usize, Result) {
        self.table
            .map(iova, target(iova), PAGE as usize, 1, RW, Gfp::KERNEL)
    }

    /// Maps a page that no other CPU maps. Its master finds it once this has returned.
    fn use_page(&self, iova: u64) {
        assert_eq!(self.map_page(iova), (1, Ok(())));
        self.sync_map(&one(iova));
        assert_eq!(self.access(iova), Some((target(iova), RW)));
    }

    /// Unmaps it again. Its master faults once this has returned.
    fn drop_page(&self, iova: u64) {
        assert_eq!(self.table.unmap(iova, PAGE as usize), PAGE as usize);
        self.sync(&one(iova));
        assert_eq!(self.access(iova), None);
    }

    /// The walker fetches what it likes, and finds a page as it is meant to be or none.
    fn fetch(&self, iova: u64) {
        let found = self.access(iova);
        assert!(
            found.is_none() || found == Some((target(iova), RW)),
            "{found:x?}"
        );
    }
}

/// Both CPUs need the same new table: one is installed, the other one is freed.
#[test]
fn map_beside_map() {
    model(|| {
        let domain = domain::<Pages>(false);
        let theirs = domain.clone();
        let thread = thread::spawn(move || theirs.use_page(PAGE));

        domain.use_page(0);
        thread.join().unwrap();
        assert_eq!(domain.access(PAGE), Some((target(PAGE), RW)));
        assert_eq!(domain.tables(), 1);
        assert_eq!(memory::first_dirty(), None);
    });
}

/// The walker has cached the empty directory, and fetches while both CPUs map.
#[test]
fn map_beside_map_and_walker() {
    model(|| {
        let domain = domain::<Pages>(false);
        let (theirs, walker) = (domain.clone(), domain.clone());
        let thread = thread::spawn(move || theirs.use_page(PAGE));
        let fetches = thread::spawn(move || walker.fetch(PAGE));

        domain.use_page(0);
        thread.join().unwrap();
        fetches.join().unwrap();
        assert_eq!(domain.access(PAGE), Some((target(PAGE), RW)));
    });
}

/// A neighbour is unmapped while a page is mapped.
#[test]
fn map_beside_unmap() {
    model(|| {
        let domain = domain::<Pages>(false);
        domain.use_page(PAGE);
        let (theirs, walker) = (domain.clone(), domain.clone());
        let thread = thread::spawn(move || theirs.drop_page(PAGE));
        let fetches = thread::spawn(move || walker.fetch(0));

        domain.use_page(0);
        thread.join().unwrap();
        fetches.join().unwrap();
        assert_eq!(domain.access(PAGE), None);
        assert_eq!(memory::first_dirty(), None);
    });
}

/// The lookup needs no lock, and finds a page as it is meant to be.
#[test]
fn map_beside_lookup() {
    model(|| {
        let domain = domain::<Pages>(false);
        let theirs = domain.clone();
        let thread = thread::spawn(move || theirs.map_page(0));

        let found = domain.table.iova_to_phys(0);
        assert!(found.is_none() || found == Some(target(0)), "{found:x?}");
        // A page of which the other CPU knows nothing is empty.
        assert_eq!(domain.table.iova_to_phys(PAGE), None);
        assert_eq!(thread.join().unwrap(), (1, Ok(())));
    });
}

/// A CPU writes a line of the directory back before it is cleaned. The walker that finds a new
/// table finds it empty.
#[test]
fn write_back_beside_map() {
    model(|| {
        let domain = domain::<Pages>(false);
        let (theirs, walker) = (domain.clone(), domain.clone());
        let thread = thread::spawn(move || theirs.map_page(0));
        let cache = thread::spawn(move || {
            memory::write_back(walker.table.directory(), 1);
            walker.fetch(0);
        });

        domain.fetch(PAGE);
        cache.join().unwrap();
        assert_eq!(thread.join().unwrap(), (1, Ok(())));
    });
}

/// A walker that sees the CPU's caches finds a new table empty, or with its page.
#[test]
fn coherent_walker_beside_map() {
    model(|| {
        let domain = domain::<Pages>(true);
        let theirs = domain.clone();
        let thread = thread::spawn(move || theirs.map_page(0));

        domain.fetch(0);
        assert_eq!(domain.access(PAGE), None);
        assert_eq!(thread.join().unwrap(), (1, Ok(())));
    });
}

/// The device is unbound, and its mappings undone, while pages are mapped and synchronised.
#[test]
fn unbind_beside_map() {
    model(|| {
        let domain = domain::<Pages>(false);
        let theirs = domain.clone();
        let thread = thread::spawn(move || {
            let mapped = theirs.map_page(0);
            theirs.sync_map(&one(0));
            mapped
        });

        domain.unbind();
        let mapped = thread.join().unwrap();
        let expected = [(1, Ok(())), (0, Err(ENODEV))];
        assert!(expected.contains(&mapped), "{mapped:?}");
        assert_eq!(
            domain.table.unmap(0, PAGE as usize) as u64,
            mapped.0 as u64 * PAGE
        );
    });
}

/// The device is unbound while one of its page tables is freed, and another one is made.
#[test]
fn unbind_beside_new_and_drop() {
    model(|| {
        let first = domain::<Pages>(false);
        let instance = first.instance.clone();
        assert_eq!(first.map_page(0), (1, Ok(())));
        let theirs = instance.clone();
        let thread = thread::spawn(move || {
            drop(first);
            Domain::<Pages>::on(theirs)
                .map(|domain| domain.map_page(0))
                .ok()
        });

        instance.close();
        instance.unbind();
        let mapped = thread.join().unwrap();
        assert!([None, Some((0, Err(ENODEV))), Some((1, Ok(())))].contains(&mapped));
    });
}

/// Accesses behind a gate happen before the end of `close`.
#[test]
fn gate_closes_behind_its_users() {
    model(|| {
        let gate = Arc::new(KBox::pin_init(Gate::new(), GFP_KERNEL).unwrap());
        let data = Arc::new(UnsafeCell::new(0));
        let (theirs, behind) = (gate.clone(), data.clone());
        let thread = thread::spawn(move || {
            if let Some(_guard) = theirs.enter() {
                // SAFETY: loom reports an access that is not ordered with another one.
                behind.with_mut(|data| unsafe { *data += 1 });
            }
        });

        gate.close();
        // SAFETY: as above.
        let seen = data.with(|data| unsafe { *data });
        thread.join().unwrap();
        // SAFETY: as above.
        assert_eq!(data.with(|data| unsafe { *data }), seen);
    });
}

/// A page of the directory is mapped and unmapped while a neighbour gets a table.
#[test]
fn section_beside_map() {
    assert!(has_sections::<Sections>());
    model(|| {
        let domain = domain::<Sections>(false);
        let large = span::<Sections>();
        let theirs = domain.clone();
        let thread = thread::spawn(move || {
            let size = large as usize;
            let range = large..=2 * large - 1;
            let mapped = theirs.table.map(large, 0, size, 1, RW, Gfp::KERNEL);
            assert_eq!(mapped, (1, Ok(())));
            theirs.sync_map(&range);
            assert_eq!(theirs.access(large + PAGE), Some((PAGE, RW)));
            assert_eq!(theirs.table.unmap(large, size), size);
            theirs.sync(&range);
            assert_eq!(theirs.access(large + PAGE), None);
        });

        domain.use_page(0);
        thread.join().unwrap();
        assert_eq!(domain.access(0), Some((target(0), RW)));
    });
}

/// Both CPUs use the same range, which the core does not: one as a page of the directory, the other
/// one for a table. One of them is refused.
#[test]
fn section_against_table() {
    model(|| {
        let domain = domain::<Sections>(false);
        let size = span::<Sections>() as usize;
        let theirs = domain.clone();
        let thread = thread::spawn(move || theirs.table.map(0, 0, size, 1, RW, Gfp::KERNEL));

        let mapped = domain.map_page(0);
        let section = thread.join().unwrap();
        // A table that is being installed may be empty yet when the page takes its place.
        let refused = [mapped, section]
            .iter()
            .filter(|call| **call == (0, Err(EBUSY)))
            .count();
        assert!(refused <= 1, "{mapped:?} {section:?}");
        domain.sync_map(&(0..=size as u64 - 1));
        domain.access(0);
    });
}
