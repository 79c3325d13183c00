// SPDX-License-Identifier: GPL-2.0

//! Invalidation: the command register of each layout.
//!
//! A command, a selection of streams or a range that is written while a command is busy is lost.

use super::{
    variant::Layout,
    Config,
    Dart, //
};
use crate::command::Poll;

/// T8020: busy.
const T8020_BUSY: u32 = 1 << 2;
/// T8020: the operation; only invalidation is known.
const T8020_OP: u32 = 3;
/// T8020: the set of the TLB that all entries are in.
const T8020_SET: u32 = 1 << 20;
/// T8020: operation, entry and way of other operations, sets.
const T8020_BITS: u32 = 0xfff0_07f3;

/// T8110: busy.
const T8110_BUSY: u32 = 1 << 31;
/// T8110: operation and stream.
const T8110_BITS: u32 = 0x0000_07ff;
/// T8110, version 2: keep the entries that point to tables.
const T8110_KEEP_TABLES: u32 = 1 << 12;
/// T8110, version 2: with a range, also drop the entries that point to tables.
const T8110_AND_TABLES: u32 = 1 << 13;
/// T8110, version 2: only the range.
const T8110_RANGE: u32 = 1 << 14;

/// The effect of a command when it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Nothing,
    /// Invalidates the streams whose bits are set.
    Streams(u64),
    /// Invalidates the streams `first..=last`.
    Block {
        first: u32,
        last: u32,
        tables: bool,
    },
    /// Invalidates the pages `first..=last` of a stream.
    Range {
        stream: u32,
        first: u32,
        last: u32,
        tables: bool,
    },
}

/// The bits of the command register that have a meaning in a write.
pub(super) fn writable(config: &Config) -> u32 {
    match config.variant.layout() {
        Layout::T8020 => T8020_BITS,
        Layout::T8110 if config.is_v2() => {
            T8110_BITS | T8110_KEEP_TABLES | T8110_AND_TABLES | T8110_RANGE
        }
        Layout::T8110 => T8110_BITS,
    }
}

impl Dart {
    /// Whether a command is busy, so that this write is lost. Counts the lost write.
    pub(super) fn loses_write(&mut self) -> bool {
        if self.command.running().is_none() {
            return false;
        }
        self.counters.regs.command_while_busy += 1;
        true
    }

    /// Handles a write of the command register.
    pub(super) fn start_command(&mut self, word: u32) {
        if self.loses_write() {
            return;
        }

        let op = match self.config.variant.layout() {
            Layout::T8020 => self.t8020_command(word),
            Layout::T8110 => self.t8110_command(word),
        };
        self.regs.command = word;
        if let Some(op) = op {
            let reads = self.pace.next(self.knobs.busy_reads, self.knobs.busy_seed);

            self.command.start(op, reads);
            if reads == 0 {
                self.poll_command();
            }
        }
    }

    /// Decodes a command; `None` if it starts nothing.
    fn t8020_command(&mut self, word: u32) -> Option<Op> {
        if word & T8020_OP != 0 {
            self.counters.unknown_commands += 1;
            return None;
        }
        if word & T8020_SET == 0 {
            self.counters.empty_commands += 1;
            return None;
        }

        let [low, high] = self.regs.select;
        let selected = u64::from(high) << 32 | u64::from(low);
        let streams = selected & (!0 >> (64 - self.config.streams));
        if streams == 0 {
            self.counters.empty_commands += 1;
        } else {
            self.counters.invalidations += 1;
        }
        Some(Op::Streams(streams))
    }

    fn t8110_command(&mut self, word: u32) -> Option<Op> {
        let stream = word & 0xff;
        let tables = word & T8110_KEEP_TABLES == 0;

        Some(match word >> 8 & 7 {
            0 => {
                self.counters.invalidations_all += 1;
                Op::Block {
                    first: 0,
                    last: self.config.streams - 1,
                    tables,
                }
            }
            1 if stream >= self.config.streams => {
                self.counters.unknown_commands += 1;
                Op::Nothing
            }
            1 if word & T8110_RANGE != 0 => self.range_command(stream, word),
            1 => {
                self.counters.invalidations += 1;
                Op::Block {
                    first: stream,
                    last: stream,
                    tables,
                }
            }
            // Releases the lock after an error. This model never locks itself.
            4 if self.config.is_v2() => Op::Nothing,
            _ => {
                self.counters.unknown_commands += 1;
                Op::Nothing
            }
        })
    }

    fn range_command(&mut self, stream: u32, word: u32) -> Op {
        let [first, last] = self.regs.range.map(|page| page >> 2);

        if first > last {
            self.counters.empty_commands += 1;
        } else {
            self.counters.invalidations_range += 1;
        }
        Op::Range {
            stream,
            first,
            last,
            tables: word & T8110_AND_TABLES != 0,
        }
    }

    /// Handles a read of the command register; returns the written value and the busy bit.
    pub(super) fn poll_command(&mut self) -> u32 {
        if let Poll::Done(op) = self.command.poll(self.knobs.stuck) {
            self.complete(op);
        }
        self.command_word()
    }

    pub(super) fn command_word(&self) -> u32 {
        let busy = match self.config.variant.layout() {
            Layout::T8020 => T8020_BUSY,
            Layout::T8110 => T8110_BUSY,
        };

        match self.command.running() {
            Some(_) => self.regs.command | busy,
            None => self.regs.command,
        }
    }

    fn complete(&mut self, op: Op) {
        self.counters.dropped.begin();
        match op {
            Op::Nothing => (),
            Op::Streams(mut streams) => {
                while streams != 0 {
                    self.invalidate(streams.trailing_zeros(), true);
                    streams &= streams - 1;
                }
            }
            Op::Block {
                first,
                last,
                tables,
            } => (first..=last).for_each(|stream| self.invalidate(stream, tables)),
            Op::Range {
                stream,
                first,
                last,
                tables,
            } => {
                let mut dropped = self
                    .caches
                    .drop_pages(stream, first, last, self.knobs.refetch);

                if tables {
                    dropped += self.caches.flush_tables(stream, self.knobs.refetch);
                }
                self.counters.dropped.count(stream as usize, dropped);
            }
        }
    }

    fn invalidate(&mut self, stream: u32, tables: bool) {
        let mut dropped = self.caches.flush_pages(stream, self.knobs.refetch);

        if tables {
            dropped += self.caches.flush_tables(stream, self.knobs.refetch);
        }
        self.counters.dropped.count(stream as usize, dropped);
    }
}
