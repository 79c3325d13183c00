// SPDX-License-Identifier: GPL-2.0

//! One instance: its resources, its power and its interrupt.

use iommu::{
    clk::{
        ClkSwitch,
        Clocks, //
    },
    pgtable::Config,
    pm,
    prelude::*,
    supplier::missing, //
};
use kernel::{
    irq::Flags,
    new_mutex,
    prelude::*,
    sizes::{
        SZ_16K,
        SZ_1K,
        SZ_4K, //
    },
    sync::Mutex, //
};

use crate::{
    engine::{
        Engine,
        Entry, //
    },
    slots::{
        Slot,
        Slots, //
    },
    variant::{
        Params,
        Variant,
        MAX_STREAMS, //
    },
    window::Window,
    AppleDart,
    OF_TABLE, //
};

/// The data of an instance, besides its registers.
///
/// Fields are dropped in this order.
#[pin_data]
pub(crate) struct Resources<'bound> {
    #[pin]
    pub(crate) slots: Mutex<Slots>,
    #[pin]
    clocks: ClkSwitch<Clocks<'bound>>,
    pub(crate) variant: &'static Variant,
}

impl Hardware for AppleDart {
    type IdInfo = &'static Variant;
    type Resources = CovariantForLt!(Resources<'_>);
    type Engine = Engine;

    const NAME: &'static CStr = c"rust-apple-dart";
    const OF_ID_TABLE: of::IdTable<Self::IdInfo> = &OF_TABLE;
    /// The instances of one device may share an interrupt line.
    const IRQ_FLAGS: Flags = Flags::SHARED;

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
        let clocks = Clocks::get_all(dev).map_err(|e| missing(dev, "clocks", e))?;
        let entries: KVec<Entry> = KVec::with_capacity(MAX_STREAMS, GFP_KERNEL)?;
        let streams = KVec::from_elem(Slot::default(), MAX_STREAMS, GFP_KERNEL)?;

        let resources = try_pin_init!(Resources {
            slots <- new_mutex!(
                Slots {
                    streams,
                    lingering: 0,
                    power: None,
                },
                "apple_dart_slots"
            ),
            clocks <- ClkSwitch::new(clocks),
            variant,
        }? Error);
        Ok((resources, Engine::new(registers, variant.hal, entries)))
    }

    /// Reads the block's parameters, and denies all streams until they are attached.
    ///
    /// The power stays on from here on, because only a powered block keeps its masters from memory.
    fn start(iommu: Live<'_, Self>) -> Result {
        // From here on, `remove` releases the power, also if this fails.
        iommu.slots.lock().power = Some(pm::get(iommu.dev())?);

        let params = iommu.lock().read_params(iommu.variant);
        check(iommu, &params)?;
        let locked = iommu.lock().is_locked();
        if locked {
            iommu.lock().silence();
            dev_err!(iommu.dev(), "locked until the next reset: left alone\n");
            return Err(EPERM);
        }
        let taken = iommu.lock().take(&params);
        taken.inspect_err(|e| match *e {
            EIO => dev_err!(
                iommu.dev(),
                "registers do not hold what is written: wrong clocks or reg\n"
            ),
            e => dev_err!(iommu.dev(), "TLB does not answer: {e:?}\n"),
        })?;
        check_entries(iommu, &params.table)?;
        let window = window(iommu, &params.table)?;
        iommu.lock().set_window(window);
        dev_info!(
            iommu.dev(),
            "{} streams, {} KiB pages, {} to {} bits{}\n",
            params.streams,
            params.table.page_size / SZ_1K,
            params.table.ias,
            params.table.oas,
            if params.bypass { ", bypass" } else { "" }
        );
        Ok(())
    }

    /// Denies everything, and releases the power. No master is attached.
    fn remove(iommu: Live<'_, Self>) {
        iommu.lock().shut();
        let mut slots = iommu.slots.lock();
        slots.streams.fill(Slot::default());
        slots.lingering = 0;
        if let Some(power) = slots.power.take() {
            power.put_sync();
        }
    }

    /// The machine shuts down, or starts another kernel. Masters that still run are denied, since
    /// their tables are not maintained any more.
    fn shutdown(iommu: Live<'_, Self>) {
        iommu.lock().shut();
    }

    fn runtime_resume(iommu: Live<'_, Self>) -> Result {
        iommu.clocks.enable()?;
        iommu.lock().set_powered(true);
        Ok(())
    }

    fn runtime_suspend(iommu: Live<'_, Self>) -> Result {
        iommu.lock().set_powered(false);
        iommu.clocks.disable();
        Ok(())
    }

    /// System sleep: masters are suspended, and the interrupt is disabled. The power domain may be
    /// switched off when this returns, and registers may lose their contents.
    fn suspend(iommu: Live<'_, Self>) -> Result {
        iommu.lock().set_powered(false);
        Ok(())
    }

    /// Writes all registers again from the driver's record.
    fn resume(iommu: Live<'_, Self>) -> Result {
        let restored = iommu.lock().restore();
        restored.inspect_err(|e| {
            dev_err!(iommu.dev(), "cannot be set up again: {:?}\n", *e);
        })
    }

    /// The instances of one device may share the line.
    fn interrupt(engine: EngineGuard<'_, Self>, _index: u32, faults: &Faults<'_>) -> IrqReturn {
        let Some(fault) = engine.latch() else {
            return IrqReturn::None;
        };
        drop(engine);
        faults.report(&fault);
        IrqReturn::Handled
    }
}

/// Logs why a block is not used. Returns the error for probe.
fn unfit(iommu: Live<'_, AppleDart>, why: fmt::Arguments<'_>) -> Error {
    dev_err!(iommu.dev(), "{why}\n");
    EINVAL
}

/// Checks the parameters, which would be wrong in a block of another kind, or at a wrong
/// address.
fn check(iommu: Live<'_, AppleDart>, params: &Params) -> Result {
    let (size, streams) = (params.table.page_size, params.streams);

    if size != SZ_4K && size != SZ_16K {
        return Err(unfit(
            iommu,
            fmt!("pages of {size} bytes are not supported"),
        ));
    }
    if !params.has_valid_streams() {
        return Err(unfit(iommu, fmt!("{streams} streams are not supported")));
    }
    Ok(())
}

/// Returns the addresses that masters can use.
fn window(iommu: Live<'_, AppleDart>, table: &Config) -> Result<Window> {
    const PROPERTY: &CStr = c"apple,dma-range";

    let Some(node) = iommu
        .dev()
        .fwnode()
        .filter(|node| node.property_present(PROPERTY))
    else {
        return Ok(Window::whole(table));
    };
    let bits = table.ias;
    node.property_read::<[u64; 2]>(PROPERTY)
        .optional()
        .and_then(|[first, size]| Window::new(first, size, table).ok())
        .ok_or_else(|| {
            unfit(
                iommu,
                fmt!("apple,dma-range: no whole pages within a border of {bits} bits"),
            )
        })
}

fn check_entries(iommu: Live<'_, AppleDart>, table: &Config) -> Result {
    let (bits, size) = (table.oas, table.page_size);

    if iommu.variant.entries.supports(table) {
        return Ok(());
    }
    Err(unfit(
        iommu,
        fmt!("table entries cannot hold addresses of {bits} bits with pages of {size} bytes"),
    ))
}
