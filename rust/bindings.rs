// SPDX-License-Identifier: GPL-2.0

//! Declarations of the C helpers in `helpers.c`.
//!
//! [`kernel::bindings`] has the functions and types of the kernel; this has the missing ones. Each
//! function does the same as its namesake in C; `helpers.c` documents differences.
//!
//! They are written by hand. The kernel's rules for bindgen are in its `rust/Makefile`, which a
//! module outside of the tree cannot use. So a build needs no bindgen. `include/rust_iommu_helpers.h` has the same prototypes, against which
//! the C compiler checks the definitions. Upstream the helpers are part of `rust/helpers/`.

#![allow(
    dead_code,
    reason = "which helpers have callers depends on the configuration"
)]
#![allow(
    improper_ctypes,
    reason = "some C types are empty in some configurations"
)]

use kernel::{
    bindings::{
        clk_bulk_data,
        delayed_work,
        device,
        device_node,
        fwnode_handle,
        iommu_fwspec,
        list_head,
        module,
        phys_addr_t,
        ratelimit_state,
        reset_control,
        work_func_t, //
    },
    device::{
        Device,
        DeviceContext, //
    },
    ffi::{
        c_char,
        c_int,
        c_uint,
        c_void, //
    },
};

/// Returns the C side of a device in any context.
#[inline]
pub(crate) fn as_raw<Ctx: DeviceContext>(dev: &Device<Ctx>) -> *mut device {
    // CAST: `Device` is a transparent wrapper of an `Opaque<bindings::device>`.
    core::ptr::from_ref(dev).cast_mut().cast()
}

unsafe extern "C" {
    pub(crate) fn rust_iommu_helper_dev_iommu_priv_get(dev: *mut device) -> *mut c_void;
    pub(crate) fn rust_iommu_helper_dev_iommu_fwspec_get(dev: *mut device) -> *mut iommu_fwspec;
    pub(crate) fn rust_iommu_helper_of_fwnode_handle(np: *mut device_node) -> *mut fwnode_handle;
    pub(crate) fn rust_iommu_helper_of_node_put(np: *mut device_node);
    pub(crate) fn rust_iommu_helper_phys_to_virt(phys: phys_addr_t) -> *mut c_void;
    pub(crate) fn rust_iommu_helper_last_phys() -> phys_addr_t;
    pub(crate) fn rust_iommu_helper_try_module_get(module: *mut module) -> bool;
    pub(crate) fn rust_iommu_helper___module_get(module: *mut module);
    pub(crate) fn rust_iommu_helper_module_put(module: *mut module);
    pub(crate) fn rust_iommu_helper_iommu_dma_get_resv_regions(
        dev: *mut device,
        list: *mut list_head,
    );
    pub(crate) fn rust_iommu_helper_clk_bulk_prepare_enable(
        num_clks: c_int,
        clks: *const clk_bulk_data,
    ) -> c_int;
    pub(crate) fn rust_iommu_helper_clk_bulk_disable_unprepare(
        num_clks: c_int,
        clks: *const clk_bulk_data,
    );
    pub(crate) fn rust_iommu_helper_reset_control_get_exclusive(
        dev: *mut device,
        id: *const c_char,
    ) -> *mut reset_control;
    pub(crate) fn rust_iommu_helper_reset_control_put(rstc: *mut reset_control);
    pub(crate) fn rust_iommu_helper_reset_control_assert(rstc: *mut reset_control) -> c_int;
    pub(crate) fn rust_iommu_helper_reset_control_deassert(rstc: *mut reset_control) -> c_int;
    pub(crate) fn rust_iommu_helper_reset_control_status(rstc: *mut reset_control) -> c_int;
    pub(crate) fn rust_iommu_helper_pm_runtime_enable(dev: *mut device);
    pub(crate) fn rust_iommu_helper_pm_runtime_disable(dev: *mut device);
    pub(crate) fn rust_iommu_helper_pm_runtime_set_suspended(dev: *mut device) -> c_int;
    pub(crate) fn rust_iommu_helper_pm_runtime_resume_and_get(dev: *mut device) -> c_int;
    pub(crate) fn rust_iommu_helper_pm_runtime_put(dev: *mut device);
    pub(crate) fn rust_iommu_helper_pm_runtime_put_sync(dev: *mut device) -> c_int;
    pub(crate) fn rust_iommu_helper_ratelimit_default_init(state: *mut ratelimit_state);
    pub(crate) fn rust_iommu_helper_ratelimit(state: *mut ratelimit_state) -> bool;
    pub(crate) fn rust_iommu_helper_init_delayed_work(work: *mut delayed_work, func: work_func_t);
    pub(crate) fn rust_iommu_helper_schedule_delayed_work(work: *mut delayed_work, ms: c_uint);
}
