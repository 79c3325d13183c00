// SPDX-License-Identifier: GPL-2.0

//! A driver creates allocation flags. They must be those of the caller of map.

#[macro_use]
mod skeleton;

use skeleton::*;

fn invented() -> Gfp {
    Gfp(0) //~ ERROR cannot initialize a tuple struct which contains private fields
}

fn taken() -> Gfp {
    Gfp::from_raw(0) //~ ERROR associated function `from_raw` is private
}

fn sleeping() -> Gfp {
    Gfp::KERNEL //~ ERROR associated constant `KERNEL` is private
}
