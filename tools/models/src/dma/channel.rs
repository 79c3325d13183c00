// SPDX-License-Identifier: GPL-2.0

//! One channel: its parameters, and its progress.

use super::{
    regs::*,
    Port,
    BURST, //
};
use crate::{
    Cause,
    Denied, //
};

/// The result of one turn of a channel.
pub(super) enum Turn {
    /// The channel has no work.
    Idle,
    /// The master's lane is stalled.
    Waiting,
    /// A burst succeeded or failed; `moved` bytes were read and written.
    Went { moved: usize },
}

/// A range that a channel works on.
#[derive(Clone, Copy)]
struct Stretch {
    src: u64,
    dst: u64,
    len: u32,
    pos: u32,
}

const NO_STRETCH: Stretch = Stretch {
    src: 0,
    dst: 0,
    len: 0,
    pos: 0,
};

pub(super) struct Channel {
    ctrl: u32,
    status: u32,
    src: u64,
    dst: u64,
    len: u32,
    value: u32,
    list: u64,
    count: u32,
    fault: u64,
    bytes: u32,
    passes: u32,
    faults: u32,
    now: Stretch,
    /// Descriptors taken in this pass.
    taken: u32,
}

/// A failed burst: its address, direction and cause.
struct Failure {
    at: u64,
    write: bool,
    cause: u32,
}

enum Stop {
    Waiting,
    Failed(Failure),
}

impl Stop {
    fn new(denied: Denied, at: u64, write: bool) -> Self {
        let cause = match denied {
            Denied::Stalled => return Stop::Waiting,
            Denied::Fault(Cause::NoTable) => CAUSE_NO_TABLE,
            Denied::Fault(Cause::NoPage) => CAUSE_NO_PAGE,
            Denied::Fault(Cause::Permission) => CAUSE_PERMISSION,
            Denied::Bus => CAUSE_BUS,
            Denied::Blocked => CAUSE_BLOCKED,
        };

        Stop::Failed(Failure { at, write, cause })
    }
}

impl Channel {
    pub(super) const fn new() -> Self {
        Self {
            ctrl: 0,
            status: 0,
            src: 0,
            dst: 0,
            len: 0,
            value: 0,
            list: 0,
            count: 0,
            fault: 0,
            bytes: 0,
            passes: 0,
            faults: 0,
            now: NO_STRETCH,
            taken: 0,
        }
    }

    pub(super) fn busy(&self) -> bool {
        self.status & BUSY != 0
    }

    pub(super) fn waiting(&self) -> bool {
        self.status & WAITING != 0
    }

    pub(super) fn interrupts(&self) -> bool {
        self.ctrl & INTERRUPT != 0 && self.status & (DONE | ERROR) != 0
    }

    pub(super) fn read_reg(&self, reg: u32) -> u32 {
        match reg {
            CTRL => self.ctrl,
            STATUS => self.status,
            SRC => self.src as u32,
            0x0c => (self.src >> 32) as u32,
            DST => self.dst as u32,
            0x14 => (self.dst >> 32) as u32,
            LEN => self.len,
            VALUE => self.value,
            LIST => self.list as u32,
            0x24 => (self.list >> 32) as u32,
            COUNT => self.count,
            FAULT => self.fault as u32,
            0x30 => (self.fault >> 32) as u32,
            BYTES => self.bytes,
            PASSES => self.passes,
            FAULTS => self.faults,
            _ => 0,
        }
    }

    pub(super) fn write_reg(&mut self, reg: u32, val: u32) {
        match reg {
            CTRL => self.control(val),
            STATUS => self.acknowledge(val),
            _ if self.busy() => (),
            SRC => set_low(&mut self.src, val),
            0x0c => set_high(&mut self.src, val),
            DST => set_low(&mut self.dst, val),
            0x14 => set_high(&mut self.dst, val),
            LEN => self.len = val,
            VALUE => self.value = val,
            LIST => set_low(&mut self.list, val),
            0x24 => set_high(&mut self.list, val),
            COUNT => self.count = val,
            _ => (),
        }
    }

    fn control(&mut self, val: u32) {
        self.ctrl = val & (START | MODE | REPEAT | GO_ON | INTERRUPT);
        if val & START == 0 {
            self.status &= !(BUSY | WAITING);
            return;
        }
        self.status = BUSY;
        self.fault = 0;
        self.passes = 0;
        self.faults = 0;
        self.begin_pass();
    }

    fn acknowledge(&mut self, val: u32) {
        self.status &= !(val & DONE);
        if val & ERROR != 0 {
            self.status &= !(ERROR | ERROR_WRITE | 7 << CAUSE_SHIFT);
        }
    }

    fn mode(&self) -> u32 {
        self.ctrl & MODE
    }

    fn begin_pass(&mut self) {
        self.bytes = 0;
        self.taken = 0;
        self.now = if self.mode() == SCATTERED {
            NO_STRETCH
        } else {
            Stretch {
                src: self.src,
                dst: self.dst,
                len: self.len,
                pos: 0,
            }
        };
    }

    /// Does one burst, or reads one descriptor.
    pub(super) fn turn(&mut self, port: &mut dyn Port) -> Turn {
        if !self.busy() {
            return Turn::Idle;
        }
        self.status &= !WAITING;

        let result = if self.now.pos < self.now.len {
            self.burst(port)
        } else if self.mode() == SCATTERED && self.taken < self.count {
            self.take_descriptor(port)
        } else {
            self.end_pass();
            Ok(0)
        };
        match result {
            Ok(moved) => Turn::Went { moved },
            Err(Stop::Waiting) => {
                self.status |= WAITING;
                Turn::Waiting
            }
            Err(Stop::Failed(failure)) => {
                self.fail(failure);
                Turn::Went { moved: 0 }
            }
        }
    }

    fn burst(&mut self, port: &mut dyn Port) -> Result<usize, Stop> {
        let now = self.now;
        let n = ((now.len - now.pos) as usize).min(BURST);
        let reads = self.mode() != FILL;
        let writes = self.mode() != READ_ONLY;
        let mut data = [0; BURST];
        let data = &mut data[..n];

        if reads {
            let src = offset(now.src, now.pos.into(), false)?;

            port.read(src, data)
                .map_err(|denied| Stop::new(denied, src, false))?;
        } else {
            for (byte, value) in data
                .iter_mut()
                .zip(self.value.to_le_bytes().into_iter().cycle())
            {
                *byte = value;
            }
        }
        if writes {
            let dst = offset(now.dst, now.pos.into(), true)?;

            port.write(dst, data)
                .map_err(|denied| Stop::new(denied, dst, true))?;
        }
        self.advance(n as u32);
        Ok(n * (usize::from(reads) + usize::from(writes)))
    }

    fn advance(&mut self, n: u32) {
        self.now.pos += n;
        self.bytes = self.bytes.wrapping_add(n);
    }

    fn take_descriptor(&mut self, port: &mut dyn Port) -> Result<usize, Stop> {
        let at = offset(self.list, u64::from(self.taken) * DESCRIPTOR as u64, false)?;
        let mut bytes = [0; DESCRIPTOR];

        port.read(at, &mut bytes)
            .map_err(|denied| Stop::new(denied, at, false))?;
        self.taken += 1;
        if word(&bytes, 20) != 0 {
            return Err(Stop::Failed(Failure {
                at,
                write: false,
                cause: CAUSE_BAD_LIST,
            }));
        }
        self.now = Stretch {
            src: u64::from(word(&bytes, 0)) | u64::from(word(&bytes, 4)) << 32,
            dst: u64::from(word(&bytes, 8)) | u64::from(word(&bytes, 12)) << 32,
            len: word(&bytes, 16),
            pos: 0,
        };
        Ok(DESCRIPTOR)
    }

    fn end_pass(&mut self) {
        self.passes = self.passes.wrapping_add(1);
        if self.ctrl & REPEAT != 0 {
            self.begin_pass();
        } else {
            self.status = self.status & !BUSY | DONE;
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.faults = self.faults.wrapping_add(1);
        if self.status & ERROR == 0 {
            self.status |= ERROR | failure.cause << CAUSE_SHIFT;
            if failure.write {
                self.status |= ERROR_WRITE;
            }
            self.fault = failure.at;
        }

        if self.ctrl & GO_ON == 0 {
            self.status &= !BUSY;
        } else if self.now.pos < self.now.len {
            self.advance((self.now.len - self.now.pos).min(BURST as u32));
        } else if failure.cause != CAUSE_BAD_LIST {
            self.taken += 1;
        }
    }
}

/// The address `by` bytes after `base`. Beyond the last address the burst fails at `base`.
fn offset(base: u64, by: u64, write: bool) -> Result<u64, Stop> {
    base.checked_add(by)
        .ok_or_else(|| Stop::new(Denied::Bus, base, write))
}

fn word(bytes: &[u8; DESCRIPTOR], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn set_low(reg: &mut u64, val: u32) {
    *reg = *reg & !0xffff_ffff | u64::from(val);
}

fn set_high(reg: &mut u64, val: u32) {
    *reg = *reg & 0xffff_ffff | u64::from(val) << 32;
}
