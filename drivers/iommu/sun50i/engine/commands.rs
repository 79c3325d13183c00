// SPDX-License-Identifier: GPL-2.0

//! Commands that invalidate the hardware's caches.
//!
//! A command that times out leaves the caches stale: everything is denied, and the caches are
//! disabled, until one that invalidates everything succeeds.

use core::ops::RangeInclusive;

use kernel::{
    io::{
        poll::read_poll_timeout_atomic,
        Io, //
    },
    prelude::*,
    time::Delta, //
};

use super::{
    Caches,
    Engine, //
};

use crate::{
    invalidate::{
        Block,
        Dirs,
        Plan, //
    },
    regs::*, //
};

/// How long a command may take: 2 ms, the vendor's limit.
const POLL_DELAY: Delta = Delta::from_micros(1);
const POLL_RETRIES: usize = 2000;

impl Engine {
    /// Invalidates the pages from address `first` to `last` in the TLBs, if `directory` is in use.
    /// Otherwise they are not cached, because changing the directory invalidates everything.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT`. Everything is denied then, until a later call succeeds: the hardware may still
    /// have entries for memory that is freed now, but no access can use them.
    // Every transfer calls this. Most are one page or block.
    #[inline(always)]
    pub(crate) fn invalidate(&mut self, directory: u32, first: u32, last: u32) -> Result {
        match Block::exact(first, last) {
            Some(block) if self.takes_block(directory) => {
                let result = self.drop_block(block);
                self.conclude(result)
            }
            _ => self.invalidate_with(directory, first, last, &Dirs::NONE),
        }
    }

    /// Whether one command by address and mask is all that a block of `directory` needs.
    #[inline(always)]
    fn takes_block(&self, directory: u32) -> bool {
        // Registers can be accessed while there is a directory, see `power_off`.
        !self.variant.start_end && self.directory == Some(directory) && self.caches == Caches::Clean
    }

    /// As [`Self::invalidate`], and invalidates the entries of `dirs` in the walk cache.
    #[inline(never)]
    pub(crate) fn invalidate_with(
        &mut self,
        directory: u32,
        first: u32,
        last: u32,
        dirs: &Dirs,
    ) -> Result {
        if self.directory != Some(directory) {
            return Ok(());
        }
        if self.caches != Caches::Clean {
            return self.recover();
        }
        let result = self.drop_planned(&(first..=last), dirs.as_slice());
        self.conclude(result)
    }

    /// Denies everything if an invalidation timed out.
    #[inline(always)]
    fn conclude(&mut self, result: Result) -> Result {
        if result.is_err() {
            self.give_up();
        }
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn give_up(&mut self) {
        self.set_stale(true);
        self.deny();
    }

    /// Records whether the caches may hold translations that have been unmapped. The hardware uses
    /// them only if they cannot.
    pub(super) fn set_stale(&mut self, stale: bool) {
        let was_stale = self.is_stale();

        self.caches = if stale {
            Caches::Stale
        } else if self.caches != Caches::Clean && self.runs_single() {
            Caches::Busy
        } else {
            Caches::Clean
        };
        self.logged &= stale;
        if stale != was_stale {
            self.enable_caches();
        }
    }

    /// Whether a command that invalidates pages or a directory entry still runs.
    fn runs_single(&self) -> bool {
        self.io.read(TLB_IVLD_ENABLE).enable() || self.io.read(PC_IVLD_ENABLE).enable()
    }

    /// Returns the bits of all caches in TLB_ENABLE and TLB_FLUSH.
    fn all_caches(&self) -> u32 {
        let micro_tlbs = TLB_FLUSH::from(self.variant.all_masters());

        micro_tlbs.with_macro_tlb(true).with_ptw_cache(true).into()
    }

    /// Enables the caches, unless they are stale.
    pub(super) fn enable_caches(&self) {
        let used = if self.is_stale() {
            0
        } else {
            self.all_caches()
        };

        self.io.write_reg(TLB_ENABLE::from(used));
    }

    /// Invalidates everything, and ends the denial that a timeout has caused. The hardware is
    /// enabled.
    ///
    /// # Errors
    ///
    /// As for [`Self::invalidate`].
    #[cold]
    #[inline(never)]
    pub(crate) fn recover(&mut self) -> Result {
        let result = self.drop_all();
        self.conclude(result)?;
        self.set_stale(false);
        if self.allow() {
            let result = self.drop_all();
            return self.conclude(result);
        }
        Ok(())
    }

    /// Whether to log that an invalidation timed out: once each time that the caches become stale.
    pub(crate) fn has_to_log(&mut self) -> bool {
        self.is_stale() && !core::mem::replace(&mut self.logged, true)
    }

    /// Whether everything is denied because an invalidation timed out.
    pub(crate) fn is_stale(&self) -> bool {
        self.caches == Caches::Stale
    }

    /// Invalidates all caches.
    pub(super) fn drop_all(&self) -> Result {
        self.io.write_reg(TLB_FLUSH::from(self.all_caches()));
        self.poll(|| u32::from(self.io.read(TLB_FLUSH)) != 0)
    }

    /// Invalidates the pages of `range` and the directory entries of `dirs`, by the commands that
    /// cost least.
    pub(super) fn drop_planned(&mut self, range: &RangeInclusive<u32>, dirs: &[u32]) -> Result {
        match Plan::new(range, dirs.len(), self.variant.start_end) {
            Plan::All => return self.drop_all(),
            Plan::StartEnd(end) => {
                let start = range.start() & !0xfff;
                self.io.write_reg(TLB_IVLD_START::from(start));
                self.io.write_reg(TLB_IVLD_END::from(end));
                self.start_pages()?;
            }
            Plan::Blocks(blocks) => {
                for block in blocks.as_slice() {
                    self.drop_block(*block)?;
                }
            }
        }
        dirs.iter().try_for_each(|iova| self.drop_dir(*iova))
    }

    #[inline(always)]
    fn drop_block(&mut self, block: Block) -> Result {
        self.io.write_reg(TLB_IVLD_ADDR::from(block.addr));
        if block.mask != self.mask {
            self.io.write_reg(TLB_IVLD_MASK::from(block.mask));
            self.mask = block.mask;
        }
        self.start_pages()
    }

    #[inline(always)]
    fn start_pages(&self) -> Result {
        self.io
            .write_reg(TLB_IVLD_ENABLE::zeroed().with_enable(true));
        self.poll(|| self.io.read(TLB_IVLD_ENABLE).enable())
    }

    fn drop_dir(&self, iova: u32) -> Result {
        self.io.write_reg(PC_IVLD_ADDR::from(iova & !0xf_ffff));
        self.io
            .write_reg(PC_IVLD_ENABLE::zeroed().with_enable(true));
        self.poll(|| self.io.read(PC_IVLD_ENABLE).enable())
    }

    /// Waits until a command is done. Most are done at the first read.
    #[inline(always)]
    pub(super) fn poll(&self, busy: impl Fn() -> bool) -> Result {
        if busy() {
            return Self::wait(busy);
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn wait(busy: impl Fn() -> bool) -> Result {
        read_poll_timeout_atomic(|| Ok(busy()), |busy| !*busy, POLL_DELAY, POLL_RETRIES).map(|_| ())
    }
}
