// SPDX-License-Identifier: GPL-2.0

//! Masters, and the domains that they are attached to.

use iommu::prelude::*;
use kernel::prelude::*;

use crate::{
    domain::Domain,
    hardware::Slot,
    soc::Soc,
    swgroups::State,
    TegraSmmu, //
};

/// The key of the group of all masters with a swgroup in [`Soc::shared`].
const SHARED: u32 = 0;

impl Operations for TegraSmmu {
    /// Whether it is in the group of [`Soc::shared`].
    type Master = bool;
    type Domain = Domain;
    type Debug = Self;

    fn of_xlate(iommu: Live<'_, Self>, cells: &[u32]) -> Result<u16> {
        let number = u16::try_from(cells[0]).map_err(|_| EINVAL)?;

        iommu.soc.index_of(number).map(|_| number).ok_or(EINVAL)
    }

    /// The tables of a domain belong to one instance, so a master must be behind one only.
    fn probe_device(
        iommus: &Instances<'_, Self>,
        dev: &Device,
        streams: &[KVec<u16>],
    ) -> Result<bool> {
        let iommu = iommus.first()?;
        let numbers = streams.first().map_or(&[][..], |numbers| numbers);

        if iommus.count() != 1 {
            return Err(iommus.refuse(
                dev,
                fmt!("behind {} IOMMUs, this hardware takes one", iommus.count()),
            ));
        }
        for index in indices(iommu.soc, numbers) {
            let swgroup = &iommu.soc.swgroups[index];
            if !swgroup.is_translatable() {
                return Err(
                    iommus.refuse(dev, fmt!("no client of swgroup {} is known", swgroup.name))
                );
            }
            let slot = iommu.slot.lock();
            let enabled = iommu.lock().read(swgroup)?.enable();
            if enabled && !slot.swgroups.is_enabled(index) {
                return Err(iommus.refuse(
                    dev,
                    fmt!("another driver has enabled swgroup {}", swgroup.name),
                ));
            }
        }
        Ok(numbers.iter().any(|n| iommu.soc.shared.contains(n)))
    }

    /// The hardware cannot distinguish masters of one swgroup. The display and its companions pass
    /// buffers to each other, and share an address space.
    fn device_group(master: &Master<Self>, request: GroupRequest<'_>) -> Result<ARef<Group>> {
        let sharing = request.sharing(master)?;

        if *master.data() {
            let group = request.keyed(master, SHARED)?;
            if sharing.is_some_and(|other| !core::ptr::eq::<Group>(&*other, &*group)) {
                dev_err!(
                    master.dev(),
                    "shares swgroups with masters of two IOMMU groups\n"
                );
                return Err(ENODEV);
            }
            return Ok(group);
        }
        match sharing {
            Some(group) => Ok(group),
            None => request.own(),
        }
    }

    /// As with the kernel's own driver: drivers that want a domain attach one.
    fn def_domain_type(_master: &Master<Self>) -> DefaultDomain {
        DefaultDomain::Identity
    }

    fn domain_alloc(
        iommus: &Instances<'_, Self>,
        _master: &Master<Self>,
    ) -> impl PinInit<Domain, Error> {
        Domain::new(iommus.first()?)
    }

    /// # Errors
    ///
    /// `ENOSPC` if no ASID is free, and those of [`Engine::change`](crate::engine::Engine::change).
    /// Nothing changes then.
    fn attach(
        iommus: &Instances<'_, Self>,
        master: &Master<Self>,
        domain: &DomainRef<Self>,
    ) -> Result {
        let iommu = iommus.first()?;
        let mut slot = iommu.slot.lock();

        let result = if iommu.lock().is_shut() {
            Err(ENODEV)
        } else {
            slot.asid(iommu, domain)
                .and_then(|asid| slot.change(iommu, master.streams(0), State::Paging(asid)))
        };
        result.map_err(|e| master.attach_failed(iommu.dev(), reason(e), e))
    }

    /// Does not change swgroups that pass already.
    fn attach_identity(iommus: &Instances<'_, Self>, master: &Master<Self>) -> Result {
        let iommu = iommus.first()?;
        let mut slot = iommu.slot.lock();

        if iommu.lock().is_shut() {
            return Ok(());
        }
        slot.change(iommu, master.streams(0), State::Identity)
            .map_err(|e| master.attach_failed(iommu.dev(), reason(e), e))
    }

    /// Does not deny swgroups that another master uses.
    fn attach_blocked(iommus: &Instances<'_, Self>, master: &Master<Self>) {
        for (_, iommu) in iommus.iter() {
            let mut slot = iommu.slot.lock();

            for number in master.unshared(0) {
                if let Err(e) = slot.change(iommu, &[number], State::Blocked) {
                    dev_err!(
                        master.dev(),
                        "{}: swgroup {} is not denied: {}\n",
                        iommu.dev().name(),
                        number,
                        reason(e)
                    );
                }
            }
        }
    }
}

/// Returns the indices of the swgroups with these numbers.
fn indices<'a>(soc: &'static Soc, numbers: &'a [u16]) -> impl Iterator<Item = usize> + 'a {
    numbers
        .iter()
        .filter_map(move |&number| soc.index_of(number))
}

/// Returns the cause of a failed change, for the log.
fn reason(e: Error) -> &'static str {
    match e {
        ENOSPC => "no address space ID (ASID) is free",
        EBUSY => "another driver has enabled its swgroup",
        EPERM => "firmware keeps translation off",
        EIO => "the registers do not hold what is written",
        _ => "the IOMMU is shut down",
    }
}

impl Slot {
    /// Returns the ASID of a domain, which gets one if it has none.
    ///
    /// # Errors
    ///
    /// `ENOSPC`.
    fn asid(&mut self, iommu: Live<'_, TegraSmmu>, domain: &DomainRef<TegraSmmu>) -> Result<u8> {
        let is_it =
            |tables: &Option<DomainRef<TegraSmmu>>| tables.as_ref().is_some_and(|t| t.is(domain));
        if let Some(asid) = self.tables.iter().position(is_it) {
            return Ok(asid as u8);
        }
        loop {
            // One that does not take a root stays taken: firmware has made it secure.
            let asid = self.asids.take()?;
            let entered = domain.enter(&iommu.lock(), asid);
            let tables = self.tables.get_mut(usize::from(asid));

            if let (Ok(()), Some(tables)) = (entered, tables) {
                *tables = Some(domain.clone());
                return Ok(asid);
            }
        }
    }

    /// Puts the swgroups with these numbers into `state`, and releases the tables that no swgroup
    /// uses any more: those of the former domain, or of the new one if this fails.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::change`](crate::engine::Engine::change).
    fn change(&mut self, iommu: Live<'_, TegraSmmu>, numbers: &[u16], state: State) -> Result {
        let new = self.swgroups.with(indices(iommu.soc, numbers), state);

        let result = iommu.lock().change(&self.swgroups, &new);
        if result.is_ok() {
            self.swgroups = new;
        }
        self.release(iommu);
        result
    }

    /// Returns the directory of an ASID that has one.
    fn root(&self, iommu: Live<'_, TegraSmmu>, asid: u8) -> Option<u64> {
        match self.tables.get(usize::from(asid)) {
            Some(Some(tables)) => Some(tables.directory()),
            _ => (asid == self.swgroups.blocked()).then(|| iommu.empty.dma_address() as PhysAddr),
        }
    }

    /// Writes all registers.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::set_up`](crate::engine::Engine::set_up).
    pub(crate) fn set_up(&self, iommu: Live<'_, TegraSmmu>) -> Result {
        iommu
            .lock()
            .set_up(&self.swgroups, |asid| self.root(iommu, asid))
    }

    /// Releases the tables that no swgroup uses any more.
    pub(crate) fn release(&mut self, iommu: Live<'_, TegraSmmu>) {
        for (asid, tables) in (0..).zip(self.tables.iter_mut()) {
            if self.swgroups.uses(asid) {
                continue;
            }
            if let Some(domain) = tables.take() {
                domain.leave(&iommu.lock(), asid);
                self.asids.put(asid);
            }
        }
    }
}
