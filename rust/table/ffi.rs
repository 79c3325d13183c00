// SPDX-License-Identifier: GPL-2.0

//! C functions that page-table memory needs and the kernel's bindings lack. The helpers are in `helpers.c`.

use kernel::{
    bindings,
    ffi::{
        c_char,
        c_int,
        c_uint,
        c_void, //
    },
};

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
}
