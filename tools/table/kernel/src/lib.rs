// SPDX-License-Identifier: GPL-2.0

//! A stand-in for the part of the kernel crate that the page table uses, for the host.
//!
//! Memory for tables, and its mappings, are in [`memory`], with the checks that DMA-API debugging
//! makes. All allocations can be made to fail. Locks are those of the standard library or of loom.

pub mod alloc;
pub mod bindings;
pub mod device;
pub mod error;
pub mod init;
pub mod memory;
pub mod print;
pub mod sync;
pub mod time;
pub mod workqueue;

pub use core::ffi;
pub use init::{
    pin_init_scope,
    Wrapper, //
};
pub use print::fmt;

/// Pages.
pub mod page {
    /// As on most machines.
    pub const PAGE_SIZE: usize = 4096;
}

/// Strings.
pub mod str {
    pub use core::ffi::CStr;

    /// The names of the kernel crate for the functions of `CStr`.
    pub trait CStrExt {
        /// As `as_ptr`.
        fn as_char_ptr(&self) -> *const core::ffi::c_char;
    }

    impl CStrExt for CStr {
        fn as_char_ptr(&self) -> *const core::ffi::c_char {
            self.as_ptr()
        }
    }
}

/// The names that all files import.
pub mod prelude {
    pub use crate::{
        alloc::{
            flags::*,
            InPlaceInit,
            KBox,
            KVVec,
            KVec, //
        },
        dev_err,
        error::{
            code::*,
            Error,
            Result, //
        },
        fmt,
        init::{
            PinInit,
            Wrapper, //
        },
        pin_init, pr_err, pr_info,
        str::{
            CStr,
            CStrExt as _, //
        },
        try_pin_init,
    };

    pub use core::{
        ffi::c_void,
        pin::Pin, //
    };
    pub use macros::{
        kunit_tests,
        pin_data,
        pinned_drop, //
    };
}
