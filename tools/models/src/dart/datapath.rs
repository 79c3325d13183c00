// SPDX-License-Identifier: GPL-2.0

//! The path of a stream's access through the instance.

use super::{
    caches::Entry,
    faults::{
        Kept,
        Report, //
    },
    knobs::Wide,
    stream::{
        Mode,
        Tcr, //
    },
    walk::{
        Miss,
        Walk, //
    },
    Access,
    Block,
    Dart,
    Fault,
    How, //
};
use crate::{
    burst::{
        self,
        Piece, //
    },
    Cause,
    Denied,
    Memory, //
};

/// The cause of a fault that a master gets.
impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NoTtbr | Fault::NoPgd | Fault::NoPmd | Fault::Axi => Cause::NoTable,
            Fault::NoPte => Cause::NoPage,
            Fault::Write | Fault::Read | Fault::SubPage | Fault::Filter => Cause::Permission,
        }
    }
}

impl Dart {
    /// Translates an access of `stream` to the `len` bytes from `iova` on to a physical address.
    ///
    /// Bytes beyond the end of the page are not checked. `stream` must be below the number of
    /// streams; a larger one is refused with [`Denied::Bus`].
    ///
    /// # Errors
    ///
    /// - [`Denied::Fault`] for a fault, which is latched.
    /// - [`Denied::Blocked`] if the stream is set to deny all accesses.
    /// - [`Denied::Bus`] without power or clock.
    pub fn access(
        &mut self,
        mem: &mut dyn Memory,
        stream: u32,
        iova: u64,
        len: usize,
        write: bool,
    ) -> Result<u64, Denied> {
        if stream >= self.config.streams {
            return Err(Denied::Bus);
        }
        self.counters.accesses += 1;
        self.refetch(mem);

        let report = |fault| Report {
            fault,
            stream,
            iova,
            write,
        };
        let target = self.remapped(stream);
        let tcr = self.tcr(target);
        match self.mode(stream, tcr) {
            Mode::Blocks(why) => return Err(self.block(stream, iova, write, why)),
            Mode::Passes(_) if self.knobs.filter_closed && !tcr.filter_bypass => {
                return Err(self.fault(report(Fault::Filter), target, 0));
            }
            Mode::Passes(why) => {
                let pa = iova | tcr.window << 32;

                self.counters.passed.add(why);
                self.note(stream, target, iova, pa, write, How::Passed(why));
                return Ok(pa);
            }
            Mode::Translates => (),
        }

        let Some(narrow) = self.narrow(iova, tcr) else {
            return Err(self.fault(report(Fault::Filter), target, 0));
        };
        let walk = Walk {
            stream: target,
            space: if self.knobs.cache_by_source {
                stream
            } else {
                target
            },
            tcr,
            iova: narrow,
        };
        let entry = match self.lookup(mem, walk) {
            Ok(entry) => entry,
            Err(Miss { fault, root }) => return Err(self.fault(report(fault), target, root)),
        };
        let offset = iova & (self.config.page() - 1);
        if let Some(fault) = self.refuses(entry, offset, len, write) {
            return Err(self.fault(report(fault), target, entry.root));
        }

        let pa = self.entries.pa(entry.word) | offset;
        let how = How::Translated { table: entry.root };
        self.note(stream, target, narrow, pa, write, how);
        Ok(pa)
    }

    /// The bits of an address that are translated; `None` if the filter refuses it.
    fn narrow(&self, iova: u64, tcr: Tcr) -> Option<u64> {
        let narrow = iova & ((1 << self.reach(tcr)) - 1);
        let wraps = tcr.filter_bypass || self.knobs.wide == Wide::Wraps;

        (narrow == iova || wraps).then_some(narrow)
    }

    /// The fault if the page's entry does not permit this access.
    fn refuses(&self, entry: Entry, offset: u64, len: usize, write: bool) -> Option<Fault> {
        let len = (len as u64).clamp(1, self.config.page() - offset);

        if self.entries.prohibits(entry.word, write) {
            Some(if write { Fault::Write } else { Fault::Read })
        } else if self.entries.outside(entry.word, offset, len) {
            Some(Fault::SubPage)
        } else {
            None
        }
    }

    fn block(&mut self, stream: u32, iova: u64, write: bool, why: Block) -> Denied {
        self.counters.blocked.add(why);
        self.note(stream, stream, iova, 0, write, How::Blocked(why));
        match why {
            Block::Unpowered | Block::Gated => Denied::Bus,
            Block::Busy | Block::Disabled | Block::Off => Denied::Blocked,
        }
    }

    fn fault(&mut self, report: Report, target: u32, root: u64) -> Denied {
        let Report {
            fault,
            stream,
            iova,
            write,
        } = report;
        let layout = self.config.variant.layout();
        let kept = if self.tcr(target).hushes(fault) {
            Kept::Unwanted
        } else {
            self.faults.latch(layout, &self.knobs, report)
        };

        *match kept {
            Kept::All => &mut self.counters.faults_latched,
            Kept::Something => &mut self.counters.faults_merged,
            Kept::Nothing => &mut self.counters.faults_lost,
            Kept::Unwanted => &mut self.counters.faults_suppressed,
        } += 1;
        self.counters.faults.add(fault);
        let how = How::Faulted {
            cause: fault,
            table: root,
        };
        self.note(stream, target, iova, 0, write, how);
        Denied::Fault(fault.into())
    }

    fn note(&mut self, stream: u32, target: u32, iova: u64, pa: u64, write: bool, how: How) {
        let access = Access {
            seq: 0,
            master: stream,
            va: iova,
            pa,
            write,
            how,
        };

        self.log.access(access, self.root(target, iova));
    }

    /// Translates the next piece of a burst with `len` bytes left, up to the end of the page.
    fn piece(
        &mut self,
        mem: &mut dyn Memory,
        stream: u32,
        iova: u64,
        len: usize,
        write: bool,
    ) -> Result<Piece, Denied> {
        let page = self.config.page();
        let len = len.min((page - (iova & (page - 1))) as usize);

        Ok(Piece {
            pa: self.access(mem, stream, iova, len, write)?,
            len,
        })
    }

    /// Reads a burst of `stream` from `iova` on.
    ///
    /// # Errors
    ///
    /// Those of [`Dart::access`], and [`Denied::Bus`] where there is no memory. Parts before the
    /// failing one have been done.
    pub fn read(
        &mut self,
        mem: &mut dyn Memory,
        stream: u32,
        iova: u64,
        buf: &mut [u8],
    ) -> Result<(), Denied> {
        burst::read(mem, iova, buf, |mem, iova, left| {
            self.piece(mem, stream, iova, left, false)
        })
    }

    /// Writes a burst of `stream` from `iova` on.
    ///
    /// # Errors
    ///
    /// Those of [`Dart::read`].
    pub fn write(
        &mut self,
        mem: &mut dyn Memory,
        stream: u32,
        iova: u64,
        buf: &[u8],
    ) -> Result<(), Denied> {
        burst::write(mem, iova, buf, |mem, iova, left| {
            self.piece(mem, stream, iova, left, true)
        })
    }
}
