// SPDX-License-Identifier: GPL-2.0

//! A marker trait for types that may be used in atomic context: [`AtomicSafe`].
//!
//! The core maps and unmaps with interrupts off, and from interrupts. There, a lock that sleeps is
//! a bug, and so is a lock that an interrupt can find taken by the CPU it interrupts; but both
//! compile. This trait makes the compiler distinguish them: [`SpinLockIrq`] has it; `Mutex`,
//! `SpinLock` and `CondVar` do not.

use core::{
    marker::PhantomData,
    pin::Pin, //
};

use kernel::{
    alloc::Allocator,
    prelude::*,
    sync::{
        aref::{
            ARef,
            AlwaysRefCounted, //
        },
        atomic::{
            Atomic,
            AtomicFlag,
            AtomicType, //
        },
        Arc,
        ArcBorrow,
        SpinLockIrq, //
    },
};

/// Types whose locks may be taken in any context, hard interrupts included.
///
/// Implemented here for basic types; [`atomic_safe!`](crate::atomic_safe!) implements it for a
/// struct all of whose fields have it.
///
/// # Safety
///
/// No operation on a shared reference to such a value sleeps, or takes a lock with interrupts on
/// that is also taken in an interrupt. This does not mean that such a value may be dropped in
/// atomic context: a value that a lock protects can be taken out of the lock.
pub unsafe trait AtomicSafe {}

macro_rules! plain {
    ($($(#[$attr:meta])* $type:ty),* $(,)?) => {
        $(
            $(#[$attr])*
            // SAFETY: there is no lock in it.
            unsafe impl AtomicSafe for $type {}
        )*
    };
}

plain! {
    (), bool, char, str, CStr,
    u8, u16, u32, u64, u128, usize,
    i8, i16, i32, i64, i128, isize,
    AtomicFlag,
    // The kernel's own atomics are function calls.
    #[cfg(target_has_atomic = "64")]
    core::sync::atomic::AtomicU64,
}

// SAFETY: there is no lock in it.
unsafe impl<T: AtomicType> AtomicSafe for Atomic<T> {}

// SAFETY: there is nothing in it.
unsafe impl<T: ?Sized> AtomicSafe for PhantomData<T> {}

// SAFETY: the lock turns interrupts off, and what it protects is atomic-safe itself.
unsafe impl<T: AtomicSafe + ?Sized> AtomicSafe for SpinLockIrq<T> {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<T: AtomicSafe + ?Sized> AtomicSafe for &T {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<T: AtomicSafe + ?Sized> AtomicSafe for Arc<T> {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<T: AtomicSafe + ?Sized> AtomicSafe for ArcBorrow<'_, T> {}

// SAFETY: counting references is atomic. The other operations of the object are those of the C
// side, each of which documents the contexts in which it may be called.
unsafe impl<T: AlwaysRefCounted> AtomicSafe for ARef<T> {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<T: AtomicSafe> AtomicSafe for Option<T> {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<T: AtomicSafe> AtomicSafe for [T] {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<T: AtomicSafe, const N: usize> AtomicSafe for [T; N] {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<T: AtomicSafe + ?Sized, A: Allocator> AtomicSafe for Box<T, A> {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<T: AtomicSafe, A: Allocator> AtomicSafe for kernel::alloc::Vec<T, A> {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<P: AtomicSafe> AtomicSafe for Pin<P> {}

// SAFETY: all that is reachable is atomic-safe.
unsafe impl<A: AtomicSafe, B: AtomicSafe> AtomicSafe for (A, B) {}

/// Requires that a field is [`AtomicSafe`]. For [`atomic_safe!`](crate::atomic_safe!).
#[doc(hidden)]
pub const fn require<T: AtomicSafe>(_field: &T) {}

/// Implements [`AtomicSafe`](crate::atomic_safe::AtomicSafe) for a struct because its fields have
/// it, or for an enum without data.
///
/// All fields are named, in any order. It is an error if one is missing or is not
/// [`AtomicSafe`](crate::atomic_safe::AtomicSafe).
///
/// # Examples
///
/// ```ignore
/// struct Shared {
///     faults: Atomic<u32>,
///     mode: Mode,
/// }
///
/// enum Mode {
///     Off,
///     On,
/// }
///
/// atomic_safe!(Shared { faults, mode });
/// atomic_safe!(enum Mode { Off, On });
/// ```
#[macro_export]
macro_rules! atomic_safe {
    (enum $name:ident { $($variant:ident),* $(,)? }) => {
        const _: () = {
            #[allow(dead_code)]
            fn variants(this: &$name) {
                match *this {
                    $($name::$variant => {})*
                }
            }
        };

        // SAFETY: there is nothing in it, see `variants`.
        unsafe impl $crate::atomic_safe::AtomicSafe for $name {}
    };
    ($name:ident { $($field:ident),* $(,)? }) => {
        const _: () = {
            #[allow(dead_code)]
            fn fields(this: &$name) {
                let $name { $($field),* } = this;
                $($crate::atomic_safe::require($field);)*
            }
        };

        // SAFETY: every field is atomic-safe, see `fields`.
        unsafe impl $crate::atomic_safe::AtomicSafe for $name {}
    };
}
