// SPDX-License-Identifier: GPL-2.0

//! The lock classes of generic code.
//!
//! Generic code is compiled into each module that uses it. A `static` in it exists once, in this
//! module, and so does the key of a lock's class; a string literal exists in every module. Lockdep
//! tells names apart by their addresses and warns of a key that comes with another name, as soon as
//! there are two drivers. So the names of locks are kept in `static`s here.

/// Initialises a lock of type `$lock`, whose class has the name `$name`.
///
/// Like `new_mutex!` and its kind, for generic code too.
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
