// SPDX-License-Identifier: GPL-2.0

//! The record of each swgroup's domain.
//!
//! Only this record says what each swgroup may do: attach, release, resume and shutdown derive the
//! registers from it.
//!
//! A swgroup keeps its state after its master is removed, until another master names it. Release
//! puts it into the blocked domain, so the swgroup of a removed master stays denied.

use crate::{
    regs::SMMU_ASID,
    soc::{
        Soc,
        MAX_SWGROUPS, //
    },
};

/// The domain of a swgroup.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// No master has named it. Its registers stay as they were found: it passes untranslated.
    Unnamed,
    /// The identity domain.
    Identity,
    /// The blocked domain.
    Blocked,
    /// The paging domain with this ASID.
    Paging(u8),
}

/// The domain of each swgroup, by its index in [`Soc::swgroups`].
#[derive(Clone, Copy)]
pub(crate) struct Swgroups {
    states: [State; MAX_SWGROUPS],
    /// The ASID of the blocked domain.
    blocked: u8,
    /// A register has four ASIDs.
    wide: bool,
}

impl Swgroups {
    /// Makes the record of a SoC's swgroups before any master has named one.
    pub(crate) fn new(soc: &Soc) -> Self {
        Self {
            states: [State::Unnamed; MAX_SWGROUPS],
            blocked: soc.asids - 1,
            wide: soc.is_wide(),
        }
    }

    /// Returns the ASID of the blocked domain.
    pub(crate) fn blocked(&self) -> u8 {
        self.blocked
    }

    /// Returns the record with the swgroups at these indices in `state`.
    pub(crate) fn with(mut self, indices: impl Iterator<Item = usize>, state: State) -> Self {
        for index in indices {
            if let Some(entry) = self.states.get_mut(index) {
                *entry = state;
            }
        }
        self
    }

    /// Returns the record with all swgroups blocked that are in a paging domain.
    pub(crate) fn denied(mut self) -> Self {
        for state in &mut self.states {
            if matches!(state, State::Paging(_)) {
                *state = State::Blocked;
            }
        }
        self
    }

    /// Whether a swgroup is in the paging domain with this ASID.
    pub(crate) fn uses(&self, asid: u8) -> bool {
        self.states.contains(&State::Paging(asid))
    }

    /// Returns the contents of a swgroup's register, or `None` if they are as they were found,
    /// which is not enabled.
    ///
    /// Page tables have 32 bits of an address. Accesses beyond are denied: the further ASIDs are
    /// that of the blocked domain.
    pub(crate) fn register(&self, index: usize) -> Option<SMMU_ASID> {
        let asid = match self.states.get(index)? {
            State::Unnamed => return None,
            State::Identity => return Some(SMMU_ASID::from(0)),
            State::Blocked => self.blocked,
            State::Paging(asid) => *asid,
        };
        let beyond = if self.wide { 0x0101_0100 } else { 0 } * u32::from(self.blocked);

        Some(SMMU_ASID::from(beyond | u32::from(asid)).with_enable(true))
    }

    /// Whether the accesses of a swgroup are translated or denied.
    pub(crate) fn is_enabled(&self, index: usize) -> bool {
        self.register(index).is_some_and(|asid| asid.enable())
    }

    /// Whether both have the same register of a swgroup.
    pub(crate) fn agrees(&self, other: &Self, index: usize) -> bool {
        self.register(index).map(u32::from) == other.register(index).map(u32::from)
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(tegra_smmu_swgroups)]
mod tests {
    use super::*;

    use crate::soc::{
        t210,
        t30, //
    };

    fn word(swgroups: &Swgroups, index: usize) -> Option<u32> {
        swgroups.register(index).map(u32::from)
    }

    #[test]
    fn registers_follow_from_states() {
        let states = [State::Identity, State::Blocked, State::Paging(2)];
        let all = |soc: &Soc| {
            states
                .iter()
                .enumerate()
                .fold(Swgroups::new(soc), |s, (i, state)| {
                    s.with([i].into_iter(), *state)
                })
        };
        let (narrow, wide) = (all(&t30::SOC), all(&t210::SOC));

        assert_eq!(
            core::array::from_fn(|i| word(&narrow, i)),
            [Some(0), Some(0x8000_0003), Some(0x8000_0002), None]
        );
        assert_eq!(
            core::array::from_fn(|i| word(&wide, i)),
            [Some(0), Some(0xff7f_7f7f), Some(0xff7f_7f02), None]
        );
        assert_eq!(
            [0, 1, 2, 3].map(|i| wide.is_enabled(i)),
            [false, true, true, false]
        );
    }

    #[test]
    fn removed_master_stays_denied() {
        let attached = Swgroups::new(&t210::SOC).with(0..2, State::Paging(5));
        let removed = attached.with([1].into_iter(), State::Blocked);
        // The other master leaves its domain, and enters one again.
        let left = removed.with([0].into_iter(), State::Identity);
        let again = left.with([0].into_iter(), State::Paging(5));

        assert_eq!(word(&left, 0), Some(0));
        assert!(!left.uses(5) && again.uses(5));
        for record in [removed, left, again] {
            assert_eq!(word(&record, 1), Some(0xff7f_7f7f));
            assert!(record.agrees(&removed, 1));
        }
    }

    #[test]
    fn shutdown_denies_translated_swgroups() {
        let record = Swgroups::new(&t30::SOC)
            .with(0..3, State::Paging(1))
            .with([1].into_iter(), State::Identity)
            .denied();

        assert!(!record.uses(1));
        assert_eq!(word(&record, 0), Some(0x8000_0003));
        assert_eq!(word(&record, 1), Some(0));
        assert_eq!(word(&record, 2), Some(0x8000_0003));
        assert_eq!(word(&record, 3), None);
    }

    #[test]
    fn indices_beyond_all_swgroups_are_ignored() {
        let record = Swgroups::new(&t30::SOC).with(MAX_SWGROUPS..64, State::Blocked);

        assert!((0..64).all(|index| word(&record, index).is_none()));
    }
}
