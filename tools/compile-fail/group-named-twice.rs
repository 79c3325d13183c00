// SPDX-License-Identifier: GPL-2.0

//! A group is named through each of two references. The core frees the old name without a lock.

#[macro_use]
mod skeleton;

use skeleton::*;

fn name(mut group: ARef<Group>) -> Result {
    let mut other = group.clone();

    Group::set_name(&mut other, c"first")?; //~ ERROR no function or associated item named `set_name`
    Group::set_name(&mut group, c"second") //~ ERROR no function or associated item named `set_name`
}
