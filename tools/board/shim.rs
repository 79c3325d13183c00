// SPDX-License-Identifier: GPL-2.0

//! Exports the models to the board's C code as functions.
//!
//! The caller of a function with an index holds the lock of that instance (`instances.rs`).

mod instances;

use core::ffi::CStr;
use iommu_models::{
    dma::Port,
    Cause,
    Denied,
    Memory, //
};
use kernel::{
    bindings,
    error::code::EINVAL,
    seq_file::SeqFile,
    seq_print,
    str::CStrExt as _, //
};

use instances::{
    engine,
    model,
    tegra_soc, //
};

extern "C" {
    fn board_engine_port(engine: u32, va: u64, buf: *mut u8, len: usize, write: bool) -> i32;
    fn board_mem_read(pa: u64, buf: *mut u8, len: usize, checked: bool) -> bool;
    fn board_mem_write(pa: u64, buf: *const u8, len: usize, checked: bool) -> bool;
    fn board_table_read32(iommu: u32, pa: u64, value: *mut u32) -> bool;
    fn board_table_read64(pa: u64, value: *mut u64) -> bool;
}

/// Guest memory as one IOMMU sees it.
struct Ram {
    iommu: u32,
    /// Whether data is accessed only where DMA is allowed. The debug port may access all of RAM.
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

    fn table64(&mut self, pa: u64) -> Option<u64> {
        let mut value = 0;
        // SAFETY: `value` is valid for a write.
        unsafe { board_table_read64(pa, &mut value) }.then_some(value)
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

/// The wire from an engine to an IOMMU.
struct Wire {
    engine: u32,
}

impl Port for Wire {
    fn read(&mut self, va: u64, buf: &mut [u8]) -> Result<(), Denied> {
        let (ptr, len) = (buf.as_mut_ptr(), buf.len());
        // SAFETY: `ptr` is valid for reads and writes of `len` bytes.
        uncode(unsafe { board_engine_port(self.engine, va, ptr, len, false) })
    }

    fn write(&mut self, va: u64, buf: &[u8]) -> Result<(), Denied> {
        let (ptr, len) = (buf.as_ptr().cast_mut(), buf.len());
        // SAFETY: `ptr` is valid for reads of `len` bytes, and a write access only reads there.
        uncode(unsafe { board_engine_port(self.engine, va, ptr, len, true) })
    }
}

/// Reads a register.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_read(index: u32, offset: u32) -> u32 {
    let mut ram = Ram {
        iommu: index,
        checked: false,
    };
    // SAFETY: By this function's contract.
    unsafe { model(index) }.mmio_read(&mut ram, offset)
}

/// Writes a register.
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
    unsafe { model(index) }.mmio_write(&mut ram, offset, value);
}

/// Sets the clock gate.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_set_clock(index: u32, on: bool) {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.set_clock(on);
}

/// Sets the reset line.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_set_reset(index: u32, asserted: bool) {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.set_reset(asserted);
}

/// Switches the power domain, for system sleep.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_set_power(index: u32, on: bool) {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.set_power(on);
}

/// Returns the level of the interrupt line.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_irq(index: u32) -> bool {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.irq()
}

/// Makes a burst of a master.
///
/// # Safety
///
/// As described at the top of this file. `buf` is valid for reads (`write`) or for reads and
/// writes (otherwise) of `len` bytes.
#[no_mangle]
unsafe extern "C" fn iommu_model_dma(
    index: u32,
    master: u32,
    va: u64,
    buf: *mut u8,
    len: usize,
    write: bool,
) -> i32 {
    let mut ram = Ram {
        iommu: index,
        checked: true,
    };
    // SAFETY: By this function's contract.
    let iommu = unsafe { model(index) };
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

/// Sets a knob.
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
    let name = unsafe { CStr::from_char_ptr(name) };
    match name.to_str() {
        // SAFETY: By this function's contract.
        Ok(name) if unsafe { model(index) }.knob(name, value) => 0,
        _ => EINVAL.to_errno(),
    }
}

/// Resets the counts of the access log.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_mark(index: u32) {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.mark();
}

/// Clears the counters, but not those of misuse.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_clear(index: u32) {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.clear();
}

/// Prints the counters of misuse that are not 0.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_misuse(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    unsafe { model(index) }.show_misuse(&mut |line| seq_print!(s, "iommu{index}_misuse_{line}\n"));
}

/// Prints the knobs.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_knobs(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    unsafe { model(index) }.show_knobs(&mut |line| seq_print!(s, "{line}\n"));
}

/// Prints the counters.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_counters(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    unsafe { model(index) }.show_counters(&mut |line| seq_print!(s, "{line}\n"));
}

/// Prints the counts of the access log since the mark.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_report(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    unsafe { model(index) }.show_report(&mut |line| seq_print!(s, "{line}\n"));
}

/// Prints the last accesses, oldest first.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_recent(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    unsafe { model(index) }.show_recent(&mut |line| seq_print!(s, "{line}\n"));
}

/// Prints the last register writes, oldest first.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_writes(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    unsafe { model(index) }.show_writes(&mut |line| seq_print!(s, "{line}\n"));
}

/// Prints the registers.
///
/// # Safety
///
/// As described at the top of this file. `s` is a seq file that the caller owns.
#[no_mangle]
unsafe extern "C" fn iommu_model_show_regs(index: u32, s: *mut bindings::seq_file) {
    // SAFETY: By this function's contract.
    let s = unsafe { SeqFile::from_raw(s) };
    // SAFETY: By this function's contract.
    unsafe { model(index) }.show_regs(&mut |line| seq_print!(s, "{line}\n"));
}

/// Reads a register of an engine.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn engine_model_read(index: u32, offset: u32) -> u32 {
    // SAFETY: By this function's contract.
    unsafe { engine(index) }.mmio_read(offset)
}

/// Writes a register of an engine.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn engine_model_write(index: u32, offset: u32, value: u32) {
    // SAFETY: By this function's contract.
    unsafe { engine(index) }.mmio_write(offset, value);
}

/// Runs an engine for about `budget` bytes.
///
/// # Safety
///
/// As described at the top of this file. `moved` is null or valid for a write.
#[no_mangle]
unsafe extern "C" fn engine_model_step(index: u32, budget: usize, moved: *mut usize) -> u32 {
    let mut wire = Wire { engine: index };
    // SAFETY: By this function's contract.
    let progress = unsafe { engine(index) }.step(&mut wire, budget);
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
    unsafe { engine(index) }.reset();
}

/// Returns the number of a Tegra's swgroup, or `u32::MAX`.
///
/// # Safety
///
/// `name` is a C string.
#[no_mangle]
unsafe extern "C" fn tegra_model_swgroup(name: *const kernel::ffi::c_char) -> u32 {
    // SAFETY: By this function's contract.
    let name = unsafe { CStr::from_char_ptr(name) };
    let mut swgroups = tegra_soc().map_or(&[][..], |soc| soc.swgroups()).iter();

    swgroups
        .find(|swgroup| swgroup.name().as_bytes() == name.to_bytes())
        .map_or(u32::MAX, |swgroup| swgroup.number())
}

/// Returns the client of a Tegra's swgroup whose turn it is, or `u32::MAX` if there is none.
#[no_mangle]
extern "C" fn tegra_model_client(swgroup: u32, turn: u32) -> u32 {
    let swgroup = tegra_soc().and_then(|soc| soc.swgroups().get(swgroup as usize));
    let clients = swgroup.map_or(&[][..], |swgroup| swgroup.clients());

    clients
        .get(turn as usize % clients.len().max(1))
        .map_or(u32::MAX, |&client| client.into())
}
