// SPDX-License-Identifier: GPL-2.0

//! `atomic_safe!` does not name what the type has.

#[macro_use]
mod skeleton;

use skeleton::*;

struct Wider {
    faults: u32,
    lock: Mutex<u32>,
}

atomic_safe!(Wider { faults }); //~ ERROR pattern requires `..`

struct Locked {
    lock: Mutex<u32>,
}

atomic_safe!(Locked { lock }); //~ ERROR AtomicSafe` is not satisfied

struct Tuple(Mutex<u32>);

atomic_safe!(Tuple {}); //~ ERROR tuple variant `Tuple` written as struct variant

// Deref coercion turns a reference to this into one to a number.
struct Hidden {
    lock: KBox<Coerced>,
}

struct Coerced(Mutex<u32>, u32);

impl core::ops::Deref for Coerced {
    type Target = u32;

    fn deref(&self) -> &u32 {
        &self.1
    }
}

atomic_safe!(Hidden { lock }); //~ ERROR AtomicSafe` is not satisfied

enum Kind {
    Locked(Mutex<u32>),
    Free,
}

atomic_safe!(
    enum Kind {
        Free,
    }
); //~ ERROR non-exhaustive patterns

enum Data {
    Locked(Mutex<u32>),
}

atomic_safe!(
    enum Data {
        Locked,
    }
); //~ ERROR expected unit struct, unit variant or constant

struct Plain(Mutex<u32>);

atomic_safe!(
    enum Plain {}
); //~ ERROR non-exhaustive patterns
