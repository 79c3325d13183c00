// SPDX-License-Identifier: GPL-2.0

//! Messages.

/// Formatting.
pub mod fmt {
    pub use core::fmt::*;
}

/// Formats, as in the kernel crate.
#[macro_export]
macro_rules! fmt {
    ($($arg:tt)*) => { ::core::format_args!($($arg)*) };
}

/// Prints.
#[macro_export]
macro_rules! pr_err {
    ($($arg:tt)*) => { ::std::eprint!($($arg)*) };
}

/// Prints.
#[macro_export]
macro_rules! pr_info {
    ($($arg:tt)*) => { ::std::eprint!($($arg)*) };
}

/// Prints nothing: the tests cause these errors.
#[macro_export]
macro_rules! dev_err {
    ($dev:expr, $($arg:tt)*) => {{
        let _ = ($dev, ::core::format_args!($($arg)*));
    }};
}
