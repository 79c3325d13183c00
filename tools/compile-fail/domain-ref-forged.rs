// SPDX-License-Identifier: GPL-2.0

//! A driver forges a reference to a domain. Only the core provides them, for the driver's domains.

#[macro_use]
mod skeleton;

use skeleton::*;

fn other<T: Operations, U: Operations>(domain: &DomainRef<T>) -> &DomainRef<U> {
    domain //~ ERROR mismatched types
}

fn kept<T: Operations>(domain: &DomainRef<T>) -> &'static T::Domain {
    &**domain //~ ERROR lifetime may not live long enough
}
