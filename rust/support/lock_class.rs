// SPDX-License-Identifier: GPL-2.0

//! The lock classes of generic code.
//!
//! Generic code is compiled into each module that uses it. A `static` in it exists once, in this
//! module, and so does the key of a lock's class; a string literal exists in every module. Lockdep
//! compares names by their addresses. With two drivers, it would warn about a key with two names.
//! So the names of locks are kept in `static`s here.

/// Initialises a lock of type `$lock`, whose class has the name `$name`.
///
/// Corresponds to `new_mutex!` and similar macros, but can be used in generic code.
macro_rules! new_lock {
    ($lock:ident, $inner:expr, $name:literal $(,)?) => {
        $lock::new(
            $inner,
            {
                static NAME: &kernel::str::CStr = $name;

                NAME
            },
            kernel::sync::static_lock_class!(),
        )
    };
}

pub(crate) use new_lock;
