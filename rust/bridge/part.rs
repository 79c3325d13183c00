// SPDX-License-Identifier: GPL-2.0

//! IOMMUs that are a part of another device, which has a driver of its own.
//!
//! Such an IOMMU has no node: masters name that of the device. So the device, the *parent*, gets a
//! child with the same node while it is bound, and the IOMMU driver binds to the child, by its name
//! as a platform device. The core and the registry know instances by their node, and find that of
//! the child.
//!
//! A parent is bound and unbound under its lock, and children are added and removed under that
//! lock, too. The child's driver is unbound before that of the parent, by a managed device link.
//! The child itself is a resource of the bound parent, and is removed with these. So it has no
//! driver any more when it is removed: to unbind one can take until all probes in the machine have
//! ended, and one of them may wait for the lock of the parent. The notifier that reports that a
//! parent is bound must not add a device, as that calls the notifiers again. So a work item does. A
//! child is of a type of its own, by which it is found again.
//!
//! C header: [`include/linux/platform_device.h`](srctree/include/linux/platform_device.h)

use core::ptr::{
    self,
    NonNull, //
};

use kernel::{
    bindings,
    device::property::FwNode,
    error::to_result,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    types::Opaque,
    workqueue, //
};

use crate::{
    bindings::{
        as_raw,
        rust_iommu_helper_of_node_put, //
    },
    link::Locked,
    prelude::*,
    supplier, //
};

/// The type of all children, whose address identifies them.
struct Type(Opaque<bindings::device_type>);

// SAFETY: it is never written.
unsafe impl Sync for Type {}

static PART: Type = Type(Opaque::new(bindings::device_type {
    name: c"iommu_part".to_bytes_with_nul().as_ptr(),
    ..pin_init::zeroed()
}));

/// A driver whose IOMMUs can be parts.
///
/// # Invariants
///
/// The tables are those of a module that is loaded.
struct Kind {
    driver: *const bindings::iommu_ops,
    parents: *const bindings::of_device_id,
    own: *const bindings::of_device_id,
    name: &'static CStr,
    rival: &'static CStr,
}

// SAFETY: the tables are only read, and the address of the driver is only compared.
unsafe impl Send for Kind {}

kernel::sync::global_lock! {
    // SAFETY: initialised by `init`, before anything else of the crate runs.
    unsafe(uninit) static PART_KINDS: Mutex<KVec<Kind>> = KVec::new();
}

/// Prepares the list of drivers.
///
/// # Safety
///
/// Called once, before any driver can be registered.
pub(crate) unsafe fn init() {
    // SAFETY: by the safety requirement.
    unsafe { PART_KINDS.init() };
}

impl Kind {
    /// Whether the devicetree has an IOMMU of this driver with a node of its own.
    fn has_own_node(&self) -> bool {
        // SAFETY: by the type invariants; NULL starts with the first node.
        let node = unsafe {
            bindings::of_find_matching_node_and_match(ptr::null_mut(), self.own, ptr::null_mut())
        };

        // SAFETY: the reference that was taken above, or NULL.
        unsafe { rust_iommu_helper_of_node_put(node) };
        !node.is_null()
    }

    /// Makes the child of `parent`, which [`add`] adds, unless it must not have one.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    fn child(&self, parent: &Device) -> Result<Option<NonNull<bindings::platform_device>>> {
        let is_described = |node: &FwNode| node.property_present(c"#iommu-cells");
        if !parent.fwnode().is_some_and(is_described)
            || self.has_own_node()
            || find(parent, is_part).is_some()
        {
            return Ok(None);
        }
        if find(parent, is_iommu).is_some() {
            dev_warn!(
                parent,
                "{} of the kernel serves this IOMMU: turn it off, or give the IOMMU a node of its own\n",
                self.rival
            );
            return Ok(None);
        }
        if has_software_node(parent) {
            dev_warn!(
                parent,
                "has a software node, which a child for its IOMMU would share: no child\n"
            );
            return Ok(None);
        }
        // SAFETY: the name is copied.
        let child = unsafe { bindings::platform_device_alloc(self.name.as_char_ptr(), -2) };
        NonNull::new(child).map(Some).ok_or(ENOMEM)
    }
}

/// Makes children of all bound parents, and of those that are bound later, for the platform driver
/// of `T` with this name.
///
/// # Errors
///
/// `EBUSY` if another driver has parents of one of these compatibles, `ENOMEM`.
pub(crate) fn register<T: Operations>(name: &'static CStr) -> Result {
    let Some(parents) = T::PARENTS else {
        return Ok(());
    };
    let table = parents.compatibles.as_ptr();

    // INVARIANT: these are statics of the driver, which calls `unregister`.
    let kind = Kind {
        driver: T::statics().ops(),
        parents: table,
        own: T::OF_ID_TABLE.as_ptr(),
        name,
        rival: parents.rival,
    };
    let mut kinds = PART_KINDS.lock();
    if let Some(other) = kinds.iter().find(|other| overlap(other.parents, table)) {
        pr_err!("{}: its parents are those of {}\n", name, other.name);
        return Err(EBUSY);
    }
    kinds.push(kind, GFP_KERNEL)?;
    drop(kinds);
    for_each(table, make);
    Ok(())
}

/// Removes the children of driver `T`. Called after the driver is unregistered, as it may be bound
/// to them.
pub(crate) fn unregister<T: Operations>() {
    let Some(parents) = T::PARENTS else {
        return;
    };
    let table = parents.compatibles.as_ptr();

    // No child is made from now on. If one is being made, the lock of its parent is held until it
    // is there.
    PART_KINDS
        .lock()
        .retain(|kind| !ptr::eq(kind.driver, T::statics().ops()));
    for_each(table, unmake);
}

/// Returns the entry of a table that matches a device, or NULL. None matches a child, since its
/// node is that of its parent.
fn entry(table: *const bindings::of_device_id, dev: &Device) -> *const bindings::of_device_id {
    // SAFETY: the device is valid, and so are the tables of drivers, which callers have.
    unsafe { bindings::of_match_device(table, as_raw(dev)) }
}

/// Whether a compatible is in both tables.
fn overlap(a: *const bindings::of_device_id, b: *const bindings::of_device_id) -> bool {
    let entries = |table: *const bindings::of_device_id| {
        (0..)
            // SAFETY: tables of drivers, which callers have, end with an entry without a
            // compatible.
            .map(move |index| unsafe { (*table.add(index)).compatible })
            .take_while(|compatible| compatible[0] != 0)
    };

    entries(a).any(|compatible| entries(b).any(|other| other == compatible))
}

/// Whether a device has a software node besides its node. The driver core would add and remove it
/// for the child as well.
fn has_software_node(dev: &Device) -> bool {
    // SAFETY: the device is valid, and keeps its node.
    let secondary = unsafe {
        let node = bindings::__dev_fwnode(as_raw(dev));
        if node.is_null() {
            return false;
        }
        (*node).secondary
    };

    // An error pointer stands for none, too.
    kernel::error::from_err_ptr(secondary).is_ok_and(|node| !node.is_null())
}

/// Calls `f` with each platform device that matches, with its lock held.
fn for_each(table: *const bindings::of_device_id, f: fn(&Device)) {
    type Data = (*const bindings::of_device_id, fn(&Device));

    /// # Safety
    ///
    /// The device is valid, and the data is a [`Data`].
    unsafe extern "C" fn visit(dev: *mut bindings::device, data: *mut c_void) -> c_int {
        // SAFETY: by the safety requirement.
        let (table, f) = unsafe { &*data.cast::<Data>() };
        // SAFETY: as above.
        let dev: &Device = unsafe { Device::from_raw(dev) };

        if !entry(*table, dev).is_null() {
            let _lock = Locked::new(dev);
            f(dev);
        }
        0
    }
    let mut data: Data = (table, f);

    // SAFETY: the bus is registered, and the callback takes this data. Both return 0.
    unsafe {
        bindings::bus_for_each_dev(
            &raw const bindings::platform_bus_type,
            ptr::null_mut(),
            (&raw mut data).cast(),
            Some(visit),
        )
    };
}

/// Has a work item make the child of a device that has been bound, if it is a parent.
pub(crate) fn parent_bound(dev: &Device) {
    let is_parent = |kind: &Kind| !entry(kind.parents, dev).is_null();
    if <&platform::Device>::try_from(dev).is_err() || !PART_KINDS.lock().iter().any(is_parent) {
        return;
    }
    let parent: ARef<Device> = dev.into();
    let make = move || {
        let _lock = Locked::new(&parent);
        make(&parent);
    };

    if workqueue::system_long()
        .try_spawn(GFP_KERNEL, make)
        .is_err()
    {
        dev_err!(dev, "no child for its IOMMU: ENOMEM\n");
    }
}

/// Makes the child of a device, if it is a parent and is bound. Its lock is held.
fn make(parent: &Device) {
    // SAFETY: the device is valid, and its lock is held.
    if !unsafe { bindings::device_is_bound(as_raw(parent)) } {
        return;
    }
    let child = PART_KINDS
        .lock()
        .iter()
        .find(|kind| !entry(kind.parents, parent).is_null())
        .map_or(Ok(None), |kind| kind.child(parent));
    let added = child.and_then(|child| child.map_or(Ok(()), |child| add(child, parent)));
    if let Err(e) = added {
        dev_err!(parent, "no child for its IOMMU: {e:?}\n");
    }
}

/// Adds the child to `parent`, which is bound and whose lock is held. If the driver is there it is
/// bound to the child.
fn add(child: NonNull<bindings::platform_device>, parent: &Device) -> Result {
    let parent = as_raw(parent);
    let child = child.as_ptr();

    // SAFETY: the child was allocated, and no other code has it. The parent is valid; the child
    // takes a reference to it when it is added. The release of a platform device puts the reference
    // to the node that is taken here.
    let added = unsafe {
        (*child).dev.parent = parent;
        (*child).dev.type_ = PART.0.get();
        bindings::device_set_of_node_from_dev(&raw mut (*child).dev, parent);
        (*child).dev.fwnode = bindings::__dev_fwnode(parent);
        to_result(bindings::platform_device_add(child))
    };
    // SAFETY: the reference of the allocation.
    added.inspect_err(|_| unsafe { bindings::platform_device_put(child) })?;

    // SAFETY: the parent is bound, so it may have resources. The action is called once.
    let owned = to_result(unsafe {
        bindings::__devm_add_action(
            parent,
            Some(remove),
            child.cast(),
            c"iommu_part".as_char_ptr(),
        )
    });
    // SAFETY: added above.
    owned.inspect_err(|_| unsafe { remove(child.cast()) })
}

/// Removes the child of a device whose lock is held, if it has one.
fn unmake(parent: &Device) {
    if let Some(child) = find(parent, is_part) {
        // SAFETY: a child is a platform device. It was added, and its parent has this resource.
        unsafe {
            let child = kernel::container_of!(as_raw(&child), bindings::platform_device, dev);
            bindings::devm_release_action(as_raw(parent), Some(remove), child.cast())
        };
    }
}

/// Removes a child.
///
/// # Safety
///
/// It was added, and not removed since.
unsafe extern "C" fn remove(child: *mut c_void) {
    let child = child.cast::<bindings::platform_device>();

    // The release of a platform device takes a software node away from the node of the device. It
    // can come late, when the parent has such a node, so the child gives back its node before.
    //
    // SAFETY: by the safety requirement. The driver of the child was unbound, and the node is that
    // of `add`. The last reference is that of the allocation.
    unsafe {
        bindings::platform_device_del(child);
        let node = (*child).dev.of_node;
        (*child).dev.of_node = ptr::null_mut();
        (*child).dev.fwnode = ptr::null_mut();
        rust_iommu_helper_of_node_put(node);
        bindings::platform_device_put(child);
    }
}

/// Makes a device that is being probed depend on its parent, if it is a child.
///
/// # Errors
///
/// Those of [`supplier::depend`].
pub(crate) fn depend(child: &Device<Bound>) -> Result {
    parent_of(child).map_or(Ok(()), |parent| supplier::depend(child, parent.as_ref()))
}

/// Returns the data of a child for driver `T`: that of its parent's compatible.
pub(crate) fn id_info<T: Hardware>(child: &Device<Bound>) -> Option<&'static T::IdInfo> {
    let parent = parent_of(child)?;
    let table = T::PARENTS?.compatibles;
    // SAFETY: NULL, or an entry of the table, which is a static.
    let id = unsafe { entry(table.as_ptr(), parent.as_ref()).as_ref() }?;

    // SAFETY: the data of a table of `T::IdInfo` is a reference to such a static.
    unsafe { id.data.cast::<T::IdInfo>().as_ref() }
}

/// Returns the device that an IOMMU is a part of, see
/// [`Hardware::PARENTS`](crate::hardware::Hardware::PARENTS). It stays bound as long as `dev`.
pub fn parent_of(dev: &Device<Bound>) -> Option<&platform::Device> {
    // SAFETY: the device is bound, so it is registered, and keeps its type and its parent.
    let parent = unsafe {
        if is_part(as_raw(dev), ptr::null()) == 0 {
            return None;
        }
        Device::from_raw((*as_raw(dev)).parent)
    };

    <&platform::Device>::try_from(parent).ok()
}

/// Returns the child of `parent` that `is` accepts.
fn find(
    parent: &Device,
    is: unsafe extern "C" fn(*mut bindings::device, *const c_void) -> c_int,
) -> Option<ARef<Device>> {
    // SAFETY: the device is valid. The callback is called with its children, and takes any data.
    let child = unsafe { bindings::device_find_child(as_raw(parent), ptr::null(), Some(is)) };

    // SAFETY: a device, with a reference of its own.
    NonNull::new(child).map(|child| unsafe { ARef::from_raw(child.cast()) })
}

/// Whether a device is a child that was made here.
///
/// # Safety
///
/// The device is valid.
unsafe extern "C" fn is_part(dev: *mut bindings::device, _: *const c_void) -> c_int {
    // SAFETY: by the safety requirement.
    ptr::eq(unsafe { (*dev).type_ }, PART.0.get()).into()
}

/// Whether a device stands for an IOMMU in sysfs. Drivers make it a child of the IOMMU's device.
///
/// # Safety
///
/// The device is valid.
unsafe extern "C" fn is_iommu(dev: *mut bindings::device, _: *const c_void) -> c_int {
    // SAFETY: by the safety requirement; the name of a class is a string.
    let is = unsafe {
        let class = (*dev).class;
        !class.is_null() && CStr::from_char_ptr((*class).name) == c"iommu"
    };

    is.into()
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_part)]
mod tests {
    use super::*;

    /// Makes a table of two compatibles.
    fn table(compatibles: [&CStr; 2]) -> [bindings::of_device_id; 3] {
        let mut table = [pin_init::zeroed::<bindings::of_device_id>(); 3];

        for (entry, name) in table.iter_mut().zip(compatibles) {
            for (to, &from) in entry.compatible.iter_mut().zip(name.to_bytes()) {
                *to = from;
            }
        }
        table
    }

    #[test]
    fn tables_overlap() {
        let ours = table([c"test,a", c"test,b"]);
        let theirs = table([c"test,c", c"test,b"]);
        let others = table([c"test,d", c"test,bb"]);

        assert!(overlap(ours.as_ptr(), theirs.as_ptr()));
        assert!(!overlap(ours.as_ptr(), others.as_ptr()));
    }
}
