// SPDX-License-Identifier: GPL-2.0

//! What may happen to an access of a master instead of data.

/// Why a translation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The directory has no table for the address (level 1).
    NoTable,
    /// The table has no page for the address (level 2).
    NoPage,
    /// There is a page, but this kind of access to it is prohibited.
    Permission,
}

/// Why an access delivered no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The translation failed and the IOMMU has been told so.
    Fault(Cause),
    /// The master's lane does not move at present; the master waits and tries again.
    Stalled,
    /// There is no memory at the physical address.
    Bus,
}
