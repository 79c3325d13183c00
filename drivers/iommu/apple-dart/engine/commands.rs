// SPDX-License-Identifier: GPL-2.0

//! Commands that invalidate the TLB.
//!
//! A command that times out leaves the entries of its streams in the TLB: these streams are denied
//! until a later command for them succeeds.

use core::sync::atomic::{
    AtomicU64,
    Ordering::Relaxed, //
};

use kernel::{
    io::{
        poll::read_poll_timeout_atomic,
        register::Array,
        Io, //
    },
    prelude::*,
    time::Delta, //
};

use super::Engine;

use crate::{
    regs::t8020,
    streams::{
        Streams,
        WORDS, //
    },
};

/// How long a command may take: 2 ms.
const POLL_DELAY: Delta = Delta::from_micros(1);
const POLL_RETRIES: usize = 2000;

impl Engine {
    /// Invalidates everything that is cached of `streams`.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT`. The streams are denied then, until a later call for them succeeds: the block
    /// may still have entries for memory that is freed now, but no access can use them.
    // Every transfer calls this. Most find the registers as the last call has left them.
    #[inline(always)]
    pub(crate) fn flush(&mut self, streams: &[AtomicU64; WORDS]) -> Result {
        // A block that selects streams has no more of them than are in the first word.
        let first = streams[0].load(Relaxed);
        if !self.is_set(first) {
            return self.flush_any(&Streams::load(streams));
        }
        self.start();
        if self.io.read(t8020::COMMAND).busy() {
            return self.flush_late(first);
        }
        Ok(())
    }

    /// Whether starting a command is all that is needed to invalidate `streams`.
    #[inline(always)]
    fn is_set(&self, streams: u64) -> bool {
        self.selects
            && self.powered
            && !self.busy
            && self.selected == Some(streams)
            && self.stale.is_empty()
    }

    #[inline(never)]
    fn flush_any(&mut self, streams: &Streams) -> Result {
        if !self.powered || streams.is_empty() {
            return Ok(());
        }
        let result = self.invalidate(streams);
        self.conclude(streams, result)
    }

    /// Ends [`Self::flush`] for a command that has been started, for the streams in the `first`
    /// word.
    #[inline(never)]
    fn flush_late(&mut self, first: u64) -> Result {
        let result = self.wait();
        self.busy = result.is_err();
        self.conclude(&Streams::in_first(first), result)
    }

    /// Denies those of `streams` that are translated if their invalidation failed. If it succeeded,
    /// allows those again that were denied because of an earlier failure.
    ///
    /// Streams that have left the domain meanwhile use no cached entry.
    fn conclude(&mut self, streams: &Streams, result: Result) -> Result {
        if result.is_ok() && self.stale.is_empty() {
            return result;
        }

        for id in streams.iter() {
            if result.is_err() {
                if self.hal.translates(self.tcr(id)) {
                    self.hal.write_tcr(&self.io, id, 0);
                    self.stale.insert(id);
                }
            } else if self.stale.remove(id) && !self.changing.contains(id) {
                self.set_tcr(id, self.tcr(id));
            }
        }
        result
    }

    /// Whether to log that the TLB does not answer: once each time it stops answering.
    pub(crate) fn has_to_log(&mut self) -> bool {
        self.busy && !core::mem::replace(&mut self.logged, true)
    }

    /// Invalidates everything that is cached.
    pub(crate) fn flush_all(&mut self) -> Result {
        if !self.powered {
            return Err(ENODEV);
        }
        self.invalidate(&self.all())
    }

    /// Invalidates everything that is cached of `streams`, with as few commands as possible that
    /// spare the entries of other streams.
    pub(super) fn invalidate(&mut self, streams: &Streams) -> Result {
        if self.busy {
            // The hardware ignores a command while another one is running.
            self.wait()?;
            self.busy = false;
        }
        let result = if self.selects {
            self.invalidate_selected(streams)
        } else {
            self.invalidate_each(streams)
        };
        self.busy = result.is_err();
        self.logged &= self.busy;
        result
    }

    fn invalidate_selected(&mut self, streams: &Streams) -> Result {
        let select = streams.words()[0];

        if self.selected != Some(select) {
            for word in 0..self.hal.select_words() {
                let streams = t8020::SELECT::from(streams.register(word));
                if let Some(at) = t8020::SELECT::try_at(word) {
                    self.io.write(at, streams);
                }
            }
            self.selected = Some(select);
        }
        self.start();
        self.wait()
    }

    fn invalidate_each(&self, streams: &Streams) -> Result {
        // One command for all streams, if no other stream can have cached entries.
        let others = |id| !streams.contains(id) && self.hal.translates(self.tcr(id));
        if streams.len() > 1 && !(0..self.count()).any(others) {
            self.hal.invalidate(&self.io, None)?;
            return self.wait();
        }
        for id in streams.iter() {
            self.hal.invalidate(&self.io, Some(id))?;
            self.wait()?;
        }
        Ok(())
    }

    /// Starts invalidating the selected streams.
    #[inline(always)]
    fn start(&self) {
        self.io
            .write_reg(t8020::COMMAND::zeroed().with_const_invalidate::<1>());
    }

    /// Waits until a command is done.
    fn wait(&self) -> Result {
        let busy = || Ok(self.hal.is_busy(&self.io));

        read_poll_timeout_atomic(busy, |busy| !*busy, POLL_DELAY, POLL_RETRIES).map(|_| ())
    }
}
