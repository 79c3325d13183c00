// SPDX-License-Identifier: GPL-2.0

//! The proof that instances are alive is not to be had twice, and not to be forgotten.

#[macro_use]
mod skeleton;

use skeleton::*;

fn twice<T: Operations>(live: &Live<'_, T>) {
    let _ = <Live<'_, T> as Clone>::clone(live); //~ ERROR Clone` is not satisfied
}

fn forgotten<T: Operations>(live: &Live<'_, T>) {
    core::mem::forget(*live); //~ ERROR cannot move out of `*live`
}
