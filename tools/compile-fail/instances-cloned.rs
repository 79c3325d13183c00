// SPDX-License-Identifier: GPL-2.0

//! The guard of a master's instances is cloned, or leaked.

#[macro_use]
mod skeleton;

use skeleton::*;

fn twice<T: Operations>(iommus: &Instances<'_, T>) {
    let _ = <Instances<'_, T> as Clone>::clone(iommus); //~ ERROR Clone` is not satisfied
}

fn forgotten<T: Operations>(iommus: &Instances<'_, T>) {
    core::mem::forget(*iommus); //~ ERROR cannot move out of `*iommus`
}
