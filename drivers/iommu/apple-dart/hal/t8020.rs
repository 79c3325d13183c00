// SPDX-License-Identifier: GPL-2.0

//! T8020 and compatible blocks: sixteen streams. The USB4 block of T8103 has 64 streams, and
//! registers at other offsets.

use iommu::fault::Fault;
use kernel::{
    io::{
        register::{
            Array,
            RegisterArrayLoc, //
        },
        Io, //
    },
    prelude::*, //
};

use super::{
    fault,
    Hal, //
};

use crate::{
    engine::Block,
    regs::t8020::*,
    streams::Streams,
    variant::MAX_TTBRS, //
};

/// The bits of ERROR that name causes. The direction, among them, stays when it is acknowledged.
const CAUSES: u32 = 0x0bff;

pub(crate) struct T8020 {
    /// It has 64 streams.
    pub(crate) wide: bool,
}

iommu::atomic_safe!(T8020 { wide });

impl T8020 {
    /// The place of one of the TTBRs of a stream.
    // The compiler must see in the caller that the place is one of the array.
    #[inline(always)]
    fn ttbr_at(&self, id: usize, index: usize) -> Option<RegisterArrayLoc<TTBR>> {
        let first = if self.wide { 128 } else { 0 };

        TTBR::try_at(first + MAX_TTBRS * id + index)
    }
}

impl Hal for T8020 {
    fn is_locked(&self, io: &Block) -> bool {
        io.read(CONFIG).locked()
    }

    fn enable(&self, io: &Block, count: u16) {
        let streams = Streams::below(count);

        if self.wide {
            io.write(ENABLE::at(0), streams.register(1).into());
        }
        io.write(ENABLE::at(1), streams.register(0).into());
    }

    fn bypassing(&self) -> u32 {
        TCR::zeroed()
            .with_bypass(true)
            .with_bypass_filter(true)
            .into()
    }

    fn translating(&self, levels: u32) -> Result<u32> {
        if levels == 4 {
            return Err(EINVAL);
        }
        Ok(TCR::zeroed().with_translate(true).into())
    }

    fn translates(&self, tcr: u32) -> bool {
        TCR::from(tcr).translate()
    }

    fn ttbrs(&self) -> usize {
        MAX_TTBRS
    }

    fn ttbr(&self, table: u64) -> Result<u32> {
        Ok(TTBR::zeroed()
            .try_with_page(u32::try_from(table >> 12)?)?
            .with_valid(true)
            .into())
    }

    fn read_tcr(&self, io: &Block, id: u16) -> u32 {
        TCR::try_at(usize::from(id)).map_or(0, |at| io.read(at).into())
    }

    fn write_tcr(&self, io: &Block, id: u16, tcr: u32) {
        if let Some(at) = TCR::try_at(usize::from(id)) {
            io.write(at, TCR::from(tcr));
        }
    }

    fn read_ttbr(&self, io: &Block, id: u16) -> u32 {
        self.ttbr_at(id.into(), 0)
            .map_or(0, |at| io.read(at).into())
    }

    fn write_ttbr(&self, io: &Block, id: usize, index: usize, ttbr: u32) {
        if let Some(at) = self.ttbr_at(id, index) {
            io.write(at, TTBR::from(ttbr));
        }
    }

    fn select_words(&self) -> usize {
        1 + usize::from(self.wide)
    }

    fn is_busy(&self, io: &Block) -> bool {
        io.read(COMMAND).busy()
    }

    fn acknowledge(&self, io: &Block, _count: u16) -> Option<Fault> {
        let error = io.read(ERROR);
        // A cause without the flag holds the interrupt line up, too.
        if !error.flag() && u32::from(error) & CAUSES == 0 {
            return None;
        }
        let low = io.read(ERROR_ADDR_LOW).address().get();
        let high = io.read(ERROR_ADDR_HIGH).address().get();

        io.write(ERROR, error);
        Some(fault(
            error.stream().get(),
            (high, low),
            error.write(),
            error.code().get(),
        ))
    }
}
