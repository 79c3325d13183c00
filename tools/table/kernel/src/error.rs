// SPDX-License-Identifier: GPL-2.0

//! Errors, by their numbers.

use core::convert::Infallible;

/// An error number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(i32);

/// As in the kernel crate.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

macro_rules! codes {
    ($($name:ident = $number:literal),* $(,)?) => {
        /// The errors that the page table returns.
        pub mod code {
            $(
                #[allow(missing_docs)]
                pub const $name: super::Error = super::Error(-$number);
            )*
        }

        impl core::fmt::Debug for Error {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match -self.0 {
                    $($number => f.write_str(stringify!($name)),)*
                    other => write!(f, "error {other}"),
                }
            }
        }
    };
}

codes! {
    EIO = 5,
    ENOMEM = 12,
    EBUSY = 16,
    ENODEV = 19,
    EINVAL = 22,
    ERANGE = 34,
    EOPNOTSUPP = 95,
}

impl Error {
    /// The error of a C function.
    pub fn from_errno(errno: i32) -> Self {
        Self(errno)
    }
}

impl From<Infallible> for Error {
    fn from(error: Infallible) -> Self {
        match error {}
    }
}
