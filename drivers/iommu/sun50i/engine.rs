// SPDX-License-Identifier: GPL-2.0

//! The registers, and the driver's record of their contents.
//!
//! Everything here may run in any context, under the lock of the instance. Commands take several
//! register writes; the lock orders them, and the changes of the directory in use.
//!
//! Hardware that is gated, in reset or not enabled lets accesses pass untranslated. So the caller
//! manages the power ([`super::hardware`]), and [`Engine::powered`] says whether registers may be
//! accessed at all.
//!
//! - [`commands`]: invalidation of the caches.
//! - [`directory`]: the directory in use, and the route of each master.
//! - [`faults`]: the faults that the hardware has latched.

use iommu::prelude::*;
use kernel::{
    io::{
        register::Array, //
        Io,
    },
    prelude::*, //
};

use crate::{
    ports::Routes,
    regs::*,
    variant::Variant, //
};

mod commands;
mod directory;
mod faults;

/// Bytes of the register region that are used.
const REGS_SIZE: usize = 0x400;

/// Not a mask of pages: the contents of the register are unknown.
const UNKNOWN: u32 = u32::MAX;

/// The line in the log while the caches are stale.
pub(crate) const STALE: &str = "invalidation timed out, all masters are denied until one succeeds";

/// Whether the caches may hold translations that have been unmapped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caches {
    /// They have no such translations.
    Clean,
    /// An invalidation timed out: everything is denied until a full invalidation succeeds.
    Stale,
    /// A command that invalidates single entries timed out, and may still run. The next
    /// invalidation uses TLB_FLUSH instead.
    Busy,
}

atomic_safe!(
    enum Caches {
        Clean,
        Stale,
        Busy,
    }
);

/// The register block of one instance, and the contents of its registers.
pub(crate) struct Engine {
    io: Registers<REGS_SIZE>,
    variant: &'static Variant,
    /// Registers can be accessed.
    powered: bool,
    /// ENABLE is set, and TTB holds this directory. `None`: ENABLE is 0, accesses pass
    /// untranslated.
    directory: Option<u32>,
    /// The driver has read the state that the hardware had before probe.
    started: bool,
    /// TTB of hardware that was enabled before probe.
    found: Option<u32>,
    /// The contents of BYPASS and of the rules of the access classes.
    routes: Routes,
    /// DM_AUT_OVWT denies all accesses that are not bypassed.
    denying: bool,
    /// The contents of TLB_IVLD_MASK, [`UNKNOWN`] if they are not known.
    mask: u32,
    caches: Caches,
    /// The log has a line about the stale caches. Cleared when they are clean.
    logged: bool,
    /// The machine is shutting down: denied accesses are not allowed again.
    shut: bool,
}

atomic_safe! {
    Engine { io, variant, powered, directory, started, found, routes, denying, mask, caches, logged,
    shut }
}

impl Engine {
    /// Makes the engine for registers at `io`, without power.
    pub(crate) fn new(io: Registers<REGS_SIZE>, variant: &'static Variant) -> Self {
        Self {
            io,
            variant,
            powered: false,
            directory: None,
            started: false,
            found: None,
            routes: Routes::DENIED,
            denying: false,
            mask: UNKNOWN,
            caches: Caches::Clean,
            logged: false,
            shut: false,
        }
    }

    /// Records that the clock runs and reset is released: registers can be accessed from now on.
    ///
    /// Hardware that was enabled before probe denies everything from here on. After probe, the boot
    /// kernel of hibernation may have left the hardware enabled; the masters are in the identity
    /// domain then.
    pub(crate) fn power_on(&mut self) {
        self.powered = true;

        if self.io.read(ENABLE).enable() {
            if self.started {
                self.disable();
            } else {
                self.found = Some(self.io.read(TTB).into());
                self.deny();
            }
        }
        self.configure();
    }

    /// Whether the driver has read the state that the hardware had before probe.
    pub(crate) fn is_started(&self) -> bool {
        self.started
    }

    /// Returns the table base of hardware that was enabled before probe, the first time.
    pub(crate) fn take_found(&mut self) -> Option<u32> {
        self.started = true;
        self.found.take()
    }

    /// Whether the registers hold the values that are written to them. They do not if the
    /// devicetree names a wrong clock, reset or register region.
    ///
    /// Called only while ENABLE is 0.
    pub(crate) fn holds(&self, directory: u32) -> bool {
        self.io.write_reg(TTB::from(directory));
        self.powered && u32::from(self.io.read(TTB)) == directory
    }

    /// Called before the clock stops. Only allowed while accesses pass untranslated.
    ///
    /// # Errors
    ///
    /// `EBUSY` while the hardware translates or denies.
    pub(crate) fn power_off(&mut self) -> Result {
        if self.powered && (self.directory.is_some() || self.denying) {
            return Err(EBUSY);
        }
        self.powered = false;
        Ok(())
    }

    /// Writes the registers that do not depend on the directory, because they may have been lost.
    ///
    /// Faults that are latched are acknowledged before INT_ENABLE lets them raise the interrupt.
    fn configure(&mut self) {
        let all = self.variant.all_masters();
        let prefetched = if self.variant.prefetch { all } else { 0 };

        self.io.write_reg(TLB_PREFETCH::from(prefetched));
        self.enable_caches();
        self.io.write_reg(BYPASS::from(self.routes.bypassed));
        if self.variant.start_end {
            self.io
                .write_reg(TLB_IVLD_MODE_SEL::zeroed().with_start_end(true));
        }
        self.mask = UNKNOWN;
        self.write_rules(self.routes.translated);
        self.io.write_reg(INT_CLR::from(self.all_faults()));
        self.restart_lanes(all);
        self.set_interrupt(true);
    }

    /// Returns the bits of all faults in INT_ENABLE and INT_CLR.
    fn all_faults(&self) -> u32 {
        let permission = INT_CLR::from(self.variant.all_masters());

        permission
            .with_invalid_l1(true)
            .with_invalid_l2(true)
            .into()
    }

    /// Sets whether faults raise the interrupt. They are latched in any case.
    fn set_interrupt(&self, enabled: bool) {
        let faults = if enabled { self.all_faults() } else { 0 };

        self.io.write_reg(INT_ENABLE::from(faults));
    }

    /// Restarts masters that stalled at a fault.
    fn restart_lanes(&self, masters: u32) {
        self.io.write_reg(RESET::from(!masters));
        self.io.write_reg(RESET::from(u32::MAX));
    }

    /// Denies everything, with the table base that the hardware had before probe, and without
    /// interrupts. Called before the driver's own directory is freed.
    pub(crate) fn leave_denying(&mut self, found: u32) {
        self.deny();
        self.route(Routes::DENIED);
        self.set_interrupt(false);
        self.io.write_reg(TTB::from(found));
        let _ = self.drop_all();
        self.directory = Some(found);
    }

    /// The machine shuts down, or starts another kernel. Masters may still run, and this kernel no
    /// longer maintains their tables. Denies everything, and disables the interrupt.
    pub(crate) fn shut(&mut self) {
        self.shut = true;
        if self.powered {
            self.set_interrupt(false);
        }
        if self.powered && self.directory.is_some() {
            self.deny();
            self.route(Routes::DENIED);
            // TLB entries may keep the rules that they were read with.
            if self.drop_all().is_err() {
                self.set_stale(true);
            }
        }
    }

    /// Whether the machine is shutting down.
    pub(crate) fn is_shut(&self) -> bool {
        self.shut
    }

    /// Writes all registers again, because they may have been lost. `directory` is the one to use,
    /// or `None` if accesses pass untranslated.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` and `EIO` as for [`Self::translate`]; on `ETIMEDOUT` everything is denied, on
    /// `EIO` everything passes.
    pub(crate) fn restore(&mut self, directory: Option<u32>) -> Result {
        if !self.powered {
            return Ok(());
        }
        let Some(directory) = directory else {
            // Another kernel may have left the hardware enabled, with its own tables.
            self.disable();
            self.configure();
            return Ok(());
        };
        self.deny();
        self.configure();
        self.io.write_reg(TTB::from(directory));
        let dropped = self.drop_all();
        self.set_stale(dropped.is_err());
        self.enable(directory)?;
        if self.routes.translated != 0 && self.allow() {
            self.drop_rules();
        }
        if self.is_stale() {
            return Err(ETIMEDOUT);
        }
        Ok(())
    }

    /// Reads or writes a word through translation, with the debug port.
    ///
    /// # Errors
    ///
    /// `ENODEV` without power, `ETIMEDOUT`.
    pub(crate) fn debug_access(&self, iova: u32, write: Option<u32>) -> Result<u32> {
        if !self.powered {
            return Err(ENODEV);
        }
        self.io.write_reg(VA::from(iova));
        if let Some(word) = write {
            self.io.write_reg(VA_DATA::from(word));
        }
        let config = VA_CONFIG::zeroed()
            .with_debug(true)
            .with_write(write.is_some());
        self.io.write_reg(config);
        self.io.write_reg(config.with_start(true));
        self.poll(|| self.io.read(VA_CONFIG).start())?;
        Ok(self.io.read(VA_DATA).into())
    }

    /// Prints the registers.
    pub(crate) fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.powered {
            return f.write_str("powered off\n");
        }
        macro_rules! show {
            ($($reg:ident)*) => {
                $(writeln!(f, "{:<18}{:#010x}", stringify!($reg), u32::from(self.io.read($reg)))?;)*
            };
        }
        show!(VERSION RESET ENABLE BYPASS AUTO_GATING TTB TLB_ENABLE TLB_PREFETCH DM_AUT_OVWT
              INT_ENABLE INT_STA INT_ERR_ADDR_L1 INT_ERR_ADDR_L2 L1PG_INT L2PG_INT);
        for index in 0..3 {
            if let Some(at) = DM_AUT_CTRL::try_at(index) {
                let word = u32::from(self.io.read(at));
                writeln!(f, "DM_AUT_CTRL {index:<6}{word:#010x}")?;
            }
        }
        Ok(())
    }
}
