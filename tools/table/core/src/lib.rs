// SPDX-License-Identifier: GPL-2.0

//! The core library, with atomics of loom in the place of its own.

#![no_std]

pub use core::*;

/// As in the core library.
pub mod sync {
    pub use core::sync::*;

    /// Atomics that loom schedules.
    pub mod atomic {
        pub use core::sync::atomic::*;

        pub use crate::word::AtomicU32;
        pub use loom::sync::atomic::{
            fence,
            AtomicPtr,
            AtomicUsize, //
        };
    }
}

mod word {
    use core::sync::atomic::Ordering;

    /// A word of a table. Loom takes time for each access, so it schedules only those of the words
    /// that a test uses.
    pub enum AtomicU32 {
        Scheduled(loom::sync::atomic::AtomicU32),
        Plain(core::sync::atomic::AtomicU32),
    }

    impl AtomicU32 {
        /// A word that loom schedules.
        pub fn new(value: u32) -> Self {
            Self::Scheduled(loom::sync::atomic::AtomicU32::new(value))
        }

        /// A word that loom does not know.
        pub fn plain(value: u32) -> Self {
            Self::Plain(core::sync::atomic::AtomicU32::new(value))
        }

        pub fn load(&self, order: Ordering) -> u32 {
            match self {
                Self::Scheduled(word) => word.load(order),
                Self::Plain(word) => word.load(order),
            }
        }

        pub fn store(&self, value: u32, order: Ordering) {
            match self {
                Self::Scheduled(word) => word.store(value, order),
                Self::Plain(word) => word.store(value, order),
            }
        }
    }
}
