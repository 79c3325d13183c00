// SPDX-License-Identifier: GPL-2.0

//! How each kind of block is used, behind one trait: its commands, its faults, its streams. The
//! registers are in `regs.rs`.

use iommu::{
    atomic_safe::AtomicSafe,
    pgtable::Config,
    prelude::*, //
};
use kernel::prelude::*;

use crate::{
    engine::Block,
    regs::code, //
};

pub(crate) mod t8020;
pub(crate) mod t8110;

/// A kind of block. Functions that take `io` access the registers; the block has power.
///
/// Streams and tables that the block does not have are ignored.
pub(crate) trait Hal: AtomicSafe + Sync {
    /// Reads the parameters that not every kind of block reports.
    fn read_params(&self, _io: &Block, _table: &mut Config, _streams: &mut u16) {}

    /// Whether TCR and TTBR are locked.
    fn is_locked(&self, io: &Block) -> bool;

    /// Allows all of `count` streams, so that TCR controls each.
    fn enable(&self, io: &Block, count: u16);

    /// Sets whether faults raise the interrupt line, if the block can mask them.
    fn mask_faults(&self, _io: &Block, _masked: bool) {}

    /// Returns the TCR of streams that are not translated.
    fn bypassing(&self) -> u32;

    /// Returns the TCR of streams that are translated with tables of this many levels.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the block has no such tables.
    fn translating(&self, levels: u32) -> Result<u32>;

    /// Whether streams with this TCR are translated.
    fn translates(&self, tcr: u32) -> bool;

    /// Returns the number of tables of a stream.
    fn ttbrs(&self) -> usize;

    /// Returns the TTBR for the table at this address.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the register cannot hold it.
    fn ttbr(&self, table: u64) -> Result<u32>;

    /// Returns the TCR of a stream.
    fn read_tcr(&self, io: &Block, id: u16) -> u32;

    /// Sets the TCR of a stream.
    fn write_tcr(&self, io: &Block, id: u16, tcr: u32);

    /// Returns the first TTBR of a stream.
    fn read_ttbr(&self, io: &Block, id: u16) -> u32;

    /// Sets one of the TTBRs of a stream.
    fn write_ttbr(&self, io: &Block, id: usize, index: usize, ttbr: u32);

    /// Returns the number of registers that select the streams of a command, 0 if the command names
    /// the stream.
    fn select_words(&self) -> usize;

    /// Starts invalidating the TLB entries of one stream or of all, in a block whose command names
    /// the stream.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` in other blocks, `EINVAL` if there is no such stream.
    fn invalidate(&self, _io: &Block, _stream: Option<u16>) -> Result {
        Err(EOPNOTSUPP)
    }

    /// Whether a command is running.
    fn is_busy(&self, io: &Block) -> bool;

    /// Reads the latched fault and acknowledges it. The block has `count` streams.
    fn acknowledge(&self, io: &Block, count: u16) -> Option<Fault>;
}

/// Decodes a fault. `bits` are the bits of its code, as T8020 has them.
fn fault(stream: u32, (high, low): (u32, u32), write: bool, bits: u32) -> Fault {
    let cause = [
        (code::NO_TTBR, "no table for the stream"),
        (code::NO_PMD, "no table for the address"),
        (code::NO_PTE, "page not mapped"),
        (code::WRITE, "page not writable"),
        (code::READ, "page not readable"),
    ]
    .into_iter()
    .find(|(code, _)| bits & code != 0)
    .map_or("refused by the hardware", |(_, cause)| cause);

    Fault {
        stream: stream as u16,
        iova: u64::from(high) << 32 | u64::from(low),
        access: if write || bits & code::WRITE != 0 {
            Access::Write
        } else {
            Access::Read
        },
        cause,
    }
}
