// SPDX-License-Identifier: GPL-2.0

//! A DMA engine: one master with several channels that work at the same time.
//!
//! It exists in no chip; it does what the masters of a real one do to an IOMMU. A channel copies or
//! fills a stretch, only reads one, or copies what a list of descriptors names; once or for ever;
//! and it stops at the first fault or counts faults and goes on. Addresses have 64 bits.
//!
//! The engine has no time of its own: [`Engine::step`] lets it move an amount of bytes. Channels
//! take turns, a burst of [`BURST`] bytes (or one descriptor) each. A burst may cross a page; what
//! happens then is the IOMMU's business. A channel whose burst is refused with
//! [`Denied::Stalled`] does that burst again in the next step.

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

/// Where the accesses of an engine go: into an IOMMU, as one of its masters.
pub trait Port {
    /// Reads a burst.
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied>;

    /// Writes a burst.
    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied>;
}

/// What a step came to.
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
    /// Whose turn it is.
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

    /// Back to the state after power-on.
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

    /// Lets channels take turns until about `budget` bytes were asked for or none can go on.
    ///
    /// A turn costs at least 64 bytes of the budget, and one that failed as much as a whole burst.
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
