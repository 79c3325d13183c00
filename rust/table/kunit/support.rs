// SPDX-License-Identifier: GPL-2.0

//! Support for the cases: a device, the hardware's view of a table, random numbers.

use core::{
    ops::RangeInclusive,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Completion,
        SpinLockIrq, //
    },
    workqueue, //
};

use crate::{
    lock_class::new_lock,
    streaming,
    table::{
        Body,
        Table, //
    },
    walker::{
        BoundWalker,
        Mapped,
        WalkerDevice, //
    },
};

pub(super) use crate::{
    gfp::Gfp,
    paging::PagingTable,
    prot::Prot,
    table::{
        entries,
        Format, //
    },
};

/// The arguments of most calls.
pub(super) const KERNEL: Gfp = Gfp::KERNEL;
pub(super) const RW: Prot = Prot::READ_WRITE;

/// Bytes of a page of the smallest size.
pub(super) const fn page<F: Format>() -> u64 {
    1 << F::PAGE_SHIFT
}

/// Fails the case, and says where, unless the condition holds.
macro_rules! check {
    ($condition:expr) => {
        check!($condition, "no more to say")
    };
    ($condition:expr, $($arg:tt)+) => {
        if !$condition {
            pr_err!(
                "{}:{}: not so: {} ({})\n",
                file!(),
                line!(),
                stringify!($condition),
                fmt!($($arg)+)
            );
            return Err(EINVAL);
        }
    };
}
pub(crate) use check;

/// A device without a driver, in the place of an instance.
///
/// # Invariants
///
/// `pdev` is a registered platform device.
#[pin_data(PinnedDrop)]
pub struct Stand {
    pdev: *mut bindings::platform_device,
    /// The table that was listed last.
    listed: Atomic<usize>,
    /// Bytes that were cleaned.
    cleaned: Atomic<usize>,
    /// Whether the device counts as bound.
    #[pin]
    bound: SpinLockIrq<bool>,
}

// SAFETY: a registered device may be used from any thread.
unsafe impl Send for Stand {}

// SAFETY: as for `Send`.
unsafe impl Sync for Stand {}

impl Stand {
    /// Registers a device.
    pub fn new() -> Result<Arc<Self>> {
        let name = c"rust-iommu-kunit";
        // SAFETY: `name` is a C string.
        let pdev = unsafe {
            bindings::platform_device_alloc(name.as_char_ptr(), bindings::PLATFORM_DEVID_AUTO)
        };
        if pdev.is_null() {
            return Err(ENOMEM);
        }
        // SAFETY: allocated above.
        let ret = unsafe { bindings::platform_device_add(pdev) };
        if ret != 0 {
            // SAFETY: allocated above, and not registered.
            unsafe { bindings::platform_device_put(pdev) };
            return Err(Error::from_errno(ret));
        }
        // INVARIANT: registered above.
        Arc::pin_init(
            pin_init!(Self {
                pdev,
                listed: Atomic::new(0),
                cleaned: Atomic::new(0),
                bound <- new_lock!(SpinLockIrq, true, c"iommu_kunit"),
            }),
            GFP_KERNEL,
        )
    }

    /// The device.
    pub fn device(&self) -> &Device<Bound> {
        // SAFETY: by the type invariant the device is registered until `self` is dropped. It has no
        // driver that could be unbound; for the DMA API that is as good as bound.
        unsafe { Device::from_raw(&raw mut (*self.pdev).dev) }
    }

    fn walker(&self) -> BoundWalker<'_> {
        // SAFETY: the address of the device is a number that no other registered device has.
        // Callers have the lock, or do not unbind meanwhile.
        unsafe { BoundWalker::new(self.device(), self.pdev.addr()) }
    }

    /// The device counts as unbound from now on: the mappings of `table`, which is of this device,
    /// are undone.
    pub fn unbind<F: Format>(&self, table: &TestTable<F>) {
        *self.bound.lock() = false;
        // SAFETY: listed with this, and no hardware walks it.
        unsafe { table.body.unmap(self.device()) };
    }

    /// The number of bytes that were cleaned.
    pub(super) fn cleaned(&self) -> usize {
        self.cleaned.load(Relaxed)
    }

    /// The table that was listed last, if it is one for `F`.
    pub(super) fn listed<F: Format>(&self) -> *mut Body<F, Arc<Stand>> {
        core::ptr::with_exposed_provenance_mut(self.listed.load(Relaxed))
    }
}

#[pinned_drop]
impl PinnedDrop for Stand {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: by the type invariant it is registered.
        unsafe { bindings::platform_device_unregister(self.pdev) };
    }
}

// SAFETY: there is one device, which is unregistered with the last reference. A table has a
// reference until it is dropped, and thus removed.
unsafe impl WalkerDevice for Arc<Stand> {
    fn enter<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        let bound = *self.bound.lock();

        bound.then(|| f(&self.walker()))
    }

    fn lock<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        let bound = self.bound.lock();

        bound.then(|| f(&self.walker()))
    }

    unsafe fn list(&self, table: NonNull<dyn Mapped>) -> Result {
        self.listed
            .store(table.cast::<()>().as_ptr().expose_provenance(), Relaxed);
        Ok(())
    }

    unsafe fn remove(&self, table: NonNull<dyn Mapped>) {
        if core::mem::replace(&mut *self.bound.lock(), true) {
            // SAFETY: it is still listed, thus valid, and nothing walks it.
            unsafe { table.as_ref().unmap(self.device()) };
        }
    }

    unsafe fn clean(&self, walker: &BoundWalker<'_>, virt: NonNull<c_void>, bytes: usize) -> u64 {
        self.cleaned.add(bytes, Relaxed);
        // SAFETY: by the safety requirement.
        unsafe { streaming::clean(walker.dev(), virt, bytes) }
    }
}

/// The kind of table the cases use.
pub type TestTable<F> = Table<F, Arc<Stand>>;

impl<F: Format> TestTable<F> {
    /// Maps pages of the smallest size.
    pub fn map_pages(&self, iova: u64, paddr: u64, pgcount: usize, prot: Prot) -> (usize, Result) {
        self.map(iova, paddr, 1 << F::PAGE_SHIFT, pgcount, prot, KERNEL)
    }

    /// Unmaps so many bytes as `pgcount` pages of the smallest size have, and says how many pages
    /// it did.
    pub fn unmap_pages(&self, iova: u64, pgcount: usize) -> usize {
        self.unmap(iova, pgcount.saturating_mul(1 << F::PAGE_SHIFT)) >> F::PAGE_SHIFT
    }

    /// [`Table::clean`] with the lock of the device held.
    pub fn clean_locked(&self, range: &RangeInclusive<u64>) -> Option<bool> {
        self.body.device.lock(|walker| self.clean(walker, range))
    }
}

/// A new table on a device of its own.
pub fn table<F: Format>() -> Result<Arc<TestTable<F>>> {
    table_on(&Stand::new()?)
}

/// A new table on `stand`.
pub fn table_on<F: Format>(stand: &Arc<Stand>) -> Result<Arc<TestTable<F>>> {
    Ok(Arc::new(Table::new(stand.clone())?, GFP_KERNEL)?)
}

/// The page that the hardware finds at `iova`: its address and permissions.
pub fn walk<F: Format>(table: &TestTable<F>, iova: u64) -> Result<Option<(u64, Prot)>> {
    let piece = TestTable::<F>::piece(iova >> F::PAGE_SHIFT, 1);
    let word = entries::read(&table.body.dir()[piece.index]);
    let found = match (F::dir_table(word), F::dir_page(word)) {
        (Some(paddr), None) => {
            let words = table.table(piece.index).ok_or(EINVAL)?;
            check!(
                streaming::paddr_of(NonNull::from(words).cast()) == paddr,
                "{paddr:#x} at {iova:#x}"
            );
            F::page(entries::read(&words[piece.start]))
        }
        (None, Some(page)) => {
            check!(table.table(piece.index).is_none());
            Some(page)
        }
        _ => {
            check!(word == 0);
            check!(table.table(piece.index).is_none());
            None
        }
    };
    Ok(found.map(|page| {
        let offset = iova & ((1 << page.shift) - 1);
        (page.paddr + offset, page.prot)
    }))
}

/// Whether the directory has no word set.
pub fn is_blank<F: Format>(table: &TestTable<F>) -> bool {
    entries::count(table.body.dir()) == 0
}

/// Bytes of address space behind one directory entry.
pub const fn span<F: Format>() -> u64 {
    (F::TABLE_ENTRIES as u64) << F::PAGE_SHIFT
}

/// Has a work item call `work`.
///
/// Not generic: the class of a work item has its name from the module that the code is compiled
/// into, and lockdep warns about one with two names.
#[inline(never)]
fn spawn(mut work: KBox<dyn FnMut() + Send>) -> Result {
    workqueue::system_unbound().try_spawn(GFP_KERNEL, move || (*work)())?;
    Ok(())
}

/// Calls `run` on two CPUs at the same time, with 0 and with 1.
pub(super) fn on_two_cpus<T: Send + Sync + 'static>(shared: &Arc<T>, run: fn(&T, usize)) -> Result {
    let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
    let (mut theirs, finished) = (Some(shared.clone()), done.clone());

    let work = move || {
        if let Some(theirs) = theirs.take() {
            run(&theirs, 1);
        }
        finished.complete_all();
    };
    let work = Pin::into_inner(KBox::pin_init(work, GFP_KERNEL)?);
    spawn(work)?;
    run(shared, 0);
    done.wait_for_completion();
    Ok(())
}

/// Numbers that look random and come again with the same seed.
pub struct Random(u64);

impl Random {
    /// Seeds with the clock and says how.
    pub fn new(what: &str) -> Self {
        // SAFETY: the clock may be read at any time.
        let seed = unsafe { bindings::ktime_get() } as u64 | 1;
        pr_info!("{what}: seed {seed:#x}\n");
        Self(seed)
    }

    /// The next number, below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}
