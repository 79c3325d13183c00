// SPDX-License-Identifier: GPL-2.0

//! Initialisation in place: the part of pin-init that the page table uses.

use core::{
    convert::Infallible,
    marker::PhantomData,
    mem::MaybeUninit, //
};

/// Initialises a value in its place.
///
/// # Safety
///
/// If [`PinInit::init`] succeeds, the place is initialised; if not, nothing of it is.
pub unsafe trait PinInit<T, E = Infallible>: Sized {
    /// Initialises `place`.
    ///
    /// # Safety
    ///
    /// It is valid for writing, and the value stays there.
    unsafe fn init(self, place: *mut T) -> Result<(), E>;
}

// SAFETY: writes the value.
unsafe impl<T> PinInit<T> for T {
    unsafe fn init(self, place: *mut T) -> Result<(), Infallible> {
        // SAFETY: by the safety requirement.
        unsafe { place.write(self) };
        Ok(())
    }
}

// SAFETY: writes the value, if there is one.
unsafe impl<T, E> PinInit<T, E> for Result<T, E> {
    unsafe fn init(self, place: *mut T) -> Result<(), E> {
        // SAFETY: by the safety requirement.
        unsafe { place.write(self?) };
        Ok(())
    }
}

/// A closure that initialises.
pub struct Closure<F, T, E>(F, PhantomData<fn(T, E)>);

// SAFETY: as `from_closure` requires.
unsafe impl<T, E, F: FnOnce(*mut T) -> Result<(), E>> PinInit<T, E> for Closure<F, T, E> {
    unsafe fn init(self, place: *mut T) -> Result<(), E> {
        (self.0)(place)
    }
}

/// Makes an initialiser.
///
/// # Safety
///
/// As [`PinInit`] has it.
pub unsafe fn from_closure<T, E, F>(f: F) -> Closure<F, T, E>
where
    F: FnOnce(*mut T) -> Result<(), E>,
{
    Closure(f, PhantomData)
}

/// Calls `make`, then the initialiser that it has made.
pub fn pin_init_scope<T, E, I: PinInit<T, E>>(
    make: impl FnOnce() -> Result<I, E>,
) -> impl PinInit<T, E> {
    // SAFETY: by the requirement of `I`.
    unsafe { from_closure(|place| make()?.init(place)) }
}

/// Initialisers of wrapped values.
pub trait Wrapper<T> {
    /// Initialises what is inside.
    fn pin_init<E>(init: impl PinInit<T, E>) -> impl PinInit<Self, E>
    where
        Self: Sized;
}

impl<T> Wrapper<T> for MaybeUninit<T> {
    fn pin_init<E>(init: impl PinInit<T, E>) -> impl PinInit<Self, E> {
        // SAFETY: any memory is initialised for `MaybeUninit`.
        unsafe { from_closure(|place: *mut Self| init.init(place.cast())) }
    }
}

/// Drops a field unless it is forgotten.
pub struct Field<T>(*mut T);

impl<T> Field<T> {
    /// # Safety
    ///
    /// `field` is valid. If the initialiser succeeds the result is written there.
    pub unsafe fn new<E>(field: *mut T, init: impl PinInit<T, E>) -> Result<Self, E> {
        // SAFETY: by the safety requirement.
        unsafe { init.init(field) }?;
        Ok(Self(field))
    }
}

impl<T> Drop for Field<T> {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`, and the struct was not completed.
        unsafe { self.0.drop_in_place() };
    }
}

/// Initialises a struct in its place, field by field.
#[macro_export]
macro_rules! try_pin_init {
    ($(&$this:ident in)? $type:ident { $($fields:tt)* } $(? $error:ty)?) => {{
        let init = move |place: *mut $type| {
            $(let $this = ::core::ptr::NonNull::new(place).unwrap();)?
            $crate::try_pin_init!(@write place $($fields)*);
            ::core::result::Result::<(), $crate::try_pin_init!(@error $($error)?)>::Ok(())
        };
        // SAFETY: the fields are initialised one after the other, and dropped if one fails. The
        // suites and the modules' build show that none is missing.
        unsafe { $crate::init::from_closure(init) }
    }};
    (@error) => { ::core::convert::Infallible };
    (@error $error:ty) => { $error };

    (@write $place:ident) => {};
    (@write $place:ident _: $block:block $(, $($rest:tt)*)?) => {
        $block;
        $crate::try_pin_init!(@write $place $($($rest)*)?);
    };
    (@write $place:ident $field:ident <- $value:expr $(, $($rest:tt)*)?) => {
        let value = $value;
        // SAFETY: the field of a valid place.
        let guard = unsafe { $crate::init::Field::new(&raw mut (*$place).$field, value) }?;
        $crate::try_pin_init!(@write $place $($($rest)*)?);
        ::core::mem::forget(guard);
    };
    (@write $place:ident $field:ident: $value:expr $(, $($rest:tt)*)?) => {
        let value = ::core::result::Result::<_, ::core::convert::Infallible>::Ok($value);
        $crate::try_pin_init!(@write $place $field <- value $(, $($rest)*)?);
    };
    (@write $place:ident $field:ident $(, $($rest:tt)*)?) => {
        $crate::try_pin_init!(@write $place $field: $field $(, $($rest)*)?);
    };
}

/// As [`try_pin_init!`], without an error.
#[macro_export]
macro_rules! pin_init {
    ($($fields:tt)*) => {
        $crate::try_pin_init!($($fields)*)
    };
}
