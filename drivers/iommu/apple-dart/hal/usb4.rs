// SPDX-License-Identifier: GPL-2.0

//! The USB4 block of T8103: as T8020, with 64 streams, and registers at other offsets.

use iommu::fault::Fault;
use kernel::{
    io::{
        register::Array,
        Io, //
    },
    prelude::*, //
};

use super::{
    t8020::T8020,
    Hal, //
};

use crate::{
    engine::Block,
    regs::t8020::*,
    variant::MAX_TTBRS, //
};

pub(crate) struct Usb4;

iommu::atomic_safe!(Usb4 {});

impl Hal for Usb4 {
    fn enable(&self, io: &Block, _count: u16) {
        for word in 0..2 {
            io.write(ENABLE_WIDE::at(word), ENABLE_WIDE::from(u32::MAX));
        }
    }

    fn read_ttbr(&self, io: &Block, id: u16) -> u32 {
        TTBR_WIDE::try_at(MAX_TTBRS * usize::from(id)).map_or(0, |at| io.read(at).into())
    }

    fn write_ttbr(&self, io: &Block, id: usize, index: usize, ttbr: u32) {
        if let Some(at) = TTBR_WIDE::try_at(MAX_TTBRS * id + index) {
            io.write(at, TTBR_WIDE::from(ttbr));
        }
    }

    fn select_words(&self) -> usize {
        2
    }

    fn is_locked(&self, io: &Block) -> bool {
        T8020.is_locked(io)
    }

    fn bypassing(&self) -> u32 {
        T8020.bypassing()
    }

    fn translating(&self, levels: u32) -> Result<u32> {
        T8020.translating(levels)
    }

    fn translates(&self, tcr: u32) -> bool {
        T8020.translates(tcr)
    }

    fn ttbrs(&self) -> usize {
        T8020.ttbrs()
    }

    fn ttbr(&self, table: u64) -> Result<u32> {
        T8020.ttbr(table)
    }

    fn read_tcr(&self, io: &Block, id: u16) -> u32 {
        T8020.read_tcr(io, id)
    }

    fn write_tcr(&self, io: &Block, id: u16, tcr: u32) {
        T8020.write_tcr(io, id, tcr);
    }

    fn is_busy(&self, io: &Block) -> bool {
        T8020.is_busy(io)
    }

    fn acknowledge(&self, io: &Block, count: u16) -> Option<Fault> {
        T8020.acknowledge(io, count)
    }
}
