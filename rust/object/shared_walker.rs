// SPDX-License-Identifier: GPL-2.0

//! The walker of tables that several instances walk.

use core::ptr::NonNull;

use kernel::{
    bindings,
    device::{
        Bound,
        Core,
        Device, //
    },
    error::to_result,
    prelude::*,
    sync::{
        aref::ARef,
        Arc,
        SpinLockIrq, //
    },
};

use crate::{
    atomic_safe::AtomicSafe,
    bare_device::BareDevice,
    bindings::as_raw,
    lock_class::new_lock,
    walker::{
        BoundWalker,
        Mapped,
        WalkerDevice, //
    },
};

/// A device that stands for the walkers of all instances that share tables. It does DMA as one of
/// them does, but is never unbound: the tables stay mapped when an instance is unbound.
///
/// All of the instances have to see memory alike: at its physical address, and either all of them
/// past the CPU's caches or none. Instances without an address translation of their own do, if
/// their nodes are on one bus and agree about `dma-coherent`.
///
/// A driver makes it in `probe`, and cleans, invalidates and settles in [`Self::with`].
#[derive(Clone)]
pub struct SharedWalker(Arc<Inner>);

#[pin_data]
struct Inner {
    dev: ARef<Device>,
    #[pin]
    lock: SpinLockIrq<()>,
}

impl SharedWalker {
    /// Makes a device that does DMA as `dev` does. May sleep.
    ///
    /// The context is that of `probe`, since this takes a lock that callbacks of the core hold.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a device that is itself behind an IOMMU, or has memory regions of its own;
    /// `ENOMEM`; `EIO` if its DMA mask cannot be set.
    pub fn new(dev: &Device<Core<'_>>) -> Result<Self> {
        Self::for_device(dev)
    }

    /// [`Self::new`], not in a callback of the core.
    fn for_device(dev: &Device<Bound>) -> Result<Self> {
        if dev.fwnode().is_some_and(|node| {
            node.property_present(c"iommus") || node.property_present(c"memory-region")
        }) {
            return Err(EINVAL);
        }
        let bare = BareDevice::new()?;
        // SAFETY: the device has its node while it is bound; the properties were looked for.
        let bare = unsafe { bare.configure((*as_raw(dev)).of_node) };
        // SAFETY: a device has a mask, or a NULL pointer if it does no DMA.
        if let Some(mask) = unsafe { (*as_raw(dev)).dma_mask.as_ref() } {
            // SAFETY: there is no other pointer to the device yet, and it has a mask.
            to_result(unsafe { bindings::dma_set_mask(as_raw(&bare), *mask) })?;
        }

        // SAFETY: there is no other pointer to the device yet. Both arguments are C strings.
        let named = unsafe {
            bindings::dev_set_name(as_raw(&bare), c"%s".as_char_ptr(), dev.name().as_char_ptr())
        };
        to_result(named)?;

        Arc::pin_init(
            pin_init!(Inner {
                dev: bare,
                lock <- new_lock!(SpinLockIrq, (), c"iommu_shared_walker"),
            }),
            GFP_KERNEL,
        )
        .map(Self)
    }

    /// Calls `f` with the walker, for which the shared tables are cleaned. Any context.
    ///
    /// No directory entry changes meanwhile, so `f` cleans, invalidates and settles. It may take
    /// the locks of engines. It must not map or unmap, and no engine's lock may be held.
    pub fn with<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> R {
        let _guard = self.0.lock.lock();

        f(&self.bound())
    }

    fn bound(&self) -> BoundWalker<'_> {
        // SAFETY: no driver is ever bound to the device, so nothing is undone by unbinding one: it
        // has its DMA configuration until it is freed. No other device has this address, and an
        // instance's number is smaller than any. A table is unmapped when it is dropped, after
        // which it is not used with this.
        unsafe { BoundWalker::new(self.dev(), Arc::as_ptr(&self.0).addr()) }
    }

    fn dev(&self) -> &Device<Bound> {
        // SAFETY: as in `bound`.
        unsafe { self.0.dev.as_bound() }
    }
}

// SAFETY: there is one device, which is never unbound. Each table has a reference to it, and is
// unmapped when it is removed.
unsafe impl WalkerDevice for SharedWalker {
    fn enter<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        Some(f(&self.bound()))
    }

    fn lock<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R> {
        Some(self.with(f))
    }

    unsafe fn list(&self, _table: NonNull<dyn Mapped>) -> Result {
        Ok(())
    }

    unsafe fn remove(&self, table: NonNull<dyn Mapped>) {
        // SAFETY: by the safety requirement it is valid, was mapped for this device, and nothing
        // walks it.
        unsafe { table.as_ref().unmap(self.dev()) };
    }
}

// SAFETY: `lock` takes a lock with interrupts off. Dropping the last reference only frees memory.
unsafe impl AtomicSafe for SharedWalker {}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_shared_walker)]
mod tests {
    use super::*;

    use crate::{
        gfp::Gfp,
        pages,
        paging::PagingTable,
        prot::Prot,
        table::{
            tegra::Tegra,
            Table, //
        },
        test_device::TestDevice, //
    };

    /// Maps one page at `iova`, and cleans it. Returns the number of pages, and whether the walkers
    /// may have cached its directory entry before.
    fn map(table: &Table<Tegra, SharedWalker>, walker: &SharedWalker, iova: u64) -> (usize, bool) {
        let (pages, _) = table.map(iova, 0x6000_0000, 0x1000, 1, Prot::READ_WRITE, Gfp::KERNEL);

        (
            pages,
            walker.with(|bound| table.clean(bound, &(iova..=iova + 0xfff))),
        )
    }

    #[test]
    fn tables_outlive_the_device() -> Result {
        let before = (pages::live_tables(), pages::live_bytes());
        let dev = TestDevice::new(c"iommu-test-shared-walker")?;
        // SAFETY: it is bound until it is dropped.
        let walker = SharedWalker::for_device(unsafe { dev.as_bound() })?;
        let table = Table::<Tegra, _>::new(walker.clone())?;

        assert_eq!(map(&table, &walker, 0), (1, true));
        drop(dev);
        // A new table is installed and mapped.
        assert_eq!(map(&table, &walker, 0x4000_0000), (1, true));
        assert_eq!(table.iova_to_phys(0x4000_0fff), Some(0x6000_0fff));
        assert_eq!(table.usage().0, 2);

        drop(walker);
        assert_eq!(table.unmap(0, 0x1000), 0x1000);
        drop(table);
        assert!((pages::live_tables(), pages::live_bytes()) == before);
        Ok(())
    }
}
