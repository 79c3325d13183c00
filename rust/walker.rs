// SPDX-License-Identifier: GPL-2.0

//! How page-table memory reaches the hardware that walks it.
//!
//! Table memory is mapped for the device in place once, and changes are cleaned (`streaming`).
//!
//! The DMA API needs a device that is bound to its driver. Domains live longer than that. So
//! mappings are made and cleaned only with a [`BoundWalker`], and each table is listed with its
//! [`WalkerDevice`], which has the mappings undone before the device is unbound.
//!
use core::ptr::NonNull;

use kernel::{
    device::{
        Bound,
        Device, //
    },
    ffi::c_void,
    prelude::*, //
};

use crate::streaming;

/// A device whose table walker is in place, for one callback.
///
/// # Invariants
///
/// The device is bound, and has the number `id`, which no other device has. While a value of this
/// type exists, [`Mapped::unmap`] is called for no table that the value can be used with.
#[derive(Clone, Copy)]
pub struct BoundWalker<'a> {
    dev: &'a Device<Bound>,
    id: usize,
}

impl<'a> BoundWalker<'a> {
    /// # Safety
    ///
    /// As the type invariants have it.
    #[inline(always)]
    pub(crate) unsafe fn new(dev: &'a Device<Bound>, id: usize) -> Self {
        // INVARIANT: by the safety requirement.
        Self { dev, id }
    }

    #[inline(always)]
    pub(crate) fn dev(&self) -> &'a Device<Bound> {
        self.dev
    }

    #[inline(always)]
    pub(crate) fn id(&self) -> usize {
        self.id
    }
}

/// The device whose hardware walks a page table.
///
/// # Safety
///
/// All calls of one value concern the same device. It is not unbound before [`Mapped::unmap`] has
/// returned for all tables that are listed.
pub unsafe trait WalkerDevice: Send + Sync + 'static {
    /// Calls `f` if the device is bound to its driver. Process context; `f` may sleep.
    ///
    /// Once this has returned [`None`] it always does.
    fn enter<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R>;

    /// As [`Self::enter`], in any context: `f` runs under a spinlock with interrupts off.
    fn lock<R>(&self, f: impl FnOnce(&BoundWalker<'_>) -> R) -> Option<R>;

    /// Lists a table. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Safety
    ///
    /// Called from [`WalkerDevice::enter`]. `table` is valid, and at this address, until it is
    /// [removed](WalkerDevice::remove).
    unsafe fn list(&self, table: NonNull<dyn Mapped>) -> Result;

    /// Removes a table from the list. Its memory is not mapped any more when this returns. May
    /// sleep.
    ///
    /// # Safety
    ///
    /// `table` was listed, and is removed once. No hardware walks it.
    unsafe fn remove(&self, table: NonNull<dyn Mapped>);

    /// Lets the walker see what was written to `bytes` bytes at `virt`, and returns their physical
    /// address. Any context.
    ///
    /// # Safety
    ///
    /// The bytes are mapped for the device while `walker`, which is the device's, exists.
    #[inline(always)]
    unsafe fn clean(&self, walker: &BoundWalker<'_>, virt: NonNull<c_void>, bytes: usize) -> u64 {
        // SAFETY: by the safety requirement.
        unsafe { streaming::clean(walker.dev(), virt, bytes) }
    }
}

/// Memory that is mapped for a walker.
pub trait Mapped: Send + Sync {
    /// Undoes all mappings.
    ///
    /// # Safety
    ///
    /// Called once, by the [`WalkerDevice`] that this is listed with, whose device `dev` is. The
    /// hardware of `dev` does not walk the memory any more, and no [`BoundWalker`] of the device is
    /// used with it.
    unsafe fn unmap(&self, dev: &Device<Bound>);
}
