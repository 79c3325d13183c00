// SPDX-License-Identifier: GPL-2.0

//! A request is used for two groups, but a master gets only one.

#[macro_use]
mod skeleton;

use skeleton::*;

fn twice(request: GroupRequest<'_>) -> Result<(ARef<Group>, ARef<Group>)> {
    Ok((
        request.own()?,
        request.single()?, //~ ERROR use of moved value: `request`
    ))
}
