// SPDX-License-Identifier: GPL-2.0

//! The faults that the hardware has latched.

use iommu::prelude::*;
use kernel::io::{
    register::Array,
    Io, //
};

use super::{
    Caches,
    Engine, //
};

use crate::{
    format::Class,
    invalidate::Plan,
    regs::*,
    variant::Variant, //
};

/// Faults as the hardware has latched them.
pub(crate) struct Latched {
    status: INT_STA,
    permission: [(u32, u32); 7],
    l1: (u32, L1PG_INT),
    l2: (u32, L2PG_INT),
}

impl Engine {
    /// Reads the faults, acknowledges them, and restarts the stalled masters.
    pub(crate) fn latch(&mut self) -> Option<Latched> {
        if !self.powered {
            return None;
        }
        let status = self.io.read(INT_STA);
        if u32::from(status) == 0 {
            return None;
        }

        let mut latched = Latched {
            status,
            permission: [(0, 0); 7],
            l1: (0, L1PG_INT::from(0)),
            l2: (0, L2PG_INT::from(0)),
        };
        let mut lanes = 0;
        for master in masters_in(self.variant, u32::from(status)) {
            if let (Some(addr), Some(data)) =
                (INT_ERR_ADDR::try_at(master), INT_ERR_DATA::try_at(master))
            {
                latched.permission[master] = (
                    u32::from(self.io.read(addr)),
                    u32::from(self.io.read(data).class()),
                );
            }
            lanes |= 1 << master;
            self.forget(latched.permission[master].0);
        }
        if status.invalid_l1() {
            latched.l1 = (
                u32::from(self.io.read(INT_ERR_ADDR_L1)),
                self.io.read(L1PG_INT),
            );
            lanes |= u32::from(latched.l1.1) & self.variant.all_masters();
            self.forget(latched.l1.0);
        }
        if status.invalid_l2() {
            latched.l2 = (
                u32::from(self.io.read(INT_ERR_ADDR_L2)),
                self.io.read(L2PG_INT),
            );
            lanes |= u32::from(latched.l2.1) & self.variant.all_masters();
            self.forget(latched.l2.0);
        }

        self.io.write(INT_CLR, INT_CLR::from(u32::from(status)));
        self.restart_lanes(lanes);
        Some(latched)
    }

    /// Invalidates a faulting address, which is cached as invalid, or with a rule that was valid
    /// when it was read. After an error the next invalidation invalidates everything, and handles
    /// errors.
    fn forget(&mut self, iova: u32) {
        let page = iova & !0xfff;
        let range = page..=page | 0xfff;
        let plan = Plan::new(&range, 1, self.variant.start_end);
        if self.caches != Caches::Clean {
            return;
        }
        let result = self
            .drop_pages(&plan, &range)
            .and_then(|()| self.drop_dir(iova));
        if result.is_err() {
            self.caches = Caches::Busy;
        }
    }
}

impl Latched {
    /// Calls `report` with each fault. No lock is held.
    pub(crate) fn report(&self, variant: &Variant, mut report: impl FnMut(&Fault)) {
        for master in masters_in(variant, u32::from(self.status)) {
            let (iova, class) = self.permission[master];
            let prot = Class::prot(class);
            let (access, cause) = match (prot.readable(), prot.writable()) {
                (true, false) => (Access::Write, "the page is read-only"),
                (false, true) => (Access::Read, "the page is write-only"),
                (false, false) => (Access::Unknown, "the page allows no access"),
                (true, true) => (Access::Unknown, "the master is blocked"),
            };
            report(&Fault {
                stream: master as u16,
                iova: iova.into(),
                access,
                cause,
            });
        }
        // A fault of the debug port or of a prefetch names no master, and is harmless.
        for (iova, masters, cause) in [
            (self.l1.0, u32::from(self.l1.1), "no table for this MiB"),
            (self.l2.0, u32::from(self.l2.1), "page not mapped"),
        ] {
            for master in masters_in(variant, masters) {
                report(&Fault {
                    stream: master as u16,
                    iova: iova.into(),
                    access: Access::Unknown,
                    cause,
                });
            }
        }
    }
}

fn masters_in(variant: &Variant, mask: u32) -> impl Iterator<Item = usize> {
    (0..usize::from(variant.masters)).filter(move |m| mask >> m & 1 != 0)
}
