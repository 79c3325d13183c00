// SPDX-License-Identifier: GPL-2.0

//! The failures of a master's access.

use crate::kind::kinds;

kinds! {
    /// Why a translation failed, in the detail that a master gets.
    pub enum Cause {
        /// There is no table for the address.
        NoTable => "no-table",
        /// There is a table, but no page for the address in it.
        NoPage => "no-page",
        /// There is a page, but it does not permit this kind of access.
        Permission => "permission",
    }
}

/// Why an access transferred no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The translation failed and the IOMMU has recorded a fault.
    Fault(Cause),
    /// The IOMMU is set to deny all accesses of this master, and records no fault.
    Blocked,
    /// The master's lane is stalled; the master waits and tries again.
    Stalled,
    /// There is no memory at the physical address.
    Bus,
}
