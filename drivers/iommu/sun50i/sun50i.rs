// SPDX-License-Identifier: GPL-2.0

//! Driver for the IOMMU of Allwinner's H6 and H616 SoCs.
//!
//! - [`regs`]: the registers, named as in the manual.
//! - [`variant`]: the differences between versions.
//! - [`engine`]: commands, and the directory in use.
//! - [`ports`]: the record of each port's domain.
//! - [`invalidate`]: the choice of commands that invalidate a range.
//! - [`hardware`]: power, and the tables in use.
//! - [`format`], [`domain`]: tables, and address spaces made of them.

use iommu::{
    domain::DomainRef,
    fault::Faults,
    gfp::Gfp,
    hold::EngineLock,
    live::Live,
    master::Master,
    ops::{
        GroupRequest,
        Operations, //
    },
};
use kernel::{
    device::{
        Core,
        Device, //
    },
    fmt,
    irq::IrqReturn,
    of,
    platform,
    prelude::*,
    sync::aref::ARef,
    types::CovariantForLt, //
};

mod domain;
mod engine;
mod format;
mod hardware;
mod invalidate;
mod ports;
mod regs;
mod variant;

use domain::Domain;
use engine::Engine;
use hardware::Hardware;
use variant::Variant;

struct Sun50iIommu;

kernel::of_device_table!(
    OF_TABLE,
    <Sun50iIommu as Operations>::IdInfo,
    [
        (
            of::DeviceId::new(c"allwinner,sun50i-h6-iommu"),
            &variant::H6
        ),
        (
            of::DeviceId::new(c"allwinner,sun50i-h616-iommu"),
            &variant::H616
        ),
    ]
);

impl Operations for Sun50iIommu {
    type IdInfo = &'static Variant;
    type Hardware = CovariantForLt!(Hardware<'_>);
    type Engine<'bound> = Engine<'bound>;
    type Master = ();
    type Domain = Domain;

    const NAME: &'static CStr = c"rust-sun50i-iommu";
    const OF_ID_TABLE: of::IdTable<Self::IdInfo> = &OF_TABLE;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        variant: &'bound Self::IdInfo,
        lock: EngineLock,
    ) -> impl PinInit<Hardware<'bound>, Error> + 'bound {
        Hardware::new(pdev, variant, lock)
    }

    fn start(hw: &Hardware<'_>) -> Result {
        hw.start()
    }

    fn remove(hw: &Hardware<'_>) {
        hw.remove();
    }

    fn shutdown(hw: &Hardware<'_>) {
        hw.shutdown();
    }

    fn engine<'a>(hw: &'a Hardware<'a>) -> &'a Engine<'a> {
        &hw.engine
    }

    fn interrupt(engine: &Engine<'_>, faults: &Faults<'_>) -> IrqReturn {
        engine.interrupt(|fault| faults.report(fault))
    }

    fn of_xlate(hw: &Hardware<'_>, cells: &[u32]) -> Result<u16> {
        let id = u16::try_from(cells[0]).map_err(|_| EINVAL)?;

        (id < hw.engine.variant().masters)
            .then_some(id)
            .ok_or(EINVAL)
    }

    /// The tables of a domain belong to one instance, so a master must be behind one only.
    fn probe_device(
        live: &Live<'_, Self>,
        dev: &Device,
        _streams: &[KVec<u16>],
    ) -> Result<Self::Master> {
        match live.count() {
            1 => Ok(()),
            count => Err(live.refuse(
                dev,
                fmt!("behind {} IOMMUs, this hardware takes one", count),
            )),
        }
    }

    /// The hardware has one directory for all masters: one address space, hence one group.
    fn device_group(
        _master: &Master<Self>,
        request: GroupRequest<'_>,
    ) -> Result<ARef<iommu::group::Group>> {
        request.single()
    }

    fn domain_alloc(live: &Live<'_, Self>, _master: &Master<Self>) -> impl PinInit<Domain, Error> {
        Domain::new(live.walker())
    }

    fn attach(live: &Live<'_, Self>, master: &Master<Self>, domain: &DomainRef<Self>) -> Result {
        let hw = live.first().ok_or(ENODEV)?;
        hw.attach(master, domain)
    }

    fn attach_identity(live: &Live<'_, Self>, master: &Master<Self>) -> Result {
        let hw = live.first().ok_or(ENODEV)?;
        hw.attach_identity(master);
        Ok(())
    }

    fn attach_blocked(live: &Live<'_, Self>, master: &Master<Self>) {
        if let Some(hw) = live.first() {
            hw.attach_blocked(master);
        }
    }

    fn runtime_suspend(hw: &Hardware<'_>) -> Result {
        hw.runtime_suspend()
    }

    fn runtime_resume(hw: &Hardware<'_>) -> Result {
        hw.runtime_resume()
    }

    fn suspend(hw: &Hardware<'_>) -> Result {
        hw.suspend()
    }

    fn resume(hw: &Hardware<'_>) -> Result {
        hw.resume()
    }

    fn show_registers(engine: &Engine<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        engine.show(f)
    }

    fn selftest(live: &Live<'_, Self>, gfp: Gfp, f: &mut fmt::Formatter<'_>) -> Result {
        live.first().ok_or(ENODEV)?.selftest(live, gfp, f)
    }
}

iommu::module_iommu_driver! {
    type: Sun50iIommu,
    name: "rust_sun50i_iommu",
    authors: ["Rust IOMMU drivers for Linux contributors"],
    description: "Allwinner sun50i IOMMU driver",
    license: "GPL v2",
}
