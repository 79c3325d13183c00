// SPDX-License-Identifier: GPL-2.0

//! The differences between the blocks, and the parameters that each block reports.

use iommu::pgtable::{
    Config,
    Entries, //
};

use crate::{
    hal::{
        t8020,
        t8110,
        Hal, //
    },
    window::Window, //
};

/// Maximum number of streams of any block.
pub(crate) const MAX_STREAMS: usize = 256;

/// Maximum number of tables of a stream.
pub(crate) const MAX_TTBRS: usize = 4;

/// The driver's data for a compatible.
pub(crate) struct Variant {
    pub(crate) hal: &'static dyn Hal,
    pub(crate) entries: Entries,
    /// Number of streams. T8110 reports it.
    pub(crate) streams: u16,
    /// Width of an output address in bits. T8110 reports it.
    pub(crate) output_width: u32,
    /// Whether to read from the block if it can let streams pass untranslated. No bypass is known
    /// in USB4 blocks.
    pub(crate) bypass: bool,
}

pub(crate) static T8103: Variant = Variant {
    hal: &t8020::T8020 { wide: false },
    entries: Entries::Dart1,
    streams: 16,
    output_width: 36,
    bypass: true,
};

pub(crate) static T8103_USB4: Variant = Variant {
    hal: &t8020::T8020 { wide: true },
    entries: Entries::Dart1,
    streams: 64,
    output_width: 36,
    bypass: false,
};

pub(crate) static T6000: Variant = Variant {
    hal: &t8020::T8020 { wide: false },
    entries: Entries::Dart2,
    streams: 16,
    output_width: 42,
    bypass: true,
};

pub(crate) static T8110: Variant = Variant {
    hal: &t8110::T8110,
    entries: Entries::Dart2,
    streams: 0,
    output_width: 0,
    bypass: true,
};

/// Width of an input address in bits, for blocks that do not report it.
pub(crate) const INPUT_WIDTH: u32 = 32;

/// The parameters that a block reports.
#[derive(Clone, Copy)]
pub(crate) struct Params {
    /// Page size in bytes, and widths of addresses.
    pub(crate) table: Config,
    pub(crate) window: Window,
    pub(crate) streams: u16,
    pub(crate) bypass: bool,
}

iommu::atomic_safe! { Params { table, window, streams, bypass } }

impl Params {
    /// Whether the driver has room for this number of streams, and there are any.
    pub(crate) fn has_valid_streams(&self) -> bool {
        (1..=MAX_STREAMS).contains(&self.streams.into())
    }

    /// Whether a master may be behind both at once, with the same tables.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.table.page_size == other.table.page_size
            && self.table.ias == other.table.ias
            && self.window == other.window
    }

    /// Returns `config`, with output addresses that this block has, too.
    pub(crate) fn narrow(&self, config: Config) -> Config {
        Config {
            oas: config.oas.min(self.table.oas),
            ..config
        }
    }
}

#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kernel::macros::kunit_tests(apple_dart_variant)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_as_the_blocks() {
        for (variant, entries, streams, output_width, bypass) in [
            (&T8103, Entries::Dart1, 16, 36, true),
            (&T8103_USB4, Entries::Dart1, 64, 36, false),
            (&T6000, Entries::Dart2, 16, 42, true),
            // It reports the number of its streams, and the width of its addresses.
            (&T8110, Entries::Dart2, 0, 0, true),
        ] {
            assert!(variant.entries == entries && variant.bypass == bypass);
            assert_eq!(variant.streams, streams);
            assert_eq!(variant.output_width, output_width);
        }
        assert_eq!(INPUT_WIDTH, 32);
    }

    #[test]
    fn no_block_has_more_than_there_is_room_for() {
        for variant in [&T8103, &T8103_USB4, &T6000, &T8110] {
            assert!(usize::from(variant.streams) <= MAX_STREAMS);
        }
        // The stream number of T8110's error word and command has eight bits.
        assert_eq!(MAX_STREAMS, 1 << 8);
        assert_eq!(MAX_TTBRS, 4);
    }

    fn params(page_size: usize, ias: u32, oas: u32, streams: u16) -> Params {
        let table = Config {
            page_size,
            ias,
            oas,
        };

        Params {
            table,
            window: Window::whole(&table),
            streams,
            bypass: true,
        }
    }

    #[test]
    fn there_is_room_for_all_streams_of_a_block() {
        for (streams, valid) in [(0, false), (1, true), (256, true), (257, false)] {
            assert_eq!(params(0x4000, 32, 42, streams).has_valid_streams(), valid);
        }
    }

    #[test]
    fn instances_agree_on_page_size_and_input_width() {
        let one = params(0x4000, 32, 36, 16);

        assert!(one.agrees(&params(0x4000, 32, 36, 16)));
        assert!(one.agrees(&params(0x4000, 32, 42, 64)));
        assert!(!one.agrees(&params(0x1000, 32, 36, 16)));
        assert!(!one.agrees(&params(0x4000, 36, 36, 16)));

        // The narrower one decides, in both orders.
        let other = params(0x4000, 32, 42, 16);
        assert_eq!(one.narrow(other.table).oas, 36);
        assert_eq!(other.narrow(one.table).oas, 36);
    }
}
