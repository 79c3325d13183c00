// SPDX-License-Identifier: GPL-2.0

//! The properties of the hardware that a test may change.

use super::Variant;
use crate::{
    command::BUSY_SEED,
    knobs::{
        knobs,
        settings, //
    },
};

settings! {
    /// When the lane of a master that caused a fault continues.
    pub enum Stall {
        /// When the interrupt of the fault has been cleared.
        UntilCleared = 0,
        /// It never stops.
        Never = 1,
        /// When the lane has been reset through RESET.
        UntilLaneReset = 2,
    }
}

knobs! {
    /// Choices where documents say nothing, and ways to make the hardware slow or broken.
    ///
    /// Knobs survive resets.
    pub struct Knobs {
        /// Table memory is read 64 bits at a time and both entries are cached.
        pair_fill: bool,
        /// The caches are small and direct-mapped, so that entries evict each other. If false, they
        /// evict an entry only when they are full, so that a missing invalidation always shows.
        direct_mapped: bool,
        /// The walker fetches dropped entries again as soon as an invalidation is done, and, if
        /// nothing was translated then, before the next access. So an invalidation that comes too
        /// early shows without an access in between.
        refetch: bool,
        /// Pages that a walk reads ahead (64 at most), for masters with their PREFETCH bit set.
        prefetch_pages: u32,
        /// Directory entries that a walk reads ahead (64 at most), for the same masters.
        prefetch_mib: u32,
        /// How many reads of a register still show a command as busy.
        ///
        /// The command takes effect when a read shows it as done, so that a driver which does not
        /// wait continues with the old cache contents.
        busy_reads: u32,
        /// Seed of random numbers from 0 to 3, of which each command takes one for `busy_reads`,
        /// if that is 0. With a seed of 0, commands take effect with the write that starts them.
        busy_seed: u32,
        /// TLB_FLUSH never completes.
        stuck_flush: bool,
        /// The number of TLB_FLUSH commands that complete while `stuck_flush` is set.
        good_flushes: u32,
        /// TLB_IVLD_ENABLE never completes.
        stuck_tlb_ivld: bool,
        /// PC_IVLD_ENABLE never completes.
        stuck_ptw_ivld: bool,
        /// VA_CONFIG never completes.
        stuck_debug: bool,
        /// When a faulting master continues.
        stall: Stall,
        /// TLB_IVLD_END names the last page. If false, which is the stricter choice, it names the
        /// page after it. A driver that writes the page after the last one is right in both cases.
        end_inclusive: bool,
        /// Single invalidations are ignored while AUTO_GATING is on.
        strict_gating: bool,
        /// A TTB write while masters are translated is ignored.
        strict_ttb: bool,
        /// A TTB write while ENABLE is set is ignored, also if all masters are denied.
        fixed_ttb: bool,
        /// The rule of DM_AUT_CTRL or DM_AUT_OVWT is cached with a page entry when that is read, and
        /// a later change has no effect on it until it is dropped.
        cached_rules: bool,
        /// A master that DM_AUT_OVWT denies still walks and fills the caches, since permission is
        /// checked after translation. If false, it is denied before the lookup.
        denied_walks: bool,
        /// Invalid entries found by prefetch or the debug port are reported (bit 31 of L1PG_INT and
        /// L2PG_INT) even if INT_ENABLE bits 18 to 20 are 0.
        report_soft: bool,
        /// An entry with an address below 0x4000_0000 means that address plus 4 GiB.
        high_dram: bool,
    }
}

impl Knobs {
    /// The defaults for `variant`.
    pub const fn new(variant: Variant) -> Self {
        let (prefetch_pages, prefetch_mib) = variant.prefetch();

        Self {
            pair_fill: true,
            direct_mapped: false,
            refetch: false,
            prefetch_pages,
            prefetch_mib,
            busy_reads: 0,
            busy_seed: BUSY_SEED,
            stuck_flush: false,
            good_flushes: 0,
            stuck_tlb_ivld: false,
            stuck_ptw_ivld: false,
            stuck_debug: false,
            stall: Stall::UntilCleared,
            end_inclusive: false,
            strict_gating: false,
            strict_ttb: false,
            fixed_ttb: false,
            cached_rules: false,
            denied_walks: true,
            report_soft: false,
            high_dram: false,
        }
    }
}
