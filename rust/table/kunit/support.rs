// SPDX-License-Identifier: GPL-2.0

//! What the cases stand on: a device, the hardware's view of a table, random numbers.

use core::ptr::NonNull;

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
        Arc, //
    },
};

use crate::{
    gfp::Gfp,
    prot::Prot,
    table::{
        entries,
        Body,
        Format,
        Sizes,
        Table, //
    },
    walker::{
        self,
        Mapped,
        WalkerDevice, //
    },
};

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

/// A device without a driver, which plays the instance.
///
/// # Invariants
///
/// `pdev` is a registered platform device.
pub struct Stand {
    pdev: *mut bindings::platform_device,
    gone: Atomic<bool>,
    /// What was listed last.
    listed: Atomic<usize>,
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
        Ok(Arc::new(
            Self {
                pdev,
                gone: Atomic::new(false),
                listed: Atomic::new(0),
            },
            GFP_KERNEL,
        )?)
    }

    /// The device.
    pub fn device(&self) -> &Device<Bound> {
        // SAFETY: by the type invariant the device is registered until `self` is dropped. Nobody can
        // unbind it, having no driver; for the DMA API that is as good as bound.
        unsafe { Device::from_raw(&raw mut (*self.pdev).dev) }
    }

    /// Has `table`, which is of this device, give back its mappings.
    pub fn take_back<F: Format>(&self, table: &TestTable<F>) {
        // SAFETY: listed with this, and no hardware walks it.
        unsafe { table.body.give_back(self.device()) };
    }

    /// What was listed last, of a table for `F`.
    pub(super) fn listed<F: Format>(&self) -> *mut Body<F, Arc<Stand>> {
        core::ptr::with_exposed_provenance_mut(self.listed.load(Relaxed))
    }

    /// From now on the device is not to be had.
    pub fn leave(&self) {
        self.gone.store(true, Relaxed);
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        // SAFETY: by the type invariant it is registered.
        unsafe { bindings::platform_device_unregister(self.pdev) };
    }
}

// SAFETY: there is one device, which goes with the last reference: a table has one until it is dropped,
// and thus forgotten.
unsafe impl WalkerDevice for Arc<Stand> {
    fn with_bound<R>(&self, f: impl FnOnce(&Device<Bound>) -> R) -> Option<R> {
        if self.gone.load(Relaxed) {
            return None;
        }
        Some(f(self.device()))
    }

    unsafe fn list(&self, mapped: NonNull<dyn Mapped>) -> Result {
        self.listed
            .store(mapped.cast::<()>().as_ptr().expose_provenance(), Relaxed);
        Ok(())
    }

    unsafe fn forget(&self, mapped: NonNull<dyn Mapped>) {
        // SAFETY: it is still listed, thus valid, and nothing walks it.
        unsafe { mapped.as_ref().give_back(self.device()) };
    }
}

/// The kind of table the cases use.
pub type TestTable<F> = Table<F, Arc<Stand>>;

/// What the core does by way of a driver: the short way is tried first.
impl<F: Format> TestTable<F> {
    /// Maps as [`Table::map_one`] and [`Table::map_run`] do.
    pub fn map(
        &self,
        iova: u64,
        paddr: u64,
        pgcount: usize,
        prot: Prot,
        gfp: Gfp,
    ) -> (usize, Result) {
        if pgcount == 1 && self.map_one(iova, paddr, prot) {
            return (1, Ok(()));
        }
        self.map_run(iova, paddr, pgcount, prot, gfp)
    }

    /// Unmaps as [`Table::unmap_one`] and [`Table::unmap_run`] do.
    pub fn unmap(&self, iova: u64, pgcount: usize) -> usize {
        if pgcount == 1 && self.unmap_one(iova) {
            return 1;
        }
        self.unmap_run(iova, pgcount)
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

/// What the hardware finds at `iova`.
pub fn walk<F: Format>(table: &TestTable<F>, iova: u64) -> Result<Option<(u64, Prot)>> {
    let piece = TestTable::<F>::piece(iova >> F::PAGE_SHIFT, 1);
    let word = entries::read(&table.dir()[piece.index]);
    let place = table.body.slots[piece.index].place().get();

    let Some(paddr) = F::dir_table(word) else {
        check!(word == 0);
        check!(place == 0);
        return Ok(None);
    };
    let virt = table.body.virt_of(place).ok_or(EINVAL)?;
    check!(
        walker::paddr_of(virt) == paddr,
        "{:#x} at {:#x}",
        paddr,
        iova
    );
    // SAFETY: the case is the only user of the table, so it stays while the slot has it.
    let words = unsafe { table.table_at(place) };
    let entry = entries::read(&words[piece.start]);
    Ok(F::page_paddr(entry).map(|paddr| (paddr, F::page_prot(entry))))
}

/// Whether the directory has no word set.
pub fn is_blank<F: Format>(table: &TestTable<F>) -> bool {
    entries::count(table.dir()) == 0
}

/// Bytes of address space behind one directory entry.
pub const fn span<F: Format>() -> u64 {
    (F::TABLE_ENTRIES as u64) << F::PAGE_SHIFT
}

/// How many empty tables stay.
pub const fn ring<F: Format>() -> usize {
    crate::table::Ring::length(Sizes::<F>::TABLE)
}

/// Numbers that look random and come again with the same seed.
pub struct Random(u64);

impl Random {
    /// Seeds with the clock and says how.
    pub fn new(what: &str) -> Self {
        // SAFETY: the clock may be read at any time.
        let seed = unsafe { bindings::ktime_get() } as u64 | 1;
        pr_info!("{}: seed {:#x}\n", what, seed);
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
