// SPDX-License-Identifier: GPL-2.0

//! One instance: its power, and the domain it translates with.
//!
//! All masters of an instance share one directory, so they are one group. Attaching the first of
//! them to another paging domain switches the directory for all translated masters. [`Ports`]
//! records the domain of each port.
//!
//! # Never fail open
//!
//! Without clock, in reset, or with ENABLE clear, this hardware lets every access pass
//! untranslated. So the driver keeps the clock running while any port is to be translated or
//! denied, independent of the masters' own power management; [`Engine::power_off`] refuses
//! otherwise.

use iommu::{
    clk::{
        ClkSwitch,
        Clock, //
    },
    pm::{
        self,
        AwakeHold, //
    },
    prelude::*,
    reset::{
        Reset,
        ResetSwitch, //
    },
    supplier::missing, //
};
use kernel::{
    dma::Coherent,
    new_mutex,
    prelude::*,
    sync::Mutex, //
};

use crate::{
    engine::Engine,
    masters,
    ports::Ports,
    variant::Variant,
    Sun50iIommu,
    OF_TABLE, //
};

/// Bytes of a directory.
const DIR_SIZE: usize = 0x4000;

/// The references that the current state needs.
#[derive(Default)]
pub(crate) struct Slot {
    pub(crate) ports: Ports,
    /// The paging domain of the ports that are translated.
    pub(crate) tables: Option<DomainRef<Sun50iIommu>>,
    /// The domain before, if the hardware has not invalidated its caches since and may still walk
    /// its tables. There is at most one: the hardware gets the tables of another domain only after
    /// it has invalidated its caches.
    lingering: Option<DomainRef<Sun50iIommu>>,
    /// Keeps the clock running.
    pub(crate) power: Option<AwakeHold>,
    /// The table base of hardware that was enabled before probe. Cleared when a master is attached.
    pub(crate) found: Option<u32>,
}

/// The data of an instance, besides its registers.
///
/// Fields are dropped in this order.
#[pin_data]
pub(crate) struct Resources<'bound> {
    #[pin]
    pub(crate) slot: Mutex<Slot>,
    /// A directory without entries, used while everything is denied.
    empty: Coherent<[u8; DIR_SIZE]>,
    #[pin]
    clock: ClkSwitch<Clock<'bound>>,
    #[pin]
    reset: ResetSwitch,
    pub(crate) variant: &'static Variant,
}

impl Resources<'_> {
    pub(crate) fn empty_directory(&self) -> u32 {
        self.empty.dma_address() as u32
    }
}

impl Hardware for Sun50iIommu {
    type IdInfo = &'static Variant;
    type Resources = CovariantForLt!(Resources<'_>);
    type Engine = Engine;

    const NAME: &'static CStr = c"rust-sun50i-iommu";
    const OF_ID_TABLE: of::IdTable<Self::IdInfo> = &OF_TABLE;

    fn interrupts(_variant: &Self::IdInfo) -> u32 {
        1
    }

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        variant: &'bound Self::IdInfo,
    ) -> Result<(
        impl PinInit<Resources<'bound>, Error> + 'bound,
        Self::Engine,
    )> {
        let pdev: &'bound platform::Device<Bound> = pdev;
        let dev: &'bound Device<Bound> = pdev.as_ref();
        let registers = Registers::claim(pdev, 0)?;
        let clock = Clock::get(dev, None).map_err(|e| missing(dev, "clock", e))?;
        let reset = Reset::get(dev, None).map_err(|e| missing(dev, "reset line", e))?;
        // Directory addresses have 32 bits, as has the default DMA mask of a platform device.
        let empty = Coherent::zeroed(dev, GFP_KERNEL)?;

        let resources = try_pin_init!(Resources {
            slot <- new_mutex!(Slot::default(), "sun50i_slot"),
            empty,
            clock <- ClkSwitch::new(clock),
            reset <- ResetSwitch::new(reset),
            variant,
        }? Error);
        Ok((resources, Engine::new(registers, variant)))
    }

    /// Checks the state of the hardware before any master is attached.
    ///
    /// Hardware that a boot loader or another kernel left enabled denies everything from now on,
    /// and stays powered: without power it would let accesses pass that it translated before.
    ///
    /// # Errors
    ///
    /// Errors of the clock or reset, `EIO` if the registers do not hold the values that are
    /// written.
    fn start(iommu: Live<'_, Self>) -> Result {
        let power = pm::get(iommu.dev())?;
        let found = iommu.lock().take_found();
        let Some(found) = found else {
            if !iommu.lock().holds(iommu.empty_directory()) {
                dev_err!(
                    iommu.dev(),
                    "registers do not hold what is written: wrong clocks, resets or reg\n"
                );
                return Err(EIO);
            }
            return Ok(());
        };
        dev_info!(
            iommu.dev(),
            "found translating, denying all masters until they are attached\n"
        );
        let mut slot = iommu.slot.lock();
        slot.power = Some(power);
        slot.found = Some(found);
        masters::apply(iommu, &mut slot, Ports::blocked(iommu.variant));
        Ok(())
    }

    /// Puts the hardware into the state that it has without a driver. No master is attached.
    ///
    /// Hardware that was enabled before probe, and whose masters were never attached, keeps
    /// denying, with its clock on: otherwise its masters would run untranslated.
    fn remove(iommu: Live<'_, Self>) {
        let mut slot = iommu.slot.lock();

        let shut = iommu.lock().is_shut();
        if let Some(found) = slot.found.filter(|_| !shut) {
            dev_warn!(iommu.dev(), "still denying what it was found translating\n");
            iommu.lock().leave_denying(found);
        }
        if shut || slot.found.is_some() {
            // Without its clock, the hardware could not deny until the next kernel runs.
            iommu.clock.leave_on();
            iommu.reset.leave();
            slot.power = None;
            return;
        }
        iommu.lock().pass();
        slot.ports = Ports::default();
        // With ENABLE clear the hardware walks no table.
        slot.change_tables(None, true);
        if let Some(power) = slot.power.take() {
            power.put_sync();
        }
    }

    /// The machine shuts down, or starts another kernel.
    fn shutdown(iommu: Live<'_, Self>) {
        iommu.lock().shut();
    }

    fn runtime_resume(iommu: Live<'_, Self>) -> Result {
        // Hardware that translates for a boot loader would let its masters pass in reset.
        let found = !iommu.lock().is_started() && !matches!(iommu.reset.is_asserted(), Ok(true));

        iommu.reset.deassert()?;
        if let Err(e) = iommu.clock.enable() {
            if found {
                iommu.reset.leave();
            } else {
                let _ = iommu.reset.assert();
            }
            return Err(e);
        }
        iommu.lock().power_on();
        Ok(())
    }

    fn runtime_suspend(iommu: Live<'_, Self>) -> Result {
        iommu.lock().power_off()?;
        iommu.clock.disable();
        // Runtime PM would take an error for final. The clock is off in any case.
        let _ = iommu.reset.assert();
        Ok(())
    }

    /// Writes all registers again, which may have been lost with the power domain. During system
    /// sleep the hardware keeps translating, and keeps its clock.
    fn resume(iommu: Live<'_, Self>) -> Result {
        let slot = iommu.slot.lock();
        let directory = match &slot.tables {
            Some(tables) => Some(tables.directory()),
            None => slot.ports.need_hardware().then(|| iommu.empty_directory()),
        };

        iommu.lock().restore(directory)
    }

    fn interrupt(mut engine: EngineGuard<'_, Self>, _index: u32, faults: &Faults<'_>) -> IrqReturn {
        let Some(latched) = engine.latch() else {
            return IrqReturn::None;
        };
        drop(engine);
        latched.report(faults);
        IrqReturn::Handled
    }
}

impl Slot {
    /// Records that the hardware translates with `new` from now on. `dropped` says whether it has
    /// invalidated its caches, too; it has if there is a `new` domain.
    pub(crate) fn change_tables(&mut self, new: Option<DomainRef<Sun50iIommu>>, dropped: bool) {
        let old = core::mem::replace(&mut self.tables, new);

        if dropped {
            self.lingering = None;
        } else if old.is_some() {
            self.lingering = old;
        }
    }
}
