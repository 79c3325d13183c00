// SPDX-License-Identifier: GPL-2.0

//! The models as C functions.
//!
//! The instances live in statics. Each has a lock on the C side (`hw.c`, `master.c`), which every
//! caller holds around a call with that instance's number: that is the contract of all functions
//! of this file which take an index, and what makes the exclusive references here exclusive.

use core::cell::UnsafeCell;
use core::ffi::CStr;
use iommu_models::{
    dma::{
        Engine,
        Port, //
    },
    sun50i::{
        How,
        Iommu,
        Pass,
        Stall,
        Variant, //
    },
    Cause,
    Denied,
    Memory, //
};
use kernel::{
    bindings,
    error::code::*,
    seq_file::SeqFile,
    seq_print,
    str::CStrExt as _, //
};

const NR_IOMMUS: usize = 4;
const NR_ENGINES: usize = 8;
const MASTERS: u32 = 7;

/// A model that C code serializes.
struct Slot<T>(UnsafeCell<T>);

// SAFETY: All access goes through `Slot::get`, whose callers hold the lock of the slot.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// The model.
    ///
    /// # Safety
    ///
    /// The caller has the slot to itself for as long as the reference lives: it holds the lock
    /// that the C side keeps for this slot, and no other reference from this function is alive.
    #[allow(clippy::mut_from_ref)]
    unsafe fn get(&self) -> &mut T {
        // SAFETY: By this function's contract the reference is exclusive.
        unsafe { &mut *self.0.get() }
    }
}

static IOMMUS: [Slot<Iommu>; NR_IOMMUS] =
    [const { Slot(UnsafeCell::new(Iommu::new(Variant::H6))) }; NR_IOMMUS];
static ENGINES: [Slot<Engine>; NR_ENGINES] =
    [const { Slot(UnsafeCell::new(Engine::new())) }; NR_ENGINES];

/// What the H616 has in its place: copied over the instances before they are used.
static H616: Iommu = Iommu::new(Variant::H616);

extern "C" {
    fn board_port(iommu: u32, master: u32, va: u64, buf: *mut u8, len: usize, write: bool) -> i32;
    fn board_mem_read(pa: u64, buf: *mut u8, len: usize, checked: bool) -> bool;
    fn board_mem_write(pa: u64, buf: *const u8, len: usize, checked: bool) -> bool;
    fn board_table_read32(iommu: u32, pa: u64, value: *mut u32) -> bool;
}

/// Guest memory as one IOMMU sees it.
struct Ram {
    iommu: u32,
    /// Data goes only where DMA is expected; the debug port is free to go anywhere.
    checked: bool,
}

impl Memory for Ram {
    fn read(&mut self, pa: u64, buf: &mut [u8]) -> bool {
        // SAFETY: `buf` is valid for writes of its length.
        unsafe { board_mem_read(pa, buf.as_mut_ptr(), buf.len(), self.checked) }
    }

    fn write(&mut self, pa: u64, buf: &[u8]) -> bool {
        // SAFETY: `buf` is valid for reads of its length.
        unsafe { board_mem_write(pa, buf.as_ptr(), buf.len(), self.checked) }
    }

    fn table32(&mut self, pa: u64) -> Option<u32> {
        let mut value = 0;
        // SAFETY: `value` is valid for a write.
        unsafe { board_table_read32(self.iommu, pa, &mut value) }.then_some(value)
    }
}

const DMA_OK: i32 = 0;
const DMA_NO_TABLE: i32 = 1;
const DMA_NO_PAGE: i32 = 2;
const DMA_PERMISSION: i32 = 3;
const DMA_BUS: i32 = 4;
const DMA_STALLED: i32 = 5;

fn code(result: Result<(), Denied>) -> i32 {
    match result {
        Ok(()) => DMA_OK,
        Err(Denied::Fault(Cause::NoTable)) => DMA_NO_TABLE,
        Err(Denied::Fault(Cause::NoPage)) => DMA_NO_PAGE,
        Err(Denied::Fault(Cause::Permission)) => DMA_PERMISSION,
        Err(Denied::Bus) => DMA_BUS,
        Err(Denied::Stalled) => DMA_STALLED,
    }
}

fn uncode(code: i32) -> Result<(), Denied> {
    match code {
        DMA_OK => Ok(()),
        DMA_NO_TABLE => Err(Denied::Fault(Cause::NoTable)),
        DMA_NO_PAGE => Err(Denied::Fault(Cause::NoPage)),
        DMA_PERMISSION => Err(Denied::Fault(Cause::Permission)),
        DMA_STALLED => Err(Denied::Stalled),
        _ => Err(Denied::Bus),
    }
}

/// The wire from an engine to its port of an IOMMU.
struct Wire {
    iommu: u32,
    master: u32,
}

impl Port for Wire {
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied> {
        let (ptr, len) = (buf.as_mut_ptr(), buf.len());
        // SAFETY: `ptr` is valid for reads and writes of `len` bytes.
        uncode(unsafe { board_port(self.iommu, self.master, va, ptr, len, false) })
    }

    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied> {
        let (ptr, len) = (buf.as_ptr().cast_mut(), buf.len());
        // SAFETY: `ptr` is valid for reads of `len` bytes, and a write access only reads there.
        uncode(unsafe { board_port(self.iommu, self.master, va, ptr, len, true) })
    }
}

/// Makes an instance the given SoC's.
///
/// # Safety
///
/// As described at the top of this file; `index` is less than [`NR_IOMMUS`].
#[no_mangle]
unsafe extern "C" fn iommu_model_init(index: u32, h616: bool) {
    if h616 {
        // SAFETY: The instance is the caller's; `Iommu` is plain data, so that a copy of its
        // bytes is an instance of its own.
        unsafe { core::ptr::copy_nonoverlapping(&H616, IOMMUS[index as usize].0.get(), 1) };
    }
}

/// A register read.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_read(index: u32, offset: u32) -> u32 {
    // SAFETY: By this function's contract.
    unsafe { IOMMUS[index as usize].get() }.mmio_read(offset)
}

/// A register write.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_write(index: u32, offset: u32, value: u32) {
    let mut ram = Ram {
        iommu: index,
        checked: false,
    };
    // SAFETY: By this function's contract.
    unsafe { IOMMUS[index as usize].get() }.mmio_write(&mut ram, offset, value);
}

/// A register's value, with no effect.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_peek(index: u32, offset: u32) -> u32 {
    // SAFETY: By this function's contract.
    unsafe { IOMMUS[index as usize].get() }.peek(offset)
}

/// The clock gate.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_set_clock(index: u32, on: bool) {
    // SAFETY: By this function's contract.
    unsafe { IOMMUS[index as usize].get() }.set_clock(on);
}

/// The reset line.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_set_reset(index: u32, asserted: bool) {
    // SAFETY: By this function's contract.
    unsafe { IOMMUS[index as usize].get() }.set_reset(asserted);
}

/// The level of the interrupt line.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_irq(index: u32) -> bool {
    // SAFETY: By this function's contract.
    unsafe { IOMMUS[index as usize].get() }.irq()
}

/// A burst of a master.
///
/// # Safety
///
/// As described at the top of this file. `buf` is valid for reads (`write`) or for reads and
/// writes (otherwise) of `len` bytes.
#[no_mangle]
unsafe extern "C" fn iommu_model_dma(
    index: u32,
    master: u32,
    va: u32,
    buf: *mut u8,
    len: usize,
    write: bool,
) -> i32 {
    let mut ram = Ram {
        iommu: index,
        checked: true,
    };
    // SAFETY: By this function's contract.
    let iommu = unsafe { IOMMUS[index as usize].get() };
    code(if write {
        // SAFETY: By this function's contract.
        let buf = unsafe { core::slice::from_raw_parts(buf, len) };
        iommu.write(&mut ram, master, va, buf)
    } else {
        // SAFETY: By this function's contract.
        let buf = unsafe { core::slice::from_raw_parts_mut(buf, len) };
        iommu.read(&mut ram, master, va, buf)
    })
}

/// Turns a knob.
///
/// # Safety
///
/// As described at the top of this file. `name` is a C string.
#[no_mangle]
unsafe extern "C" fn iommu_model_knob(
    index: u32,
    name: *const kernel::ffi::c_char,
    value: u32,
) -> i32 {
    // SAFETY: By this function's contract.
    let knobs = unsafe { &mut IOMMUS[index as usize].get().knobs };
    // SAFETY: By this function's contract.
    let name = unsafe { CStr::from_char_ptr(name) }.to_bytes();
    let on = value != 0;
    match name {
        b"pair_fill" => knobs.pair_fill = on,
        b"prefetch_pages" => knobs.prefetch_pages = value,
        b"prefetch_mib" => knobs.prefetch_mib = value,
        b"busy_reads" => knobs.busy_reads = value,
        b"stuck_flush" => knobs.stuck_flush = on,
        b"stuck_tlb_ivld" => knobs.stuck_tlb_ivld = on,
        b"stuck_ptw_ivld" => knobs.stuck_ptw_ivld = on,
        b"stuck_debug" => knobs.stuck_debug = on,
        // 0: a lane goes on when the interrupt is cleared, 1: at once, 2: after its reset.
        b"stall" => {
            knobs.stall = match value {
                0 => Stall::UntilCleared,
                1 => Stall::Never,
                2 => Stall::UntilLaneReset,
                _ => return EINVAL.to_errno(),
            }
        }
        b"end_inclusive" => knobs.end_inclusive = on,
        b"strict_gating" => knobs.strict_gating = on,
        b"strict_ttb" => knobs.strict_ttb = on,
        b"report_soft" => knobs.report_soft = on,
        b"high_dram" => knobs.high_dram = on,
        _ => return EINVAL.to_errno(),
    }
    0
}

/// Forgets what the access log has counted.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_mark(index: u32) {
    // SAFETY: By this function's contract.
    unsafe { IOMMUS[index as usize].get() }.log.mark();
}

/// Clears the counters.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_clear(index: u32) {
    // SAFETY: By this function's contract.
    unsafe { IOMMUS[index as usize].get() }.counters.clear();
}

/// The knobs.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_knobs(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    let k = unsafe { &IOMMUS[index as usize].get().knobs };
    let stall = match k.stall {
        Stall::UntilCleared => 0,
        Stall::Never => 1,
        Stall::UntilLaneReset => 2,
    };
    seq_print!(s, "pair_fill {}\n", u32::from(k.pair_fill));
    seq_print!(s, "prefetch_pages {}\n", k.prefetch_pages);
    seq_print!(s, "prefetch_mib {}\n", k.prefetch_mib);
    seq_print!(s, "busy_reads {}\n", k.busy_reads);
    seq_print!(s, "stuck_flush {}\n", u32::from(k.stuck_flush));
    seq_print!(s, "stuck_tlb_ivld {}\n", u32::from(k.stuck_tlb_ivld));
    seq_print!(s, "stuck_ptw_ivld {}\n", u32::from(k.stuck_ptw_ivld));
    seq_print!(s, "stuck_debug {}\n", u32::from(k.stuck_debug));
    seq_print!(s, "stall {}\n", stall);
    seq_print!(s, "end_inclusive {}\n", u32::from(k.end_inclusive));
    seq_print!(s, "strict_gating {}\n", u32::from(k.strict_gating));
    seq_print!(s, "strict_ttb {}\n", u32::from(k.strict_ttb));
    seq_print!(s, "report_soft {}\n", u32::from(k.report_soft));
    seq_print!(s, "high_dram {}\n", u32::from(k.high_dram));
}

macro_rules! show {
    ($s:expr, $c:expr, $($name:ident)*) => {
        $(seq_print!($s, "{} {}\n", stringify!($name), $c.$name);)*
    };
}

/// The counters.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_counters(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    let iommu = unsafe { IOMMUS[index as usize].get() };
    let c = &iommu.counters;
    show!(s, c, mmio_reads mmio_writes gated_accesses reset_accesses undefined misaligned
        readonly_writes reserved_bits ttb_while_enabled bad_mask empty_range command_while_busy
        ivld_with_gating debug_while_disabled accesses walks table_reads hits_micro hits_macro
        hits_ptw);
    seq_print!(s, "passed_gated {}\n", c.passed[Pass::Gated as usize]);
    seq_print!(s, "passed_reset {}\n", c.passed[Pass::Reset as usize]);
    seq_print!(s, "passed_disabled {}\n", c.passed[Pass::Disabled as usize]);
    seq_print!(s, "passed_bypass {}\n", c.passed[Pass::Bypass as usize]);
    show!(s, c, stalled collisions bus_errors faults_latched faults_merged faults_lost
        faults_soft flushes tlb_invalidations ptw_invalidations);
    for (owner, dropped) in c.dropped.iter().enumerate() {
        seq_print!(s, "dropped_{owner} {dropped}\n");
    }
    for master in 0..MASTERS {
        seq_print!(s, "dropped_not_{master} {}\n", c.dropped_of_others(master));
        seq_print!(
            s,
            "last_dropped_not_{master} {}\n",
            c.last_dropped_of_others(master)
        );
    }
    seq_print!(s, "errors {}\n", c.errors());
    seq_print!(s, "stalled_lanes 0x{:x}\n", iommu.stalled());
}

/// What the access log has counted since the mark.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_report(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    let log = unsafe { &IOMMUS[index as usize].get().log };
    seq_print!(s, "passed {}\n", log.passed_any());
    for master in 0..MASTERS {
        seq_print!(s, "passed_{master} {}\n", log.passed(master));
        for why in [Pass::Gated, Pass::Reset, Pass::Disabled, Pass::Bypass] {
            let count = log.passed_by(master, why);
            if count != 0 {
                seq_print!(s, "passed_{master}_{} {count}\n", pass_name(why));
            }
        }
        seq_print!(s, "faulted_{master} {}\n", log.faulted(master));
    }
    for (n, (ttb, count)) in log.tables().enumerate() {
        seq_print!(s, "table_{n} 0x{ttb:08x} {count}\n");
    }
    seq_print!(s, "table_others {}\n", log.via_other());
    seq_print!(s, "stale_table {}\n", log.stale_table());
}

fn pass_name(why: Pass) -> &'static str {
    match why {
        Pass::Gated => "gated",
        Pass::Reset => "reset",
        Pass::Disabled => "disabled",
        Pass::Bypass => "bypass",
    }
}

/// The last accesses, oldest first.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_recent(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    let log = unsafe { &IOMMUS[index as usize].get().log };
    for a in log.recent() {
        seq_print!(
            s,
            "{} master {} {}",
            a.seq,
            a.master,
            if a.write { "w" } else { "r" }
        );
        seq_print!(s, " va 0x{:08x} pa 0x{:08x} ", a.va, a.pa);
        match a.how {
            How::Passed(why) => seq_print!(s, "passed {}\n", pass_name(why)),
            How::Translated { ttb } => seq_print!(s, "translated 0x{ttb:08x}\n"),
            How::Faulted { cause, ttb } => {
                let cause = match cause {
                    Cause::NoTable => "no-table",
                    Cause::NoPage => "no-page",
                    Cause::Permission => "permission",
                };
                seq_print!(s, "faulted {cause} 0x{ttb:08x}\n");
            }
        }
    }
}

/// The last register writes, oldest first.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_writes(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    let log = unsafe { &IOMMUS[index as usize].get().log };
    for (offset, value) in log.writes() {
        seq_print!(s, "0x{offset:03x} 0x{value:08x}\n");
    }
}

/// A register read of an engine.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn engine_model_read(index: u32, offset: u32) -> u32 {
    // SAFETY: By this function's contract.
    unsafe { ENGINES[index as usize].get() }.mmio_read(offset)
}

/// A register write of an engine.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn engine_model_write(index: u32, offset: u32, value: u32) {
    // SAFETY: By this function's contract.
    unsafe { ENGINES[index as usize].get() }.mmio_write(offset, value);
}

/// Lets an engine work for about `budget` bytes.
///
/// # Safety
///
/// As described at the top of this file. `moved` is null or valid for a write.
#[no_mangle]
unsafe extern "C" fn engine_model_step(
    index: u32,
    iommu: u32,
    master: u32,
    budget: usize,
    moved: *mut usize,
) -> u32 {
    let mut wire = Wire { iommu, master };
    // SAFETY: By this function's contract.
    let progress = unsafe { ENGINES[index as usize].get() }.step(&mut wire, budget);
    // SAFETY: By this function's contract.
    if let Some(moved) = unsafe { moved.as_mut() } {
        *moved = progress.moved;
    }
    u32::from(progress.busy) | u32::from(progress.waiting) << 1
}

/// Resets an engine.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn engine_model_reset(index: u32) {
    // SAFETY: By this function's contract.
    unsafe { ENGINES[index as usize].get() }.reset();
}
