// SPDX-License-Identifier: GPL-2.0

//! Driver for the IOMMU of Allwinner's H6 and H616 SoCs.
//!
//! - [`regs`]: the registers, named as in the manual.
//! - [`variant`]: the differences between versions.
//! - [`hardware`]: probe, power, interrupts, and the tables in use.
//! - [`engine`]: the registers' contents, and commands.
//! - [`masters`]: attaching masters to domains.
//! - [`ports`]: the record of each port's domain.
//! - [`format`], [`domain`]: tables, and address spaces made of them.
//! - [`invalidate`]: the choice of commands that invalidate a range.
//! - [`debug`]: the debugfs files.

// A guard in the head of a `match` or `if let` lives to its end.
#![warn(clippy::significant_drop_in_scrutinee)]

use kernel::of::DeviceId;

mod debug;
mod domain;
mod engine;
mod format;
mod hardware;
mod invalidate;
mod masters;
mod ports;
mod regs;
mod variant;

struct Sun50iIommu;

kernel::of_device_table!(
    OF_TABLE,
    &'static variant::Variant,
    [
        (DeviceId::new(c"allwinner,sun50i-h6-iommu"), &variant::H6),
        (
            DeviceId::new(c"allwinner,sun50i-h616-iommu"),
            &variant::H616
        ),
    ]
);

iommu::module_iommu_driver! {
    type: Sun50iIommu,
    name: "rust_sun50i_iommu",
    authors: ["Rust IOMMU drivers for Linux contributors"],
    description: "Allwinner sun50i IOMMU driver",
    license: "GPL v2",
}
