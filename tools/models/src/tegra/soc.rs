// SPDX-License-Identifier: GPL-2.0

//! The SoCs, as data. Each has a description in a file of its own.

mod t114;
mod t124;
mod t210;
mod t30;

/// A SoC with this SMMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Tegra30: 4 ASIDs, addresses of 32 bits, PTC lines of 16 bytes.
    T30,
    /// Tegra114: the same with PTC lines of 32 bytes.
    T114,
    /// Tegra124 and Tegra132: 128 ASIDs, addresses of 34 bits, PTC lines of 32 bytes.
    T124,
    /// Tegra210: the same with PTC lines of 64 bytes and more clients.
    T210,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::T30, Self::T114, Self::T124, Self::T210];

    /// The variant of a memory controller with this compatible string.
    pub fn from_compatible(name: &str) -> Option<Self> {
        Some(match name {
            "nvidia,tegra30-mc" => Self::T30,
            "nvidia,tegra114-mc" => Self::T114,
            "nvidia,tegra124-mc" | "nvidia,tegra132-mc" => Self::T124,
            "nvidia,tegra210-mc" => Self::T210,
            _ => return None,
        })
    }

    /// Bytes of the register window.
    pub fn window(self) -> u32 {
        self.soc().window
    }

    /// Number of ASIDs.
    pub fn asids(self) -> u32 {
        self.soc().asids
    }

    /// All swgroups, by number.
    pub fn swgroups(self) -> &'static [Swgroup] {
        self.soc().swgroups
    }

    /// The swgroup of a client; `None` if there is no client with this id.
    pub fn swgroup_of(self, client: u32) -> Option<&'static Swgroup> {
        self.soc().swgroup_of(client)
    }

    pub(super) fn soc(self) -> &'static Soc {
        match self {
            Self::T30 => &t30::SOC,
            Self::T114 => &t114::SOC,
            Self::T124 => &t124::SOC,
            Self::T210 => &t210::SOC,
        }
    }
}

/// The switch in front of a client's translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// The bit of the client's id in TRANSLATION_ENABLE.
    Enable,
    /// Bit 34 of the address, which the GPU sets.
    Address,
    /// There is none: the client is never translated.
    Never,
}

/// A swgroup: the clients that are translated by one ASID register.
#[derive(Clone, Copy, Debug)]
pub struct Swgroup {
    number: u32,
    name: &'static str,
    register: Option<u32>,
    switch: Switch,
    clients: &'static [u8],
}

impl Swgroup {
    /// The number by which devicetrees name it. It differs between SoCs.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Offset of its ASID register.
    pub const fn register(&self) -> Option<u32> {
        self.register
    }

    /// The switch of all its clients.
    pub const fn switch(&self) -> Switch {
        self.switch
    }

    /// The ids of its clients, in ascending order. Some swgroups have none.
    pub const fn clients(&self) -> &'static [u8] {
        self.clients
    }
}

/// A swgroup whose clients have bits in TRANSLATION_ENABLE.
const fn group(number: u32, name: &'static str, register: u32, clients: &'static [u8]) -> Swgroup {
    Swgroup {
        number,
        name,
        register: Some(register),
        switch: Switch::Enable,
        clients,
    }
}

/// A swgroup whose clients ask for translation by an address bit.
const fn by_address(
    number: u32,
    name: &'static str,
    register: u32,
    clients: &'static [u8],
) -> Swgroup {
    Swgroup {
        number,
        name,
        register: Some(register),
        switch: Switch::Address,
        clients,
    }
}

/// A swgroup without a register.
const fn untranslated(number: u32, name: &'static str, clients: &'static [u8]) -> Swgroup {
    Swgroup {
        number,
        name,
        register: None,
        switch: Switch::Never,
        clients,
    }
}

/// The most swgroups that a SoC has.
pub(super) const SWGROUPS: usize = 41;
/// The most words of TRANSLATION_ENABLE.
pub(super) const ENABLES: usize = 5;
/// Clients have ids of up to 8 bits.
pub(super) const CLIENTS: usize = 256;
/// The mark of an id without a client.
const NONE: u8 = u8::MAX;

/// The description of a SoC.
pub(super) struct Soc {
    /// Bytes of the register window.
    pub(super) window: u32,
    /// Number of ASIDs: 4 or 128.
    pub(super) asids: u32,
    /// Bits of a physical address: 32 or 34.
    pub(super) address_bits: u32,
    /// Page-table entries of a PTC line.
    pub(super) ptc_line: u32,
    /// Page-table entries of a TLB line, at most those of a PTC line.
    pub(super) tlb_line: u32,
    /// The bits of MC_ERR_STATUS for the client.
    pub(super) client_mask: u32,
    /// The bits of MC_INTSTATUS.
    pub(super) interrupts: u32,
    /// The bits of SMMU_TLB_CONFIG.
    pub(super) tlb_config: u32,
    /// The bits of SMMU_PTC_CONFIG.
    pub(super) ptc_config: u32,
    /// Offsets of SMMU_TRANSLATION_ENABLE_0 and so on.
    pub(super) enables: &'static [u32],
    /// Offsets of SMMU_ASID_SECURITY and so on, each for 32 ASIDs.
    pub(super) security: &'static [u32],
    /// Whether SMMU_ERR_APB_ASID_UPDATE_STATUS exists.
    pub(super) update_status: bool,
    /// Offsets of the words that control hot resets. The status is in the word after each.
    pub(super) resets: &'static [u32],
    pub(super) swgroups: &'static [Swgroup],
    /// The swgroup of each client id, or [`NONE`].
    by_client: [u8; CLIENTS],
}

impl Soc {
    /// Whether this is one of the later SoCs: addresses of 34 bits, before and after translation,
    /// four ASIDs in a swgroup's register, and SMMU_PTC_FLUSH_1.
    pub(super) const fn is_wide(&self) -> bool {
        self.address_bits > 32
    }

    /// The bits of a page frame number.
    pub(super) const fn pfn_mask(&self) -> u32 {
        (1 << (self.address_bits - 12)) - 1
    }

    /// The lowest bit of the ASID in SMMU_TLB_FLUSH.
    pub(super) const fn flush_shift(&self) -> u32 {
        if self.asids == 4 {
            29
        } else {
            24
        }
    }

    /// The swgroup of a client.
    pub(super) fn swgroup_of(&self, client: u32) -> Option<&'static Swgroup> {
        let number = *self.by_client.get(client as usize)?;

        self.swgroups.get(usize::from(number))
    }

    /// The clients with bits in a word of TRANSLATION_ENABLE.
    pub(super) fn enable_mask(&self, word: usize) -> u32 {
        let switched = self
            .swgroups
            .iter()
            .filter(|group| group.switch == Switch::Enable);

        switched
            .flat_map(|group| group.clients)
            .filter(|&&id| usize::from(id / 32) == word)
            .fold(0, |mask, id| mask | 1 << (id % 32))
    }
}

/// The swgroup of each client id. Panics if a swgroup's number is not its index.
const fn by_client(swgroups: &[Swgroup]) -> [u8; CLIENTS] {
    let mut table = [NONE; CLIENTS];
    let mut i = 0;

    assert!(swgroups.len() <= SWGROUPS);
    while i < swgroups.len() {
        let clients = swgroups[i].clients;
        let mut j = 0;

        assert!(swgroups[i].number as usize == i);
        while j < clients.len() {
            assert!(table[clients[j] as usize] == NONE);
            table[clients[j] as usize] = i as u8;
            j += 1;
        }
        i += 1;
    }
    table
}

/// Bits of SMMU_TLB_CONFIG and SMMU_PTC_CONFIG that all SoCs have: a field of six bits, an enable
/// bit, the two bits of the statistics.
const CONFIG: u32 = 0xe000_003f;
/// SMMU_TLB_CONFIG: arbitration by round robin.
const ROUND_ROBIN: u32 = 1 << 28;
/// SMMU_PTC_CONFIG: limit of requests.
const REQUEST_LIMIT: u32 = 0xf << 24;
/// Bits of MC_INTSTATUS that all SoCs have.
const INTERRUPTS: u32 = 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10;
/// Those of the later SoCs. That Tegra124 has bit 17, too, is assumed.
const MORE_INTERRUPTS: u32 = INTERRUPTS | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 16 | 1 << 17;
