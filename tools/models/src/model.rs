// SPDX-License-Identifier: GPL-2.0

//! The interface of all IOMMU models to a board.

use crate::{
    access::Denied,
    dart::Dart,
    memory::Memory,
    show::Line,
    sun50i::Iommu,
    tegra::Smmu, //
};

/// An instance of IOMMU hardware. `mem` is guest memory as the instance accesses it.
///
/// Accesses of masters return [`Denied`] if they fail.
pub trait Model {
    /// Reads the register at `offset`.
    fn mmio_read(&mut self, mem: &mut dyn Memory, offset: u32) -> u32;

    /// Writes the register at `offset`.
    fn mmio_write(&mut self, mem: &mut dyn Memory, offset: u32, value: u32);

    /// Switches the clock, if there is one.
    fn set_clock(&mut self, on: bool);

    /// Sets the reset line, if there is one.
    fn set_reset(&mut self, asserted: bool);

    /// Switches the power domain. Without power, registers and caches lose their contents.
    fn set_power(&mut self, on: bool);

    /// Level of the interrupt line.
    fn irq(&self) -> bool;

    /// Translates an access to `len` bytes within one page.
    fn access(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        len: usize,
        write: bool,
    ) -> Result<u64, Denied>;

    /// Reads a burst of a master.
    fn read(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        buf: &mut [u8],
    ) -> Result<(), Denied>;

    /// Writes a burst of a master.
    fn write(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        buf: &[u8],
    ) -> Result<(), Denied>;

    /// Sets a knob; false if there is none of that name, or if it has no such setting.
    fn knob(&mut self, name: &str, value: u32) -> bool;

    /// Resets the counts of the access log.
    fn mark(&mut self);

    /// Clears the counters, but not those of misuse.
    fn clear(&mut self);

    /// Shows the counters of misuse by the driver that are not 0.
    fn show_misuse(&self, line: Line<'_>);

    /// Shows the knobs.
    fn show_knobs(&self, line: Line<'_>);

    /// Shows the counters.
    fn show_counters(&self, line: Line<'_>);

    /// Shows the counts of the access log since the mark.
    fn show_report(&self, line: Line<'_>);

    /// Shows the last accesses, oldest first.
    fn show_recent(&self, line: Line<'_>);

    /// Shows the last register writes, oldest first.
    fn show_writes(&self, line: Line<'_>);

    /// Shows the registers.
    fn show_regs(&self, line: Line<'_>);
}

/// The methods that are the same for all models.
macro_rules! common {
    () => {
        fn mmio_read(&mut self, mem: &mut dyn Memory, offset: u32) -> u32 {
            self.mmio_read(mem, offset)
        }
        fn mmio_write(&mut self, mem: &mut dyn Memory, offset: u32, value: u32) {
            self.mmio_write(mem, offset, value);
        }
        fn irq(&self) -> bool {
            self.irq()
        }
        fn read(
            &mut self,
            mem: &mut dyn Memory,
            master: u32,
            va: u64,
            buf: &mut [u8],
        ) -> Result<(), Denied> {
            self.read(mem, master, va, buf)
        }
        fn write(
            &mut self,
            mem: &mut dyn Memory,
            master: u32,
            va: u64,
            buf: &[u8],
        ) -> Result<(), Denied> {
            self.write(mem, master, va, buf)
        }
        fn mark(&mut self) {
            self.log.mark();
        }
        fn clear(&mut self) {
            self.counters.clear();
        }
        fn show_misuse(&self, line: Line<'_>) {
            self.counters.show_misuse(line);
        }
        fn show_knobs(&self, line: Line<'_>) {
            self.knobs.show(line);
        }
        fn show_recent(&self, line: Line<'_>) {
            self.log.show_recent(line);
        }
        fn show_writes(&self, line: Line<'_>) {
            self.log.show_writes(line);
        }
    };
}

impl Model for Iommu {
    common!();

    fn set_clock(&mut self, on: bool) {
        self.set_clock(on);
    }

    fn knob(&mut self, name: &str, value: u32) -> bool {
        self.knobs.set(name, value)
    }

    fn set_reset(&mut self, asserted: bool) {
        self.set_reset(asserted);
    }

    fn set_power(&mut self, on: bool) {
        if !on {
            self.reset();
        }
    }

    fn access(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        _len: usize,
        write: bool,
    ) -> Result<u64, Denied> {
        self.access(mem, master, va, write)
    }

    fn show_counters(&self, line: Line<'_>) {
        self.counters.show(line);
        line(format_args!("stalled_lanes 0x{:x}", self.stalled()));
    }

    fn show_report(&self, line: Line<'_>) {
        self.log.show(7, line);
    }

    fn show_regs(&self, line: Line<'_>) {
        self.show_regs(line);
    }
}

impl Model for Dart {
    common!();

    fn set_clock(&mut self, on: bool) {
        self.set_clock(on);
    }

    fn knob(&mut self, name: &str, value: u32) -> bool {
        self.knobs.set(name, value)
    }

    /// A DART has no reset line.
    fn set_reset(&mut self, _asserted: bool) {}

    fn set_power(&mut self, on: bool) {
        self.set_power(on);
    }

    fn access(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        len: usize,
        write: bool,
    ) -> Result<u64, Denied> {
        self.access(mem, master, va, len, write)
    }

    fn show_counters(&self, line: Line<'_>) {
        self.counters.show(line);
    }

    fn show_report(&self, line: Line<'_>) {
        self.log.show(self.streams(), line);
    }

    fn show_regs(&self, line: Line<'_>) {
        self.show_regs(line);
    }
}

impl Model for Smmu {
    common!();

    /// The memory controller's clock is always on.
    fn set_clock(&mut self, _on: bool) {}

    /// The memory controller has no reset line.
    fn set_reset(&mut self, _asserted: bool) {}

    fn set_power(&mut self, on: bool) {
        self.set_power(on);
    }

    fn access(
        &mut self,
        mem: &mut dyn Memory,
        master: u32,
        va: u64,
        _len: usize,
        write: bool,
    ) -> Result<u64, Denied> {
        self.access(mem, master, va, write)
    }

    fn knob(&mut self, name: &str, value: u32) -> bool {
        self.set_knob(name, value)
    }

    fn show_counters(&self, line: Line<'_>) {
        self.counters.show(line);
    }

    fn show_report(&self, line: Line<'_>) {
        self.log.show(256, line);
    }

    fn show_regs(&self, line: Line<'_>) {
        self.show_regs(line);
    }
}
