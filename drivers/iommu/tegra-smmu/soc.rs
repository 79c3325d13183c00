// SPDX-License-Identifier: GPL-2.0

//! The SoCs, as data: one file for each, with its swgroups and their clients.

pub(crate) mod t114;
pub(crate) mod t124;
pub(crate) mod t210;
pub(crate) mod t30;

/// Maximum number of swgroups of any SoC.
pub(crate) const MAX_SWGROUPS: usize = 39;

/// The offsets of the TRANSLATION_ENABLE registers. They have a bit for each client whose accesses
/// are translated, its ID modulo 32. Those of other clients pass untranslated.
pub(crate) const ENABLES: [usize; 5] = [0x228, 0x22c, 0x230, 0x234, 0xb98];

/// A swgroup that has a register.
pub(crate) struct Swgroup {
    /// The number by which devicetrees name it. It differs between SoCs.
    pub(crate) number: u16,
    pub(crate) name: &'static str,
    /// Offset of its register.
    pub(crate) offset: usize,
    /// The clients that have a bit in TRANSLATION_ENABLE.
    pub(crate) clients: &'static [u8],
    /// Its clients have no such bit. They select by an address bit whether they are translated.
    pub(crate) by_address: bool,
}

iommu::atomic_safe!(Swgroup {
    number,
    name,
    offset,
    clients,
    by_address
});

/// Makes a swgroup whose clients have bits in TRANSLATION_ENABLE.
const fn swgroup(
    number: u16,
    name: &'static str,
    offset: usize,
    clients: &'static [u8],
) -> Swgroup {
    Swgroup {
        number,
        name,
        offset,
        clients,
        by_address: false,
    }
}

/// Makes the swgroup of the GPU.
const fn gpu(number: u16, offset: usize) -> Swgroup {
    Swgroup {
        by_address: true,
        ..swgroup(number, "gpu", offset, &[])
    }
}

impl Swgroup {
    /// Whether a client of it is known that can be translated.
    pub(crate) fn is_translatable(&self) -> bool {
        self.by_address || !self.clients.is_empty()
    }

    /// Returns the bits of its clients in TRANSLATION_ENABLE register `word`.
    pub(crate) fn enable_mask(&self, word: usize) -> u32 {
        self.clients
            .iter()
            .filter(|&&id| usize::from(id / 32) == word)
            .fold(0, |mask, id| mask | 1 << (id % 32))
    }
}

/// The properties of a SoC.
pub(crate) struct Soc {
    /// Number of ASIDs.
    pub(crate) asids: u8,
    /// Bits of a physical address.
    pub(crate) address_bits: u32,
    /// Page-table entries of a line of the PTC.
    pub(crate) ptc_line: u32,
    /// The contents of TLB_CONFIG: all lines are active.
    pub(crate) tlb_config: u32,
    /// The contents of PTC_CONFIG.
    pub(crate) ptc_config: u32,
    pub(crate) swgroups: &'static [Swgroup],
    /// The numbers of the swgroups whose masters share one address space.
    pub(crate) shared: &'static [u16],
}

iommu::atomic_safe!(Soc {
    asids,
    address_bits,
    ptc_line,
    tlb_config,
    ptc_config,
    swgroups,
    shared
});

impl Soc {
    /// Whether physical addresses are wider than 32 bits. Such a SoC has PTC_FLUSH_1, and four
    /// ASIDs in the register of a swgroup.
    pub(crate) const fn is_wide(&self) -> bool {
        self.address_bits > 32
    }

    /// Returns the lowest bit of the ASID in TLB_FLUSH.
    pub(crate) const fn asid_shift(&self) -> u32 {
        if self.asids > 4 {
            24
        } else {
            29
        }
    }

    /// Returns the index of the swgroup with this number.
    pub(crate) fn index_of(&self, number: u16) -> Option<usize> {
        self.swgroups
            .iter()
            .position(|swgroup| swgroup.number == number)
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(tegra_smmu_soc)]
mod tests {
    use super::*;

    const ALL: [&Soc; 4] = [&t30::SOC, &t114::SOC, &t124::SOC, &t210::SOC];

    fn masks(soc: &Soc) -> [u32; 5] {
        core::array::from_fn(|word| {
            soc.swgroups
                .iter()
                .fold(0, |mask, swgroup| mask | swgroup.enable_mask(word))
        })
    }

    #[test]
    fn clients_are_those_of_the_registers() {
        assert_eq!(masks(ALL[0]), [0xffff_fffe, 0xfcff_ff3f, 0x3, 0, 0]);
        assert_eq!(masks(ALL[1]), [0x71ff_8e7e, 0xd8fd_ff3d, 0x33_fc03, 0, 0]);
        assert_eq!(
            masks(ALL[2]),
            [0xf0e3_c07e, 0xf866_083c, 0x4f3_7cd3, 0xc_30ff, 0]
        );
        assert_eq!(
            masks(ALL[3]),
            [0xf0e3_c07e, 0x3866_0800, 0x4f3_7cd0, 0xcf0c_30ff, 0xff]
        );
    }

    #[test]
    fn numbers_of_clients_and_swgroups() {
        let counts = ALL.map(|soc| {
            let clients: usize = soc.swgroups.iter().map(|s| s.clients.len()).sum();
            (clients, soc.swgroups.len())
        });

        assert_eq!(counts, [(61, 16), (58, 16), (60, 23), (66, 39)]);
        assert_eq!(ALL.map(|soc| soc.shared.len()), [5, 4, 3, 2]);
        assert!(counts.iter().all(|(_, swgroups)| *swgroups <= MAX_SWGROUPS));
    }

    #[test]
    fn nothing_is_listed_twice() {
        for soc in ALL {
            for (i, one) in soc.swgroups.iter().enumerate() {
                for other in &soc.swgroups[..i] {
                    assert!(one.number != other.number && one.offset != other.offset);
                    assert!(one.name != other.name);
                    assert!(!one.clients.iter().any(|id| other.clients.contains(id)));
                }
                assert!(!ENABLES.contains(&one.offset) && one.offset % 4 == 0);
                assert_eq!(soc.index_of(one.number), Some(i));
            }
            assert_eq!(soc.index_of(0), None);
        }
    }

    #[test]
    fn groups_name_swgroups() {
        for soc in ALL {
            for &number in soc.shared {
                let index = soc.index_of(number);
                assert!(index.is_some_and(|i| soc.swgroups[i].is_translatable()));
            }
        }
    }

    #[test]
    fn parameters_are_as_in_the_hardware() {
        assert_eq!(ALL.map(|soc| soc.asids), [4, 4, 128, 128]);
        assert_eq!(ALL.map(|soc| soc.asid_shift()), [29, 29, 24, 24]);
        assert_eq!(ALL.map(|soc| soc.address_bits), [32, 32, 34, 34]);
        assert_eq!(ALL.map(|soc| soc.ptc_line), [4, 8, 8, 16]);
        assert_eq!(
            ALL.map(|soc| soc.tlb_config),
            [0x2000_0010, 0x2000_0020, 0x3000_0020, 0x3000_0030]
        );
        assert_eq!(
            ALL.map(|soc| soc.ptc_config),
            [0x2000_003f, 0x2000_003f, 0x2800_003f, 0x2800_003f]
        );
    }

    #[test]
    fn swgroups_have_their_clients() {
        let t210 = &t210::SOC;
        let dc = t210.index_of(1).map(|i| &t210.swgroups[i]);
        assert!(dc.is_some_and(|dc| dc.name == "dc" && dc.offset == 0x240));
        assert!(dc.is_some_and(|dc| dc.clients == [1, 3, 5, 16, 90, 115]));
        assert!(dc.is_some_and(|dc| dc.enable_mask(2) == 1 << 26));
        // The video image compositor has another number on each of its SoCs.
        for (soc, number) in [(&t124::SOC, 24), (t210, 22)] {
            let vic = soc.index_of(number).map(|i| soc.swgroups[i].name);
            assert_eq!(vic, Some("vic"));
        }
    }

    #[test]
    fn swgroups_without_clients() {
        for soc in ALL {
            let count = soc.swgroups.iter().filter(|s| !s.is_translatable()).count();
            assert_eq!(count, if soc.swgroups.len() == 39 { 10 } else { 0 });
        }
    }
}
