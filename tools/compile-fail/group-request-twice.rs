// SPDX-License-Identifier: GPL-2.0

//! A master gets one group.

#[macro_use]
mod skeleton;

use skeleton::*;

fn twice(request: GroupRequest<'_>) -> Result<(ARef<Group>, ARef<Group>)> {
    Ok((
        request.own()?,
        request.single()?, //~ ERROR use of moved value: `request`
    ))
}
