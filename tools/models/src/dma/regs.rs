// SPDX-License-Identifier: GPL-2.0

//! Registers of the DMA engine. All are 32 bits wide; unknown ones read 0 and ignore writes.
//!
//! A channel's registers start at [`STRIDE`] times its number. Addresses have a low and a high half.
//! Parameters can be written while the channel is idle only; writes to those of a busy channel are
//! ignored.

/// Number of channels.
pub const CHANNELS: usize = 8;
/// Distance of the registers of two channels.
pub const STRIDE: u32 = 0x40;

/// Start, mode and options. Writing it with [`START`] starts the channel, or restarts it from the
/// beginning. Writing it without [`START`] stops the channel.
pub const CTRL: u32 = 0x00;
/// State. Writing [`DONE`] or [`ERROR`] clears that bit. Writing [`ERROR`] also clears the bits
/// that describe the error.
pub const STATUS: u32 = 0x04;
/// Address to read from.
pub const SRC: u32 = 0x08;
/// Address to write to.
pub const DST: u32 = 0x10;
/// Number of bytes.
pub const LEN: u32 = 0x18;
/// Word to fill with.
pub const VALUE: u32 = 0x1c;
/// Address of the descriptors, read through the port like data.
pub const LIST: u32 = 0x20;
/// Number of descriptors.
pub const COUNT: u32 = 0x28;
/// Address of the first burst that failed; read-only.
pub const FAULT: u32 = 0x2c;
/// Bytes done in this pass; read-only.
pub const BYTES: u32 = 0x34;
/// Passes completed; read-only.
pub const PASSES: u32 = 0x38;
/// Bursts that failed since the start; read-only.
pub const FAULTS: u32 = 0x3c;

/// Identification; read-only.
pub const ID: u32 = 0xf00;
/// Channels that raise the interrupt line; read-only, cleared in [`STATUS`].
pub const INT_STA: u32 = 0xf04;
/// Number of channels; read-only.
pub const NUM: u32 = 0xf08;
/// Contents of [`ID`].
pub const ID_VALUE: u32 = 0x0d3a_0001;

/// CTRL: start.
pub const START: u32 = 1 << 0;
/// CTRL: mode, copy LEN bytes from SRC to DST.
pub const COPY: u32 = 0 << 1;
/// CTRL: mode, fill LEN bytes at DST with VALUE.
pub const FILL: u32 = 1 << 1;
/// CTRL: mode, copy the ranges of the COUNT descriptors at LIST.
pub const SCATTERED: u32 = 2 << 1;
/// CTRL: mode, read LEN bytes at SRC and drop them.
pub const READ_ONLY: u32 = 3 << 1;
/// CTRL: the bits of the mode.
pub const MODE: u32 = 3 << 1;
/// CTRL: restart after each pass until stopped.
pub const REPEAT: u32 = 1 << 3;
/// CTRL: after a failed burst, continue with the next one.
pub const GO_ON: u32 = 1 << 4;
/// CTRL: raise the interrupt line while done or in error.
pub const INTERRUPT: u32 = 1 << 8;

/// STATUS: busy.
pub const BUSY: u32 = 1 << 0;
/// STATUS: completed.
pub const DONE: u32 = 1 << 1;
/// STATUS: a burst failed.
pub const ERROR: u32 = 1 << 2;
/// STATUS: waits, since the IOMMU stalls this master.
pub const WAITING: u32 = 1 << 3;
/// STATUS: the burst that failed first was a write.
pub const ERROR_WRITE: u32 = 1 << 4;
/// STATUS: lowest bit of the cause of the first failure, three bits wide.
pub const CAUSE_SHIFT: u32 = 5;

/// Cause: no table.
pub const CAUSE_NO_TABLE: u32 = 1;
/// Cause: no page.
pub const CAUSE_NO_PAGE: u32 = 2;
/// Cause: no permission.
pub const CAUSE_PERMISSION: u32 = 3;
/// Cause: no memory.
pub const CAUSE_BUS: u32 = 4;
/// Cause: an invalid descriptor.
pub const CAUSE_BAD_LIST: u32 = 5;
/// Cause: blocked without a fault.
pub const CAUSE_BLOCKED: u32 = 6;

/// Bytes of a descriptor: source (u64), destination (u64), length (u32), reserved (u32, 0).
pub const DESCRIPTOR: usize = 24;
