// SPDX-License-Identifier: GPL-2.0

//! Only the core asks for a group, for the master at hand.

#[macro_use]
mod skeleton;

use skeleton::*;

fn forged(dev: &Device) -> GroupRequest<'_> {
    GroupRequest { dev } //~ ERROR GroupRequest` is private
}
