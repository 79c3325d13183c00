// SPDX-License-Identifier: GPL-2.0

//! Work, each in a thread of its own.

use crate::{
    alloc::Flags,
    error::Result, //
};

/// A queue.
pub struct Queue;

impl Queue {
    /// Runs `work` in a thread.
    pub fn try_spawn(&self, _flags: Flags, work: impl FnOnce() + Send + 'static) -> Result {
        std::thread::spawn(work);
        Ok(())
    }
}

/// A queue.
pub fn system_unbound() -> &'static Queue {
    &Queue
}

/// A queue.
pub fn system_long() -> &'static Queue {
    &Queue
}
