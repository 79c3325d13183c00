// SPDX-License-Identifier: GPL-2.0

//! The C callbacks of [`Operations`]: one `struct iommu_ops` per driver, and the functions it
//! points to.
//!
//! Callbacks are thin: they turn pointers into references, check what the core does not promise,
//! keep the instances bound where the callback may sleep, and call the driver. They log each
//! failure of one master, with the master's name.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h)

use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    mem::MaybeUninit,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    device::Device,
    error::from_result,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Full,
            Release, //
        },
        Arc, //
    },
    ThisModule, //
};

use crate::{
    bindings::{
        self as helpers,
        as_raw, //
    },
    domain::{
        self,
        TypedDomain, //
    },
    fwnode,
    gfp::Gfp,
    group::Group,
    instance::Instance,
    live::{
        InstanceSet,
        Live,
        Names, //
    },
    master::{
        Attached,
        Master, //
    },
    ops::{
        DefaultDomain,
        GroupRequest,
        Operations,
        PagingDomain, //
    },
    prot::Prot,
    refusal,
    regions::ReservedRegions,
    registry::{
        self,
        StreamId, //
    },
};

/// The structures by which the core knows a driver.
///
/// The core compares their addresses, and writes to some of them. So each driver has exactly one,
/// in writable memory: a `static` made by [`module_iommu_driver!`].
///
/// [`module_iommu_driver!`]: crate::module_iommu_driver
///
/// # Invariants
///
/// `inner` is written once, by the caller that changes `state` from `Self::EMPTY` to
/// `Self::FILLING`. When `state` is `Self::FILLED`, only the core writes.
pub struct Statics<T: Operations> {
    inner: UnsafeCell<Inner>,
    state: Atomic<u32>,
    _driver: PhantomData<fn() -> T>,
}

struct Inner {
    ops: bindings::iommu_ops,
    paging_ops: bindings::iommu_domain_ops,
    identity_ops: bindings::iommu_domain_ops,
    blocked_ops: bindings::iommu_domain_ops,
    identity: bindings::iommu_domain,
    blocked: bindings::iommu_domain,
}

// SAFETY: by the type invariants `inner` is written once, before the driver is registered;
// afterwards only the core writes, under its own rules.
unsafe impl<T: Operations> Sync for Statics<T> {}

/// Gives a driver its [`Statics`]. Implemented by [`module_iommu_driver!`].
///
/// # Safety
///
/// [`HasStatics::statics`] returns the same address at each call, and it is that of no other
/// driver.
///
/// [`module_iommu_driver!`]: crate::module_iommu_driver
pub unsafe trait HasStatics {
    /// Returns the driver's only instance.
    fn statics() -> &'static Statics<Self>
    where
        Self: Operations;
}

impl<T: Operations> Statics<T> {
    const EMPTY: u32 = 0;
    const FILLING: u32 = 1;
    const FILLED: u32 = 2;

    /// Makes zeroed statics, to be filled in by [`Self::init`].
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self {
            // SAFETY: all of these are C structures for which zeroes are valid.
            inner: UnsafeCell::new(unsafe { MaybeUninit::zeroed().assume_init() }),
            state: Atomic::new(Self::EMPTY),
            _driver: PhantomData,
        }
    }

    /// Address of the driver's `struct iommu_ops`.
    #[inline]
    pub(crate) fn ops(&self) -> *const bindings::iommu_ops {
        // SAFETY: only the address is taken.
        unsafe { &raw const (*self.inner.get()).ops }
    }

    /// Fills in all structures, the first time. Later calls write nothing, because the core may use
    /// them.
    ///
    /// # Errors
    ///
    /// `EBUSY` if the first call was for another module, or is still running.
    pub(crate) fn init(&'static self, module: &'static ThisModule) -> Result {
        if self
            .state
            .cmpxchg(Self::EMPTY, Self::FILLING, Full)
            .is_err()
        {
            let same = self.state.load(Acquire) == Self::FILLED && self.module() == module.as_ptr();
            return if same { Ok(()) } else { Err(EBUSY) };
        }

        // INVARIANT: this caller has changed `state`.
        // SAFETY: by the type invariants there is no other user now.
        let inner = unsafe { &mut *self.inner.get() };

        inner.paging_ops.attach_dev = Some(attach_paging::<T>);
        inner.paging_ops.map_pages = Some(map_pages::<T>);
        inner.paging_ops.unmap_pages = Some(unmap_pages::<T>);
        inner.paging_ops.flush_iotlb_all = Some(flush_iotlb_all::<T>);
        inner.paging_ops.iotlb_sync_map = Some(iotlb_sync_map::<T>);
        inner.paging_ops.iotlb_sync = Some(iotlb_sync::<T>);
        inner.paging_ops.iova_to_phys = Some(iova_to_phys::<T>);
        inner.paging_ops.free = Some(domain::free);

        inner.identity_ops.attach_dev = Some(attach_identity::<T>);
        inner.identity.type_ = bindings::IOMMU_DOMAIN_IDENTITY;
        inner.identity.ops = &raw const inner.identity_ops;

        inner.blocked_ops.attach_dev = Some(attach_blocked::<T>);
        inner.blocked.type_ = bindings::IOMMU_DOMAIN_BLOCKED;
        inner.blocked.ops = &raw const inner.blocked_ops;

        inner.ops.of_xlate = Some(of_xlate::<T>);
        inner.ops.probe_device = Some(probe_device::<T>);
        inner.ops.release_device = Some(release_device::<T>);
        inner.ops.device_group = Some(device_group::<T>);
        inner.ops.get_resv_regions = Some(get_resv_regions::<T>);
        inner.ops.def_domain_type = Some(def_domain_type::<T>);
        inner.ops.domain_alloc_paging = Some(domain_alloc_paging::<T>);
        inner.ops.default_domain_ops = &raw const inner.paging_ops;
        inner.ops.blocked_domain = &raw mut inner.blocked;
        inner.ops.release_domain = &raw mut inner.blocked;
        if T::IDENTITY {
            inner.ops.identity_domain = &raw mut inner.identity;
        }
        inner.ops.owner = module.as_ptr();
        self.state.store(Self::FILLED, Release);
        Ok(())
    }

    /// Returns the driver's module.
    fn module(&self) -> *mut bindings::module {
        // SAFETY: set once, by `init`, before any callback can run.
        unsafe { (*self.inner.get()).ops.owner }
    }
}

/// Whether `dev` is a master of driver `T`.
///
/// # Safety
///
/// `dev` is valid and was probed by some IOMMU driver.
unsafe fn is_master<T: Operations>(dev: *mut bindings::device) -> bool {
    // SAFETY: by the safety requirement; the core sets the instance of a device it has probed.
    let ops = unsafe { (*(*(*dev).iommu).iommu_dev).ops };

    core::ptr::eq(ops, T::statics().ops())
}

/// Returns the master of a callback.
///
/// # Safety
///
/// `dev` is valid for `'a`, and between `probe_device` and `release_device` of driver `T`.
#[inline]
unsafe fn master<'a, T: Operations>(dev: *mut bindings::device) -> &'a Master<T> {
    // SAFETY: by the safety requirement.
    let ptr = unsafe { helpers::rust_iommu_helper_dev_iommu_priv_get(dev) };

    // SAFETY: `probe_device` stored it; only `release_device` frees it.
    unsafe { &*ptr.cast::<Master<T>>() }
}

/// Adds one phandle of a master. Called with the probe lock held.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
unsafe extern "C" fn of_xlate<T: Operations>(
    dev: *mut bindings::device,
    args: *const bindings::of_phandle_args,
) -> c_int {
    // SAFETY: the core passes a valid device and valid arguments.
    let (dev, args): (&Device, _) = unsafe { (Device::from_raw(dev), &*args) };

    from_result(|| {
        // SAFETY: the core holds a reference to the node of the phandle.
        let node = unsafe { fwnode::from_of_node(args.np) }.ok_or(ENODEV)?;
        let instance = registry::find::<T>(node).ok_or(EPROBE_DEFER)?;
        // An instance that is being unbound counts as one that is not probed yet: the master waits
        // for the next.
        let _guard = instance.gate().enter().ok_or(EPROBE_DEFER)?;
        // SAFETY: the gate is held.
        let iommu = unsafe { instance.dev() };
        let count = args.args_count as usize;

        if count != T::CELLS {
            refusal::refuse(
                dev,
                fmt!(
                    "{}: iommus entry has {} cells, this IOMMU takes {}",
                    iommu.name(),
                    count,
                    T::CELLS
                ),
            );
            return Err(EINVAL);
        }
        let cells = args.args.get(..count).ok_or(EINVAL)?;

        // SAFETY: `find` gave an instance of `T`, and the gate is held.
        let hw = unsafe { instance.hardware::<T>() };
        let stream = T::of_xlate(hw, cells).inspect_err(|_| {
            refusal::refuse(
                dev,
                fmt!("{}: no such master ID: {:?}", iommu.name(), cells),
            );
        })?;

        let id = StreamId::new(&instance, stream).as_raw();
        // SAFETY: `dev` is valid and the core holds the probe lock.
        kernel::error::to_result(unsafe { bindings::iommu_fwspec_add_ids(as_raw(dev), &id, 1) })?;
        Ok(0)
    })
}

/// The instances that the IDs name, each once, and the streams at each.
type Gathered = (KVec<Arc<Instance>>, KVec<KVec<u16>>);

fn gather_streams<T: Operations>(ids: &[StreamId]) -> Result<Gathered> {
    let mut instances: KVec<Arc<Instance>> = KVec::new();
    let mut streams: KVec<KVec<u16>> = KVec::new();

    for &id in ids {
        let instance = registry::find_id::<T>(id).ok_or(ENODEV)?;
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

fn try_probe_device<T: Operations>(dev: &Device) -> Result<Pin<KBox<Master<T>>>> {
    // SAFETY: the core holds the probe lock in `probe_device`.
    let ids = unsafe { registry::ids(as_raw(dev)) }?;
    let (instances, streams) = gather_streams::<T>(&ids)?;
    // SAFETY: `gather_streams` finds only instances of `T`.
    let instances = unsafe { InstanceSet::<T>::new(instances) }?;

    let live = instances.enter();
    if !live.is_complete() {
        return Err(ENODEV);
    }
    // The driver must not defer the probe, since the core may be replaying masters.
    let data =
        T::probe_device(&live, dev, &streams)
            .map_err(|e| if e == EPROBE_DEFER { EIO } else { e })?;
    let master = Master::new(dev, instances.try_clone()?, streams, data)?;
    // An instance that is being unbound removes itself from the registry first, and looks for
    // masters afterwards. The master is listed now, so either the instance finds it, or it is not
    // made here.
    if !registry::are_known(instances.as_slice()) {
        return Err(ENODEV);
    }
    // Last, since a managed link cannot be removed again.
    for instance in instances.as_slice() {
        // SAFETY: `live` is complete, so the gate is held.
        unsafe { instance.link(dev) }?;
    }
    Ok(master)
}

/// Probes a master. Called with the probe lock held.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
unsafe extern "C" fn probe_device<T: Operations>(
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
        Err(e) if e == EPROBE_DEFER && !registry::is_replaying() => e.to_ptr(),
        Err(e) => {
            // While the core replays masters for an instance that it registers, any error other
            // than `ENODEV` makes it refuse that instance.
            if e != ENODEV && e != EPROBE_DEFER {
                refusal::refuse(this, fmt!("its IOMMU refuses it: {:?}", e));
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
unsafe extern "C" fn release_device<T: Operations>(dev: *mut bindings::device) {
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
unsafe extern "C" fn device_group<T: Operations>(
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
                refusal::refuse(master.dev(), fmt!("no IOMMU group: {:?}", e));
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
unsafe extern "C" fn get_resv_regions<T: Operations>(
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
unsafe extern "C" fn def_domain_type<T: Operations>(dev: *mut bindings::device) -> c_int {
    // SAFETY: the core calls this between `probe_device` and `release_device`.
    let master = unsafe { master::<T>(dev) };

    match T::def_domain_type(master) {
        DefaultDomain::Identity => bindings::IOMMU_DOMAIN_IDENTITY as c_int,
        DefaultDomain::Dma if cfg!(CONFIG_IOMMU_DMA) => bindings::IOMMU_DOMAIN_DMA as c_int,
        DefaultDomain::Any | DefaultDomain::Dma => 0,
    }
}

/// Allocates a paging domain.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_ops` has it.
unsafe extern "C" fn domain_alloc_paging<T: Operations>(
    dev: *mut bindings::device,
) -> *mut bindings::iommu_domain {
    // SAFETY: the core calls this between `probe_device` and `release_device`.
    let master = unsafe { master::<T>(dev) };
    let module = T::statics().module();

    let domain = (|| {
        let instances = master.instances().try_clone()?;
        let live = master.instances().enter();
        if !live.is_complete() {
            return Err(ENODEV);
        }
        let data = T::domain_alloc(&live, master);

        // SAFETY: the module is that of `T`, in whose code we are.
        if !unsafe { helpers::rust_iommu_helper_try_module_get(module) } {
            return Err(ENODEV);
        }
        // SAFETY: a reference was just taken.
        unsafe { TypedDomain::<T>::create(instances, data, module) }.inspect_err(|_| {
            // SAFETY: the domain was not made, so the reference is still ours. It is not the last
            // one: the core has one for the master.
            unsafe { helpers::rust_iommu_helper_module_put(module) };
        })
    })();

    match domain {
        Ok(domain) => domain.as_ptr(),
        Err(e) => e.to_ptr(),
    }
}

/// Attaches a master to a paging domain. Called with the lock of its group held.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
unsafe extern "C" fn attach_paging<T: Operations>(
    domain: *mut bindings::iommu_domain,
    dev: *mut bindings::device,
    _old: *mut bindings::iommu_domain,
) -> c_int {
    // `_old` is a hint that can be wrong. The driver records what the hardware uses.

    // SAFETY: the core passes a valid domain.
    let Some(domain) = (unsafe { TypedDomain::<T>::from_raw(domain) }) else {
        return EINVAL.to_errno();
    };
    // Not every path in the core compares the drivers of the two.
    // SAFETY: the core passes a device that it has probed.
    if !unsafe { is_master::<T>(dev) } {
        return EINVAL.to_errno();
    }
    // SAFETY: the core calls this between `probe_device` and `release_device`.
    let master = unsafe { master::<T>(dev) };

    let live = master.instances().enter();
    let result = if !domain.instances().same(master.instances()) {
        Err(not_attached(
            &live,
            master,
            "its IOMMUs are not those of the domain",
            EINVAL,
        ))
    } else if !live.is_complete() {
        Err(not_attached(
            &live,
            master,
            "an IOMMU is being unbound",
            ENODEV,
        ))
    } else {
        domain
            .with_reference(|domain| T::attach(&live, master, domain))
            .map(|()| Attached::Paging(domain.base().into()))
    };
    conclude_attach(&live, master, result)
}

/// Logs a first attach that fails before the driver is called. Later ones fail silently, as the
/// core expects. Returns `e`.
fn not_attached<T: Operations>(
    live: &Live<'_, T>,
    master: &Master<T>,
    why: &str,
    e: Error,
) -> Error {
    if master.base().is_unattached() {
        master.log_attach_failed(fmt!("{}", Names(live)), why, e);
    }
    e
}

/// Records the outcome of an attach, and makes the result for the core.
///
/// The core requires: "Drivers are not allowed to fail the first domain attach". In a replay of
/// masters it would refuse the instance for all of them, and they would run untranslated. So a
/// master whose first attach fails is denied until it is attached to another domain, and the core
/// gets success.
fn conclude_attach<T: Operations>(
    live: &Live<'_, T>,
    master: &Master<T>,
    result: Result<Attached>,
) -> c_int {
    let attached = match result {
        Ok(attached) => attached,
        Err(e) if !master.base().is_unattached() => return e.to_errno(),
        Err(_) => {
            T::attach_blocked(live, master);
            Attached::Blocked
        }
    };
    master.base().set_attached(attached);
    0
}

/// Attaches a master to the identity domain. Called with the lock of its group held.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
unsafe extern "C" fn attach_identity<T: Operations>(
    _domain: *mut bindings::iommu_domain,
    dev: *mut bindings::device,
    _old: *mut bindings::iommu_domain,
) -> c_int {
    // SAFETY: the core calls this between `probe_device` and `release_device`.
    let master = unsafe { master::<T>(dev) };

    let live = master.instances().enter();
    let result = if !live.is_complete() {
        Err(not_attached(
            &live,
            master,
            "an IOMMU is being unbound",
            ENODEV,
        ))
    } else {
        T::attach_identity(&live, master)
            .map(|()| Attached::Identity)
            .map_err(|e| not_attached(&live, master, "no identity domain", e))
    };
    conclude_attach(&live, master, result)
}

/// Attaches a master to the blocked domain. Called with the lock of its group held.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
unsafe extern "C" fn attach_blocked<T: Operations>(
    _domain: *mut bindings::iommu_domain,
    dev: *mut bindings::device,
    _old: *mut bindings::iommu_domain,
) -> c_int {
    // SAFETY: the core calls this between `probe_device` and `release_device`.
    let master = unsafe { master::<T>(dev) };

    // Unbound instances deny everything already.
    T::attach_blocked(&master.instances().enter(), master);
    master.base().set_attached(Attached::Blocked);
    0
}

/// Maps a run of pages. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
unsafe extern "C" fn map_pages<T: Operations>(
    domain: *mut bindings::iommu_domain,
    iova: usize,
    paddr: bindings::phys_addr_t,
    pgsize: usize,
    pgcount: usize,
    prot: c_int,
    gfp: bindings::gfp_t,
    mapped: *mut usize,
) -> c_int {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };
    let (iova, prot, gfp) = (iova as u64, Prot::from_raw(prot), Gfp::from_raw(gfp));
    if !domain.contains(iova, pgsize, pgcount) {
        return ERANGE.to_errno();
    }

    let (count, result) = domain.data().map(iova, paddr, pgsize, pgcount, prot, gfp);
    // A larger count than `pgcount` would make the core continue beyond the range; success without
    // progress would make it loop forever.
    // SAFETY: the core passes a valid pointer to a number of this call's own, which is 0.
    unsafe { *mapped = count.min(pgcount).wrapping_mul(pgsize) };
    match result {
        Ok(()) if count == 0 => EINVAL.to_errno(),
        Ok(()) => 0,
        Err(e) => e.to_errno(),
    }
}

/// Unmaps a run of pages. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
unsafe extern "C" fn unmap_pages<T: Operations>(
    domain: *mut bindings::iommu_domain,
    iova: usize,
    pgsize: usize,
    pgcount: usize,
    gather: *mut bindings::iommu_iotlb_gather,
) -> usize {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };
    if !domain.contains(iova as u64, pgsize, pgcount) {
        return 0;
    }

    let all = pgsize.wrapping_mul(pgcount);
    let size = domain.data().unmap(iova as u64, all).min(all);
    if size != 0 {
        // SAFETY: the core passes a valid gather that is the caller's own.
        unsafe { gather_range(gather, iova, size) };
    }
    size
}

/// Corresponds to `iommu_iotlb_gather_add_range()`, without a call for each page.
///
/// # Safety
///
/// `gather` is valid and the caller's own.
#[inline(always)]
unsafe fn gather_range(gather: *mut bindings::iommu_iotlb_gather, iova: usize, size: usize) {
    // SAFETY: by the safety requirement.
    let gather = unsafe { &mut *gather };

    gather.start = gather.start.min(iova);
    gather.end = gather.end.max(iova.wrapping_add(size.wrapping_sub(1)));
}

/// Invalidates everything cached of a domain. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
unsafe extern "C" fn flush_iotlb_all<T: Operations>(domain: *mut bindings::iommu_domain) {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };

    domain.data().flush_all(&mut domain.instances().engines());
}

/// Makes a range usable that was mapped. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
unsafe extern "C" fn iotlb_sync_map<T: Operations>(
    domain: *mut bindings::iommu_domain,
    iova: usize,
    size: usize,
) -> c_int {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };
    let iova = iova as u64;
    if size == 0 {
        return ERANGE.to_errno();
    }
    let Some(range) = domain.within(iova, iova.wrapping_add((size as u64).wrapping_sub(1))) else {
        return ERANGE.to_errno();
    };

    match domain
        .data()
        .sync_map(&mut domain.instances().engines(), range)
    {
        Ok(()) => 0,
        Err(e) => e.to_errno(),
    }
}

/// Invalidates everything cached of a range that was unmapped. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
unsafe extern "C" fn iotlb_sync<T: Operations>(
    domain: *mut bindings::iommu_domain,
    gather: *mut bindings::iommu_iotlb_gather,
) {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };
    // SAFETY: the core passes a valid gather.
    let gather = unsafe { &*gather };
    let (start, end) = (gather.start as u64, gather.end as u64);
    let mut engines = domain.instances().engines();
    match domain.within(start, end) {
        Some(range) if *range.start() == start && *range.end() == end => {
            domain.data().sync(&mut engines, range);
        }
        None if start > end => {}
        // Addresses outside the aperture were never mapped, if the driver keeps to its aperture. If
        // it does not, it is not told which range to invalidate, but still invalidates everything.
        _ => domain.data().flush_all(&mut engines),
    }
}

/// Translates an address in software. Any context.
///
/// # Safety
///
/// Called by the core only, as `struct iommu_domain_ops` has it.
unsafe extern "C" fn iova_to_phys<T: Operations>(
    domain: *mut bindings::iommu_domain,
    iova: bindings::dma_addr_t,
) -> bindings::phys_addr_t {
    // SAFETY: the core calls this on domains from `domain_alloc_paging` only.
    let domain = unsafe { TypedDomain::<T>::from_raw_unchecked(domain) };

    // 0 means "not mapped". The core itself asks for address 1 to test whether page 0 is mapped.
    domain.data().iova_to_phys(iova).unwrap_or(0)
}
