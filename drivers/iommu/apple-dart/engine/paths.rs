// SPDX-License-Identifier: GPL-2.0

//! Changes of what the streams' accesses pass through: tables, nothing, or a denial.

use iommu::atomic_safe;
use kernel::prelude::*;

use super::Engine;

use crate::{
    streams::Streams,
    variant::MAX_TTBRS, //
};

/// The path of a stream's accesses, as register values: denied, untranslated, or through
/// tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    pub(super) tcr: u32,
    pub(super) ttbr: [u32; MAX_TTBRS],
}

atomic_safe!(Path { tcr, ttbr });

impl Path {
    /// The accesses are denied.
    pub(crate) const BLOCKED: Self = Self {
        tcr: 0,
        ttbr: [0; MAX_TTBRS],
    };
}

impl Engine {
    /// Returns the path through the tables at `ttbrs`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the registers cannot express them.
    pub(crate) fn paging(&self, ttbrs: &[u64], levels: u32) -> Result<Path> {
        let mut path = Path {
            tcr: self.hal.translating(levels)?,
            ..Path::BLOCKED
        };

        if ttbrs.len() > self.hal.ttbrs() {
            return Err(EINVAL);
        }
        for (ttbr, &table) in path.ttbr.iter_mut().zip(ttbrs) {
            *ttbr = self.hal.ttbr(table)?;
        }
        Ok(path)
    }

    /// Lets `streams` through without tables: untranslated or denied, as their new TCR has it. Their
    /// TTBRs keep what they have, without a use.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if the block does not invalidate its TLB, `ENODEV` without power and after
    /// [`Self::shut`]. The block may still read the tables then.
    pub(crate) fn leave(&mut self, streams: &Streams, tcr: u32) -> Result {
        let mut left = Streams::NONE;
        for id in streams.iter() {
            let Some(entry) = self.entries.get_mut(usize::from(id)) else {
                continue;
            };
            let old = core::mem::replace(
                &mut entry.path,
                Path {
                    tcr,
                    ..Path::BLOCKED
                },
            );

            if self.hal.translates(old.tcr) {
                left.insert(id);
            }
            if self.powered && old.tcr != tcr {
                self.set_tcr(id, tcr);
            }
        }
        // Without tables, streams do not use cached entries.
        self.stale.remove_all(&left);
        if !self.powered || self.shut {
            return Err(ENODEV);
        }
        if left.is_empty() {
            return Ok(());
        }
        self.invalidate(&left)
    }

    /// Prepares the block to translate `streams` by the tables of `path`. Streams that are
    /// translated already are denied until then. The record of their paths does not change:
    /// [`Self::commit`] or [`Self::roll_back`] is called next.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if the block does not invalidate its TLB, `ENODEV` without power and after
    /// [`Self::shut`].
    pub(crate) fn prepare(&mut self, streams: &Streams, path: &Path) -> Result {
        if !self.powered || self.shut {
            return Err(ENODEV);
        }
        let mut changing = Streams::NONE;
        for id in streams.iter() {
            let index = usize::from(id);
            let Some(entry) = self.entries.get_mut(index) else {
                continue;
            };
            if entry.path == *path && !self.stale.contains(id) {
                continue;
            }
            changing.insert(id);
            // An untranslated stream may pass until the new tables are in force.
            if self.hal.translates(entry.path.tcr) {
                self.hal.write_tcr(&self.io, id, 0);
            }
            entry.set_ttbrs(self.hal, &self.io, index, path);
        }
        if changing.is_empty() {
            return Ok(());
        }
        self.changing.insert_all(&changing);
        self.invalidate(&changing)?;
        self.stale.remove_all(&changing);
        Ok(())
    }

    /// Lets `streams` through `path`, for which they were prepared.
    pub(crate) fn commit(&mut self, streams: &Streams, path: &Path) {
        for id in streams.iter() {
            if let Some(entry) = self.entries.get_mut(usize::from(id)) {
                entry.path = *path;
                if self.powered {
                    // They are not those of this path if the registers were lost meanwhile.
                    entry.set_ttbrs(self.hal, &self.io, usize::from(id), path);
                }
            }
            if self.changing.remove(id) {
                // The stream was not translated since it was prepared, so nothing of this path is
                // cached.
                self.stale.remove(id);
                if self.powered {
                    self.set_tcr(id, path.tcr);
                }
            }
        }
    }

    /// Restores the paths that `streams` had before they were prepared.
    ///
    /// Nothing is cached of the path for which they were prepared, because they were not translated
    /// in between.
    pub(crate) fn roll_back(&mut self, streams: &Streams) {
        for id in streams.iter() {
            if !self.changing.remove(id) || !self.powered {
                continue;
            }
            let tcr = self.tcr(id);
            if let Some(entry) = self.entries.get_mut(usize::from(id)) {
                let path = entry.path;
                entry.set_ttbrs(self.hal, &self.io, usize::from(id), &path);
            }
            // A stream that is not translated does not use cached entries.
            if !self.hal.translates(tcr) {
                self.stale.remove(id);
            }
            if !self.stale.contains(id) {
                self.set_tcr(id, tcr);
            }
        }
    }
}
