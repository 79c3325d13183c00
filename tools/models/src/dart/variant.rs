// SPDX-License-Identifier: GPL-2.0

//! The versions of the hardware, and the configuration of their instances, as data.

/// A version of the hardware, by the compatible of its devicetree node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// `apple,t8103-dart`: 16 streams with four TTBRs each, DART1 entries.
    T8103,
    /// `apple,t8103-usb4-dart`: the same with 64 streams, with some registers at other offsets.
    T8103Usb4,
    /// `apple,t6000-dart`: 16 streams with four TTBRs each, DART2 entries.
    T6000,
    /// `apple,t8110-dart`: another register layout, up to 256 streams with one TTBR each, DART2
    /// entries.
    T8110,
}

/// The register layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// That of T8020, which all but T8110 have.
    T8020,
    T8110,
}

/// The format of table entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Dart1,
    Dart2,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Variant::T8103,
        Variant::T8103Usb4,
        Variant::T6000,
        Variant::T8110,
    ];

    /// The compatible string.
    pub const fn compatible(self) -> &'static str {
        match self {
            Variant::T8103 => "apple,t8103-dart",
            Variant::T8103Usb4 => "apple,t8103-usb4-dart",
            Variant::T6000 => "apple,t6000-dart",
            Variant::T8110 => "apple,t8110-dart",
        }
    }

    /// The variant with this compatible string.
    pub fn from_compatible(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.compatible() == name)
    }

    pub(super) const fn layout(self) -> Layout {
        match self {
            Variant::T8110 => Layout::T8110,
            _ => Layout::T8020,
        }
    }

    pub(super) const fn format(self) -> Format {
        match self {
            Variant::T8103 | Variant::T8103Usb4 => Format::Dart1,
            Variant::T6000 | Variant::T8110 => Format::Dart2,
        }
    }

    /// Number of TTBRs of a stream.
    pub(super) const fn ttbrs(self) -> u32 {
        match self {
            Variant::T8110 => 1,
            _ => 4,
        }
    }
}

/// An instance's support of bypass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bypass {
    /// Supported, as PARAMS2 shows.
    Supported,
    /// Not supported, as PARAMS2 shows. TCR's bits for it read as 0.
    Unsupported,
    /// PARAMS2 shows support, but TCR's bits for it read as 0. Some hardware is like that.
    Hardwired,
}

/// How an instance was built into its SoC.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(super) variant: Variant,
    /// log2 of the page size: 12 or 14.
    pub(super) page_shift: u32,
    /// Bits of an address of a master.
    pub(super) input: u32,
    /// Bits of a physical address.
    pub(super) output: u32,
    pub(super) streams: u32,
    pub(super) clients: u32,
    /// Major and minor version, which PARAMS3 shows.
    pub(super) version: (u32, u32),
    pub(super) bypass: Bypass,
}

impl Config {
    /// The usual instance of a variant.
    ///
    /// - T8103: 16 KiB pages, 32 to 36 bits, with bypass.
    /// - T8103 USB4: 16 KiB pages, 32 to 36 bits, no bypass.
    /// - T6000: 16 KiB pages, 32 to 42 bits, with bypass.
    /// - T8110: 16 KiB pages, 42 to 42 bits, 256 streams, one client, version 2.0, with bypass.
    pub const fn new(variant: Variant) -> Self {
        let (input, output, streams, bypass) = match variant {
            Variant::T8103 => (32, 36, 16, Bypass::Supported),
            Variant::T8103Usb4 => (32, 36, 64, Bypass::Unsupported),
            Variant::T6000 => (32, 42, 16, Bypass::Supported),
            Variant::T8110 => (42, 42, 256, Bypass::Supported),
        };

        Self {
            variant,
            page_shift: 14,
            input,
            output,
            streams,
            clients: 1,
            version: (2, 0),
            bypass,
        }
    }

    /// 4 KiB pages. Only with DART1 entries: those of DART2 hold no address bits below 16 KiB.
    ///
    /// Panics otherwise. The other functions also panic for impossible values, since they are meant
    /// for constants.
    pub const fn pages_4k(self) -> Self {
        assert!(matches!(self.variant.format(), Format::Dart1));

        Self {
            page_shift: 12,
            ..self
        }
    }

    /// Addresses of masters with `bits` bits: 32 to 38 where a stream has four TTBRs, and 32 to 42
    /// with one.
    pub const fn input(self, bits: u32) -> Self {
        let most = if self.variant.ttbrs() == 4 { 38 } else { 42 };

        assert!(bits >= 32 && bits <= most);
        Self {
            input: bits,
            ..self
        }
    }

    /// Physical addresses with `bits` bits: 36 to 42, and 36 only with DART1 entries.
    pub const fn output(self, bits: u32) -> Self {
        let most = match self.variant.format() {
            Format::Dart1 => 36,
            Format::Dart2 => 42,
        };

        assert!(bits >= 36 && bits <= most);
        Self {
            output: bits,
            ..self
        }
    }

    /// `streams` streams, 1 to 256. Only on T8110: other variants have no register with the number.
    pub const fn streams(self, streams: u32) -> Self {
        assert!(matches!(self.variant, Variant::T8110));
        assert!(streams >= 1 && streams <= 256);

        Self { streams, ..self }
    }

    /// T8110 of another version, before 2.2. Version 1 has neither tables of four levels nor
    /// invalidation of a range.
    pub const fn version(self, major: u32, minor: u32) -> Self {
        assert!(matches!(self.variant, Variant::T8110));
        assert!(minor < 256);
        assert!(
            major < 2 || major == 2 && minor < 2,
            "from version 2.2 on, T8110 reports faults in an exception block, which the model lacks"
        );

        Self {
            version: (major, minor),
            ..self
        }
    }

    /// `clients` masters in front of the instance, 1 to 256, as PARAMS4 of T8110 shows. Streams of
    /// more than one client are partitioned, which PARAMS1 shows and the model does not have.
    pub const fn clients(self, clients: u32) -> Self {
        assert!(matches!(self.variant, Variant::T8110));
        assert!(clients >= 1 && clients <= 256);

        Self { clients, ..self }
    }

    /// An instance with or without bypass.
    pub const fn bypass(self, bypass: Bypass) -> Self {
        Self { bypass, ..self }
    }

    /// Contents of PARAMS1 and so on. Unknown bits have the value read from hardware, or 0.
    pub(super) const fn params(&self) -> [u32; 4] {
        let bypass = !matches!(self.bypass, Bypass::Unsupported) as u32;

        match self.variant.layout() {
            Layout::T8020 => [self.page_shift << 24, 1 << 1 | bypass, 0, 0],
            Layout::T8110 => [
                self.page_shift << 24
                    | if self.clients > 1 {
                        0x2031_3048
                    } else {
                        0x1031_3020
                    },
                0x3122_1402 | bypass,
                self.output << 24 | self.input << 16 | self.version.0 << 8 | self.version.1,
                self.clients << 16 | self.streams,
            ],
        }
    }

    /// Whether TCR can enable bypass.
    pub(super) const fn has_bypass(&self) -> bool {
        matches!(self.bypass, Bypass::Supported)
    }

    /// Whether there are tables of four levels and invalidation of a range.
    pub(super) const fn is_v2(&self) -> bool {
        self.version.0 >= 2
    }

    /// log2 of the number of entries of a table; a table is one page.
    pub(super) const fn index_bits(&self) -> u32 {
        self.page_shift - 3
    }

    /// Bytes of a page.
    pub(super) const fn page(&self) -> u64 {
        1 << self.page_shift
    }
}
