// SPDX-License-Identifier: GPL-2.0

//! A walker that fetches entries again as soon as a command has dropped them.

use super::{
    caches::Level,
    stream::Mode,
    walk::Walk,
    Dart, //
};
use crate::Memory;

impl Dart {
    /// Fetches the entries that commands have dropped, see [`Knobs::refetch`](super::Knobs::refetch).
    ///
    /// Those of a stream that is not translated wait for a later call.
    pub(super) fn refetch(&mut self, mem: &mut dyn Memory) {
        if !self.knobs.refetch {
            return;
        }
        for level in [Level::Context, Level::Segment, Level::Page] {
            for _ in 0..self.caches.waiting(level) {
                let Some((space, tag)) = self.caches.take_dropped(level) else {
                    break;
                };
                let stream = if self.knobs.cache_by_source {
                    self.remapped(space)
                } else {
                    space
                };
                let tcr = self.tcr(stream);

                if !matches!(self.mode(space, tcr), Mode::Translates) {
                    self.caches.postpone(level);
                } else if level != Level::Context || tcr.four_level {
                    let walk = Walk {
                        stream,
                        space,
                        tcr,
                        iova: u64::from(tag) << self.tag_shift(level),
                    };

                    // An entry that cannot be read is left to the next access.
                    let _ = self.entry(mem, walk, level);
                }
            }
        }
    }
}
