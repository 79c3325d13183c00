// SPDX-License-Identifier: GPL-2.0

//! Reporting of faults: from the hardware's record to the log, and to the owner of the master's
//! domain.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h), `report_iommu_fault()`

use kernel::{
    bindings,
    dev_err,
    device::Device,
    fmt,
    prelude::*,
    types::Opaque, //
};

use crate::{
    bindings::as_raw,
    domain_base::Domain,
    gate::GateGuard,
    instance::Instance,
    master_base::{
        Attached,
        MasterBase, //
    },
};

/// Kind of access that faulted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// The master read.
    Read,
    /// The master wrote.
    Write,
    /// The hardware does not record it. The core gets a read, which is the weaker claim.
    Unknown,
}

impl Access {
    fn flags(self) -> i32 {
        match self {
            Access::Read | Access::Unknown => bindings::IOMMU_FAULT_READ as i32,
            Access::Write => bindings::IOMMU_FAULT_WRITE as i32,
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::Unknown => "access",
        })
    }
}

/// One fault, decoded.
pub struct Fault {
    /// The stream that the hardware recorded.
    pub stream: u16,
    /// The faulting address.
    pub iova: u64,
    /// The kind of access.
    pub access: Access,
    /// Why it was refused, in a few words.
    pub cause: &'static str,
}

/// Limits how many lines faults put in the log.
///
/// Corresponds to `struct ratelimit_state` with the kernel's defaults: 10 lines in 5 seconds.
#[pin_data]
pub(crate) struct RateLimit {
    #[pin]
    state: Opaque<bindings::ratelimit_state>,
}

impl RateLimit {
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            state <- Opaque::ffi_init(|slot| {
                // SAFETY: `slot` is valid for writes, and is pinned.
                unsafe { crate::bindings::rust_iommu_helper_ratelimit_default_init(slot) }
            }),
        })
    }

    /// Whether one more line may be logged now. Any context.
    pub(crate) fn allows(&self) -> bool {
        // SAFETY: initialised in `new`.
        unsafe { crate::bindings::rust_iommu_helper_ratelimit(self.state.get()) }
    }
}

/// Takes the faults that an interrupt handler has found.
pub struct Faults<'a> {
    instance: &'a Instance,
}

impl<'a> Faults<'a> {
    /// # Safety
    ///
    /// The caller is the interrupt handler of `instance`, and passes this only to code that runs in
    /// the handler.
    pub(crate) unsafe fn new(instance: &'a Instance) -> Self {
        Self { instance }
    }

    /// Counts a fault, logs it with the master's name, and reports it to the owner of the master's
    /// domain.
    ///
    /// Called in hard interrupt context. The owner's handler runs inside this call and may map,
    /// unmap and take its own locks: the caller must hold no lock that these need.
    pub fn report(&self, fault: &Fault) {
        // SAFETY: this is the interrupt handler, and the interrupt is freed before the device is
        // unbound.
        let dev = unsafe { self.instance.dev() };
        // The stream list is locked only until the gate of the master is held.
        let mut held: Option<(&MasterBase, GateGuard<'_>)> = None;
        self.instance.masters.with_stream(fault.stream, |master| {
            // SAFETY: the gate is held below for as long as the reference is used, and a master
            // closes its gate before it is freed.
            let master: &MasterBase = unsafe { &*core::ptr::from_ref(master) };
            held = master.gate().enter().map(|guard| (master, guard));
        });

        let Some((master, _guard)) = held else {
            if self.instance.rate.allows() {
                dev_err!(
                    dev,
                    "stream {} (no master): {} of {:#010x}: {}\n",
                    fault.stream,
                    fault.access,
                    fault.iova,
                    fault.cause
                );
            }
            return;
        };

        master.count_fault();
        if self.instance.rate.allows() {
            dev_err!(
                dev,
                "{} (stream {}): {} of {:#010x}: {}\n",
                Name(master.dev()),
                fault.stream,
                fault.access,
                fault.iova,
                fault.cause
            );
        }

        if let Some((domain, _guard)) = Self::domain(master) {
            // SAFETY: the domain is alive while its gate is held, and so is the master. No lock of
            // this crate is held.
            unsafe {
                bindings::report_iommu_fault(
                    domain.as_raw(),
                    as_raw(master.dev()),
                    fault.iova as usize,
                    fault.access.flags(),
                )
            };
        }
    }

    /// Returns the domain `master` is attached to, unless its owner has freed it. The owner may be
    /// called: its `free` waits until the guard is dropped.
    fn domain(master: &MasterBase) -> Option<(&Domain, GateGuard<'_>)> {
        master.with_attached(|attached| {
            let Attached::Paging(domain) = attached else {
                return None;
            };
            // SAFETY: the memory stays as long as the gate is held: the core's reference is only
            // dropped by `free`, which closes the gate first. If `free` was called earlier, the
            // gate is closed and `enter` fails; the reference in `attached` keeps the memory until
            // then.
            let domain: &Domain = unsafe { &*core::ptr::from_ref::<Domain>(domain) };
            Some((domain, domain.gate().enter()?))
        })
    }
}

/// A device's name.
pub(crate) struct Name<'a>(pub(crate) &'a Device);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One call for the whole name: the formatter of C strings takes each byte by itself, and a
        // fault is logged in an interrupt.
        match self.0.name().to_str() {
            Ok(name) => f.write_str(name),
            Err(_) => fmt::Display::fmt(self.0.name(), f),
        }
    }
}
