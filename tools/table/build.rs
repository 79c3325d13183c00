// SPDX-License-Identifier: GPL-2.0

//! Sets the options of the kernel's configuration that the page table asks for.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for option in ["CONFIG_DMA_NEED_SYNC", "CONFIG_RUST_IOMMU_KUNIT_TEST"] {
        println!("cargo::rustc-check-cfg=cfg({option})");
    }
    println!("cargo::rustc-cfg=CONFIG_DMA_NEED_SYNC");
    // Loom cannot run the suites: they map too many pages.
    if std::env::var_os("CARGO_FEATURE_LOOM").is_none() {
        println!("cargo::rustc-cfg=CONFIG_RUST_IOMMU_KUNIT_TEST");
    }
}
