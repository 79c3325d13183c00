// SPDX-License-Identifier: GPL-2.0

//! The kernel's atomics. Those that the page table uses are counters, so loom does not schedule
//! them.

use core::{
    cell::UnsafeCell,
    sync::atomic::Ordering, //
};

/// An order of memory accesses.
pub trait Order {
    /// As the core library has it.
    const ORDER: Ordering;
}

macro_rules! orders {
    ($($name:ident = $order:ident),*) => {
        $(
            #[allow(missing_docs)]
            pub struct $name;

            impl Order for $name {
                const ORDER: Ordering = Ordering::$order;
            }
        )*
    };
}

orders!(
    Relaxed = Relaxed,
    Acquire = Acquire,
    Release = Release,
    Full = SeqCst
);

/// An integer that is accessed by several threads.
pub struct Atomic<T>(UnsafeCell<T>);

// SAFETY: all accesses are atomic.
unsafe impl<T> Sync for Atomic<T> {}

impl<T> Atomic<T> {
    /// Makes one.
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }
}

macro_rules! integers {
    ($($type:ident as $atomic:ident),*) => {
        $(
            #[allow(missing_docs)]
            impl Atomic<$type> {
                fn atomic(&self) -> &core::sync::atomic::$atomic {
                    // SAFETY: it is as valid as `self`, and all accesses are atomic.
                    unsafe { core::sync::atomic::$atomic::from_ptr(self.0.get()) }
                }

                pub fn load<O: Order>(&self, _: O) -> $type {
                    self.atomic().load(O::ORDER)
                }

                pub fn store<O: Order>(&self, value: $type, _: O) {
                    self.atomic().store(value, O::ORDER);
                }

                pub fn add<O: Order>(&self, value: $type, _: O) {
                    self.atomic().fetch_add(value, O::ORDER);
                }

                pub fn fetch_add<O: Order>(&self, value: $type, _: O) -> $type {
                    self.atomic().fetch_add(value, O::ORDER)
                }

                pub fn fetch_sub<O: Order>(&self, value: $type, _: O) -> $type {
                    self.atomic().fetch_sub(value, O::ORDER)
                }

                pub fn cmpxchg<O: Order>(&self, old: $type, new: $type, _: O) -> Result<$type, $type> {
                    self.atomic().compare_exchange(old, new, O::ORDER, Ordering::Relaxed)
                }
            }
        )*
    };
}

integers!(usize as AtomicUsize, u32 as AtomicU32);
