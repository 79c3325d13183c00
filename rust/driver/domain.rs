// SPDX-License-Identifier: GPL-2.0

//! A paging domain, and its lifetime.
//!
//! A paging domain belongs to the caller that allocated it, not to the instance or the master. Its
//! owner may map, unmap and free it after the masters were released, the instance was unbound and
//! the driver's device was removed. This is sound because:
//!
//! - The domain holds the allocations of its instances (`InstanceSet`), which record whether the
//!   hardware is still bound.
//! - It holds the driver's module, from `domain_alloc` to the last instruction of `free`.
//! - Hardware that walks its tables holds a [`DomainRef`], so the tables outlive `free` if
//!   necessary.

use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ops::{
        Deref,
        RangeInclusive, //
    },
    ptr::NonNull, //
};

use kernel::{
    bindings,
    prelude::*,
    sync::{
        aref::ARef,
        Mutex, //
    },
};

use crate::{
    domain_base::{
        Domain,
        DomainVTable, //
    },
    instances::InstanceSet,
    lock_class::new_lock,
    ops::Operations,
    paging::{
        PagingDomain,
        PagingTable,
        Translation, //
    },
};

/// A paging domain of driver `T`.
///
/// # Invariants
///
/// From the end of [`Self::create`] until it is dropped, it is in the list of each instance that it
/// was made for. Those of whose lists it is are in `instances`.
#[repr(C)]
#[pin_data(PinnedDrop)]
pub(crate) struct TypedDomain<T: Operations> {
    #[pin]
    base: Domain,
    instances: InstanceSet<T>,
    /// Held while instances join.
    #[pin]
    joining: Mutex<()>,
    aperture: RangeInclusive<u64>,
    #[pin]
    data: T::Domain,
}

impl<T: Operations> TypedDomain<T> {
    const VTABLE: DomainVTable = DomainVTable {
        destroy: Self::destroy,
        translations: Self::translations,
        table_usage: Self::table_usage,
    };

    /// Makes a domain whose only reference is the core's, and hands it to the core.
    ///
    /// # Safety
    ///
    /// `module` is the driver's module, and the caller has taken a reference on it that this
    /// domain now owns.
    pub(crate) unsafe fn create(
        instances: InstanceSet<T>,
        data: impl PinInit<T::Domain, Error>,
        module: *mut bindings::module,
    ) -> Result<NonNull<bindings::iommu_domain>> {
        let mut this = KBox::pin_init(
            try_pin_init!(Self {
                // SAFETY: it is the first field, and the functions are those of this type. By the
                // safety requirement it owns a reference to the module.
                base <- unsafe { Domain::new(module, Self::VTABLE) },
                instances,
                joining <- new_lock!(Mutex, (), c"iommu_joining"),
                aperture: 0..=0,
                data <- data,
            }? Error),
            GFP_KERNEL,
        )?;
        let geometry = this.data.geometry();
        if geometry.pgsizes == 0 || geometry.aperture.is_empty() {
            return Err(EINVAL);
        }

        *this.as_mut().project().aperture = geometry.aperture;
        // SAFETY: there is no other pointer to the domain yet.
        let raw = unsafe { &mut *this.base.as_raw() };
        raw.pgsize_bitmap = geometry.pgsizes as usize;
        raw.geometry.aperture_start = *this.aperture.start() as bindings::dma_addr_t;
        raw.geometry.aperture_end = *this.aperture.end() as bindings::dma_addr_t;
        raw.geometry.force_aperture = true;

        for instance in this.instances.as_slice() {
            instance.add_domain(NonNull::from(&this.base))?;
        }
        // INVARIANT: it is in the lists of all instances now.

        // SAFETY: the allocation is not moved; `destroy` makes it a box again.
        let this = unsafe { Pin::into_inner_unchecked(this) };
        let this = NonNull::from(KBox::leak(this));
        // CAST: the `iommu_domain` is at offset 0 of `Domain`, which is at offset 0 of `Self`.
        Ok(this.cast())
    }

    /// Returns the domain behind the core's pointer, if it is one of this driver's paging domains.
    ///
    /// # Safety
    ///
    /// `raw` is a valid domain for `'a`.
    #[inline]
    pub(crate) unsafe fn from_raw<'a>(raw: *mut bindings::iommu_domain) -> Option<&'a Self> {
        // SAFETY: by the safety requirement.
        let owner = unsafe { (*raw).owner };

        // The core sets `owner` on what `domain_alloc_paging` returned, and on nothing else.
        if !core::ptr::eq(owner, T::statics().ops()) {
            return None;
        }
        // SAFETY: such a domain was made by `create`.
        Some(unsafe { &*raw.cast::<Self>() })
    }

    /// As [`Self::from_raw`], for the calls on the hot path, which are made only for such domains.
    ///
    /// # Safety
    ///
    /// `raw` was made by [`Self::create`] and is valid for `'a`.
    #[inline]
    pub(crate) unsafe fn from_raw_unchecked<'a>(raw: *mut bindings::iommu_domain) -> &'a Self {
        // SAFETY: by the safety requirement.
        unsafe { &*raw.cast::<Self>() }
    }

    /// Lets the instances of a master walk the tables, if they are those that the domain was made
    /// for, or can join it.
    ///
    /// # Errors
    ///
    /// `EINVAL` if they cannot, `ENOSPC` if too many have joined already, `ENOMEM`.
    pub(crate) fn join(&self, instances: &InstanceSet<T>) -> Result {
        if self.instances.same(instances) {
            return Ok(());
        }
        if T::SHARING == 0 {
            return Err(EINVAL);
        }
        let _joining = self.joining.lock();
        // INVARIANT: each is in the set when this returns, if the domain is in its list.
        self.instances.join(instances, |instance| {
            instance.add_domain(NonNull::from(&self.base))
        })
    }

    #[inline]
    pub(crate) fn instances(&self) -> &InstanceSet<T> {
        &self.instances
    }

    /// Whether `pgcount` pages of `pgsize` bytes from `iova` on are in the aperture.
    #[inline(always)]
    pub(crate) fn contains(&self, iova: u64, pgsize: usize, pgcount: usize) -> bool {
        let offset = iova.wrapping_sub(*self.aperture.start());
        let room = self.aperture.end().wrapping_sub(iova);
        // The core counts the pages of a range that does not wrap.
        let more = (pgsize as u64).wrapping_mul(pgcount as u64).wrapping_sub(1);

        offset <= self.aperture.end().wrapping_sub(*self.aperture.start()) && more <= room
    }

    /// Returns the addresses from `first` to `last`, if there are any and all are in the aperture.
    #[inline(always)]
    pub(crate) fn range(&self, first: u64, last: u64) -> Option<RangeInclusive<u64>> {
        let is_inside = first >= *self.aperture.start() && last <= *self.aperture.end();

        (is_inside && first <= last).then_some(first..=last)
    }

    #[inline]
    pub(crate) fn base(&self) -> &Domain {
        &self.base
    }

    #[inline]
    pub(crate) fn data(&self) -> &T::Domain {
        &self.data
    }

    /// Calls `f` with a reference, which `f` clones if hardware is to walk the tables.
    #[inline]
    pub(crate) fn with_reference<R>(&self, f: impl FnOnce(&DomainRef<T>) -> R) -> R {
        let lent = ManuallyDrop::new(DomainRef {
            // SAFETY: there is a reference for as long as there is `self`. This does not take it
            // over: the `DomainRef` is never dropped, and is not used after `self`.
            base: unsafe { ARef::from_raw(NonNull::from(&self.base)) },
            _driver: PhantomData,
        });

        f(&lent)
    }

    /// # Safety
    ///
    /// `domain` is the base of a `Self` without references left.
    unsafe fn destroy(domain: NonNull<Domain>) {
        // SAFETY: made by `leak` in `create`; there is no other reference any more. It stays
        // pinned.
        drop(unsafe { Pin::new_unchecked(KBox::from_raw(domain.cast::<Self>().as_ptr())) });
    }

    /// # Safety
    ///
    /// `domain` is the base of a valid `Self`.
    unsafe fn translations(domain: NonNull<Domain>, f: &mut dyn FnMut(Translation)) {
        // SAFETY: by the safety requirement.
        unsafe { domain.cast::<Self>().as_ref() }
            .data
            .table()
            .translations(f);
    }

    /// # Safety
    ///
    /// `domain` is the base of a valid `Self`.
    unsafe fn table_usage(domain: NonNull<Domain>) -> (usize, usize) {
        // SAFETY: by the safety requirement.
        unsafe { domain.cast::<Self>().as_ref() }
            .data
            .table()
            .usage()
    }
}

#[pinned_drop]
impl<T: Operations> PinnedDrop for TypedDomain<T> {
    fn drop(self: Pin<&mut Self>) {
        let base = NonNull::from(&self.base);
        for instance in self.instances.all() {
            instance.remove_domain(base);
        }
    }
}

/// A reference that keeps a domain and its tables alive while hardware may walk them.
///
/// Dropping the last one frees the tables and may sleep: never drop it under a spinlock.
pub struct DomainRef<T: Operations> {
    base: ARef<Domain>,
    _driver: PhantomData<fn(T) -> T>,
}

impl<T: Operations> DomainRef<T> {
    /// Whether both refer to the same domain.
    #[inline]
    pub fn is(&self, other: &Self) -> bool {
        core::ptr::eq(&*self.base, &*other.base)
    }
}

impl<T: Operations> Clone for DomainRef<T> {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            base: self.base.clone(),
            _driver: PhantomData,
        }
    }
}

impl<T: Operations> Deref for DomainRef<T> {
    type Target = T::Domain;

    #[inline]
    fn deref(&self) -> &T::Domain {
        let base: NonNull<Domain> = NonNull::from(&*self.base);
        // SAFETY: made from a `TypedDomain<T>` by `with_reference`, and alive while `base` refers
        // to it.
        unsafe { base.cast::<TypedDomain<T>>().as_ref() }.data()
    }
}
