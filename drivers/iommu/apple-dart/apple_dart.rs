// SPDX-License-Identifier: GPL-2.0

//! Driver for DART, the IOMMU of Apple SoCs.
//!
//! - [`regs`]: the registers.
//! - [`hal`]: their use in each kind of block.
//! - [`variant`]: the compatibles, and the parameters that each block reports.
//! - [`window`]: the addresses that a devicetree lets masters use.
//! - [`streams`]: sets of streams.
//! - [`hardware`]: probe, power and interrupts.
//! - [`engine`]: the registers' contents, and commands.
//! - [`masters`]: attaching masters to domains.
//! - [`slots`]: the record of each stream's domain.
//! - [`domain`]: address spaces.

// A guard in the head of a `match` or `if let` lives to its end.
#![warn(clippy::significant_drop_in_scrutinee)]

use kernel::of::DeviceId;

mod domain;
mod engine;
mod hal;
mod hardware;
mod masters;
mod regs;
mod slots;
mod streams;
mod variant;
mod window;

struct AppleDart;

kernel::of_device_table!(
    OF_TABLE,
    &'static variant::Variant,
    [
        (DeviceId::new(c"apple,t8103-dart"), &variant::T8103),
        (
            DeviceId::new(c"apple,t8103-usb4-dart"),
            &variant::T8103_USB4
        ),
        (DeviceId::new(c"apple,t8110-dart"), &variant::T8110),
        (DeviceId::new(c"apple,t6000-dart"), &variant::T6000),
    ]
);

iommu::module_iommu_driver! {
    type: AppleDart,
    name: "rust_apple_dart",
    authors: ["Rust IOMMU drivers for Linux contributors"],
    description: "Apple DART IOMMU driver",
    license: "GPL v2",
}
