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
    format::prot_of,
    ports::MAX_PORTS,
    regs::*, //
};

/// A fault, as the hardware has latched it.
#[derive(Clone, Copy)]
struct Record {
    /// The masters that met it, one bit each. There is none for a fault of the debug port or of a
    /// prefetch, which is harmless.
    masters: u32,
    iova: u32,
    cause: Cause,
}

/// The kind of the access, and the reason to refuse it.
type Cause = &'static (Access, &'static str);

/// The latched faults: a permission fault of each master, a missing directory
/// entry, and a missing page entry.
pub(crate) struct Latched([Option<Record>; MAX_PORTS + 2]);

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

        let all = self.variant.all_masters();
        let mut records = [None; MAX_PORTS + 2];
        for master in masters_in(u32::from(status) & all) {
            records[master] = self.permission_fault(master);
        }
        if status.invalid_l1() {
            records[MAX_PORTS] = Some(Record {
                masters: u32::from(self.io.read(L1PG_INT)) & all,
                iova: self.io.read(INT_ERR_ADDR_L1).into(),
                cause: &(Access::Unknown, "no table for this MiB"),
            });
        }
        if status.invalid_l2() {
            records[MAX_PORTS + 1] = Some(Record {
                masters: u32::from(self.io.read(L2PG_INT)) & all,
                iova: self.io.read(INT_ERR_ADDR_L2).into(),
                cause: &(Access::Unknown, "page not mapped"),
            });
        }
        let mut lanes = 0;
        for record in records.iter().flatten() {
            lanes |= record.masters;
            self.forget(record.iova);
        }

        self.io.write_reg(INT_CLR::from(u32::from(status)));
        self.restart_lanes(lanes);
        Some(Latched(records))
    }

    fn permission_fault(&self, master: usize) -> Option<Record> {
        let iova = self.io.read(INT_ERR_ADDR::try_at(master)?).into();
        let class = self.io.read(INT_ERR_DATA::try_at(master)?).class();
        let prot = prot_of(class.into());
        let cause: Cause = match (prot.readable(), prot.writable()) {
            (true, false) => &(Access::Write, "the page is read-only"),
            (false, true) => &(Access::Read, "the page is write-only"),
            (false, false) => &(Access::Unknown, "the page allows no access"),
            (true, true) => &(Access::Unknown, "the master is blocked"),
        };

        Some(Record {
            masters: 1 << master,
            iova,
            cause,
        })
    }

    /// Invalidates a faulting address, which is cached as invalid, or with a rule that was valid
    /// when it was read. After an error the next invalidation invalidates everything, and handles
    /// errors.
    fn forget(&mut self, iova: u32) {
        let page = iova & !0xfff..=iova | 0xfff;

        if self.caches == Caches::Clean && self.drop_planned(&page, &[iova]).is_err() {
            self.caches = Caches::Busy;
        }
    }
}

impl Latched {
    /// Reports each fault. No lock is held.
    pub(crate) fn report(&self, faults: &Faults<'_>) {
        for record in self.0.iter().flatten() {
            for master in masters_in(record.masters) {
                let &(access, cause) = record.cause;

                faults.report(&Fault {
                    stream: master as u16,
                    iova: record.iova.into(),
                    access,
                    cause,
                });
            }
        }
    }
}

fn masters_in(mask: u32) -> impl Iterator<Item = usize> {
    (0..MAX_PORTS).filter(move |master| mask >> master & 1 != 0)
}
