// SPDX-License-Identifier: GPL-2.0

//! What a test may change about the hardware.

use crate::knobs::{
    knobs,
    settings, //
};

settings! {
    /// Which of several faults the error registers tell about.
    pub enum Latch {
        /// The first one, until it is cleared.
        First = 0,
        /// The stream and the address of the last one, and the codes of all of them.
        Last = 1,
    }
}

settings! {
    /// What TCR with both translation and bypass means.
    pub enum Both {
        /// Bypass.
        Passes = 0,
        /// That nothing passes.
        Blocks = 1,
    }
}

settings! {
    /// What happens to addresses beyond the width of the input, or beyond what the tables reach.
    pub enum Wide {
        /// The filter in front of the translation refuses them.
        Refused = 0,
        /// Their upper bits are ignored.
        Wraps = 1,
    }
}

knobs! {
    /// Choices where documents are silent, and ways to make the hardware slow or broken.
    ///
    /// Knobs survive the loss of power.
    pub struct Knobs {
        /// How many reads of the command register still show a command as busy.
        ///
        /// The command takes effect when it is seen to be over, so that a driver which does not wait
        /// goes on with the old cache contents.
        busy_reads: u32,
        /// Commands never end.
        stuck: bool,
        /// TCRs and TTBRs do not hold what is written to them, as those of another device would not.
        deaf: bool,
        /// The TCR of this stream, counted from 1, does not hold what is written to it. 0: all do.
        deaf_stream: u32,
        /// While a command is busy no access gets anywhere.
        block_while_busy: bool,
        /// Page entries are read 64 bytes at a time, and all eight of them are cached.
        line_fill: bool,
        /// Invalid entries are cached like valid ones.
        negative: bool,
        /// Entries that lead to tables are cached.
        cache_tables: bool,
        /// Which of several faults is told.
        latch: Latch,
        /// Clearing the error word leaves its description of the access: stream, direction.
        leftovers: bool,
        /// What both mode bits mean.
        both: Both,
        /// What addresses that are too wide come to.
        wide: Wide,
        /// Streams cannot bypass the translation, and PARAMS2 says so.
        no_bypass: bool,
        /// The filter lets nothing pass by itself, so that a bypassed stream needs its bypass as
        /// well.
        filter_closed: bool,
        /// Entries read for a remapped stream are cached for, and dropped with, the stream itself
        /// rather than the one whose tables it uses.
        cache_by_source: bool,
        /// USB4: the words that enable streams begin at 0xfc rather than at 0xf8. The second of them
        /// would be where TCR 0 is; there is none, and streams from 32 on are always enabled.
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
            stuck: false,
            deaf: false,
            deaf_stream: 0,
            block_while_busy: false,
            line_fill: true,
            negative: true,
            cache_tables: true,
            latch: Latch::First,
            leftovers: true,
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
