// SPDX-License-Identifier: GPL-2.0

//! T8110 and compatible blocks: up to 256 streams, one table each.

use iommu::{
    fault::Fault,
    pgtable::Config, //
};
use kernel::{
    io::{
        register::Array,
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
    regs::{
        code,
        t8110::*, //
    },
    streams::Streams,
};

/// Invalidate the TLB entries of all streams, or of one.
const OP_ALL: u32 = 0;
const OP_STREAM: u32 = 1;

/// The bits of ERROR that name causes.
const CAUSES: u32 = 0x6000_7fff;

pub(crate) struct T8110;

iommu::atomic_safe!(T8110 {});

impl Hal for T8110 {
    fn read_params(&self, io: &Block, table: &mut Config, streams: &mut u16) {
        let widths = io.read(PARAMS3);

        table.ias = widths.input_width().get();
        table.oas = widths.output_width().get();
        *streams = io.read(PARAMS4).streams().get() as u16;
    }

    fn is_locked(&self, io: &Block) -> bool {
        io.read(PROTECT).streams()
    }

    fn enable(&self, io: &Block, count: u16) {
        let streams = Streams::below(count);

        for word in 0..usize::from(count).div_ceil(32) {
            if let Some(at) = ENABLE::try_at(word) {
                io.write(at, ENABLE::from(streams.register(word)));
            }
        }
    }

    fn mask_faults(&self, io: &Block, masked: bool) {
        let codes = if masked { u32::MAX } else { 0 };

        if u32::from(io.read(ERROR_MASK)) != codes {
            io.write_reg(ERROR_MASK::from(codes));
        }
    }

    fn bypassing(&self) -> u32 {
        TCR::zeroed()
            .with_bypass(true)
            .with_bypass_filter(true)
            .into()
    }

    fn translating(&self, levels: u32) -> Result<u32> {
        Ok(TCR::zeroed()
            .with_translate(true)
            .with_four_levels(levels == 4)
            .into())
    }

    fn translates(&self, tcr: u32) -> bool {
        TCR::from(tcr).translate()
    }

    fn ttbrs(&self) -> usize {
        1
    }

    fn ttbr(&self, table: u64) -> Result<u32> {
        Ok(TTBR::zeroed()
            .try_with_page(u32::try_from(table >> 14)?)?
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
        TTBR::try_at(usize::from(id)).map_or(0, |at| io.read(at).into())
    }

    fn write_ttbr(&self, io: &Block, id: usize, index: usize, ttbr: u32) {
        if let Some(at) = TTBR::try_at(id).filter(|_| index == 0) {
            io.write(at, TTBR::from(ttbr));
        }
    }

    fn select_words(&self) -> usize {
        0
    }

    fn invalidate(&self, io: &Block, stream: Option<u16>) -> Result {
        io.write_reg(match stream {
            None => TLB_COMMAND::zeroed().with_const_op::<OP_ALL>(),
            Some(id) => TLB_COMMAND::zeroed()
                .with_const_op::<OP_STREAM>()
                .try_with_stream(u32::from(id))?,
        });
        Ok(())
    }

    fn is_busy(&self, io: &Block) -> bool {
        io.read(TLB_COMMAND).busy()
    }

    fn acknowledge(&self, io: &Block, count: u16) -> Option<Fault> {
        let error = io.read(ERROR);
        // A cause without the flag holds the interrupt line up, too.
        if !error.flag() && u32::from(error) & CAUSES == 0 {
            return None;
        }
        let low = io.read(ERROR_ADDR_LOW).address().get();
        let high = io.read(ERROR_ADDR_HIGH).address().get();

        io.write(ERROR, error);
        for word in 0..usize::from(count).div_ceil(32) {
            if let Some(at) = ERROR_STREAMS::try_at(word) {
                io.write(at, ERROR_STREAMS::from(u32::MAX));
            }
        }
        // T8110 has added NO_PGD above NO_TTBR: all other bits moved up.
        let bits = error.code().get();
        let code = if bits & 2 != 0 {
            code::NO_PMD | (bits >> 1) & code::WRITE
        } else {
            bits & 1 | (bits >> 1) & !1
        };
        Some(fault(
            error.stream().get(),
            (high, low),
            error.write(),
            code,
        ))
    }
}
