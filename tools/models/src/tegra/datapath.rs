// SPDX-License-Identifier: GPL-2.0

//! The path of a client's access through the SMMU.

use super::{
    caches::Translation,
    faults::Report,
    format::Word,
    regs::{
        CONFIG_ENABLE,
        SWGROUP_ENABLE, //
    },
    soc::{
        Swgroup,
        Switch, //
    },
    Access,
    Block,
    Fault,
    How,
    Pass,
    Smmu, //
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

/// The bit by which the GPU asks for translation.
const ADDRESS_SWITCH: u64 = 1 << 34;
const PAGE: u64 = 0x1000;

/// The cause of a fault that a master gets.
impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Wide | Fault::NoRoot | Fault::NoPde => Cause::NoTable,
            Fault::NoPte => Cause::NoPage,
            Fault::Secure | Fault::Write | Fault::Read => Cause::Permission,
        }
    }
}

/// The way of an access.
enum Route {
    Blocked(Block),
    Passed(Pass),
    /// Translated by the ASID in this word of a swgroup.
    Translated(u32),
}

/// An access of a client.
#[derive(Clone, Copy)]
struct Request {
    client: u32,
    /// The address as the client sent it.
    va: u64,
    write: bool,
}

impl Smmu {
    /// Translates an access of `client` inside a 4 KiB page to a physical address.
    ///
    /// A fault is latched. `client` is an id that the SoC has; another one is refused with
    /// [`Denied::Bus`]. Each client of real hardware only reads or only writes, which the model
    /// does not check.
    ///
    /// # Errors
    ///
    /// - [`Denied::Fault`] for a fault.
    /// - [`Denied::Bus`] without power.
    pub fn access(
        &mut self,
        mem: &mut dyn Memory,
        client: u32,
        va: u64,
        write: bool,
    ) -> Result<u64, Denied> {
        let Some(group) = self.variant.swgroup_of(client) else {
            return Err(Denied::Bus);
        };
        let request = Request { client, va, write };

        self.counters.accesses += 1;
        self.pass_posted(mem);
        match self.route(group, client, va) {
            Route::Blocked(why) => {
                self.counters.blocked.add(why);
                self.note(request, 0, How::Blocked(why), None);
                Err(Denied::Bus)
            }
            Route::Passed(why) => {
                self.counters.passed.add(why);
                self.note(request, va, How::Passed(why), None);
                Ok(va)
            }
            Route::Translated(word) => {
                let iova = match group.switch() {
                    Switch::Address => va & !ADDRESS_SWITCH,
                    Switch::Enable | Switch::Never => va,
                };

                self.translate(mem, request, word, iova)
            }
        }
    }

    /// The way of an access to `va` by a client of `group`.
    fn route(&self, group: &Swgroup, client: u32, va: u64) -> Route {
        let off = match group.switch() {
            Switch::Enable => {
                let word = self.regs.enables[client as usize / 32];

                (word >> (client % 32) & 1 == 0).then_some(Pass::Client)
            }
            Switch::Address => (va & ADDRESS_SWITCH == 0).then_some(Pass::Physical),
            Switch::Never => Some(Pass::NoRegister),
        };
        let word = self.regs.swgroups[group.number() as usize];

        if !self.power {
            Route::Blocked(Block::Unpowered)
        } else if self.regs.config & CONFIG_ENABLE == 0 {
            Route::Passed(Pass::Off)
        } else if let Some(why) = off {
            Route::Passed(why)
        } else if word & SWGROUP_ENABLE == 0 {
            Route::Passed(Pass::Swgroup)
        } else {
            Route::Translated(word)
        }
    }

    /// Translates `iova` by the ASID that the ASID register `word` has for it.
    fn translate(
        &mut self,
        mem: &mut dyn Memory,
        request: Request,
        word: u32,
        iova: u64,
    ) -> Result<u64, Denied> {
        let soc = self.variant.soc();
        let quarter = iova >> 32;

        if quarter > if soc.is_wide() { 3 } else { 0 } {
            let nothing = Translation {
                word: Word(0),
                root: Word(0),
                missing: Some(Fault::Wide),
            };

            return Err(self.fault(request, iova, Fault::Wide, nothing, None));
        }
        let asid = word >> (8 * quarter) & (soc.asids - 1);
        let page = (iova as u32) >> 12;
        let found = self.lookup(mem, asid, page);

        if let Some(fault) = refuses(found, request.write) {
            return Err(self.fault(request, iova, fault, found, Some(asid)));
        }
        let pa = found.word.address(soc) | iova & (PAGE - 1);
        let how = How::Translated {
            table: found.root.address(soc),
        };

        self.counters.translated += 1;
        self.note(request, pa, how, Some(asid));
        Ok(pa)
    }

    fn fault(
        &mut self,
        request: Request,
        iova: u64,
        fault: Fault,
        found: Translation,
        asid: Option<u32>,
    ) -> Denied {
        let soc = self.variant.soc();
        let report = Report {
            client: request.client,
            iova,
            write: request.write,
            word: found.word,
        };

        if self.faults.latch(soc, self.knobs.latch, &report) {
            self.counters.faults_latched += 1;
        } else {
            self.counters.faults_lost += 1;
        }
        self.counters.faults.add(fault);
        let how = How::Faulted {
            cause: fault,
            table: found.root.address(soc),
        };
        self.note(request, 0, how, asid);
        Denied::Fault(fault.into())
    }

    fn note(&mut self, request: Request, pa: u64, how: How, asid: Option<u32>) {
        let soc = self.variant.soc();
        let root = asid.map(|asid| Word(self.regs.roots[asid as usize]));
        let access = Access {
            seq: 0,
            master: request.client,
            va: request.va,
            pa,
            write: request.write,
            how,
        };

        self.log.access(
            access,
            root.filter(|root| root.valid())
                .map(|root| root.address(soc)),
        );
    }

    /// Translates the next piece of a burst with `len` bytes left, up to the end of the page.
    fn piece(
        &mut self,
        mem: &mut dyn Memory,
        client: u32,
        va: u64,
        len: usize,
        write: bool,
    ) -> Result<Piece, Denied> {
        let len = len.min((PAGE - (va & (PAGE - 1))) as usize);

        Ok(Piece {
            pa: self.access(mem, client, va, write)?,
            len,
        })
    }

    /// Reads a burst of `client` from `va` on. After a fault, the rest of `buf` is 0: real data
    /// would be undefined.
    ///
    /// # Errors
    ///
    /// Those of [`Smmu::access`], and [`Denied::Bus`] where there is no memory. Parts before the
    /// failing one have been done.
    pub fn read(
        &mut self,
        mem: &mut dyn Memory,
        client: u32,
        va: u64,
        buf: &mut [u8],
    ) -> Result<(), Denied> {
        buf.fill(0);
        burst::read(mem, va, buf, |mem, va, left| {
            self.piece(mem, client, va, left, false)
        })
    }

    /// Writes a burst of `client` from `va` on.
    ///
    /// # Errors
    ///
    /// Those of [`Smmu::read`].
    pub fn write(
        &mut self,
        mem: &mut dyn Memory,
        client: u32,
        va: u64,
        buf: &[u8],
    ) -> Result<(), Denied> {
        burst::write(mem, va, buf, |mem, va, left| {
            self.piece(mem, client, va, left, true)
        })
    }
}

/// The fault of a read or write by this translation.
fn refuses(found: Translation, write: bool) -> Option<Fault> {
    let word = found.word;

    if found.missing.is_some() {
        found.missing
    } else if !word.nonsecure() {
        Some(Fault::Secure)
    } else if write && !word.writable() {
        Some(Fault::Write)
    } else if !write && !word.readable() {
        Some(Fault::Read)
    } else {
        None
    }
}
