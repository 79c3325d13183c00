// SPDX-License-Identifier: GPL-2.0

//! Driver for the SMMU in the memory controller of Tegra30 to Tegra210.
//!
//! - [`regs`]: the registers.
//! - [`soc`]: the SoCs, as data.
//! - [`hardware`]: probe, system sleep, and the tables in use.
//! - [`engine`]: the registers' contents, and commands.
//! - [`masters`]: attaching masters to domains.
//! - [`swgroups`]: the record of each swgroup's domain.
//! - [`asids`]: address space IDs.
//! - [`domain`]: address spaces.
//! - [`flush`]: the choice of commands that flush a range.
//! - [`debug`]: the debugfs files.
//!
//! A memory client is a port of a device, with an ID. A swgroup is a set of clients that share an
//! address space; a devicetree names swgroups. The register of a swgroup selects an address space
//! by its ID (ASID), and each ASID has a root, the address of its directory.

// A guard in the head of a `match` or `if let` lives to its end.
#![warn(clippy::significant_drop_in_scrutinee)]

use kernel::of;

mod asids;
mod debug;
mod domain;
mod engine;
mod flush;
mod hardware;
mod masters;
mod regs;
mod soc;
mod swgroups;

struct TegraSmmu;

kernel::of_device_table!(
    OF_TABLE,
    <TegraSmmu as iommu::hardware::Hardware>::IdInfo,
    [
        (of::DeviceId::new(c"nvidia,tegra30-smmu"), &soc::t30::SOC),
        (of::DeviceId::new(c"nvidia,tegra114-smmu"), &soc::t114::SOC),
        (of::DeviceId::new(c"nvidia,tegra124-smmu"), &soc::t124::SOC),
        (of::DeviceId::new(c"nvidia,tegra132-smmu"), &soc::t124::SOC),
        (of::DeviceId::new(c"nvidia,tegra210-smmu"), &soc::t210::SOC),
    ]
);

// The memory controllers that the SMMU is a part of.
kernel::of_device_table!(
    CONTROLLERS,
    <TegraSmmu as iommu::hardware::Hardware>::IdInfo,
    [
        (of::DeviceId::new(c"nvidia,tegra30-mc"), &soc::t30::SOC),
        (of::DeviceId::new(c"nvidia,tegra114-mc"), &soc::t114::SOC),
        (of::DeviceId::new(c"nvidia,tegra124-mc"), &soc::t124::SOC),
        (of::DeviceId::new(c"nvidia,tegra132-mc"), &soc::t124::SOC),
        (of::DeviceId::new(c"nvidia,tegra210-mc"), &soc::t210::SOC),
    ]
);

iommu::module_iommu_driver! {
    type: TegraSmmu,
    name: "rust_tegra_smmu",
    authors: ["Rust IOMMU drivers for Linux contributors"],
    description: "Tegra SMMU driver",
    license: "GPL v2",
}
