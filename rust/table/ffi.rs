// SPDX-License-Identifier: GPL-2.0

//! C functions that page-table memory needs and the kernel's bindings lack: allocation, and the DMA
//! API. They are in `helpers.c`.

use kernel::{
    bindings,
    ffi::{
        c_char,
        c_int,
        c_uint,
        c_void, //
    },
};

#[allow(
    improper_ctypes,
    reason = "some architectures have an empty struct in `struct device`"
)]
extern "C" {
    // `drivers/iommu/iommu-pages.h`, which is not among the headers that modules are built with.
    pub(crate) fn iommu_alloc_pages_node_sz(
        nid: c_int,
        gfp: bindings::gfp_t,
        size: usize,
    ) -> *mut c_void;
    pub(crate) fn iommu_free_pages(virt: *mut c_void);

    // `table/helpers.c`.
    pub(crate) fn rust_iommu_helper_table_cache_create(
        name: *const c_char,
        size: c_uint,
    ) -> *mut bindings::kmem_cache;
    pub(crate) fn rust_iommu_helper_table_cache_zalloc(
        cache: *mut bindings::kmem_cache,
        gfp: bindings::gfp_t,
    ) -> *mut c_void;
    pub(crate) fn rust_iommu_helper_virt_to_phys(virt: *const c_void) -> bindings::phys_addr_t;
    pub(crate) fn rust_iommu_helper_dma_map_to_device(
        dev: *mut bindings::device,
        virt: *mut c_void,
        size: usize,
    ) -> bindings::dma_addr_t;
    pub(crate) fn rust_iommu_helper_dma_unmap_to_device(
        dev: *mut bindings::device,
        dma: bindings::dma_addr_t,
        size: usize,
    );
    pub(crate) fn rust_iommu_helper_dma_mapping_error(
        dev: *mut bindings::device,
        dma: bindings::dma_addr_t,
    ) -> c_int;
    pub(crate) fn rust_iommu_helper_dma_clean_table(
        dev: *mut bindings::device,
        virt: *const c_void,
        size: usize,
    ) -> bindings::phys_addr_t;
    pub(crate) fn rust_iommu_helper_dma_dev_need_sync(dev: *const bindings::device) -> bool;
}
