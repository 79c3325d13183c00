// SPDX-License-Identifier: GPL-2.0

//! Masters, and the domains that they are attached to.

use iommu::{
    pm,
    prelude::*, //
};
use kernel::prelude::*;

use crate::{
    domain::Domain,
    engine::STALE,
    hardware::Slot,
    ports::{
        Port,
        Ports,
        Routes, //
    },
    Sun50iIommu, //
};

impl Operations for Sun50iIommu {
    type Master = ();
    type Domain = Domain;
    type Debug = Self;

    fn of_xlate(iommu: Live<'_, Self>, cells: &[u32]) -> Result<u16> {
        let id = u16::try_from(cells[0]).map_err(|_| EINVAL)?;

        (id < iommu.variant.masters).then_some(id).ok_or(EINVAL)
    }

    /// The tables of a domain belong to one instance, so a master must be behind one only.
    fn probe_device(
        iommus: &Instances<'_, Self>,
        dev: &Device,
        _streams: &[KVec<u16>],
    ) -> Result<Self::Master> {
        match iommus.count() {
            1 => Ok(()),
            count => {
                Err(iommus.refuse(dev, fmt!("behind {count} IOMMUs, this hardware takes one")))
            }
        }
    }

    /// The hardware has one directory for all masters: one address space, hence one group.
    fn device_group(_master: &Master<Self>, request: GroupRequest<'_>) -> Result<ARef<Group>> {
        request.single()
    }

    fn domain_alloc(
        iommus: &Instances<'_, Self>,
        _master: &Master<Self>,
    ) -> impl PinInit<Domain, Error> {
        Domain::new(iommus.first()?.walker())
    }

    /// # Errors
    ///
    /// Errors of the clock or reset, `ETIMEDOUT` if the hardware does not invalidate its caches,
    /// `EIO` if its registers do not hold the values that are written. Nothing changes then.
    fn attach(
        iommus: &Instances<'_, Self>,
        master: &Master<Self>,
        domain: &DomainRef<Self>,
    ) -> Result {
        let iommu = iommus.first()?;
        let mut slot = iommu.slot.lock();
        let mut ports = slot.ports;
        ports.set(master.streams(0).iter().copied(), Port::Paging);
        let routes = ports.routes(iommu.variant);

        let same = slot.tables.as_ref().is_some_and(|tables| tables.is(domain))
            && iommu.lock().uses(domain.directory());
        if same && !iommu.lock().is_stale() {
            iommu.lock().set_routes(routes);
        } else if same && routes == slot.ports.routes(iommu.variant) {
            // Another master of the group has attached it, and the caches are stale since: all
            // accesses are denied until they can be invalidated.
            let _ = iommu.lock().recover();
        } else if let Err(e) = switch(iommu, &mut slot, domain, routes) {
            report_stale(iommu);
            return Err(master.attach_failed(iommu.dev(), reason(e), e));
        }
        slot.ports = ports;
        slot.found = None;
        report_stale(iommu);
        Ok(())
    }

    /// Does not change the ports of other masters.
    fn attach_identity(iommus: &Instances<'_, Self>, master: &Master<Self>) -> Result {
        let iommu = iommus.first()?;
        let mut slot = iommu.slot.lock();
        let mut ports = slot.ports;

        ports.set(master.streams(0).iter().copied(), Port::Identity);
        slot.found = None;
        apply(iommu, &mut slot, ports);
        Ok(())
    }

    /// Does not deny ports that another master uses.
    fn attach_blocked(iommus: &Instances<'_, Self>, master: &Master<Self>) {
        for (_, iommu) in iommus.iter() {
            let mut slot = iommu.slot.lock();
            let mut ports = slot.ports;

            ports.set(master.unshared(0), Port::Blocked);
            apply(iommu, &mut slot, ports);
        }
    }
}

/// Logs that the caches have become stale, once.
fn report_stale(iommu: Live<'_, Sun50iIommu>) {
    if iommu.lock().has_to_log() {
        dev_err!(iommu.dev(), "{STALE}\n");
    }
}

/// Makes the hardware translate with `domain`.
fn switch(
    iommu: Live<'_, Sun50iIommu>,
    slot: &mut Slot,
    domain: &DomainRef<Sun50iIommu>,
    routes: Routes,
) -> Result {
    let power = pm::get(iommu.dev())?;

    iommu.lock().translate(domain.directory(), routes)?;
    slot.power = Some(power);
    slot.change_tables(Some(domain.clone()), true);
    Ok(())
}

/// Makes the hardware implement `ports`, which need no tables other than the current ones.
pub(crate) fn apply(iommu: Live<'_, Sun50iIommu>, slot: &mut Slot, ports: Ports) {
    let routes = ports.routes(iommu.variant);

    slot.ports = ports;
    if ports.any_paging() {
        iommu.lock().set_routes(routes);
        report_stale(iommu);
    } else if !ports.need_hardware() {
        let dropped = iommu.lock().pass();
        slot.change_tables(None, dropped);
        slot.power = None;
    } else if let Err(e) = block(iommu, slot, routes) {
        let why = reason(e);
        dev_err!(iommu.dev(), "masters are not blocked, {why}: {e:?}\n");
    }
}

/// Makes the hardware deny all accesses that are not bypassed. It cannot without power.
fn block(iommu: Live<'_, Sun50iIommu>, slot: &mut Slot, routes: Routes) -> Result {
    if slot.power.is_none() {
        slot.power = Some(pm::get(iommu.dev())?);
    }
    let blocked = iommu.lock().block(iommu.empty_directory(), routes);
    slot.change_tables(None, blocked.unwrap_or(false));
    blocked.map(|_| ())
}

/// Returns the cause of a failed change, for the log.
fn reason(e: Error) -> &'static str {
    match e {
        ETIMEDOUT => "the IOMMU does not invalidate its caches",
        EIO => "the registers do not hold what is written",
        _ => "the IOMMU cannot be powered, or is shut down",
    }
}
