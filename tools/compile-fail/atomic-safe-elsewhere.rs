// SPDX-License-Identifier: GPL-2.0

//! A declaration in `atomic_safe!` that is configured out, and a different type of the same name.

#[macro_use]
mod skeleton;

use skeleton::*;

struct Tuple(Mutex<u32>);

atomic_safe! {
    #[cfg(any())]
    struct Tuple {} //~ ERROR tuple variant `Tuple` written as struct variant
}

struct Wider {
    faults: u32,
    lock: Mutex<u32>,
}

atomic_safe! {
    #[cfg(any())]
    struct Wider { //~ ERROR pattern requires `..` due to inaccessible fields
        faults: u32,
    }
}

struct Other {
    lock: Mutex<u32>,
}

atomic_safe! {
    #[cfg(any())]
    struct Other {
        lock: u32, //~ ERROR mismatched types
    }
}

// Deref coercion turns a reference to this into one to a number.
struct Hidden {
    lock: KBox<Locked>,
}

struct Locked(Mutex<u32>, u32);

impl core::ops::Deref for Locked {
    type Target = u32;

    fn deref(&self) -> &u32 {
        &self.1
    }
}

atomic_safe! {
    #[cfg(any())]
    struct Hidden {
        lock: u32, //~ ERROR mismatched types
    }
}

enum Kind {
    Locked(Mutex<u32>),
    Free,
}

atomic_safe! {
    #[cfg(any())]
    enum Kind { //~ ERROR non-exhaustive patterns
        Free,
    }
}

struct Plain(Mutex<u32>);

atomic_safe! {
    #[cfg(any())]
    enum Plain {} //~ ERROR non-exhaustive patterns
}
