// SPDX-License-Identifier: GPL-2.0

//! Time.

/// A span of time.
pub struct Delta(core::time::Duration);

impl Delta {
    /// So many microseconds.
    pub fn from_micros(micros: u64) -> Self {
        Self(core::time::Duration::from_micros(micros))
    }

    /// So many milliseconds.
    pub fn from_millis(millis: u64) -> Self {
        Self(core::time::Duration::from_millis(millis))
    }
}

/// Waiting.
pub mod delay {
    /// Sleeps.
    pub fn fsleep(delta: super::Delta) {
        std::thread::sleep(delta.0);
    }
}
