// SPDX-License-Identifier: GPL-2.0

//! A driver forges a request for a group. Only the core creates them, for the current master.

#[macro_use]
mod skeleton;

use skeleton::*;

fn forged(dev: &Device) -> GroupRequest<'_> {
    GroupRequest { dev } //~ ERROR GroupRequest` is private
}
