// SPDX-License-Identifier: GPL-2.0

//! A gate that users can enter until it is closed. Closing waits for all users that are inside.
//!
//! Each fault enters two gates, in an interrupt. So the count is an atomic of `core`, as in
//! `table::entries`: it is private to this file and needs only acquire and release, and the
//! kernel's own atomics would be two function calls.

use core::{
    ops::Deref,
    sync::atomic::{
        AtomicUsize,
        Ordering::{
            AcqRel,
            Acquire,
            Relaxed, //
        },
    },
};

use kernel::{
    prelude::*,
    sync::Completion, //
};

/// Keeps an object that can be removed in place while it is used.
///
/// A user calls [`Gate::enter`] and holds the guard while it uses what the gate protects, typically
/// the registers of a device. Before the owner removes it, the owner calls [`Gate::close`]: from
/// then on no user can enter, and when the call returns all users have left.
///
/// Unlike that of [`Revocable`], a guard is no RCU read-side critical section: its holder may sleep
/// if its context allows. Entering costs one compare-and-exchange, if no other user enters or
/// leaves at the same time, and leaving one decrement, in any context including hard interrupts. A
/// gate that was closed stays closed.
///
/// # Memory that is freed after closing
///
/// The reference behind a guard may have no better lifetime than "while the guard is held". This is
/// enough: after [`Gate::close`] has returned, no guard that existed reads or writes the gate any
/// more. A guard that leaves before the gate is closed does not access the memory after its
/// decrement. The guard that leaves last after the gate is closed wakes the closer, under the lock
/// inside the [`Completion`]. The closer takes the same lock before it continues, thus after the
/// last access. Only [`Gate::enter`] itself needs a reference that is valid without a guard.
///
/// # Invariants
///
/// - The bits of `state` below `Gate::CLOSED` count the guards. A call that fails to enter is never
///   counted, or two users might conclude that they leave last.
/// - `Gate::CLOSED` is never cleared in `state`. Once it is set no new guard is made.
/// - `empty` is completed only when `Gate::CLOSED` is set and no guard exists.
///
/// [`Revocable`]: kernel::revocable::Revocable
///
/// # Examples
///
/// ```ignore
/// fn handle_irq(gate: &Gate) -> IrqReturn {
///     let Some(_guard) = gate.enter() else {
///         return IrqReturn::None;
///     };
///     // The registers stay mapped and clocked until `_guard` is dropped.
///     IrqReturn::Handled
/// }
/// ```
#[pin_data]
pub(crate) struct Gate {
    state: AtomicUsize,
    #[pin]
    empty: Completion,
}

impl Gate {
    /// Set in `state` when no user may enter any more.
    const CLOSED: usize = 1 << (usize::BITS - 1);

    /// No user can enter from this count on, so that guards which are forgotten instead of dropped
    /// never carry the count over into [`Self::CLOSED`].
    const LIMIT: usize = 1 << (usize::BITS - 2);

    /// Makes an open gate.
    pub(crate) fn new() -> impl PinInit<Self> {
        // INVARIANT: There are no guards, and the gate is open.
        pin_init!(Self {
            state: AtomicUsize::new(0),
            empty <- Completion::new(),
        })
    }

    /// Enters, unless the gate is closed.
    ///
    /// Does not wait, and may be called in any context.
    pub(crate) fn enter(&self) -> Option<GateGuard<'_>> {
        let mut state = self.state.load(Relaxed);

        while state < Self::LIMIT {
            match self
                .state
                .compare_exchange(state, state + 1, Acquire, Relaxed)
            {
                // INVARIANT: Counted just now, while the gate was open.
                Ok(_) => return Some(GateGuard { gate: self }),
                Err(changed) => state = changed,
            }
        }
        None
    }

    /// Enters without a guard. The caller must call [`Gate::release`] later.
    pub(crate) fn try_hold(&self) -> bool {
        self.enter().map(core::mem::forget).is_some()
    }

    /// Leaves.
    ///
    /// # Safety
    ///
    /// [`Gate::try_hold`] has succeeded, and this is called once for it.
    pub(crate) unsafe fn release(&self) {
        self.leave();
    }

    /// Whether [`Gate::close`] was called. The answer "open" may be out of date at once.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Relaxed) & Self::CLOSED != 0
    }

    /// Closes the gate and sleeps until all guards are dropped.
    ///
    /// All accesses by holders of guards happen before this returns. May be called more than once,
    /// and by several callers at a time: every call returns only when all guards are dropped. A
    /// caller that itself holds a guard, or a lock that a holder waits for, sleeps forever. If a
    /// guard was forgotten, every caller sleeps forever.
    pub(crate) fn close(&self) {
        // INVARIANT: Sets `CLOSED`, keeps the count.
        if self.state.fetch_or(Self::CLOSED, AcqRel) == 0 {
            // INVARIANT: There was no guard when the gate was closed.
            self.empty.complete_all();
        }
        self.empty.wait_for_completion();
    }

    fn leave(&self) {
        // `AcqRel`: accesses of other holders before they left happen before the wake-up.
        if self.state.fetch_sub(1, AcqRel) == Self::CLOSED | 1 {
            // INVARIANT: The gate is closed and this was the last to leave.
            self.empty.complete_all();
        }
        // If this was not the last to leave, `self` may be freed by now.
    }
}

/// Proof that a [`Gate`] was open when it was entered. Closing the gate waits for it.
///
/// # Invariants
///
/// Counted once in the state of `gate`.
#[must_use = "the gate is left when the guard is dropped"]
pub(crate) struct GateGuard<'a> {
    gate: &'a Gate,
}

impl Deref for GateGuard<'_> {
    type Target = Gate;

    #[inline]
    fn deref(&self) -> &Gate {
        self.gate
    }
}

impl Drop for GateGuard<'_> {
    fn drop(&mut self) {
        // By the type invariants this guard is counted.
        self.gate.leave();
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_gate)]
mod tests {
    use super::*;

    use kernel::{
        sync::{
            atomic::{
                Acquire,
                Atomic,
                Full,
                Relaxed, //
            },
            Arc, //
        },
        time::{
            delay::fsleep,
            Delta, //
        },
        workqueue, //
    };

    #[pin_data]
    struct Shared {
        #[pin]
        gate: Gate,
        inside: Atomic<usize>,
        entered: Atomic<usize>,
        done: Atomic<usize>,
    }

    impl Shared {
        fn new() -> Result<Arc<Self>> {
            Arc::pin_init(
                pin_init!(Self {
                    gate <- Gate::new(),
                    inside: Atomic::new(0),
                    entered: Atomic::new(0),
                    done: Atomic::new(0),
                }),
                GFP_KERNEL,
            )
        }

        /// Waits up to five seconds for `value` to become `want`.
        fn reaches(value: &Atomic<usize>, want: usize) -> bool {
            for _ in 0..500 {
                if value.load(Acquire) >= want {
                    return true;
                }
                fsleep(Delta::from_millis(10));
            }
            false
        }
    }

    #[test]
    fn enters_until_closed() -> Result {
        let gate = KBox::pin_init(Gate::new(), GFP_KERNEL)?;

        let first = gate.enter().ok_or(EINVAL)?;
        let second = gate.enter().ok_or(EINVAL)?;
        assert!(!first.is_closed());
        drop(second);
        drop(first);

        gate.close();
        assert!(gate.is_closed());
        assert!(gate.enter().is_none());
        // Closing again returns at once.
        gate.close();
        assert!(gate.enter().is_none());
        Ok(())
    }

    #[test]
    fn close_waits_for_the_last() -> Result {
        let shared = Shared::new()?;
        let guards = (shared.gate.enter(), shared.gate.enter());

        // Two closers at a time, to see that neither returns early.
        for _ in 0..2 {
            let shared = shared.clone();

            workqueue::system_long().try_spawn(GFP_KERNEL, move || {
                shared.gate.close();
                shared.done.fetch_add(1, Full);
            })?;
        }

        while !shared.gate.is_closed() {
            fsleep(Delta::from_millis(1));
        }
        assert!(shared.gate.enter().is_none());
        drop(guards.0);
        fsleep(Delta::from_millis(20));
        assert_eq!(shared.done.load(Acquire), 0);

        drop(guards.1);
        assert!(Shared::reaches(&shared.done, 2));
        Ok(())
    }

    #[test]
    fn nobody_inside_after_close() -> Result {
        const WORKERS: usize = 4;
        let shared = Shared::new()?;

        for _ in 0..WORKERS {
            let shared = shared.clone();

            workqueue::system_long().try_spawn(GFP_KERNEL, move || {
                while let Some(_guard) = shared.gate.enter() {
                    shared.inside.fetch_add(1, Relaxed);
                    if shared.entered.fetch_add(1, Relaxed) % 16 == 0 {
                        // Lets the others have the CPU, with the guard held.
                        fsleep(Delta::from_micros(200));
                    }
                    shared.inside.fetch_sub(1, Relaxed);
                }
                shared.done.fetch_add(1, Full);
            })?;
        }

        assert!(Shared::reaches(&shared.entered, 1000));
        shared.gate.close();
        assert_eq!(shared.inside.load(Relaxed), 0);
        assert!(Shared::reaches(&shared.done, WORKERS));
        Ok(())
    }
}
