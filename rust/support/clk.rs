// SPDX-License-Identifier: GPL-2.0

//! Clocks whose enable and disable calls are balanced.
//!
//! [`kernel::clk::Clk`] leaves the enable count to its user; here a value owns the count.
//!
//! C header: [`include/linux/clk.h`](srctree/include/linux/clk.h)

use core::{
    marker::PhantomData,
    ptr, //
};

use kernel::{
    bindings,
    clk::Clk,
    device::{
        Bound,
        Device, //
    },
    error::to_result,
    prelude::*,
    sync::Mutex, //
};

use crate::{
    bindings::{
        as_raw,
        rust_iommu_helper_clk_bulk_disable_unprepare,
        rust_iommu_helper_clk_bulk_prepare_enable, //
    },
    lock_class::new_lock, //
};

mod private {
    use kernel::error::Result;

    /// Only this file can construct one.
    ///
    /// A driver cannot name [`Toggle`], but it could call the methods on a type parameter whose
    /// bound is [`ClkSource`](super::ClkSource), and unbalance the count. The token prevents that.
    pub struct Token(pub(super) ());

    pub trait Toggle {
        fn prepare_enable(&self, token: Token) -> Result;
        fn disable_unprepare(&self, token: Token);
    }
}

use private::{
    Toggle,
    Token, //
};

/// A source that can be switched on: a [`Clock`], or all [`Clocks`] of a device at once.
pub trait ClkSource: Toggle + Send + Sync {}

/// A clock of a device, not enabled by this user.
///
/// All methods may sleep. The clock framework keeps a pointer to the name of the device, so this
/// must not be kept for longer than the device is bound.
pub struct Clock<'a>(Clk, PhantomData<&'a Device<Bound>>);

impl<'a> Clock<'a> {
    /// Looks up the clock that `dev` calls `name`, or its only one if `name` is [`None`].
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none, `EPROBE_DEFER` if it has not been registered yet, and others from
    /// the clock framework.
    ///
    /// Corresponds to `clk_get()`.
    pub fn get(dev: &'a Device<Bound>, name: Option<&CStr>) -> Result<Self> {
        Ok(Self(Clk::get(dev, name)?, PhantomData))
    }
}

impl Toggle for Clock<'_> {
    fn prepare_enable(&self, _token: Token) -> Result {
        self.0.prepare_enable()
    }

    fn disable_unprepare(&self, _token: Token) {
        self.0.disable_unprepare();
    }
}

impl ClkSource for Clock<'_> {}

/// All clocks that the devicetree lists for a device. There may be none.
///
/// # Invariants
///
/// `clks` is the result of a successful `clk_bulk_get_all()` with `count` entries. Their names lie
/// in the devicetree node of a device that is bound for `'a`.
pub struct Clocks<'a> {
    count: i32,
    clks: *mut bindings::clk_bulk_data,
    _dev: PhantomData<&'a Device<Bound>>,
}

// SAFETY: The clock framework does its own locking, and any task may call it.
unsafe impl Send for Clocks<'_> {}

// SAFETY: As above; no method that takes `&self` writes to the array.
unsafe impl Sync for Clocks<'_> {}

impl<'a> Clocks<'a> {
    /// Looks up all clocks of `dev`.
    ///
    /// # Errors
    ///
    /// `EPROBE_DEFER` if one has not been registered yet, and others from the clock framework.
    ///
    /// Corresponds to `clk_bulk_get_all()`.
    pub fn get_all(dev: &'a Device<Bound>) -> Result<Self> {
        let mut clks = ptr::null_mut();

        // SAFETY: `dev` is valid by its type invariants, and `clks` may be written.
        let count = unsafe { bindings::clk_bulk_get_all(as_raw(dev), &mut clks) };

        to_result(count)?;
        // INVARIANT: The call was successful.
        Ok(Self {
            count,
            clks,
            _dev: PhantomData,
        })
    }
}

impl Toggle for Clocks<'_> {
    fn prepare_enable(&self, _token: Token) -> Result {
        // SAFETY: By the type invariants `clks` has `count` entries, each with a valid clock.
        to_result(unsafe { rust_iommu_helper_clk_bulk_prepare_enable(self.count, self.clks) })
    }

    fn disable_unprepare(&self, _token: Token) {
        // SAFETY: By the type invariants `clks` has `count` entries, each with a valid clock. Only
        // `ClkSwitch` gets here, after it has switched the clocks on.
        unsafe { rust_iommu_helper_clk_bulk_disable_unprepare(self.count, self.clks) };
    }
}

impl ClkSource for Clocks<'_> {}

impl Drop for Clocks<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants this is the result of `clk_bulk_get_all()`. It is not used
        // after this.
        unsafe { bindings::clk_bulk_put_all(self.count, self.clks) };
    }
}

/// A clock that is switched from callbacks, where no value can be kept from one to the next.
///
/// It is either on or off. Switching it on when it is on does nothing, and so does switching it off
/// when it is off, so the count of the clock framework stays balanced in any order of calls.
/// Dropping it switches it off. All methods may sleep.
///
/// # Invariants
///
/// `on` is true if, and only if, this owns one count of `source` being prepared and enabled.
#[pin_data(PinnedDrop)]
pub struct ClkSwitch<C: ClkSource> {
    source: C,
    #[pin]
    on: Mutex<bool>,
}

impl<C: ClkSource> ClkSwitch<C> {
    /// Makes a switch that is off.
    pub fn new(source: C) -> impl PinInit<Self> {
        // INVARIANT: `source` has not been enabled on behalf of the switch.
        pin_init!(Self {
            source,
            on <- new_lock!(Mutex, false, c"iommu_clk_switch"),
        })
    }

    /// Switches on. The clock runs when this returns successfully.
    pub fn enable(&self) -> Result {
        let mut on = self.on.lock();

        if !*on {
            self.source.prepare_enable(Token(()))?;
            // INVARIANT: Counted by the call above.
            *on = true;
        }
        Ok(())
    }

    /// Switches off. Other users may keep the clock running.
    pub fn disable(&self) {
        let mut on = self.on.lock();

        if *on {
            self.source.disable_unprepare(Token(()));
            // INVARIANT: The call above released the count.
            *on = false;
        }
    }

    /// Releases ownership of the clock without changing it: if the switch is on, the clock stays on
    /// for good.
    ///
    /// For hardware that must not lose its clock although no driver controls it any more.
    pub fn leave_on(&self) {
        // INVARIANT: The count, if there is one, has no owner from here on.
        *self.on.lock() = false;
    }
}

#[pinned_drop]
impl<C: ClkSource> PinnedDrop for ClkSwitch<C> {
    fn drop(self: Pin<&mut Self>) {
        self.disable();
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_clk)]
mod tests {
    use super::*;

    use kernel::{
        faux,
        sync::{
            atomic::{
                Atomic,
                Relaxed, //
            },
            Arc, //
        },
    };

    /// Counts as the clock framework does.
    struct Fake {
        count: Arc<Atomic<i32>>,
        fail: bool,
    }

    impl Toggle for Fake {
        fn prepare_enable(&self, _token: Token) -> Result {
            if self.fail {
                return Err(EIO);
            }
            self.count.fetch_add(1, Relaxed);
            Ok(())
        }

        fn disable_unprepare(&self, _token: Token) {
            self.count.fetch_sub(1, Relaxed);
        }
    }

    impl ClkSource for Fake {}

    #[test]
    fn switch_cannot_be_unbalanced() -> Result {
        let count = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let fake = |fail| Fake {
            count: count.clone(),
            fail,
        };

        let switch = KBox::pin_init(ClkSwitch::new(fake(false)), GFP_KERNEL)?;
        switch.disable();
        assert_eq!(count.load(Relaxed), 0);
        switch.enable()?;
        switch.enable()?;
        assert!(*switch.on.lock());
        assert_eq!(count.load(Relaxed), 1);
        switch.disable();
        switch.disable();
        assert_eq!(count.load(Relaxed), 0);
        switch.enable()?;
        drop(switch);
        assert_eq!(count.load(Relaxed), 0);

        let switch = KBox::pin_init(ClkSwitch::new(fake(true)), GFP_KERNEL)?;
        assert!(switch.enable() == Err(EIO));
        assert!(!*switch.on.lock());
        drop(switch);
        assert_eq!(count.load(Relaxed), 0);
        Ok(())
    }

    #[test]
    fn device_without_clocks() -> Result {
        let faux = faux::Registration::new(c"iommu-test-clk", None)?;
        let dev = faux.as_ref().as_ref();

        assert!(Clock::get(dev, None).err() == Some(ENOENT));

        let all = Clocks::get_all(dev)?;
        assert_eq!(all.count, 0);
        KBox::pin_init(ClkSwitch::new(all), GFP_KERNEL)?.enable()?;
        Ok(())
    }
}
