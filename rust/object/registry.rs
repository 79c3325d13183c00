// SPDX-License-Identifier: GPL-2.0

//! The registry of instances.
//!
//! An instance is in it while its device is bound and masters may use it. So a callback that finds
//! one here can use its device: `of_xlate` gets the instance of one phandle
//! (`callbacks::resolver`), and `probe_device` gets all instances that `of_xlate` has found.
//!
//! The results of `of_xlate` must be kept in the master's `iommu_fwspec`, since the core may drop
//! the master without calling the driver. So an ID holds the stream in its low half, where clients
//! of some hardware read it, and the number of the instance in its high half. Between `of_xlate`
//! and `probe_device` the core drops its lock and the instance may be unbound. So a number is never
//! used twice.

use kernel::{
    bindings,
    prelude::*,
    sync::Arc, //
};

use crate::instance::Instance;

struct Registry {
    instances: KVec<Arc<Instance>>,
    next: u32,
}

kernel::sync::global_lock! {
    // SAFETY: initialised by `init`, before anything else of the crate runs.
    unsafe(uninit) static INSTANCE_REGISTRY: Mutex<Registry> = Registry {
        instances: KVec::new(),
        next: 0,
    };
}

/// Prepares the registry.
///
/// # Safety
///
/// Called once, before any driver can be registered.
pub(crate) unsafe fn init() {
    // SAFETY: by the safety requirement.
    unsafe { INSTANCE_REGISTRY.init() };
}

/// Reserves the number of a new instance.
///
/// # Errors
///
/// `ENOSPC` after 65536 instances since the crate was loaded.
pub(crate) fn next_index() -> Result<u16> {
    let mut registry = INSTANCE_REGISTRY.lock();
    let index = u16::try_from(registry.next).map_err(|_| ENOSPC)?;
    registry.next += 1;
    Ok(index)
}

/// Adds `instance` to the registry.
pub(crate) fn insert(instance: Arc<Instance>) -> Result {
    INSTANCE_REGISTRY
        .lock()
        .instances
        .push(instance, GFP_KERNEL)?;
    Ok(())
}

/// Removes the instance from the registry: no master can find it from now on.
pub(crate) fn remove(instance: &Arc<Instance>) {
    let mut registry = INSTANCE_REGISTRY.lock();
    let Some(at) = registry
        .instances
        .iter()
        .position(|entry| Arc::ptr_eq(entry, instance))
    else {
        return;
    };
    let entry = registry.instances.remove(at);
    if registry.instances.is_empty() {
        registry.instances = KVec::new();
    }
    drop(registry);
    drop(entry);
}

/// Returns the instance for which `is_it` is true. It must not use the registry. The devices of the
/// instances that it is called with are bound.
pub(crate) fn find(is_it: impl Fn(&Instance) -> bool) -> Option<Arc<Instance>> {
    INSTANCE_REGISTRY
        .lock()
        .instances
        .iter()
        .find(|instance| is_it(instance))
        .cloned()
}

/// Calls `f` with each instance. `f` must not use the registry.
pub(crate) fn for_each(f: impl FnMut(&Arc<Instance>)) {
    INSTANCE_REGISTRY.lock().instances.iter().for_each(f);
}

/// An ID as stored in an `iommu_fwspec`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamId(u32);

impl StreamId {
    pub(crate) fn new(instance: &Instance, stream: u16) -> Self {
        Self(u32::from(instance.index()) << 16 | u32::from(stream))
    }

    pub(crate) fn from_raw(id: u32) -> Self {
        Self(id)
    }

    pub(crate) fn as_raw(self) -> u32 {
        self.0
    }

    pub(crate) fn instance(self) -> u16 {
        (self.0 >> 16) as u16
    }

    pub(crate) fn stream(self) -> u16 {
        self.0 as u16
    }
}

/// Returns the IDs of a master, in the order of its phandles.
///
/// # Safety
///
/// The core's probe lock is held, and `dev` is valid.
pub(crate) unsafe fn ids(dev: *mut bindings::device) -> Result<KVec<StreamId>> {
    // SAFETY: by the safety requirement.
    let fwspec = unsafe { crate::bindings::rust_iommu_helper_dev_iommu_fwspec_get(dev) };
    if fwspec.is_null() {
        return Err(ENODEV);
    }
    // SAFETY: the core frees or reallocates the fwspec only under the probe lock.
    let count = unsafe { (*fwspec).num_ids } as usize;
    // SAFETY: as above; `ids` is a flexible array of `count` elements.
    let raw = unsafe { (*fwspec).ids.as_slice(count) };

    let mut ids = KVec::with_capacity(count, GFP_KERNEL)?;
    for &id in raw {
        ids.push_within_capacity(StreamId::from_raw(id))
            .map_err(|_| ENOMEM)?;
    }
    if ids.is_empty() {
        return Err(ENODEV);
    }
    Ok(ids)
}

/// The instances that some IDs name, each once, and the streams at each.
type Gathered = (KVec<Arc<Instance>>, KVec<KVec<u16>>);

/// Returns the instances of the driver with these `ops` that `ids` name, and the streams at each.
///
/// # Errors
///
/// `ENODEV` if an ID names no instance of that driver, `ENOMEM`.
pub(crate) fn gather(ids: &[StreamId], ops: *const bindings::iommu_ops) -> Result<Gathered> {
    let mut instances: KVec<Arc<Instance>> = KVec::new();
    let mut streams: KVec<KVec<u16>> = KVec::new();

    for &id in ids {
        let instance =
            find(|instance| instance.index() == id.instance() && instance.is_of_driver(ops))
                .ok_or(ENODEV)?;
        let at = match instances.iter().position(|i| Arc::ptr_eq(i, &instance)) {
            Some(at) => at,
            None => {
                instances.push(instance, GFP_KERNEL)?;
                streams.push(KVec::new(), GFP_KERNEL)?;
                instances.len() - 1
            }
        };
        if !streams[at].contains(&id.stream()) {
            streams[at].push(id.stream(), GFP_KERNEL)?;
        }
    }
    Ok((instances, streams))
}
