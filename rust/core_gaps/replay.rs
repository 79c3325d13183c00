// SPDX-License-Identifier: GPL-2.0

//! The gap: `iommu_device_register()` probes all devices that exist, and any error but `ENODEV` of
//! one of them unregisters the instance for all.
//!
//! So while an instance is registered, its masters get no other error. `EPROBE_DEFER` matters: a
//! master whose driver is being probed must get it if the instance is being unbound.
//!
//! Closed by `patches/core/0003-iommu-Register-an-instance-even-if-a-device-fails.patch`, with
//! which this file can go. The patch leaves the error of a group whose default domain cannot be set
//! up: drivers must not fail the first attach.

use kernel::{
    prelude::*,
    task::Task,
    types::NotThreadSafe, //
};

/// The tasks that register an instance with the core, by address.
struct Tasks(KVec<usize>);

kernel::sync::global_lock! {
    // SAFETY: initialised by `init`, before anything else of the crate runs.
    unsafe(uninit) static REPLAY_TASKS: Mutex<Tasks> = Tasks(KVec::new());
}

/// Prepares the list of tasks.
///
/// # Safety
///
/// Called once, before any driver can be registered.
pub(crate) unsafe fn init() {
    // SAFETY: by the safety requirement.
    unsafe { REPLAY_TASKS.init() };
    // SAFETY: as above.
    unsafe { REPLAY_WALK.init() };
}

kernel::sync::global_lock! {
    // SAFETY: initialised by `init`, before anything else of the crate runs.
    unsafe(uninit) static REPLAY_WALK: Mutex<()> = ();
}

/// Excludes the replays and the removals of the crate's other instances while the result exists.
///
/// The core keeps the groups of a replay on a list that takes no reference, and frees the core's
/// data of a device without the probe lock when it releases the device.
pub(crate) fn walk() -> impl Sized {
    REPLAY_WALK.lock()
}

/// Marks the current task as one that registers an instance: the core replays masters in it.
///
/// # Invariants
///
/// The address of `task`, which made this, is in the list.
pub(crate) struct Replay {
    task: usize,
    /// The task that made this drops it.
    _not_send: NotThreadSafe,
}

fn current_task() -> usize {
    core::ptr::from_ref::<Task>(current!()).addr()
}

impl Replay {
    /// Starts a replay in the current task.
    pub(crate) fn start() -> Result<Self> {
        let task = current_task();

        REPLAY_TASKS.lock().0.push(task, GFP_KERNEL)?;
        // INVARIANT: added just now.
        Ok(Self {
            task,
            _not_send: NotThreadSafe,
        })
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let mut tasks = REPLAY_TASKS.lock();

        if let Some(at) = tasks.0.iter().position(|t| *t == self.task) {
            let _ = tasks.0.remove(at);
        }
        if tasks.0.is_empty() {
            tasks.0 = KVec::new();
        }
    }
}

/// Whether the current task registers an instance.
pub(crate) fn is_replaying() -> bool {
    REPLAY_TASKS.lock().0.contains(&current_task())
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(rust_iommu_replay)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_is_known_to_its_task() -> Result {
        assert!(!is_replaying());
        let outer = Replay::start()?;
        let inner = Replay::start()?;
        assert!(is_replaying());
        drop(inner);
        assert!(is_replaying());
        drop(outer);
        assert!(!is_replaying());
        Ok(())
    }
}
