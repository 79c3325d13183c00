// SPDX-License-Identifier: GPL-2.0

//! Random calls, and a reference that knows what must come of them.
//!
//! After each call and the steps of a driver that follow it, the hardware translates as the
//! reference does, and sees all words as the CPU does. The walker may prefetch between any two
//! steps, and the CPU may write its cache back. Any allocation may fail.

use std::{
    cell::RefCell,
    collections::{
        BTreeMap,
        BTreeSet, //
    },
    panic::{
        catch_unwind,
        AssertUnwindSafe, //
    },
    time::SystemTime,
};

use arbtest::{
    arbitrary::{
        self,
        Unstructured, //
    },
    arbtest,
};

use kernel::{
    bindings,
    memory,
    prelude::*, //
};

use crate::{
    gfp::Gfp,
    hardware::{
        span,
        Domain, //
    },
    mapped_tables::Walker,
    pages,
    paging::PagingTable,
    prot::Prot,
    sun50i::Sun50iFormat,
    table::{
        tegra::Tegra,
        v7s::V7s,
        Format,
        Table, //
    },
};

/// Cases with the same seeds in each run, and with fresh ones.
const FIXED: u32 = 60;
const FRESH: u32 = 30;

/// A call, or what happens beside calls.
#[derive(Debug)]
enum Step {
    Map {
        iova: u64,
        paddr: u64,
        shift: u32,
        count: usize,
        prot: Prot,
        /// The allocation that fails.
        fail_at: u32,
    },
    Unmap {
        iova: u64,
        bytes: u64,
    },
    Access {
        iova: u64,
    },
    WriteBack {
        block: usize,
        word: usize,
    },
    FlushAll,
    Unbind,
}

/// Where a case maps: around these places only, so that calls meet.
fn places<F: Format>() -> [u64; 4] {
    let end = Table::<F, Walker>::aperture_end() + 1;
    let largest = 1 << F::LARGE.last().unwrap_or(&20);

    [
        0,
        64 * span::<F>(),
        end / 2,
        end - 2 * u64::max(span::<F>(), largest),
    ]
}

fn iova<F: Format>(u: &mut Unstructured<'_>, shift: u32) -> arbitrary::Result<u64> {
    let place = *u.choose(&places::<F>())?;
    let size = 1 << shift;
    let reach = (2 * span::<F>()).max(2 * size);
    // At a border, or anywhere.
    let offset = if u.ratio(1, 2)? {
        span::<F>() + (u.int_in_range(0..=8)? << F::PAGE_SHIFT)
    } else {
        u.int_in_range(0..=reach - 1)?
    };
    Ok((place + offset).min(Table::<F, Walker>::aperture_end()) & !(size - 1))
}

fn step<F: Format>(u: &mut Unstructured<'_>, reference: &Reference) -> arbitrary::Result<Step> {
    let shift = match F::LARGE {
        [] => F::PAGE_SHIFT,
        large => match u.int_in_range(0..=2 * large.len())? {
            n if n < large.len() => large[n],
            _ => F::PAGE_SHIFT,
        },
    };
    let iova = iova::<F>(u, shift)?;
    let room = (Table::<F, Walker>::aperture_end() - iova + 1) >> shift;
    let most = match u.int_in_range(0..=63)? {
        0 if shift == F::PAGE_SHIFT => 70 * F::TABLE_ENTRIES as u64,
        1..=8 if shift == F::PAGE_SHIFT => 3 * F::TABLE_ENTRIES as u64,
        9..=40 => 20,
        _ => 1,
    };
    let count = u.int_in_range(1..=most.min(room))?;

    Ok(match u.int_in_range(0..=255)? {
        0 => Step::Unbind,
        1..=3 => Step::FlushAll,
        4..=30 => Step::WriteBack {
            block: u.arbitrary()?,
            word: u.arbitrary()?,
        },
        31..=80 => Step::Access {
            iova: iova | u.int_in_range(0..=0xfff)?,
        },
        81..=144 => {
            // Mostly of a page that is mapped.
            let mapped = reference
                .pages
                .range(iova..)
                .next()
                .filter(|_| count & 3 != 0);
            let iova = mapped.map_or(iova, |(&start, _)| start);
            Step::Unmap {
                iova,
                bytes: (count << shift).min(Table::<F, Walker>::aperture_end() - iova + 1),
            }
        }
        _ => Step::Map {
            iova,
            paddr: match u.int_in_range(0..=7)? {
                0 => (1u64 << 32).wrapping_sub(count << shift) + (u.int_in_range(0..=3)? << shift),
                _ => u.arbitrary::<u64>()? >> u.choose(&[28, 32, 36, 36, 36, 36])?,
            } & !((1 << shift) - 1),
            shift,
            count: count as usize,
            prot: *u.choose(&[
                Prot::READ_WRITE,
                Prot::READ_WRITE,
                Prot::READ,
                Prot::WRITE,
                Prot::NONE,
            ])?,
            fail_at: u.int_in_range(0..=15)?,
        },
    })
}

/// A page, as the reference has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Page {
    paddr: u64,
    shift: u32,
    prot: Prot,
}

/// The contents that a page table must have.
struct Reference {
    pages: BTreeMap<u64, Page>,
    /// Directory entries that have a table.
    tables: BTreeSet<u64>,
    is_bound: bool,
    /// The allocation that fails, counted down.
    fail_at: u32,
}

impl Reference {
    /// The page that `iova` is in.
    fn page(&self, iova: u64) -> Option<(u64, Page)> {
        let (&start, &page) = self.pages.range(..=iova).next_back()?;
        (iova - start < 1 << page.shift).then_some((start, page))
    }

    fn translate(&self, iova: u64) -> Option<(u64, Prot)> {
        self.page(iova)
            .map(|(start, page)| (page.paddr + (iova - start), page.prot))
    }

    fn is_free(&self, iova: u64, shift: u32) -> bool {
        let next = self.pages.range(iova..iova + (1 << shift)).next();
        self.page(iova).is_none() && next.is_none()
    }

    /// The table for a page is there, or can be had.
    fn table<F: Format>(&mut self, iova: u64) -> Result {
        let index = iova / span::<F>();
        let is_section = self
            .page(iova)
            .is_some_and(|(_, page)| 1 << page.shift >= span::<F>());
        if self.tables.contains(&index) && !is_section {
            return Ok(());
        }
        self.fail_at = self.fail_at.wrapping_sub(1);
        if self.fail_at == 0 {
            return Err(ENOMEM);
        }
        if !self.is_bound {
            return Err(ENODEV);
        }
        if is_section {
            return Err(EBUSY);
        }
        self.tables.insert(index);
        Ok(())
    }

    fn map_one<F: Format>(&mut self, iova: u64, page: Page) -> Result {
        if 1 << page.shift < span::<F>() {
            self.table::<F>(iova)?;
        } else if !self.is_bound {
            return Err(ENODEV);
        }
        if !self.is_free(iova, page.shift) {
            return Err(EBUSY);
        }
        self.pages.insert(iova, page);
        Ok(())
    }

    fn unmap(&mut self, iova: u64, bytes: u64) -> u64 {
        let mut done = 0;

        while let Some(page) = self.pages.get(&(iova + done)) {
            let size = 1 << page.shift;
            if size > bytes - done {
                break;
            }
            self.pages.remove(&(iova + done));
            done += size;
            if done == bytes {
                break;
            }
        }
        done
    }
}

/// The permissions that a page has: all, if the format has none.
fn shown<F: Format>(prot: Prot) -> Prot {
    match F::page_entry(0, Prot::READ).ok().and_then(F::page) {
        Some(page) if page.prot == Prot::READ_WRITE => Prot::READ_WRITE,
        _ => prot,
    }
}

fn entry<F: Format>(shift: u32, paddr: u64, prot: Prot) -> Result<u32> {
    if shift == F::PAGE_SHIFT {
        F::page_entry(paddr, prot)
    } else {
        F::large_entry(shift, paddr, prot)
    }
}

/// The results of the calls of all cases, and how many had each.
type Results = BTreeMap<String, usize>;

struct Case<'a, F: Format> {
    domain: Domain<F>,
    reference: Reference,
    results: &'a mut Results,
}

impl<F: Format> Case<'_, F> {
    /// The hardware and the lookup agree with the reference.
    fn check(&self, iova: u64) {
        let expected = self.reference.translate(iova);
        let paddr = expected.map(|(paddr, _)| paddr);

        assert_eq!(
            self.domain.table.iova_to_phys(iova),
            paddr,
            "lookup of {iova:#x}"
        );
        if self.reference.is_bound {
            assert_eq!(self.domain.access(iova), expected, "access of {iova:#x}");
        }
    }

    /// Checks the ends of a range, and their neighbours.
    fn check_ends(&self, iova: u64, bytes: u64) {
        let page = 1 << F::PAGE_SHIFT;
        let end = Table::<F, Walker>::aperture_end();

        for at in [iova, iova + bytes - 1, iova + bytes / 2] {
            self.check(at);
        }
        if iova >= page {
            self.check(iova - page);
        }
        if iova + bytes <= end {
            self.check(iova + bytes);
        }
    }

    fn map(&mut self, step: &Step) -> (usize, Result) {
        let &Step::Map {
            iova,
            paddr,
            shift,
            count,
            prot,
            fail_at,
        } = step
        else {
            unreachable!();
        };
        let last = paddr + ((count as u64 - 1) << shift);
        if let Err(e) = entry::<F>(shift, last, prot) {
            return (0, Err(e));
        }
        self.reference.fail_at = fail_at;
        for done in 0..count {
            let offset = (done as u64) << shift;
            let page = Page {
                paddr: paddr + offset,
                shift,
                prot: shown::<F>(prot),
            };
            if let Err(e) = self.reference.map_one::<F>(iova + offset, page) {
                return (done, Err(e));
            }
        }
        (count, Ok(()))
    }

    fn count(&mut self, result: String) {
        *self.results.entry(result).or_default() += 1;
    }

    /// The walker reads pages of a range between two steps of a driver.
    fn prefetch(&self, iova: u64, bytes: u64) {
        for at in [iova, iova + bytes - 1, iova + bytes / 2] {
            self.domain.prefetch(at);
        }
    }

    fn run(&mut self, step: &Step) {
        let table = &self.domain.table;

        match *step {
            Step::Map {
                iova,
                paddr,
                shift,
                count,
                prot,
                fail_at,
            } => {
                memory::fail_at(fail_at);
                let got = table.map(iova, paddr, 1 << shift, count, prot, Gfp::KERNEL);
                memory::fail_at(0);
                assert_eq!(got, self.map(step));
                self.count(format!("map {:?}", got.1));
                self.prefetch(iova, (count as u64) << shift);
                // The core synchronises what was mapped, in several calls maybe.
                if got.0 != 0 {
                    self.domain
                        .sync_map(&(iova..=iova + ((got.0 as u64) << shift) - 1));
                }
                self.check_ends(iova, (count as u64) << shift);
            }
            Step::Unmap { iova, bytes } => {
                let got = table.unmap(iova, bytes as usize) as u64;
                assert_eq!(got, self.reference.unmap(iova, bytes));
                self.count(format!("unmap {:?}", got.cmp(&bytes)));
                self.prefetch(iova, bytes);
                if got != 0 {
                    self.domain.sync(&(iova..=iova + got - 1));
                }
                self.check_ends(iova, bytes);
            }
            Step::Access { iova } => self.check(iova),
            Step::WriteBack { block, word } => {
                let all = memory::all();
                let (paddr, bytes) = all[block % all.len()];
                let line = word % (bytes / 4) / 16 * 16;
                memory::write_back(paddr + 4 * line as u64, 16);
            }
            Step::FlushAll => self.domain.flush_all(),
            Step::Unbind => {
                if self.reference.is_bound {
                    self.domain.unbind();
                    self.reference.is_bound = false;
                }
            }
        }
        assert_eq!(self.domain.tables(), self.reference.tables.len());
    }

    /// All pages, as debugfs shows them.
    fn check_translations(&self) {
        let mut left = self.reference.pages.clone();

        self.domain.table.translations(&mut |range| {
            let mut done = 0;
            while done < range.size {
                let page = left.remove(&(range.iova + done));
                let page = page.unwrap_or_else(|| panic!("{range:x?} is not mapped"));
                assert_eq!((page.paddr, page.prot), (range.paddr + done, range.prot));
                done += 1 << page.shift;
            }
        });
        assert!(left.is_empty(), "{left:x?} is not listed");
    }
}

/// One page table, from the first call to the last.
fn case<F: Format>(
    u: &mut Unstructured<'_>,
    log: &RefCell<Vec<Step>>,
    results: &mut Results,
) -> arbitrary::Result<()> {
    log.borrow_mut().clear();
    memory::reset();
    let device = bindings::device {
        coherent: u.ratio(1, 8)?,
        ..Default::default()
    };
    let before = (pages::live_tables(), pages::live_bytes());
    let mut case = Case::<F> {
        domain: Domain::new(device).expect("there is memory"),
        reference: Reference {
            pages: BTreeMap::new(),
            tables: BTreeSet::new(),
            is_bound: true,
            fail_at: 0,
        },
        results,
    };

    while !u.is_empty() {
        let step = step::<F>(u, &case.reference)?;
        log.borrow_mut().push(step);
        case.run(log.borrow().last().unwrap());
        if u.len() % 16 == 0 {
            assert_eq!(memory::first_dirty(), None, "a word is not cleaned");
        }
    }
    assert_eq!(memory::first_dirty(), None, "a word is not cleaned");
    case.check_translations();
    drop(case);
    assert_eq!(memory::blocks(), 0, "blocks are left");
    assert_eq!((pages::live_tables(), pages::live_bytes()), before);
    Ok(())
}

fn run<F: Format>() {
    let log = RefCell::new(Vec::new());
    let results = RefCell::new(Results::new());
    // A case ends where the random bytes do.
    let property =
        |u: &mut Unstructured<'_>| case::<F>(u, &log, &mut results.borrow_mut()).or(Ok(()));

    if std::env::var_os("ARBTEST_SEED").is_some() {
        let result = catch_unwind(AssertUnwindSafe(|| arbtest(property).run()));
        println!("{:#x?}", log.borrow());
        return result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
    let now = SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |now| now.as_nanos() as u32);
    println!("fresh seeds are {now:#x} and those behind it");
    // The upper half is the seed, the lower one the number of bytes that a case is made of.
    let fixed = (1..=FIXED).map(|n| (n, 100 * n));
    let fresh = (0..FRESH).map(|n| (now.wrapping_add(n) | 1, 200 * n));
    for (seed, bytes) in fixed.chain(fresh) {
        let seed = u64::from(seed) << 32 | u64::from(bytes);
        let result = catch_unwind(AssertUnwindSafe(|| arbtest(property).seed(seed).run()));
        if let Err(panic) = result {
            println!("shortening; ARBTEST_SEED=0x... runs one case and prints its steps");
            arbtest(property)
                .seed(seed)
                .minimize()
                .budget_ms(3000)
                .run();
            std::panic::resume_unwind(panic);
        }
    }
    let results = results.into_inner();
    println!("{results:#?}");
    for result in [
        "Ok(())",
        "Err(EBUSY)",
        "Err(ENOMEM)",
        "Err(ENODEV)",
        "Err(ERANGE)",
    ] {
        assert!(
            results.contains_key(&format!("map {result}")),
            "no map was {result}"
        );
    }
}

#[test]
fn sun50i() {
    run::<Sun50iFormat>();
}

#[test]
fn tegra() {
    run::<Tegra>();
}

#[test]
fn v7s() {
    run::<V7s<4096, 35>>();
}

#[test]
fn v7s_34_bits() {
    run::<V7s<16384, 32>>();
}

/// Each allocation of a new page table fails once.
#[test]
fn no_memory_for_a_page_table() {
    memory::reset();
    let before = (pages::live_tables(), pages::live_bytes());

    for n in 1..100 {
        memory::fail_at(n);
        let domain = Domain::<Sun50iFormat>::new(bindings::device::default());
        let left = memory::fail_at(0);
        if domain.is_ok() {
            assert!(left != 0 && n > 4, "{n} allocations");
            return;
        }
        assert!(left == 0 && domain.is_err_and(|error| error == ENOMEM));
        assert_eq!(memory::blocks(), 0, "allocation {n}");
        assert_eq!((pages::live_tables(), pages::live_bytes()), before);
    }
    panic!("it never succeeds");
}

/// A table is allocated with the flags of the call, which may come from an interrupt.
#[test]
fn flags_of_the_caller() {
    memory::reset();
    let domain = Domain::<Sun50iFormat>::new(Default::default()).unwrap();
    let atomic = bindings::GFP_KERNEL & !(1 << bindings::___GFP_DIRECT_RECLAIM_BIT);

    assert_eq!(
        domain
            .table
            .map(0, 0, 0x1000, 1, Prot::READ, Gfp::from_raw(atomic)),
        (1, Ok(()))
    );
    assert_eq!(memory::last_gfp(), atomic);
}

/// A device that does not see memory at its physical address, or maps none.
#[test]
fn mappings_fail() {
    memory::reset();
    let offset = bindings::device {
        offset: 0x1000_0000,
        ..Default::default()
    };
    let deaf = bindings::device {
        cannot_map: true.into(),
        ..Default::default()
    };

    assert!(Domain::<Sun50iFormat>::new(offset).is_err_and(|error| error == EOPNOTSUPP));
    assert!(Domain::<Sun50iFormat>::new(deaf).is_err_and(|error| error == EIO));
    assert_eq!(memory::blocks(), 0);

    let domain = Domain::<Sun50iFormat>::new(Default::default()).unwrap();
    let map = || domain.table.map(0, 0, 0x1000, 1, Prot::READ, Gfp::KERNEL);
    // SAFETY: the device is as old as the domain.
    let device = unsafe { &*domain.instance.raw() };
    device
        .cannot_map
        .store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(map(), (0, Err(EIO)));
    assert_eq!((memory::blocks(), domain.tables()), (1, 0));
    device
        .cannot_map
        .store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(map(), (1, Ok(())));
    drop(domain);
    assert_eq!(memory::blocks(), 0);
}
