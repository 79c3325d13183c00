// SPDX-License-Identifier: GPL-2.0

//! Gaps of the core and of the driver core. Each file works around one of them, and says which
//! patch of the kernel makes it superfluous. The patches are the first of the series
//! `patches/core/`; none of them is in the kernels that users run. The story `core-gap` shows for
//! each that the gap is there without the patch and not with it: `make core`.
//!
//! # A cost without a workaround
//!
//! `EngineGuard` is the kernel's `SpinLockIrq`. On arm64 its lock and unlock take 38 and 28
//! instructions, `spin_lock_irqsave()` and `spin_unlock_irqrestore()` take 34 together. The
//! difference is the count of how often interrupts were turned off, and the flags of each CPU.
//!
//! `spin_lock_irqsave()` is no replacement in Rust. Its flags would be in the guard, and guards can
//! be dropped in any order: to drop that of the outer lock first would turn interrupts on under the
//! inner one. A patch can only make the count cheaper. `__raw_spin_lock_irq_disable()` counts in
//! `local_interrupt_disable()` and again in `preempt_disable()`. The first count is a part of
//! `preempt_count()`, so it keeps preemption off, too. Without the second, and with
//! `preempt_check_resched()` in place of `preempt_enable()`, the two take 6 instructions less. The
//! check for an NMI in each `local_interrupt_disable()` takes another 4.

pub(crate) mod links;
pub(crate) mod replay;
pub(crate) mod unregister;
