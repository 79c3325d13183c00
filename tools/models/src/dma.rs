// SPDX-License-Identifier: GPL-2.0

//! A DMA engine: one master with several channels that work at the same time.
//!
//! No chip has it, but it makes the same accesses to an IOMMU as masters of real chips. A channel
//! copies, fills or only reads a range, or copies the ranges in a list of descriptors, once or
//! repeatedly. It stops at the first fault, or counts faults and continues. Addresses have 64 bits.
//!
//! The engine works only in [`Engine::step`], which moves a number of bytes. Channels take turns,
//! with a burst of [`BURST`] bytes (or one descriptor) each. A burst may cross a page boundary,
//! which the IOMMU has to handle. A channel whose burst is refused with [`Denied::Stalled`] repeats
//! that burst in the next step.

mod channel;
pub mod regs;

use channel::{
    Channel,
    Turn, //
};
use regs::{
    CHANNELS,
    ID,
    ID_VALUE,
    INT_STA,
    NUM,
    STRIDE, //
};

use crate::Denied;

/// Largest burst in bytes.
pub const BURST: usize = 256;

/// The port of an IOMMU that the accesses of an engine are sent to.
pub trait Port {
    /// Reads a burst.
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied>;

    /// Writes a burst.
    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied>;
}

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read plus bytes written.
    pub moved: usize,
    /// Some channel has work left.
    pub busy: bool,
    /// Every channel with work left waits for the IOMMU.
    pub waiting: bool,
}

/// One engine.
pub struct Engine {
    channels: [Channel; CHANNELS],
    /// The next channel to take a turn.
    next: usize,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An idle engine.
    pub const fn new() -> Self {
        Self {
            channels: [const { Channel::new() }; CHANNELS],
            next: 0,
        }
    }

    /// Restores the state after power-on.
    pub fn reset(&mut self) {
        for channel in &mut self.channels {
            *channel = Channel::new();
        }
        self.next = 0;
    }

    /// Level of the interrupt line.
    pub fn irq(&self) -> bool {
        self.channels.iter().any(Channel::interrupts)
    }

    /// Whether some channel has work left.
    pub fn busy(&self) -> bool {
        self.channels.iter().any(Channel::busy)
    }

    /// Reads a register, see [`regs`].
    pub fn mmio_read(&mut self, off: u32) -> u32 {
        let mask = |hit: fn(&Channel) -> bool| {
            let bits = self.channels.iter().enumerate();

            bits.fold(0, |bits, (n, channel)| bits | u32::from(hit(channel)) << n)
        };

        match off {
            ID => ID_VALUE,
            INT_STA => mask(Channel::interrupts),
            NUM => CHANNELS as u32,
            _ => self
                .channels
                .get((off / STRIDE) as usize)
                .map_or(0, |channel| channel.read_reg(off % STRIDE)),
        }
    }

    /// Writes a register, see [`regs`].
    pub fn mmio_write(&mut self, off: u32, val: u32) {
        if let Some(channel) = self.channels.get_mut((off / STRIDE) as usize) {
            channel.write_reg(off % STRIDE, val);
        }
    }

    /// Runs channels in turn until about `budget` bytes were requested or no channel can continue.
    ///
    /// A turn costs at least 64 bytes of the budget, and a failed one as much as a whole burst.
    pub fn step(&mut self, port: &mut dyn Port, budget: usize) -> Progress {
        let mut left = budget;
        let mut moved = 0;
        let mut tried = 0;

        while left > 0 && tried < CHANNELS {
            let channel = &mut self.channels[self.next];

            self.next = (self.next + 1) % CHANNELS;
            match channel.turn(port) {
                Turn::Idle | Turn::Waiting => tried += 1,
                Turn::Went { moved: n } => {
                    let cost = if n == 0 { BURST } else { n.max(64) };

                    tried = 0;
                    moved += n;
                    left = left.saturating_sub(cost);
                }
            }
        }

        let mut busy = self.channels.iter().filter(|channel| channel.busy());
        let first = busy.next();
        Progress {
            moved,
            busy: first.is_some(),
            waiting: first.is_some_and(Channel::waiting) && busy.all(Channel::waiting),
        }
    }
}
