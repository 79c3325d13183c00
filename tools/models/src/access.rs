// SPDX-License-Identifier: GPL-2.0

//! What may happen to an access of a master instead of data.

use crate::kind::kinds;

kinds! {
    /// Why a translation failed, as far as a master can tell.
    pub enum Cause {
        /// No table for the address.
        NoTable => "no-table",
        /// A table, but no page for the address in it.
        NoPage => "no-page",
        /// A page, but this kind of access to it is prohibited.
        Permission => "permission",
    }
}

/// Why an access delivered no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The translation failed and the IOMMU has been told so.
    Fault(Cause),
    /// The IOMMU is set to let nothing of this master pass, and keeps quiet about it.
    Blocked,
    /// The master's lane does not move at present; the master waits and tries again.
    Stalled,
    /// There is no memory at the physical address.
    Bus,
}
