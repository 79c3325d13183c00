// SPDX-License-Identifier: GPL-2.0

//! The traits for the hardware itself: [`Hardware`] for its resources, power and interrupts,
//! [`DebugOps`] for its debugfs files.
//!
//! C header: [`include/linux/platform_device.h`](srctree/include/linux/platform_device.h)

use kernel::{
    device::Core,
    fmt,
    irq::{
        Flags,
        IrqReturn, //
    },
    of, platform,
    prelude::*,
    types::{
        CovariantForLt,
        ForLt, //
    },
};

use crate::{
    access::{
        EngineGuard,
        Instances,
        Live, //
    },
    atomic_safe::AtomicSafe,
    fault::Faults,
    gfp::Gfp, //
};

/// [`Hardware::Resources`] of driver `T`, while its device is bound for `'a`.
pub type Resources<'a, T> = <<T as Hardware>::Resources as ForLt>::Of<'a>;

/// The devices that an IOMMU can be a part of, see [`Hardware::PARENTS`].
pub struct Parents<T: 'static> {
    /// Their compatibles.
    pub compatibles: of::IdTable<T>,
    /// The driver in the kernel that makes them IOMMUs itself, as the log is to name it.
    pub rival: &'static CStr,
}

/// The hardware of an IOMMU driver: one instance is one platform device.
///
/// The type is a tag. The driver's data for an instance is in [`Hardware::Resources`] and
/// [`Hardware::Engine`]; each callback gets access to those of the instance it concerns.
///
/// Corresponds to `struct platform_driver`.
pub trait Hardware: Sized + Send + Sync + 'static {
    /// The driver's data for each compatible.
    type IdInfo: Sync + 'static;

    /// Data for callbacks that may sleep: clocks, resets, and everything else that needs the bound
    /// device.
    ///
    /// The crate drops it when the device is unbound, after every callback that uses it has
    /// returned and none can start any more.
    ///
    /// Written `CovariantForLt!(Resources<'_>)`: because it is covariant, a callback can use it for
    /// less than the whole time the device is bound.
    type Resources: CovariantForLt;

    /// Data for callbacks in atomic context: the registers, and the record of their contents.
    ///
    /// It is under the lock of the instance: [`EngineGuard`] gives exclusive access.
    type Engine: AtomicSafe + Send + 'static;

    /// Name of the platform driver and of its interrupts.
    const NAME: &'static CStr;

    /// The compatibles this driver binds to.
    const OF_ID_TABLE: of::IdTable<Self::IdInfo>;

    /// The devices of other drivers that the IOMMU can be a part of.
    ///
    /// While such a device is bound, it has a child that this driver binds to:
    /// [`part::parent_of`](crate::part::parent_of) returns the device. The two have the same node,
    /// so masters name that. There is no child if the node has no `#iommu-cells`, if the device has
    /// been made an IOMMU by the driver [`Parents::rival`], or if the devicetree has a node for
    /// [`Hardware::OF_ID_TABLE`].
    const PARENTS: Option<Parents<Self::IdInfo>> = None;

    /// How interrupts are requested.
    const IRQ_FLAGS: Flags = Flags::TRIGGER_NONE;

    /// Returns the number of interrupts that [`Hardware::interrupt`] handles.
    fn interrupts(_info: &Self::IdInfo) -> u32 {
        0
    }

    /// Acquires the resources of one instance.
    ///
    /// Does not touch the hardware: if a resource is missing, nothing has to be undone.
    #[allow(clippy::type_complexity)]
    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        info: &'bound Self::IdInfo,
    ) -> Result<(
        impl PinInit<Resources<'bound, Self>, Error> + 'bound,
        Self::Engine,
    )>;

    /// Reads the state of the hardware, and puts it into a state in which it can wait for masters.
    ///
    /// Power management works, and interrupts are not requested yet. Faults that were latched
    /// before are acknowledged here, because [`Hardware::interrupt`] must not find any that it
    /// cannot handle. On error, [`Hardware::remove`] is called next.
    fn start(_iommu: Live<'_, Self>) -> Result {
        Ok(())
    }

    /// Puts the instance into a state in which it may be left for good.
    ///
    /// All masters have been released, and no callback of a master or a domain reaches the
    /// hardware. [`Hardware::interrupt`], [`Hardware::runtime_suspend`] and
    /// [`Hardware::runtime_resume`] may still be called. The interrupts are freed after this, so no
    /// fault that raises one may be left.
    fn remove(iommu: Live<'_, Self>);

    /// Called when the machine shuts down or starts another kernel. Masters may still be running.
    fn shutdown(iommu: Live<'_, Self>);

    /// Handles the interrupt with this index: reads all causes, acknowledges them, hands them to
    /// `faults`.
    ///
    /// Called in hard interrupt context. The guard is dropped before `faults` is called.
    fn interrupt(_engine: EngineGuard<'_, Self>, _index: u32, _faults: &Faults<'_>) -> IrqReturn {
        IrqReturn::None
    }

    /// Runtime PM: called before the instance loses its clock.
    ///
    /// An error leaves the instance powered. Errors but `EBUSY` and `EAGAIN` are final: no later
    /// call of [`pm::get`] succeeds.
    ///
    /// [`pm::get`]: crate::pm::get
    fn runtime_suspend(_iommu: Live<'_, Self>) -> Result {
        Ok(())
    }

    /// Runtime PM: called when the instance is needed again.
    fn runtime_resume(_iommu: Live<'_, Self>) -> Result {
        Ok(())
    }

    /// System sleep begins. Masters are suspended already.
    fn suspend(_iommu: Live<'_, Self>) -> Result {
        Ok(())
    }

    /// System sleep ends. Registers may have been lost; masters are still suspended.
    fn resume(_iommu: Live<'_, Self>) -> Result {
        Ok(())
    }
}

/// The contents of an instance's debugfs files. `()` has none.
pub trait DebugOps<T: Hardware> {
    /// Prints the registers, one per line.
    fn show_registers(_engine: &mut T::Engine, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }

    /// Tests translation with the hardware's own means, without a master, and prints the result to
    /// `f`. `iommus` has one instance.
    ///
    /// `gfp` is for the pages this maps. Called in process context.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` if the hardware has no such means, `EBUSY` while masters are attached.
    fn selftest(_iommus: &Instances<'_, T>, _gfp: Gfp, _f: &mut fmt::Formatter<'_>) -> Result {
        Err(EOPNOTSUPP)
    }
}

impl<T: Hardware> DebugOps<T> for () {}
