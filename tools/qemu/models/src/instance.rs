// SPDX-License-Identifier: GPL-2.0

//! A model, the machine it is in, and the test's own DMA engines behind it.

use std::collections::BTreeSet;

use iommu_models::{
    dart::{
        self,
        Dart, //
    },
    dma::{
        Engine,
        Port,
        Progress, //
    },
    sun50i::{
        self,
        Iommu, //
    },
    tegra::{
        self,
        Smmu,
        Swgroup, //
    },
    Denied,
    Line,
    Memory,
    Model, //
};

/// The size of a page of all kinds. The board's kernel has pages of 4 KiB.
pub const PAGE_SIZE: u64 = 4096;

/// The swgroups of a Tegra to which the board's ports lead: those of stock masters, those of the
/// test's engines, and that of all PCI functions.
const SWGROUPS: [&str; 16] = [
    "ppcs",
    "hda",
    "sdmmc1a",
    "xusb_host",
    "xusb_dev",
    "dc",
    "hc",
    "dcb",
    "afi",
    "afi",
    "afi",
    "afi",
    "afi",
    "afi",
    "afi",
    "afi",
];

/// The port of the first engine.
const ENGINE_PORT: u32 = 5;
/// The number of engines.
const ENGINES: usize = 3;

/// An engine's registers that only this board has. A write runs the engine for about so many bytes;
/// a read returns [`STEP_BUSY`] and [`STEP_WAITING`] of the last run.
const STEP: u32 = 0xf10;
const STEP_BUSY: u32 = 1 << 0;
const STEP_WAITING: u32 = 1 << 1;
/// Bytes read plus written in the last run.
const MOVED: u32 = 0xf14;
/// A write resets the engine.
const RESET: u32 = 0xf18;

/// Functions of the machine that a model calls.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Machine {
    read: unsafe extern "C" fn(u64, *mut u8, usize) -> bool,
    write: unsafe extern "C" fn(u64, *const u8, usize) -> bool,
}

impl Memory for Machine {
    fn read(&mut self, pa: u64, buf: &mut [u8]) -> bool {
        // SAFETY: `buf` is valid for writes of its length, and the function is QEMU's.
        unsafe { (self.read)(pa, buf.as_mut_ptr(), buf.len()) }
    }

    fn write(&mut self, pa: u64, buf: &[u8]) -> bool {
        // SAFETY: `buf` is valid for reads of its length, and the function is QEMU's.
        unsafe { (self.write)(pa, buf.as_ptr(), buf.len()) }
    }
}

/// The pages that engines may access. Another access is not carried out, is counted, and ends as a
/// bus error: otherwise a stale or missing translation would damage the guest that reports it.
#[derive(Default)]
struct Allowed {
    frames: BTreeSet<u64>,
    stray_reads: u64,
    stray_writes: u64,
    last: u64,
}

impl Allowed {
    fn has(&mut self, pa: u64, len: usize) -> bool {
        let end = pa.saturating_add(len as u64 - 1);
        let all = (pa / PAGE_SIZE..=end / PAGE_SIZE).all(|frame| self.frames.contains(&frame));

        if !all {
            self.last = pa;
        }
        all
    }
}

/// Memory as engines access it, and as the model walks it for them.
struct Checked<'a> {
    machine: &'a mut Machine,
    allowed: &'a mut Allowed,
}

impl Memory for Checked<'_> {
    fn read(&mut self, pa: u64, buf: &mut [u8]) -> bool {
        let good = self.allowed.has(pa, buf.len());

        self.allowed.stray_reads += u64::from(!good);
        good && self.machine.read(pa, buf)
    }

    fn write(&mut self, pa: u64, buf: &[u8]) -> bool {
        let good = self.allowed.has(pa, buf.len());

        self.allowed.stray_writes += u64::from(!good);
        good && self.machine.write(pa, buf)
    }

    fn table32(&mut self, pa: u64) -> Option<u32> {
        self.machine.table32(pa)
    }

    fn table64(&mut self, pa: u64) -> Option<u64> {
        self.machine.table64(pa)
    }
}

/// The IOMMU as a part of the machine.
pub struct Instance {
    pub model: Box<dyn Model>,
    pub machine: Machine,
    /// The SoC, if it is a Tegra.
    tegra: Option<tegra::Variant>,
    /// The numbers of reads and writes of a Tegra's masters, which select the clients.
    turns: [usize; 2],
    allowed: Allowed,
}

impl Instance {
    fn new(kind: &str, machine: Machine) -> Option<Self> {
        let tegra = match kind {
            "t124" | "t132" => Some(tegra::Variant::T124),
            "t210" => Some(tegra::Variant::T210),
            _ => None,
        };
        let model: Box<dyn Model> = match (kind, tegra) {
            ("h6", _) => Box::new(Iommu::new(sun50i::Variant::H6)),
            ("h616", _) => Box::new(Iommu::new(sun50i::Variant::H616)),
            ("t8103", _) => Box::new(Dart::new(
                dart::Config::new(dart::Variant::T8103).pages_4k(),
            )),
            (_, Some(soc)) => Box::new(Smmu::new(soc)),
            _ => return None,
        };

        Some(Self {
            model,
            machine,
            tegra,
            turns: [0; 2],
            allowed: Allowed::default(),
        })
    }

    /// Returns the number by which the model knows the master at `port`.
    ///
    /// On a Tegra the clients of the port's swgroup take turns, so that any client that a driver
    /// has forgotten soon shows. A client of real hardware either reads or writes; here each does
    /// both.
    pub fn master(&mut self, port: u32, write: bool) -> u32 {
        let Some(soc) = self.tegra else {
            return port;
        };
        let name = SWGROUPS.get(port as usize);
        let swgroup = soc.swgroups().iter().find(|s| Some(&s.name()) == name);
        let clients = swgroup.map_or(&[][..], Swgroup::clients);
        let turn = &mut self.turns[usize::from(write)];

        *turn = turn.wrapping_add(1);
        // The model refuses an access of a client that does not exist.
        clients
            .get(*turn % clients.len().max(1))
            .map_or(u32::MAX, |&client| client.into())
    }
}

/// The wire from an engine to its port.
struct Wire<'a> {
    instance: &'a mut Instance,
    port: u32,
}

impl Wire<'_> {
    /// Makes a burst of the master whose turn it is.
    fn burst<T>(
        &mut self,
        write: bool,
        access: impl FnOnce(&mut dyn Model, &mut dyn Memory, u32) -> T,
    ) -> T {
        let master = self.instance.master(self.port, write);
        let Instance {
            model,
            machine,
            allowed,
            ..
        } = &mut *self.instance;

        access(&mut **model, &mut Checked { machine, allowed }, master)
    }
}

impl Port for Wire<'_> {
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied> {
        self.burst(false, |model, mem, master| model.read(mem, master, va, buf))
    }

    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied> {
        self.burst(true, |model, mem, master| model.write(mem, master, va, buf))
    }
}

/// An engine, and the result of its last run.
struct Runner {
    engine: Engine,
    last: Progress,
}

const IDLE: Progress = Progress {
    moved: 0,
    busy: false,
    waiting: false,
};

/// An instance with the engines behind it.
pub struct Board {
    pub instance: Instance,
    engines: [Runner; ENGINES],
}

impl Board {
    pub fn new(kind: &str, machine: Machine) -> Option<Self> {
        Some(Self {
            instance: Instance::new(kind, machine)?,
            engines: [const {
                Runner {
                    engine: Engine::new(),
                    last: IDLE,
                }
            }; ENGINES],
        })
    }

    /// Reads a register of an engine; 0 if there is no such engine.
    pub fn engine_read(&mut self, number: u32, offset: u32) -> u32 {
        let Some(runner) = self.engines.get_mut(number as usize) else {
            return 0;
        };

        match offset {
            STEP => {
                u32::from(runner.last.busy) * STEP_BUSY
                    | u32::from(runner.last.waiting) * STEP_WAITING
            }
            MOVED => runner.last.moved as u32,
            _ => runner.engine.mmio_read(offset),
        }
    }

    /// Writes a register of an engine, if there is one.
    pub fn engine_write(&mut self, number: u32, offset: u32, value: u32) {
        let Some(runner) = self.engines.get_mut(number as usize) else {
            return;
        };
        let mut wire = Wire {
            instance: &mut self.instance,
            port: ENGINE_PORT + number,
        };

        match offset {
            STEP => runner.last = runner.engine.step(&mut wire, value as usize),
            RESET => {
                runner.engine.reset();
                runner.last = IDLE;
            }
            _ => runner.engine.mmio_write(offset, value),
        }
    }

    /// Lets engines access a page, or no longer.
    pub fn allow(&mut self, frame: u64, yes: bool) {
        let frames = &mut self.instance.allowed.frames;

        if yes {
            frames.insert(frame);
        } else {
            frames.remove(&frame);
        }
    }

    /// Shows the accesses to other pages.
    pub fn show_strays(&self, line: Line<'_>) {
        let allowed = &self.instance.allowed;

        line(format_args!("stray_reads {}", allowed.stray_reads));
        line(format_args!("stray_writes {}", allowed.stray_writes));
        line(format_args!("last_stray 0x{:x}", allowed.last));
    }
}
