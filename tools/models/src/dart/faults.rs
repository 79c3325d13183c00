// SPDX-License-Identifier: GPL-2.0

//! Faults: the error word, the address, and which of several faults are recorded.

use super::{
    knobs::Latch,
    variant::Layout,
    Fault,
    Knobs,
    SPACES, //
};

/// The error word describes a fault, and the interrupt line is high.
const FLAG: u32 = 1 << 31;
/// T8110: further faults followed; the secondary map has their streams.
const SECONDARY: u32 = 1 << 19;

/// A fault to be recorded in the registers.
#[derive(Clone, Copy)]
pub(super) struct Report {
    pub(super) fault: Fault,
    pub(super) stream: u32,
    pub(super) iova: u64,
    pub(super) write: bool,
}

/// How much of a fault was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    All,
    Something,
    Nothing,
    /// Software has masked it.
    Unwanted,
}

/// State of the fault registers.
pub(super) struct Faults {
    pub(super) error: u32,
    pub(super) addr: u64,
    /// T8110: masked faults, laid out like the error word.
    pub(super) mask: u32,
    /// T8110: a bit per stream.
    pub(super) secondary: [u32; SPACES / 32],
}

/// The bit of the error word for a cause.
fn code(layout: Layout, fault: Fault) -> u32 {
    let bit = match (layout, fault) {
        (_, Fault::NoTtbr) => 0,
        (Layout::T8020, Fault::NoPgd | Fault::NoPmd) => 1,
        (Layout::T8020, Fault::NoPte) => 2,
        (Layout::T8020, Fault::Write) => 3,
        (Layout::T8020, Fault::Read) => 4,
        (Layout::T8020, Fault::Axi) => 6,
        (Layout::T8020, Fault::SubPage) => 7,
        (Layout::T8020, Fault::Filter) => 11,
        (Layout::T8110, Fault::NoPgd) => 1,
        (Layout::T8110, Fault::NoPmd) => 2,
        (Layout::T8110, Fault::NoPte) => 3,
        (Layout::T8110, Fault::Write) => 4,
        (Layout::T8110, Fault::Read) => 5,
        (Layout::T8110, Fault::Axi) => 7,
        (Layout::T8110, Fault::Filter) => 10,
        (Layout::T8110, Fault::SubPage) => 29,
    };

    1 << bit
}

/// All codes, which can be cleared besides the flag. The rest of the word describes the access.
fn codes(layout: Layout) -> u32 {
    match layout {
        Layout::T8020 => 0x0000_0bff,
        Layout::T8110 => 0x6000_7fff,
    }
}

/// The description of the access in the error word. Bits whose meaning is not known are set as
/// they were seen in hardware.
fn description(layout: Layout, report: &Report) -> u32 {
    match layout {
        // Four bits for the stream, for any number of streams.
        Layout::T8020 => (report.stream & 0xf) << 24 | u32::from(report.write) * 0x000f_0400,
        Layout::T8110 => (report.stream & 0xff) << 20 | u32::from(report.write) << 28 | 1 << 18,
    }
}

impl Faults {
    /// No fault latched. On T8110 all faults are masked until software unmasks them.
    pub(super) const fn new() -> Self {
        Self {
            error: 0,
            addr: 0,
            mask: !0,
            secondary: [0; SPACES / 32],
        }
    }

    /// Whether the registers describe a fault.
    fn pending(&self) -> bool {
        self.error & FLAG != 0
    }

    /// Level of the interrupt line.
    pub(super) fn line(&self, layout: Layout, knobs: &Knobs) -> bool {
        let codes = if knobs.line_by_flag { 0 } else { codes(layout) };

        self.error & (FLAG | codes) != 0
    }

    /// Records a fault.
    pub(super) fn latch(&mut self, layout: Layout, knobs: &Knobs, report: Report) -> Kept {
        let code = code(layout, report.fault);

        if layout == Layout::T8110 && self.mask & code != 0 {
            return Kept::Unwanted;
        }
        if !self.pending() {
            // Codes that software has not cleared stay.
            let left = self.error & codes(layout);

            self.error = FLAG | left | code | description(layout, &report);
            self.addr = report.iova;
            return Kept::All;
        }
        if layout == Layout::T8110 {
            self.error |= SECONDARY;
            self.secondary[report.stream as usize / 32] |= 1 << (report.stream % 32);
        }
        match (knobs.latch, layout) {
            (Latch::Last, _) => {
                let kept = self.error & (codes(layout) | SECONDARY);

                self.error = FLAG | kept | code | description(layout, &report);
                self.addr = report.iova;
                Kept::Something
            }
            (Latch::First, Layout::T8110) => Kept::Something,
            (Latch::First, Layout::T8020) => Kept::Nothing,
        }
    }

    /// Handles a write of the error word.
    pub(super) fn clear(&mut self, layout: Layout, knobs: &Knobs, bits: u32) {
        let cleared = if knobs.leftovers {
            bits & (FLAG | codes(layout))
        } else {
            bits
        };

        self.error &= !cleared;
    }
}
