// SPDX-License-Identifier: GPL-2.0

//! The proof that instances are alive is cloned, or leaked.

#[macro_use]
mod skeleton;

use skeleton::*;

fn twice<T: Operations>(live: &Live<'_, T>) {
    let _ = <Live<'_, T> as Clone>::clone(live); //~ ERROR Clone` is not satisfied
}

fn forgotten<T: Operations>(live: &Live<'_, T>) {
    core::mem::forget(*live); //~ ERROR cannot move out of `*live`
}
