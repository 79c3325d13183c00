// SPDX-License-Identifier: GPL-2.0

//! The record of each port's domain.
//!
//! A port is a master's entry into the hardware; the number in `iommus` names it. Only this record
//! says what each port may do: attach, release, resume and shutdown derive the registers from it.
//!
//! A port keeps its state after its master is removed, until another master names it. Release puts
//! it into the blocked domain, so the port of a removed master stays denied.

use crate::variant::Variant;

/// Maximum number of ports of any version.
pub(crate) const MAX_PORTS: usize = 7;

/// The domain of a port.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Port {
    /// No master has named it.
    #[default]
    Unnamed,
    /// The identity domain.
    Identity,
    /// The blocked domain.
    Blocked,
    /// The paging domain.
    Paging,
}

/// The routes of the accesses of each port while the hardware is enabled, one bit for each
/// port. A port in neither set is denied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Routes {
    /// Ports whose accesses are translated.
    pub(crate) translated: u32,
    /// Ports whose accesses pass untranslated.
    pub(crate) bypassed: u32,
}

iommu::atomic_safe! { Routes { translated, bypassed } }

impl Routes {
    /// All ports are denied.
    pub(crate) const DENIED: Self = Self {
        translated: 0,
        bypassed: 0,
    };
}

/// The domain of each port.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ports([Port; MAX_PORTS]);

impl Ports {
    /// Returns the state in which all ports are in the blocked domain: no master has been attached,
    /// but the hardware was found translating. The second port of a device follows the first.
    pub(crate) fn blocked(variant: &Variant) -> Self {
        let mut ports = Self([Port::Blocked; MAX_PORTS]);

        ports.set(
            variant.second_ports.iter().map(|(second, _)| *second),
            Port::Unnamed,
        );
        ports
    }

    /// Puts the ports with these numbers into `new`.
    pub(crate) fn set(&mut self, ids: impl IntoIterator<Item = u16>, new: Port) {
        for id in ids {
            if let Some(port) = self.0.get_mut(usize::from(id)) {
                *port = new;
            }
        }
    }

    /// Whether a port is in the paging domain.
    pub(crate) fn any_paging(&self) -> bool {
        self.0.contains(&Port::Paging)
    }

    /// Whether the hardware has to be enabled, because a port is to be translated or denied.
    pub(crate) fn need_hardware(&self) -> bool {
        self.any_paging() || self.0.contains(&Port::Blocked)
    }

    /// Returns the route of each port while the hardware is enabled.
    ///
    /// An unnamed port is denied, unless it is the second port of a named device
    /// ([`Variant::second_ports`]), which shares the state of the first.
    pub(crate) fn routes(&self, variant: &Variant) -> Routes {
        let mut ports = *self;
        for &(second, first) in variant.second_ports {
            if ports.0[usize::from(second)] == Port::Unnamed {
                ports.0[usize::from(second)] = self.0[usize::from(first)];
            }
        }
        Routes {
            translated: ports.mask(Port::Paging),
            bypassed: ports.mask(Port::Identity),
        }
    }

    /// Returns one bit for each port in this state.
    fn mask(&self, wanted: Port) -> u32 {
        let bits = self.0.iter().enumerate();

        bits.fold(0, |mask, (id, port)| {
            mask | u32::from(*port == wanted) << id
        })
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(sun50i_ports)]
mod tests {
    use super::*;

    use crate::variant::{
        H6,
        H616, //
    };

    #[test]
    fn removed_master_stays_denied() {
        let mut ports = Ports::default();

        ports.set([0, 3], Port::Paging);
        ports.set([3], Port::Blocked);
        // The other master leaves its domain, and enters one again.
        ports.set([0], Port::Identity);
        assert_eq!(ports.routes(&H6).bypassed, 1 << 0);
        assert_eq!(ports.routes(&H6).translated, 0);
        ports.set([0], Port::Paging);
        assert_eq!(ports.routes(&H6).translated, 1 << 0);
        // A third master is added to the paging domain, then to the identity domain.
        ports.set([5], Port::Paging);
        assert_eq!(ports.routes(&H6).translated, 1 << 0 | 1 << 5);
        ports.set([0, 5], Port::Identity);
        assert_eq!(ports.routes(&H6).bypassed, 1 << 0 | 1 << 5);
        assert!(ports.need_hardware());
    }

    #[test]
    fn hardware_is_off_while_all_pass() {
        let mut ports = Ports::default();

        assert!(!ports.need_hardware());
        ports.set([0, 5], Port::Identity);
        assert!(!ports.need_hardware());
        ports.set([5], Port::Blocked);
        assert!(ports.need_hardware() && !ports.any_paging());
    }

    #[test]
    fn unnamed_ports_are_denied() {
        let mut ports = Ports::default();

        ports.set([0], Port::Paging);
        assert_eq!(ports.routes(&H6).translated, 1 << 0);
        assert_eq!(ports.routes(&H616).translated, 1 << 0);
        assert_eq!(Ports::blocked(&H6).routes(&H6), Routes::DENIED);
        assert!(Ports::blocked(&H6).need_hardware());
    }

    /// The video engine reads its reference frames through a port that no devicetree names.
    #[test]
    fn second_port_shares_the_state_of_the_first() {
        let mut ports = Ports::default();

        ports.set([3], Port::Paging);
        assert_eq!(ports.routes(&H6).translated, 1 << 3 | 1 << 1);
        assert_eq!(ports.routes(&H616).translated, 1 << 3 | 1 << 2);
        ports.set([3], Port::Identity);
        assert_eq!(ports.routes(&H6).bypassed, 1 << 3 | 1 << 1);
        ports.set([3], Port::Blocked);
        assert_eq!(ports.routes(&H6), Routes::DENIED);
        // If a devicetree names the second port, its own state counts.
        ports.set([3], Port::Paging);
        ports.set([1], Port::Identity);
        assert_eq!(
            ports.routes(&H6),
            Routes {
                translated: 1 << 3,
                bypassed: 1 << 1,
            }
        );
    }

    #[test]
    fn second_port_of_a_removed_master_stays_denied() {
        for (variant, second) in [(&H6, 1), (&H616, 2)] {
            let mut ports = Ports::default();

            ports.set([second], Port::Paging);
            ports.set([second], Port::Blocked);
            ports.set([3], Port::Paging);
            assert_eq!(ports.routes(variant).translated, 1 << 3);
            ports.set([3], Port::Identity);
            assert_eq!(ports.routes(variant).bypassed, 1 << 3);
        }
    }

    /// Of hardware that was found translating, too.
    #[test]
    fn second_port_is_released_with_the_first() {
        for (variant, second) in [(&H6, 1), (&H616, 2)] {
            let mut ports = Ports::blocked(variant);

            ports.set([3], Port::Paging);
            assert_eq!(ports.routes(variant).translated, 1 << 3 | 1 << second);
            ports.set([3], Port::Identity);
            assert_eq!(ports.routes(variant).bypassed, 1 << 3 | 1 << second);
        }
    }

    #[test]
    fn numbers_beyond_all_ports_are_ignored() {
        let mut ports = Ports::default();

        ports.set([MAX_PORTS as u16, u16::MAX], Port::Paging);
        assert!(!ports.need_hardware());
    }
}
