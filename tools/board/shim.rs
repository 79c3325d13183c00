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
        Iommu,
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
const DMA_BLOCKED: i32 = 6;

fn code(result: Result<(), Denied>) -> i32 {
    match result {
        Ok(()) => DMA_OK,
        Err(Denied::Fault(Cause::NoTable)) => DMA_NO_TABLE,
        Err(Denied::Fault(Cause::NoPage)) => DMA_NO_PAGE,
        Err(Denied::Fault(Cause::Permission)) => DMA_PERMISSION,
        Err(Denied::Bus) => DMA_BUS,
        Err(Denied::Stalled) => DMA_STALLED,
        Err(Denied::Blocked) => DMA_BLOCKED,
    }
}

fn uncode(code: i32) -> Result<(), Denied> {
    match code {
        DMA_OK => Ok(()),
        DMA_NO_TABLE => Err(Denied::Fault(Cause::NoTable)),
        DMA_NO_PAGE => Err(Denied::Fault(Cause::NoPage)),
        DMA_PERMISSION => Err(Denied::Fault(Cause::Permission)),
        DMA_STALLED => Err(Denied::Stalled),
        DMA_BLOCKED => Err(Denied::Blocked),
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
    let name = unsafe { CStr::from_char_ptr(name) };
    match name.to_str() {
        Ok(name) if knobs.set(name, value) => 0,
        _ => EINVAL.to_errno(),
    }
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
    let knobs = unsafe { &IOMMUS[index as usize].get().knobs };
    knobs.show(&mut |line| seq_print!(s, "{line}\n"));
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
    iommu.counters.show(&mut |line| seq_print!(s, "{line}\n"));
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
    log.show(MASTERS, &mut |line| seq_print!(s, "{line}\n"));
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
    log.show_recent(&mut |line| seq_print!(s, "{line}\n"));
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
    log.show_writes(&mut |line| seq_print!(s, "{line}\n"));
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
