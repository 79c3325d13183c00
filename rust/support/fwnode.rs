// SPDX-License-Identifier: GPL-2.0

//! Firmware nodes as names of devices: references and identity.
//!
//! [`FwNode`] of the kernel crate reads properties. This adds the functions that match a phandle
//! with an instance.
//!
//! C header: [`include/linux/fwnode.h`](srctree/include/linux/fwnode.h)

use core::ptr;

use kernel::{
    bindings,
    device::property::FwNode,
    sync::aref::ARef, //
};

use crate::bindings::rust_iommu_helper_of_fwnode_handle;

/// An owned reference to a firmware node.
///
/// While it is held, no other node can have the same address. So [`same`] compares nodes, not only
/// addresses.
pub(crate) type FwNodeRef = ARef<FwNode>;

/// Whether both are the same node.
#[inline]
pub(crate) fn same(a: &FwNode, b: &FwNode) -> bool {
    ptr::eq(a, b)
}

/// Borrows the node behind a devicetree node, such as the `np` of a `struct of_phandle_args`.
///
/// # Safety
///
/// `np` is NULL, or points to a devicetree node whose reference count is not zero for `'a`.
///
/// Corresponds to `of_fwnode_handle()`.
#[inline]
pub(crate) unsafe fn from_of_node<'a>(np: *mut bindings::device_node) -> Option<&'a FwNode> {
    // SAFETY: `np` is NULL or valid, and the function accepts both. The result is NULL if `np` was,
    // or else it is part of `*np` and has the same count.
    // CAST: `FwNode` is a transparent wrapper of an `Opaque<bindings::fwnode_handle>`.
    unsafe {
        rust_iommu_helper_of_fwnode_handle(np)
            .cast::<FwNode>()
            .as_ref()
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(rust_iommu_fwnode)]
mod tests {
    use super::*;

    use kernel::{
        error::from_err_ptr,
        prelude::*, //
    };

    #[test]
    fn identity() -> Result {
        // SAFETY: No properties and no parent are allowed.
        let new = || unsafe { bindings::fwnode_create_software_node(ptr::null(), ptr::null()) };
        let raw = [from_err_ptr(new())?, from_err_ptr(new())?];

        {
            // SAFETY: The nodes live until they are removed below.
            let [a, b] = raw.map(|raw| unsafe { &*raw.cast::<FwNode>() });
            let held = FwNodeRef::from(a);

            assert!(same(a, &held));
            assert!(!same(b, &held));
            assert!(ptr::from_ref(&*held).cast() == raw[0].cast_const());
        }

        for node in raw {
            // SAFETY: Made above, and without references by now.
            unsafe { bindings::fwnode_remove_software_node(node) };
        }
        Ok(())
    }

    #[test]
    fn nothing() {
        // SAFETY: NULL is allowed.
        assert!(unsafe { from_of_node(ptr::null_mut()) }.is_none());
    }

    #[test]
    #[cfg(CONFIG_OF_DYNAMIC)]
    fn counts() -> Result {
        // SAFETY: The path is a C string, and NULL means that no options are wanted.
        let np =
            unsafe { bindings::of_find_node_opts_by_path(c"/".as_char_ptr(), ptr::null_mut()) };

        if np.is_null() {
            // Booted without a devicetree.
            return Ok(());
        }

        // SAFETY: `np` is valid until it is put below; the count is only read.
        let count = || unsafe { (*np).kobj.kref.refcount.refs.counter };
        let before = count();

        {
            // SAFETY: The reference from above is held.
            let node = unsafe { from_of_node(np) }.ok_or(EINVAL)?;
            assert!(node.is_of_node());
            assert_eq!(count(), before);

            let held = FwNodeRef::from(node);
            assert_eq!(count(), before + 1);
            assert!(same(node, &held));
        }
        assert_eq!(count(), before);

        // SAFETY: Puts the reference that was taken above.
        unsafe { bindings::of_node_put(np) };
        Ok(())
    }
}
