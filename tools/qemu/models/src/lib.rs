// SPDX-License-Identifier: GPL-2.0

//! Exports the models to QEMU as C functions, see `iommu-models.h`.
//!
//! Contract of all functions that take an instance: the pointer is from [`iommu_model_new`], and
//! no other call uses that instance meanwhile, which QEMU's lock ensures.

mod instance;

use std::{
    ffi::{
        c_char,
        CStr,
        CString, //
    },
    fmt::{
        Arguments,
        Write, //
    },
};

use instance::{
    Board,
    Machine,
    PAGE_SIZE, //
};

/// Creates an instance.
///
/// # Safety
///
/// `kind` is a C string, and `machine` has functions that can be called at any time.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_new(
    kind: *const c_char,
    machine: *const Machine,
) -> *mut Board {
    // SAFETY: by this function's contract.
    let (kind, machine) = unsafe { (CStr::from_ptr(kind), *machine) };

    match kind
        .to_str()
        .ok()
        .and_then(|kind| Board::new(kind, machine))
    {
        Some(board) => Box::into_raw(Box::new(board)),
        None => std::ptr::null_mut(),
    }
}

/// Reads a register.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_read(this: *mut Board, offset: u32) -> u32 {
    // SAFETY: by this function's contract.
    let this = unsafe { &mut (*this).instance };

    this.model.mmio_read(&mut this.machine, offset)
}

/// Writes a register.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_write(this: *mut Board, offset: u32, value: u32) {
    // SAFETY: by this function's contract.
    let this = unsafe { &mut (*this).instance };

    this.model.mmio_write(&mut this.machine, offset, value);
}

/// Switches the power domain.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_set_power(this: *mut Board, on: bool) {
    // SAFETY: by this function's contract.
    unsafe { &mut (*this).instance }.model.set_power(on);
}

/// Switches the clock.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_set_clock(this: *mut Board, on: bool) {
    // SAFETY: by this function's contract.
    unsafe { &mut (*this).instance }.model.set_clock(on);
}

/// Sets the reset line.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_set_reset(this: *mut Board, asserted: bool) {
    // SAFETY: by this function's contract.
    unsafe { &mut (*this).instance }.model.set_reset(asserted);
}

/// Returns the level of the interrupt line.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_irq(this: *const Board) -> bool {
    // SAFETY: by this function's contract.
    unsafe { &(*this).instance }.model.irq()
}

/// Translates an access of the master at a port.
///
/// # Safety
///
/// See the top of this file; `pa` is valid for a write.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_access(
    this: *mut Board,
    port: u32,
    va: u64,
    len: usize,
    write: bool,
    pa: *mut u64,
) -> bool {
    // SAFETY: by this function's contract.
    let this = unsafe { &mut (*this).instance };
    let master = this.master(port, write);

    match this.model.access(&mut this.machine, master, va, len, write) {
        Ok(to) => {
            // SAFETY: by this function's contract.
            unsafe { *pa = to };
            true
        }
        Err(_) => false,
    }
}

/// Returns the size of a page in bytes.
#[no_mangle]
pub extern "C" fn iommu_model_page_size(_this: *const Board) -> u64 {
    PAGE_SIZE
}

/// Sets a knob; false if there is none of that name.
///
/// # Safety
///
/// See the top of this file; `name` is a C string.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_knob(
    this: *mut Board,
    name: *const c_char,
    value: u32,
) -> bool {
    // SAFETY: by this function's contract.
    let (this, name) = unsafe { (&mut (*this).instance, CStr::from_ptr(name)) };

    name.to_str().is_ok_and(|name| this.model.knob(name, value))
}

/// Reads a register of one of the test's DMA engines.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_engine_read(this: *mut Board, engine: u32, offset: u32) -> u32 {
    // SAFETY: by this function's contract.
    unsafe { &mut *this }.engine_read(engine, offset)
}

/// Writes a register of one of the test's DMA engines.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_engine_write(
    this: *mut Board,
    engine: u32,
    offset: u32,
    value: u32,
) {
    // SAFETY: by this function's contract.
    unsafe { &mut *this }.engine_write(engine, offset, value);
}

/// Lets the engines access a page, by its frame number, or no longer.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_engine_allow(this: *mut Board, frame: u64, yes: bool) {
    // SAFETY: by this function's contract.
    unsafe { &mut *this }.allow(frame, yes);
}

extern "C" {
    fn strdup(text: *const c_char) -> *mut c_char;
}

/// Resets the report on accesses.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_mark(this: *mut Board) {
    // SAFETY: by this function's contract.
    unsafe { &mut (*this).instance }.model.mark();
}

/// Clears the counters.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_clear(this: *mut Board) {
    // SAFETY: by this function's contract.
    unsafe { &mut (*this).instance }.model.clear();
}

/// Returns a text about the model, which the caller frees with `free()`. `iommu-models.h` lists the
/// values of `which`.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_show(this: *const Board, which: u32) -> *mut c_char {
    // SAFETY: by this function's contract.
    let board = unsafe { &*this };
    let model = &board.instance.model;
    let mut text = String::new();
    let line: &mut dyn FnMut(Arguments<'_>) = &mut |line| {
        let _ = writeln!(text, "{line}");
    };

    match which {
        0 => model.show_report(line),
        1 => model.show_counters(line),
        2 => model.show_regs(line),
        3 => model.show_knobs(line),
        4 => model.show_recent(line),
        5 => model.show_writes(line),
        6 => board.show_strays(line),
        7 => model.show_misuse(&mut |count| line(format_args!("iommu0_misuse_{count}"))),
        _ => {}
    }
    let text = CString::new(text).unwrap_or_default();
    // SAFETY: `text` is a valid C string, which is copied.
    unsafe { strdup(text.as_ptr()) }
}
