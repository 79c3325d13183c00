// SPDX-License-Identifier: GPL-2.0

//! One instance: its resources, system sleep, and the tables that it uses.
//!
//! The registers are a part of the memory controller's, whose driver has claimed them and has the
//! interrupt. That driver prints faults.
//!
//! # Never fail open
//!
//! A swgroup that is not enabled passes untranslated. So [`Swgroups`] records what each swgroup may
//! do, and a swgroup stays enabled while it is to be translated or denied. The blocked domain is an
//! ASID with an empty directory: the hardware has no other way to deny.

use iommu::{
    hardware::Parents,
    part,
    prelude::*,
    supplier::{
        self,
        missing, //
    },
};
use kernel::{
    dma::Coherent,
    new_mutex,
    prelude::*,
    sizes::SZ_4K,
    sync::Mutex, //
};

use crate::{
    asids::Asids,
    engine::{
        Block,
        Engine, //
    },
    soc::{
        Soc,
        MAX_SWGROUPS, //
    },
    swgroups::{
        State,
        Swgroups, //
    },
    TegraSmmu,
    CONTROLLERS,
    OF_TABLE, //
};

/// The domains of an instance's swgroups.
pub(crate) struct Slot {
    pub(crate) swgroups: Swgroups,
    pub(crate) asids: Asids,
    /// The domain of each ASID, as long as the hardware may walk its tables.
    pub(crate) tables: KVec<Option<DomainRef<TegraSmmu>>>,
}

/// The data of an instance, besides its registers.
///
/// Fields are dropped in this order.
#[pin_data]
pub(crate) struct Resources {
    #[pin]
    pub(crate) slot: Mutex<Slot>,
    /// The directory of the blocked domain, without entries.
    pub(crate) empty: Coherent<[u8; SZ_4K]>,
    pub(crate) soc: &'static Soc,
    /// The memory controller whose registers are used, if the node has none. Its driver is unbound
    /// only after this one.
    _controller: Option<ARef<platform::Device>>,
}

impl Hardware for TegraSmmu {
    type IdInfo = &'static Soc;
    type Resources = CovariantForLt!(Resources);
    type Engine = Engine;

    const NAME: &'static CStr = c"rust-tegra-smmu";
    const OF_ID_TABLE: of::IdTable<Self::IdInfo> = &OF_TABLE;
    const PARENTS: Option<Parents<Self::IdInfo>> = Some(Parents {
        compatibles: &CONTROLLERS,
        rival: c"CONFIG_TEGRA_IOMMU_SMMU",
    });

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        soc: &'bound Self::IdInfo,
    ) -> Result<(impl PinInit<Resources, Error> + 'bound, Self::Engine)> {
        let pdev: &'bound platform::Device<Bound> = pdev;
        let soc: &'static Soc = soc;
        let (registers, controller) = registers(pdev)?;
        // Directory addresses have 32 bits, as has the default DMA mask of a platform device.
        let empty = Coherent::zeroed(pdev.as_ref(), GFP_KERNEL)?;
        let tables = KVec::from_elem(None, soc.asids.into(), GFP_KERNEL)?;

        let resources = try_pin_init!(Resources {
            slot <- new_mutex!(
                Slot {
                    swgroups: Swgroups::new(soc),
                    asids: Asids::new(soc.asids),
                    tables,
                },
                "tegra_smmu_slot"
            ),
            empty,
            soc,
            _controller: controller,
        }? Error);
        Ok((resources, Engine::new(registers, soc)))
    }

    /// Denies the swgroups that are found enabled, until their masters are attached.
    ///
    /// # Errors
    ///
    /// `EBUSY` if the kernel's own driver may have enabled them, `EINVAL` if the register window is
    /// too small, `EIO` if registers do not hold the values that are written.
    fn start(iommu: Live<'_, Self>) -> Result {
        let dev = iommu.dev();
        let mut slot = iommu.slot.lock();
        // This driver leaves swgroups denied when it is unbound.
        let denied = slot.swgroups.with(0..MAX_SWGROUPS, State::Blocked);
        let found = iommu.lock().found(&denied);
        let (found, translated) =
            found.inspect_err(|_| dev_err!(dev, "reg is too small for this SoC\n"))?;

        if translated != 0 {
            let names = Names(iommu.soc, translated);
            // That driver changes the same registers under another lock.
            if cfg!(CONFIG_TEGRA_IOMMU_SMMU) {
                dev_err!(dev, "found translating, for the kernel's own driver or firmware:{names}: left alone\n");
                return Err(EBUSY);
            }
            dev_info!(
                dev,
                "found translating:{names}: denied until their masters are attached\n"
            );
        }
        slot.swgroups = slot.swgroups.with(indices(found), State::Blocked);
        match slot.set_up(iommu) {
            Err(EPERM) => {
                dev_warn!(
                    dev,
                    "firmware keeps translation off: masters can only pass\n"
                );
                Ok(())
            }
            Err(e) => {
                dev_err!(dev, "registers do not hold what is written: wrong reg\n");
                Err(e)
            }
            Ok(()) => Ok(()),
        }
    }

    /// All masters have been released: their swgroups are denied, and stay so. The roots of all
    /// domains are taken away, too: a swgroup whose register does not take its value finds no table.
    fn remove(iommu: Live<'_, Self>) {
        let mut slot = iommu.slot.lock();

        slot.swgroups = slot.swgroups.denied();
        iommu.lock().shut(&slot.swgroups);
        slot.release(iommu);
    }

    /// The machine shuts down, or starts another kernel. Masters that still run are denied, since
    /// their tables are not maintained any more.
    fn shutdown(iommu: Live<'_, Self>) {
        Self::remove(iommu);
    }

    /// Writes all registers again, which are lost with the power of the SoC: firmware enables
    /// translation, and leaves no root and no swgroup. Masters are suspended.
    fn resume(iommu: Live<'_, Self>) -> Result {
        let restored = iommu.slot.lock().set_up(iommu);

        restored.inspect_err(|e| {
            dev_err!(iommu.dev(), "cannot be set up again: {:?}\n", *e);
        })
    }
}

/// Maps the registers: those of the node's `reg`, or else those of the memory controller that the
/// SMMU is a part of or that its node names.
///
/// # Errors
///
/// `EINVAL` if there are none, `EPROBE_DEFER` if the memory controller is not bound yet, `ENOMEM`.
fn registers(pdev: &platform::Device<Bound>) -> Result<(Block, Option<ARef<platform::Device>>)> {
    if pdev.resource_by_index(0).is_some() {
        return Ok((Registers::share(pdev, 0)?, None));
    }
    if let Some(controller) = part::parent_of(pdev.as_ref()) {
        return Ok((Registers::share(controller, 0)?, None));
    }
    let controller = supplier::find(pdev.as_ref(), c"nvidia,memory-controller", 0)
        .map_err(|e| missing(pdev.as_ref(), "reg, and no nvidia,memory-controller", e))?;

    // The line of `share()` is about the memory controller.
    let registers = Registers::share(&controller, 0).inspect_err(|e| {
        dev_err!(
            pdev.as_ref(),
            "the memory controller's registers: {:?}\n",
            *e
        );
    })?;

    Ok((registers, Some(controller)))
}

/// The indices of the bits that are set.
fn indices(bits: u64) -> impl Iterator<Item = usize> {
    (0..u64::BITS as usize).filter(move |index| bits >> index & 1 != 0)
}

/// The names of swgroups, one bit each.
struct Names(&'static Soc, u64);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        indices(self.1)
            .filter_map(|index| self.0.swgroups.get(index))
            .try_for_each(|swgroup| write!(f, " {}", swgroup.name))
    }
}
