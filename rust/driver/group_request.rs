// SPDX-License-Identifier: GPL-2.0

//! How masters are put into groups: each into its own, those that share a stream, those for which
//! the driver gives the same key, all of an instance, or as the PCI topology demands.
//!
//! C header: [`include/linux/iommu.h`](srctree/include/linux/iommu.h), `device_group`.

use kernel::{
    device::Device,
    prelude::*,
    sync::aref::ARef, //
};

use crate::{
    group::Group,
    master::Master,
    ops::Operations, //
};

/// The core asks for a master's group.
pub struct GroupRequest<'a> {
    dev: &'a Device,
}

impl<'a> GroupRequest<'a> {
    /// # Safety
    ///
    /// The caller is in the `device_group` callback for `dev`, and passes this only to code that
    /// runs in that callback.
    pub(crate) unsafe fn new(dev: &'a Device) -> Self {
        Self { dev }
    }

    /// Returns a new group for this master alone.
    pub fn own(self) -> Result<ARef<Group>> {
        Group::new()
    }

    /// Returns the one group of all masters of the instance.
    pub fn single(self) -> Result<ARef<Group>> {
        // SAFETY: by the safety requirement of `new`.
        unsafe { Group::single(self.dev) }
    }

    /// Returns the group of the masters that share a stream with `master`, if there are any.
    ///
    /// # Errors
    ///
    /// `ENODEV`, with a line in the log, if these masters are in several groups: the hardware could
    /// not keep the groups apart. Also if one of them is behind other instances, or names them in
    /// another order: all masters of a group use one domain, and a domain is made for certain
    /// instances.
    pub fn sharing<T: Operations>(&self, master: &Master<T>) -> Result<Option<ARef<Group>>> {
        let mut group: Option<ARef<Group>> = None;
        let iommus = master.instances().enter();

        for (index, instance) in master.instances().as_slice().iter().enumerate() {
            let (base, ids) = (master.base(), master.streams(index));

            instance.masters.for_each_grouped(base, |other, found| {
                let why = match &group {
                    _ if !instance.masters.has_stream(other, ids) => return Ok(()),
                    _ if !base.is_behind_those_of(other) => "whose IOMMUs are not the same",
                    Some(group) if !core::ptr::eq::<Group>(&**group, &*found) => {
                        "which is in another group than one it shares another stream with"
                    }
                    _ => {
                        group = Some(found);
                        return Ok(());
                    }
                };
                Err(iommus.refuse(
                    master.dev(),
                    fmt!("shares a stream with {}, {}", other.dev().name(), why),
                ))
            })?;
        }
        Ok(group)
    }

    /// Returns the group of the masters behind the same instances for which the driver has given
    /// the same key, or a new one.
    ///
    /// # Errors
    ///
    /// `ENODEV`, with a line in the log, if a master with this key is behind other instances. Those
    /// of making a group.
    pub fn keyed<T: Operations>(self, master: &Master<T>, key: u32) -> Result<ARef<Group>> {
        let base = master.base();
        let iommus = master.instances().enter();
        let mut group = None;

        for instance in master.instances().as_slice() {
            instance.masters.for_each_grouped(base, |other, found| {
                if !other.has_key(key) {
                    return Ok(());
                }
                if !base.is_behind_those_of(other) {
                    return Err(iommus.refuse(
                        master.dev(),
                        fmt!(
                            "in one group with {}, whose IOMMUs are not the same",
                            other.dev().name()
                        ),
                    ));
                }
                group = Some(found);
                Ok(())
            })?;
        }
        base.set_key(key);
        match group {
            Some(group) => Ok(group),
            None => self.own(),
        }
    }

    /// Returns the group that the bus of the master demands.
    pub fn by_bus(self) -> Result<ARef<Group>> {
        #[cfg(CONFIG_PCI)]
        if crate::master_base::is_pci(self.dev) {
            // SAFETY: by the safety requirement of `new`.
            return unsafe { Group::pci(self.dev) };
        }
        self.own()
    }
}
