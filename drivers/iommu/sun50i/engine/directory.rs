// SPDX-License-Identifier: GPL-2.0

//! The directory in use, and the route of each master.

use kernel::{
    io::{
        register::Array,
        Io, //
    },
    prelude::*, //
};

use super::Engine;

use crate::{
    format::{
        prot_of,
        CLASSES, //
    },
    ports::Routes,
    regs::*, //
};

impl Engine {
    /// Translates with the directory at `directory`, for the masters in `routes`.
    ///
    /// While the directory changes, all accesses that are not bypassed are denied until the new one
    /// is in force: no access passes untranslated, and none goes through a mixture of both.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if the hardware does not invalidate its caches, `EIO` if its registers do not
    /// hold the values that are written. The former directory and routes are in force again then;
    /// if invalidating the caches for that fails as well, everything is denied.
    pub(crate) fn translate(&mut self, directory: u32, routes: Routes) -> Result {
        if !self.powered || self.shut {
            return Err(ENODEV);
        }

        let Some(old) = self.directory else {
            self.io.write_reg(TTB::from(directory));
            self.drop_all()?;
            self.set_stale(false);
            self.route(routes);
            return self.enable(directory).inspect_err(|_| {
                self.route(Routes::DENIED);
            });
        };

        if old != directory || self.is_stale() {
            // Faults of the temporary denial are acknowledged below, so their interrupt would find
            // none.
            self.set_interrupt(false);
            let result = self.change_directory(old, directory, routes);
            self.set_interrupt(true);
            return result;
        }
        self.route(routes);
        Ok(())
    }

    /// Changes from the directory at `old` to that at `directory`, for [`Self::translate`].
    fn change_directory(&mut self, old: u32, directory: u32, routes: Routes) -> Result {
        let was_denying = self.denying;
        let faults = self.io.read(INT_STA);

        self.deny();
        // The first invalidation is before the directory changes, so that a timeout is found while
        // the old directory is in force.
        if let Err(e) = self.drop_all() {
            if !was_denying {
                self.allow();
                self.forgive(faults);
            }
            return Err(e);
        }
        if let Err(e) = self.set_directory(directory) {
            match self.set_directory(old) {
                Ok(()) if !was_denying => {
                    self.allow();
                    self.drop_rules();
                    self.forgive(faults);
                }
                Ok(()) => {}
                Err(_) => self.set_stale(true),
            }
            return Err(e);
        }
        self.directory = Some(directory);
        self.set_stale(false);
        self.route(routes);
        self.forgive(faults);
        Ok(())
    }

    /// Changes the directory of hardware that is enabled, and invalidates everything.
    ///
    /// # Errors
    ///
    /// `EIO` if TTB does not hold what was written, `ETIMEDOUT` if the caches are not invalidated.
    fn set_directory(&self, directory: u32) -> Result {
        self.io.write_reg(TTB::from(directory));
        let holds = u32::from(self.io.read(TTB)) == directory;

        self.drop_all()?;
        holds.then_some(()).ok_or(EIO)
    }

    /// Acknowledges the permission faults that were latched since `before` was read, while
    /// everything was denied: the driver has caused them, and they are not errors of masters or
    /// mappings.
    fn forgive(&self, before: INT_STA) {
        let came =
            u32::from(self.io.read(INT_STA)) & !u32::from(before) & self.variant.all_masters();
        if came != 0 {
            self.io.write_reg(INT_CLR::from(came));
            self.restart_lanes(came);
        }
    }

    /// Denies all accesses that `routes` does not bypass, with the directory at `empty`, which has
    /// no entries. `routes` translates no master.
    ///
    /// Returns whether the hardware uses that directory and has invalidated its caches. If not, the
    /// tables it has used must stay in memory.
    ///
    /// # Errors
    ///
    /// As for [`Self::enable`]: accesses pass untranslated then.
    pub(crate) fn block(&mut self, empty: u32, routes: Routes) -> Result<bool> {
        if !self.powered {
            return Err(ENODEV);
        }
        self.deny();
        self.route(if self.shut { Routes::DENIED } else { routes });
        if self.directory == Some(empty) && !self.is_stale() {
            return Ok(true);
        }

        let dropped = self.drop_all().is_ok();
        let result = self.set_directory(empty);
        self.set_stale(!dropped || result.is_err());
        if result == Err(EIO) && self.directory.is_some() {
            // It denies with the directory that it has.
            return Ok(false);
        }
        self.enable(empty)?;
        Ok(!self.is_stale())
    }

    /// Clears ENABLE: every access passes untranslated. Returns whether the hardware has
    /// invalidated its caches.
    pub(crate) fn pass(&mut self) -> bool {
        if !self.powered {
            return true;
        }
        if self.shut {
            return false;
        }
        self.disable();
        let dropped = self.drop_all().is_ok();
        self.route(Routes::DENIED);
        self.allow();
        dropped
    }

    /// Whether the hardware translates or denies with `directory`.
    pub(crate) fn uses(&self, directory: u32) -> bool {
        self.directory == Some(directory)
    }

    /// Sets ENABLE. TTB holds `directory`.
    ///
    /// # Errors
    ///
    /// `EIO` if TTB or ENABLE does not hold what was written; ENABLE is cleared then.
    pub(super) fn enable(&mut self, directory: u32) -> Result {
        // Ranged invalidations need internal clock gating off. Switching it around each of them
        // would cost as many accesses as the invalidation itself, so it stays off; the clock as a
        // whole runs only while the hardware translates or denies.
        self.io.write_reg(AUTO_GATING::from(0));
        self.io.write_reg(ENABLE::zeroed().with_enable(true));
        if !self.io.read(ENABLE).enable() || u32::from(self.io.read(TTB)) != directory {
            self.io.write_reg(ENABLE::from(0));
            self.directory = None;
            return Err(EIO);
        }
        self.directory = Some(directory);
        Ok(())
    }

    pub(super) fn disable(&mut self) {
        self.io.write_reg(ENABLE::from(0));
        self.directory = None;
        // The hardware does not use cached entries now. ENABLE is set again only after a full
        // invalidation.
        self.set_stale(false);
    }

    /// Changes the route of each master, without changing the directory.
    ///
    /// If the hardware does not invalidate its caches, everything is denied until it does.
    pub(crate) fn set_routes(&mut self, routes: Routes) {
        if self.powered && !self.shut && self.routes != routes {
            self.route(routes);
        }
    }

    /// Changes the route of each master.
    ///
    /// A master that changes from bypassed to translated, or back, is not denied in between.
    pub(super) fn route(&mut self, routes: Routes) {
        let old = core::mem::replace(&mut self.routes, routes);
        let either = old.translated | routes.translated;

        if either != old.translated {
            self.write_rules(either);
        }
        let allowed = routes.translated != 0 && self.allow();
        if routes.bypassed != old.bypassed {
            self.io.write_reg(BYPASS::from(routes.bypassed));
        }
        if routes.translated != either {
            self.write_rules(routes.translated);
        }
        if allowed || routes.translated != old.translated {
            self.drop_rules();
        }
    }

    /// Invalidates everything after rules have changed: a TLB entry may keep the rule that was
    /// valid when it was read. If that times out, everything is denied until an invalidation
    /// succeeds.
    ///
    /// While everything is denied, it does nothing: the rules have no effect until
    /// [`Self::allow`].
    pub(super) fn drop_rules(&mut self) {
        if self.directory.is_some() && !self.denying && self.drop_all().is_err() {
            self.give_up();
        }
    }

    /// Denies all accesses that are not bypassed. Whether that includes those that hit a TLB is not
    /// known; an invalidation follows, or the caches are disabled.
    pub(super) fn deny(&mut self) {
        self.denying = true;
        self.io
            .write_reg(DM_AUT_OVWT::from(self.variant.all_accesses()).with_enable(true));
    }

    /// Makes the rules of the access classes effective again, unless a reason to deny everything
    /// remains. Returns whether it has; then [`Self::drop_rules`] follows.
    pub(super) fn allow(&mut self) -> bool {
        let allowed = self.denying && !self.is_stale() && !self.shut;

        if allowed {
            self.denying = false;
            self.io.write_reg(DM_AUT_OVWT::from(0));
        }
        allowed
    }

    /// Writes the rules of the access classes: they apply to the masters in `translated`. Other
    /// masters are denied.
    ///
    /// Two classes share a register, so each register is written once, whole.
    pub(super) fn write_rules(&self, translated: u32) {
        let mut rules = [0u32; 3];
        for class in CLASSES {
            let half = 16 * (class % 2);
            rules[class as usize / 2] |= self.denied_by(class, translated) << half;
        }
        self.io.write(DM_AUT_CTRL::at(0), rules[0].into());
        self.io.write(DM_AUT_CTRL::at(1), rules[1].into());
        self.io.write(DM_AUT_CTRL::at(2), rules[2].into());
    }

    /// Returns the rule of `class`, two bits for each master: bit `2m` denies reads, bit `2m + 1`
    /// writes.
    fn denied_by(&self, class: u32, translated: u32) -> u32 {
        let prot = prot_of(class);
        let denied = u32::from(!prot.readable()) | u32::from(!prot.writable()) << 1;

        (0..self.variant.masters).fold(0, |rule, master| {
            let is_translated = translated >> master & 1 != 0;
            let bits = if is_translated { denied } else { 0b11 };
            rule | bits << (2 * master)
        })
    }
}
