// SPDX-License-Identifier: GPL-2.0

//! A limit on the CPU time that interrupts of faults take.
//!
//! A master that keeps faulting raises an interrupt for each access: a display that scans out
//! unmapped memory does so 100000 times a second. A CPU that handles each of them runs nothing
//! else. So the line is disabled after [`MAX_INTERRUPTS`] in a window of [`WINDOW_NS`], for the
//! length of a window.
//!
//! This disables the line, not the cause, because not all IOMMUs can mask the cause. On a shared
//! line the other handlers are called later, but lose nothing, since the line is level-triggered.

use kernel::{
    bindings,
    ffi::c_uint,
    prelude::*,
    sync::atomic::{
        Atomic,
        Full,
        Relaxed, //
    },
    types::Opaque, //
};

use crate::bindings as helpers;

/// Length of a window.
const WINDOW_NS: i64 = 10 * 1_000_000;

/// Interrupts in a window. At 10 microseconds each, on a slow CPU, they take a sixth of the window.
const MAX_INTERRUPTS: u32 = 160;

/// Counts interrupts. Only the handler of one line uses it, and the handler does not run twice at a
/// time.
struct Window {
    start: Atomic<i64>,
    count: Atomic<u32>,
}

impl Window {
    const fn new() -> Self {
        Self {
            start: Atomic::new(0),
            count: Atomic::new(0),
        }
    }

    /// Counts an interrupt at `now`, in nanoseconds. Returns whether it is the last one that the
    /// window allows.
    fn is_full(&self, now: i64) -> bool {
        if now.wrapping_sub(self.start.load(Relaxed)) >= WINDOW_NS {
            self.start.store(now, Relaxed);
            self.count.store(0, Relaxed);
        }
        let count = self.count.load(Relaxed).saturating_add(1);

        self.count.store(count, Relaxed);
        count == MAX_INTERRUPTS
    }
}

/// Disables an interrupt line for a while when there are too many interrupts.
///
/// # Invariants
///
/// `work` is initialised. It is queued only while the line is disabled by this, and enables it.
#[pin_data]
pub(crate) struct Storm {
    irq: c_uint,
    window: Window,
    stopped: Atomic<bool>,
    #[pin]
    work: Opaque<bindings::delayed_work>,
}

// SAFETY: work items may be used from any thread; the rest is plain data and atomics.
unsafe impl Send for Storm {}
// SAFETY: as above.
unsafe impl Sync for Storm {}

impl Storm {
    /// Watches line `irq`.
    ///
    /// # Safety
    ///
    /// [`Self::stop`] is called before this is dropped, and before the interrupt is freed.
    pub(crate) unsafe fn new(irq: c_uint) -> impl PinInit<Self> {
        // INVARIANT: the work is not queued.
        pin_init!(Self {
            irq,
            window: Window::new(),
            stopped: Atomic::new(false),
            work <- Opaque::ffi_init(|slot| {
                // SAFETY: `slot` is valid for writes, and is pinned.
                unsafe { helpers::rust_iommu_helper_init_delayed_work(slot, Some(Self::enable)) }
            }),
        })
    }

    /// Counts an interrupt. Called by the handler of the line, after the cause is acknowledged.
    pub(crate) fn count(&self) {
        // SAFETY: no precondition.
        if !self.window.is_full(unsafe { bindings::ktime_get() }) || self.stopped.load(Relaxed) {
            return;
        }
        // INVARIANT: the line is disabled here, and the work queued for it. The work is not queued
        // at this point: it is queued only while the line is disabled, and this is the line's
        // handler.
        //
        // SAFETY: the line is requested, since this is its handler.
        unsafe { bindings::disable_irq_nosync(self.irq) };
        // SAFETY: initialised; `stop` waits for it.
        unsafe { helpers::rust_iommu_helper_schedule_delayed_work(self.work.get(), 10) };
    }

    /// Enables the line again.
    ///
    /// # Safety
    ///
    /// Called by the workqueue only, for the work of a [`Storm`].
    unsafe extern "C" fn enable(work: *mut bindings::work_struct) {
        // SAFETY: `work` is the first field of the `delayed_work`, which is in a `Storm` that
        // exists until `stop` has returned.
        let this = unsafe { &*kernel::container_of!(Opaque::cast_from(work.cast()), Storm, work) };

        // SAFETY: the line is requested until `stop` has returned, and was disabled in `count`.
        unsafe { bindings::enable_irq(this.irq) };
    }

    /// Enables the line if it is disabled, and prevents that it is disabled again. May sleep.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Relaxed);
        kernel::sync::barrier::smp_mb(Full);
        // SAFETY: the line is requested. A handler that has not seen `stopped` has returned after
        // this.
        unsafe { bindings::synchronize_irq(self.irq) };
        // SAFETY: initialised.
        if unsafe { bindings::cancel_delayed_work_sync(self.work.get()) } {
            // SAFETY: the work was queued, so by the type invariants the line was disabled.
            unsafe { bindings::enable_irq(self.irq) };
        }
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_storm)]
mod tests {
    use super::*;

    use core::ptr;

    use kernel::{
        error::to_result,
        ffi::{
            c_int,
            c_ulong,
            c_void, //
        },
    };

    /// A line that only this test raises, and its handler.
    ///
    /// # Invariants
    ///
    /// `irq` is allocated, and requested with the address of `taken`.
    struct TestLine {
        irq: c_uint,
        taken: KBox<Atomic<u32>>,
    }

    impl TestLine {
        fn new() -> Result<Self> {
            let taken = KBox::new(Atomic::new(0), GFP_KERNEL)?;
            // SAFETY: no precondition: any free number, without an owner.
            let ret = unsafe {
                bindings::__irq_alloc_descs(
                    -1,
                    1,
                    1,
                    bindings::NUMA_NO_NODE,
                    ptr::null_mut(),
                    ptr::null(),
                )
            };
            to_result(ret)?;
            let irq = ret as c_uint;
            // SAFETY: allocated above. The chip is static, and has no hardware.
            let ret = unsafe {
                bindings::irq_set_chip_and_handler_name(
                    irq,
                    &raw const bindings::dummy_irq_chip,
                    Some(bindings::handle_simple_irq),
                    ptr::null(),
                );
                bindings::irq_modify_status(
                    irq,
                    bindings::IRQ_NOREQUEST as c_ulong,
                    bindings::IRQ_LEVEL as c_ulong,
                );
                bindings::request_threaded_irq(
                    irq,
                    Some(Self::handle),
                    None,
                    0,
                    c"storm-kunit".as_char_ptr(),
                    ptr::from_ref(&*taken).cast_mut().cast(),
                )
            };
            to_result(ret).inspect_err(|_| {
                // SAFETY: allocated above, and not requested.
                unsafe { bindings::irq_free_descs(irq, 1) }
            })?;
            // INVARIANT: as above.
            Ok(Self { irq, taken })
        }

        /// # Safety
        ///
        /// `taken` is what a line was requested with.
        unsafe extern "C" fn handle(_irq: c_int, taken: *mut c_void) -> bindings::irqreturn_t {
            // SAFETY: the address of a counter, by the type invariants of the line.
            unsafe { &*taken.cast::<Atomic<u32>>() }.add(1, Relaxed);
            bindings::irqreturn::IRQ_HANDLED
        }

        /// Raises the line once. Returns whether the handler was called.
        fn is_enabled(&self) -> bool {
            let before = self.taken.load(Relaxed);

            // SAFETY: by the type invariants it has a handler. Any context.
            unsafe { bindings::generic_handle_irq_safe(self.irq) };
            self.taken.load(Relaxed) != before
        }
    }

    impl Drop for TestLine {
        fn drop(&mut self) {
            // SAFETY: by the type invariants.
            unsafe {
                bindings::free_irq(self.irq, ptr::from_ref(&*self.taken).cast_mut().cast());
                bindings::irq_free_descs(self.irq, 1);
            }
        }
    }

    /// A line that is shared would stay disabled for the others.
    #[test]
    fn the_line_is_enabled_at_the_end() -> Result {
        let line = TestLine::new()?;
        let mut disabled = 0;

        // If this takes 10 ms, the line is enabled before the end. `synchronize_irq` waits for an
        // RCU grace period, and only an expedited one is shorter.
        for _ in 0..10 {
            // SAFETY: it is stopped below.
            let storm = KBox::pin_init(unsafe { Storm::new(line.irq) }, GFP_KERNEL)?;

            assert!(line.is_enabled());
            for _ in 0..MAX_INTERRUPTS {
                storm.count();
            }
            disabled += u32::from(!line.is_enabled());
            storm.stop();
            assert!(line.is_enabled());
            // It is not disabled any more.
            for _ in 0..2 * MAX_INTERRUPTS {
                storm.count();
            }
            assert!(line.is_enabled());
        }
        assert!(disabled > 0);
        Ok(())
    }

    #[test]
    fn a_window_takes_so_many() {
        let window = Window::new();
        let start = 7 * WINDOW_NS;

        for n in 1..MAX_INTERRUPTS {
            assert!(!window.is_full(start + i64::from(n)));
        }
        assert!(window.is_full(start + WINDOW_NS - 1));
        // Only once in a window, so that the line is disabled only once.
        assert!(!window.is_full(start + WINDOW_NS));
    }

    #[test]
    fn slow_faults_are_not_bounded() {
        let window = Window::new();
        let apart = WINDOW_NS / i64::from(MAX_INTERRUPTS - 1);

        for n in 1..10 * i64::from(MAX_INTERRUPTS) {
            assert!(!window.is_full(n * (apart + 1) + WINDOW_NS));
        }
    }
}
