// SPDX-License-Identifier: GPL-2.0

//! Registers of DART. Apple documents none of them; names follow those in other drivers.
//!
//! There are two kinds: that of T8020 and that of T8110. T6000 and the USB4 block of T8103 are of
//! the first kind, but have some registers at other offsets.

use kernel::register;

register! {
    /// Capabilities of the block.
    pub(crate) PARAMS1(u32) @ 0x000 {
        /// Binary logarithm of the page size.
        27:24 page_shift;
    }

    /// Capabilities of the block.
    pub(crate) PARAMS2(u32) @ 0x004 {
        /// Streams can pass untranslated.
        0:0 bypass => bool;
    }
}

/// T8020 and compatible blocks.
pub(crate) mod t8020 {
    use super::register;

    register! {
        /// Command for the selected streams.
        pub(crate) COMMAND(u32) @ 0x020 {
            /// Which of sixteen sets of the TLB to invalidate. One is enough: it invalidates all
            /// entries of a selected stream.
            31:20 invalidate;
            2:2 busy => bool;
        }

        /// The streams that a command is for, one bit each. The second word exists in blocks with
        /// more than 32 streams.
        pub(crate) SELECT(u32)[2] @ 0x034 {
            31:0 streams;
        }

        /// The first fault that has not been acknowledged. Written back to acknowledge it.
        pub(crate) ERROR(u32) @ 0x040 {
            31:31 flag => bool;
            27:24 stream;
            /// The access was a write.
            10:10 write => bool;
            11:0 code;
        }

        /// Address of the fault.
        pub(crate) ERROR_ADDR_LOW(u32) @ 0x050 {
            31:0 address;
        }

        /// Address of the fault.
        pub(crate) ERROR_ADDR_HIGH(u32) @ 0x054 {
            31:0 address;
        }

        pub(crate) CONFIG(u32) @ 0x060 {
            /// TCR and TTBR cannot be changed until the next reset.
            15:15 locked => bool;
        }

        /// Streams that may access memory at all, one bit each. The first word exists in blocks
        /// with more than 32 streams.
        pub(crate) ENABLE(u32)[2] @ 0x0f8 {
            31:0 streams;
        }

        /// Controls a stream's accesses. While it is 0, they are denied.
        pub(crate) TCR(u32)[64] @ 0x100 {
            /// The address filter is bypassed.
            12:12 bypass_filter => bool;
            /// Addresses are not translated.
            8:8 bypass => bool;
            7:7 translate => bool;
        }

        /// Tables of a stream, four each. In the USB4 block, which has 64 streams, they begin at
        /// 0x400.
        pub(crate) TTBR(u32)[384] @ 0x200 {
            31:31 valid => bool;
            /// In units of 4 KiB.
            30:0 page;
        }
    }
}

/// T8110 and compatible blocks.
pub(crate) mod t8110 {
    use super::register;

    register! {
        /// Widths and version.
        pub(crate) PARAMS3(u32) @ 0x008 {
            29:24 output_width;
            21:16 input_width;
            15:8 major;
            7:0 minor;
        }

        pub(crate) PARAMS4(u32) @ 0x00c {
            8:0 streams;
        }

        /// Command for the TLB.
        pub(crate) TLB_COMMAND(u32) @ 0x080 {
            31:31 busy => bool;
            /// 0: invalidate all, 1: invalidate one stream.
            10:8 op;
            7:0 stream;
        }

        /// See [`super::t8020::ERROR`].
        pub(crate) ERROR(u32) @ 0x100 {
            31:31 flag => bool;
            28:28 write => bool;
            27:20 stream;
            14:0 code;
        }

        /// Codes that are not reported.
        pub(crate) ERROR_MASK(u32) @ 0x104 {
            31:0 codes;
        }

        /// Address of the fault.
        pub(crate) ERROR_ADDR_LOW(u32) @ 0x170 {
            31:0 address;
        }

        /// Address of the fault.
        pub(crate) ERROR_ADDR_HIGH(u32) @ 0x174 {
            31:0 address;
        }

        /// Streams with a fault, one bit each. Writing a one acknowledges it.
        pub(crate) ERROR_STREAMS(u32)[8] @ 0x1c0 {
            31:0 streams;
        }

        /// Registers that cannot be changed.
        pub(crate) PROTECT(u32) @ 0x200 {
            /// TCR and TTBR.
            0:0 streams => bool;
        }

        /// Streams that may access memory at all. Writing a one sets a bit; writing a zero does not
        /// clear it.
        pub(crate) ENABLE(u32)[8] @ 0xc00 {
            31:0 streams;
        }

        /// See [`super::t8020::TCR`].
        pub(crate) TCR(u32)[256] @ 0x1000 {
            /// A walk has four levels, not three.
            3:3 four_levels => bool;
            2:2 bypass_filter => bool;
            1:1 bypass => bool;
            0:0 translate => bool;
        }

        /// The table of a stream.
        pub(crate) TTBR(u32)[256] @ 0x1400 {
            /// In units of 16 KiB.
            29:2 page;
            0:0 valid => bool;
        }
    }
}

/// Codes of a fault in T8020. T8110 has one more, above the first.
pub(crate) mod code {
    /// There is no table for the stream.
    pub(crate) const NO_TTBR: u32 = 1 << 0;
    /// There is no table of the second level.
    pub(crate) const NO_PMD: u32 = 1 << 1;
    /// The page is not mapped.
    pub(crate) const NO_PTE: u32 = 1 << 2;
    /// The page must not be written.
    pub(crate) const WRITE: u32 = 1 << 3;
    /// The page must not be read.
    pub(crate) const READ: u32 = 1 << 4;
}
