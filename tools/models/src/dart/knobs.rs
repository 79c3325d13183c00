// SPDX-License-Identifier: GPL-2.0

//! The properties of the hardware that a test may change.

use crate::{
    command::BUSY_SEED,
    knobs::{
        knobs,
        settings, //
    },
};

settings! {
    /// Which of several faults the error registers describe.
    pub enum Latch {
        /// The first one, until it is cleared.
        First = 0,
        /// The last one's stream and address, and the codes of all of them.
        Last = 1,
    }
}

settings! {
    /// The meaning of a TCR with both translation and bypass.
    pub enum Both {
        /// Bypass.
        Passes = 0,
        /// All accesses are blocked.
        Blocks = 1,
    }
}

settings! {
    /// The handling of addresses beyond the width of the input, or beyond the reach of the tables.
    pub enum Wide {
        /// The filter in front of the translation refuses them.
        Refused = 0,
        /// Their upper bits are ignored.
        Wraps = 1,
    }
}

knobs! {
    /// Choices where documents say nothing, and ways to make the hardware slow or broken.
    ///
    /// Knobs survive the loss of power.
    pub struct Knobs {
        /// How many reads of the command register still show a command as busy.
        ///
        /// The command takes effect when a read shows it as done, so that a driver which does not
        /// wait continues with the old cache contents.
        busy_reads: u32,
        /// Seed of random numbers from 0 to 3, of which each command takes one for `busy_reads`,
        /// if that is 0. With a seed of 0, commands take effect with the write that starts them.
        busy_seed: u32,
        /// Commands never complete.
        stuck: bool,
        /// TCRs and TTBRs do not keep written values, like the registers of another device.
        deaf: bool,
        /// The TCR of this stream, counted from 1, does not keep the value written to it. 0: all do.
        deaf_stream: u32,
        /// While a command is busy, all accesses are blocked.
        block_while_busy: bool,
        /// Page entries are read 64 bytes at a time, and all eight of them are cached.
        line_fill: bool,
        /// The caches are small and direct-mapped, so that entries evict each other. If false, they
        /// evict an entry only when they are full, so that a missing invalidation always shows.
        direct_mapped: bool,
        /// The walker fetches dropped entries again as soon as an invalidation is done, and, if
        /// nothing was translated then, before the next access. So an invalidation that comes too
        /// early shows without an access in between.
        refetch: bool,
        /// Invalid entries are cached like valid ones.
        negative: bool,
        /// Entries that point to tables are cached.
        cache_tables: bool,
        /// Which of several faults is reported.
        latch: Latch,
        /// Clearing the error word keeps its description of the access: stream, direction.
        leftovers: bool,
        /// The level of the line is the flag of the error word. If false, the line also stays up
        /// while codes are set, until the whole word has been written back.
        line_by_flag: bool,
        /// An invalid TTBR that a walk has found is cached for its stream until the tables of the
        /// stream are invalidated.
        cache_no_ttbr: bool,
        /// The meaning of both mode bits together.
        both: Both,
        /// The handling of addresses that are too wide.
        wide: Wide,
        /// Streams cannot bypass the translation, as PARAMS2 shows.
        no_bypass: bool,
        /// The filter passes no bypassed access, so that a bypassed stream needs the filter's
        /// bypass as well.
        filter_closed: bool,
        /// Entries read for a remapped stream are cached for, and dropped with, the stream itself
        /// instead of the stream whose tables it uses.
        cache_by_source: bool,
        /// USB4: the words that enable streams begin at 0xfc instead of 0xf8. The second word does
        /// not exist, since its offset is that of TCR 0, and streams from 32 on are always enabled.
        enable_at_fc: bool,
        /// All streams are enabled after power-on, as if firmware had done it.
        enabled_at_reset: bool,
        /// Loss of power loses nothing, as in a domain that is always on.
        retain: bool,
    }
}

impl Knobs {
    pub(super) const fn new() -> Self {
        Self {
            busy_reads: 0,
            busy_seed: BUSY_SEED,
            stuck: false,
            deaf: false,
            deaf_stream: 0,
            block_while_busy: false,
            line_fill: true,
            direct_mapped: false,
            refetch: false,
            negative: true,
            cache_tables: true,
            latch: Latch::First,
            leftovers: true,
            line_by_flag: false,
            cache_no_ttbr: false,
            both: Both::Passes,
            wide: Wide::Refused,
            no_bypass: false,
            filter_closed: true,
            cache_by_source: false,
            enable_at_fc: false,
            enabled_at_reset: false,
            retain: false,
        }
    }
}
