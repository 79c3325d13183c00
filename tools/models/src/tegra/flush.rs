// SPDX-License-Identifier: GPL-2.0

//! The two flush registers. A flush is done when its write arrives.
//!
//! A flush of the TLB leaves the lines of the PTC, from which the next walk fills the TLB again. A
//! flush of the PTC leaves the translations of the TLB. So an entry that was changed needs both, in
//! the order PTC, TLB. The model does not check the order: the wrong one shows by a stale
//! translation, if a walk comes in between.

use super::{
    soc::Soc,
    Smmu,
    ASIDS, //
};

/// TLB_FLUSH: the address to match.
const MATCH: u32 = 3;
const MATCH_ALL: u32 = 0;
const MATCH_SECTION: u32 = 2;
const MATCH_GROUP: u32 = 3;
/// TLB_FLUSH: bits 31:12 of the address, of which a group has all down to bit 14.
const GROUP_ADDRESS: u32 = 0x000f_fffc;
/// TLB_FLUSH: the same down to bit 22.
const SECTION_ADDRESS: u32 = 0x000f_fc00;
/// TLB_FLUSH: only the given ASID.
const MATCH_ASID: u32 = 1 << 31;

/// The pages of a section.
const SECTION_PAGES: u32 = 1024;
/// The pages that a flush of a group drops. A TLB line may have more.
const GROUP_PAGES: u32 = 4;

/// PTC_FLUSH: only the line at the given address.
const BY_ADDRESS: u32 = 1 << 0;
/// PTC_FLUSH: the lower bits of the address.
const ADDRESS: u32 = 0xffff_fff0;

/// The bits of a value for TLB_FLUSH that have a meaning. The ASID has none without the bit that
/// selects it, and the address none if all is matched.
pub(super) fn tlb_bits(soc: &Soc, val: u32) -> u32 {
    let asid = match val & MATCH_ASID {
        0 => 0,
        _ => (soc.asids - 1) << soc.flush_shift(),
    };
    let address = match val & MATCH {
        MATCH_ALL => 0,
        MATCH_SECTION => SECTION_ADDRESS,
        _ => GROUP_ADDRESS,
    };

    MATCH_ASID | asid | address | MATCH
}

/// The bits of a value for PTC_FLUSH that have a meaning.
pub(super) fn ptc_bits(val: u32) -> u32 {
    match val & BY_ADDRESS {
        0 => BY_ADDRESS,
        _ => BY_ADDRESS | ADDRESS,
    }
}

impl Smmu {
    /// Handles a write of PTC_FLUSH.
    pub(super) fn flush_ptc(&mut self, val: u32) {
        let (first, last) = if val & BY_ADDRESS == 0 {
            self.counters.ptc_flushes_all += 1;
            (0, u32::MAX)
        } else {
            let high = u64::from(self.regs.ptc_flush_high) << 32;
            let number = self.line_number(high | u64::from(val & ADDRESS));

            self.counters.ptc_flushes_line += 1;
            (number, number)
        };

        let dropped = self.caches.drop_lines(first, last, self.knobs.refetch);
        self.counters.dropped_lines += u64::from(dropped);
    }

    /// Handles a write of TLB_FLUSH.
    pub(super) fn flush_tlb(&mut self, val: u32) {
        let soc = self.variant.soc();
        let asid = (val & MATCH_ASID != 0).then_some(val >> soc.flush_shift() & (soc.asids - 1));
        let page = val & GROUP_ADDRESS;
        let counters = &mut self.counters;
        let pages = match val & MATCH {
            MATCH_ALL if asid.is_none() => {
                counters.tlb_flushes_all += 1;
                None
            }
            MATCH_ALL => {
                counters.tlb_flushes_asid += 1;
                None
            }
            MATCH_SECTION => {
                counters.tlb_flushes_section += 1;
                Some((page, SECTION_PAGES))
            }
            MATCH_GROUP => {
                counters.tlb_flushes_group += 1;
                Some((page, GROUP_PAGES))
            }
            _ => {
                counters.undefined_matches += 1;
                return;
            }
        };

        counters.dropped.begin();
        match asid {
            Some(asid) => self.drop_translations(asid, pages),
            None => (0..ASIDS as u32).for_each(|asid| self.drop_translations(asid, pages)),
        }
    }

    /// Drops the translations of an ASID, all or those of a number of pages from a first one on.
    fn drop_translations(&mut self, asid: u32, pages: Option<(u32, u32)>) {
        let keep = self.knobs.refetch;
        let dropped = match pages {
            None => self.caches.flush_asid(asid, keep),
            Some((first, n)) => self.caches.drop_pages(asid, first, first + (n - 1), keep),
        };

        self.counters.dropped.count(asid as usize, dropped);
    }
}
