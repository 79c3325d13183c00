// SPDX-License-Identifier: GPL-2.0

//! Callbacks for a master: `of_xlate`, `probe_device`, `release_device` and what the core asks of
//! it in between.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    error::from_result,
    prelude::*,
    sync::Arc, //
};

use super::master;

use crate::{
    bindings::{
        self as helpers,
        as_raw, //
    },
    core_gaps::{
        links,
        replay, //
    },
    instance::Instance,
    instances::InstanceSet,
    prelude::*,
    refusal,
    regions::ReservedRegions,
    registry::{
        self,
        StreamId, //
    },
};

/// Adds one phandle of a master, that of `instance`. Called with the probe lock held.
///
/// # Safety
///
/// Called for the core only, as `struct iommu_ops` has it. `instance` is of `T`.
pub(super) unsafe fn of_xlate<T: Operations>(
    dev: *mut bindings::device,
    instance: Option<Arc<Instance>>,
    args: *const bindings::of_phandle_args,
) -> c_int {
    // SAFETY: the core passes a valid device and valid arguments.
    let (dev, args): (&Device, _) = unsafe { (Device::from_raw(dev), &*args) };

    from_result(|| {
        // An instance that is being unbound counts as one that is not probed yet: the master waits
        // for the next.
        let instance = instance.ok_or(EPROBE_DEFER)?;
        let _guard = instance.gate().enter().ok_or(EPROBE_DEFER)?;
        // SAFETY: the instance is of `T`, and the gate is held.
        let iommu = unsafe { Live::<T>::new(&instance) };
        let count = args.args_count as usize;

        if count != T::CELLS {
            refusal::refuse(
                dev,
                fmt!(
                    "{}: iommus entry has {} cells, this IOMMU takes {}",
                    iommu.dev().name(),
                    count,
                    T::CELLS
                ),
            );
            return Err(EINVAL);
        }
        let cells = args.args.get(..count).ok_or(EINVAL)?;

        let stream = T::of_xlate(iommu, cells).inspect_err(|_| {
            refusal::refuse(
                dev,
                fmt!("{}: no such master ID: {:?}", iommu.dev().name(), cells),
            );
        })?;

        let id = StreamId::new(&instance, stream).as_raw();
        // SAFETY: `dev` is valid and the core holds the probe lock.
        kernel::error::to_result(unsafe { bindings::iommu_fwspec_add_ids(as_raw(dev), &id, 1) })?;
        Ok(0)
    })
}

fn try_probe_device<T: Operations>(dev: &Device) -> Result<Pin<KBox<Master<T>>>> {
    // SAFETY: the core holds the probe lock in `probe_device`.
    let ids = unsafe { registry::ids(as_raw(dev)) }?;
    let (instances, streams) = registry::gather(&ids, T::statics().ops())?;
    // SAFETY: `gather` finds only instances of `T`.
    let instances = unsafe { InstanceSet::<T>::new(instances) }?;

    let iommus = instances.enter();
    if !iommus.is_complete() {
        return Err(ENODEV);
    }
    // The driver must not defer the probe, since the core may be replaying masters.
    let data =
        T::probe_device(&iommus, dev, &streams)
            .map_err(|e| if e == EPROBE_DEFER { EIO } else { e })?;
    let master = Master::new(dev, instances.try_clone(0)?, streams, data)?;
    // Last, since a managed link cannot be removed again.
    for instance in instances.as_slice() {
        // SAFETY: `iommus` is complete, so the gate is held.
        unsafe { links::link_master(instance, dev) }?;
    }
    Ok(master)
}

/// Probes a master. Called with the probe lock held.
///
/// # Safety
///
/// Called for the core only, as `struct iommu_ops` has it.
pub(super) unsafe fn probe_device<T: Operations>(
    dev: *mut bindings::device,
) -> *mut bindings::iommu_device {
    // SAFETY: the core passes a valid device.
    let this = unsafe { Device::from_raw(dev) };

    match try_probe_device::<T>(this) {
        Ok(master) => {
            let iommu = master.iommu_device();
            // SAFETY: stays pinned until `release_device` makes it a box again.
            let master = KBox::into_raw(unsafe { Pin::into_inner_unchecked(master) });
            // SAFETY: `dev` is valid, and the core holds the probe lock.
            unsafe { bindings::dev_iommu_priv_set(dev, master.cast()) };
            iommu
        }
        // The driver of the master is being probed and must not be bound, because unbinding of its
        // instance has begun.
        Err(e) if e == EPROBE_DEFER && !replay::is_replaying() => e.to_ptr(),
        Err(e) => {
            // While the core replays masters for an instance that it registers, any error other
            // than `ENODEV` makes it refuse that instance.
            if e != ENODEV && e != EPROBE_DEFER {
                refusal::refuse(this, fmt!("its IOMMU refuses it: {e:?}"));
            }
            ENODEV.to_ptr()
        }
    }
}

/// Releases a master.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
pub(super) unsafe extern "C" fn release_device<T: Operations>(dev: *mut bindings::device) {
    // SAFETY: the core calls this once after a successful `probe_device`. The pointer is read, not
    // cleared: the core frees the structure that has it right after this, and clearing needs the
    // probe lock.
    let master = unsafe { helpers::rust_iommu_helper_dev_iommu_priv_get(dev) }.cast::<Master<T>>();

    // SAFETY: made by `into_raw` in `probe_device`; pinned ever since.
    drop(unsafe { Pin::new_unchecked(KBox::from_raw(master)) });
}

/// Returns the group of a master. Called with the probe lock held.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
pub(super) unsafe extern "C" fn device_group<T: Operations>(
    dev: *mut bindings::device,
) -> *mut bindings::iommu_group {
    // SAFETY: the core calls this after `probe_device`.
    let master = unsafe { master::<T>(dev) };

    // SAFETY: this is the callback.
    let request = unsafe { GroupRequest::new(master.dev()) };
    match T::device_group(master, request) {
        Ok(group) => {
            refusal::forget(master.dev());
            Group::into_raw(group)
        }
        Err(e) => {
            // The driver has logged why it refuses the master.
            if e != ENODEV {
                refusal::refuse(master.dev(), fmt!("no IOMMU group: {e:?}"));
            }
            ENODEV.to_ptr()
        }
    }
}

/// Lists the regions that a master must not use, or the only ones that it can use.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
pub(super) unsafe extern "C" fn get_resv_regions<T: Operations>(
    dev: *mut bindings::device,
    head: *mut bindings::list_head,
) {
    // SAFETY: the core calls this between `probe_device` and `release_device`.
    let master = unsafe { master::<T>(dev) };
    let (Some(dev), Some(head)) = (NonNull::new(dev), NonNull::new(head)) else {
        return;
    };
    // SAFETY: the core passes a valid device and list, without other users meanwhile.
    let mut regions = unsafe { ReservedRegions::from_raw(dev, head) };

    T::reserved_regions(master, &mut regions);
    regions.push_firmware();
}

/// Returns the type of default domain that a master prefers.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
pub(super) unsafe extern "C" fn def_domain_type<T: Operations>(
    dev: *mut bindings::device,
) -> c_int {
    // SAFETY: the core calls this between `probe_device` and `release_device`.
    let master = unsafe { master::<T>(dev) };

    match T::def_domain_type(master) {
        DefaultDomain::Identity => bindings::IOMMU_DOMAIN_IDENTITY as c_int,
        DefaultDomain::Dma if cfg!(CONFIG_IOMMU_DMA) => bindings::IOMMU_DOMAIN_DMA as c_int,
        DefaultDomain::Any | DefaultDomain::Dma => 0,
    }
}
