// SPDX-License-Identifier: GPL-2.0

//! Exports the models to QEMU as C functions, see `iommu-models.h`.
//!
//! Contract of all functions that take an instance: the pointer is from [`iommu_model_new`], and
//! no other call uses that instance meanwhile, which QEMU's lock ensures.

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

use iommu_models::{
    dart::{
        self,
        Dart, //
    },
    sun50i::{
        self,
        Iommu, //
    },
    Memory,
    Model, //
};

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

/// A model, and the machine it is in.
pub struct Instance {
    model: Box<dyn Model>,
    machine: Machine,
    page_size: u64,
}

/// Creates the model of a kind; returns it with the size of its pages.
fn make(kind: &str) -> Option<(Box<dyn Model>, u64)> {
    Some(match kind {
        "h6" => (Box::new(Iommu::new(sun50i::Variant::H6)), 4096),
        "h616" => (Box::new(Iommu::new(sun50i::Variant::H616)), 4096),
        "t8103" => (
            // The board's kernel has pages of 4 KiB.
            Box::new(Dart::new(
                dart::Config::new(dart::Variant::T8103).pages_4k(),
            )),
            4096,
        ),
        _ => return None,
    })
}

/// Creates an instance.
///
/// # Safety
///
/// `kind` is a C string, and `machine` has functions that can be called at any time.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_new(
    kind: *const c_char,
    machine: *const Machine,
) -> *mut Instance {
    // SAFETY: by this function's contract.
    let (kind, machine) = unsafe { (CStr::from_ptr(kind), *machine) };

    match kind.to_str().ok().and_then(make) {
        Some((model, page_size)) => Box::into_raw(Box::new(Instance {
            model,
            machine,
            page_size,
        })),
        None => std::ptr::null_mut(),
    }
}

/// Reads a register.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_read(this: *mut Instance, offset: u32) -> u32 {
    // SAFETY: by this function's contract.
    let this = unsafe { &mut *this };

    this.model.mmio_read(&mut this.machine, offset)
}

/// Writes a register.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_write(this: *mut Instance, offset: u32, value: u32) {
    // SAFETY: by this function's contract.
    let this = unsafe { &mut *this };

    this.model.mmio_write(&mut this.machine, offset, value);
}

/// Switches the power domain.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_set_power(this: *mut Instance, on: bool) {
    // SAFETY: by this function's contract.
    unsafe { &mut *this }.model.set_power(on);
}

/// Switches the clock.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_set_clock(this: *mut Instance, on: bool) {
    // SAFETY: by this function's contract.
    unsafe { &mut *this }.model.set_clock(on);
}

/// Sets the reset line.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_set_reset(this: *mut Instance, asserted: bool) {
    // SAFETY: by this function's contract.
    unsafe { &mut *this }.model.set_reset(asserted);
}

/// Returns the level of the interrupt line.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_irq(this: *const Instance) -> bool {
    // SAFETY: by this function's contract.
    unsafe { &*this }.model.irq()
}

/// Translates an access of a master.
///
/// # Safety
///
/// See the top of this file; `pa` is valid for a write.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_access(
    this: *mut Instance,
    master: u32,
    va: u64,
    len: usize,
    write: bool,
    pa: *mut u64,
) -> bool {
    // SAFETY: by this function's contract.
    let this = unsafe { &mut *this };

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
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_page_size(this: *const Instance) -> u64 {
    // SAFETY: by this function's contract.
    unsafe { &*this }.page_size
}

/// Sets a knob; false if there is none of that name.
///
/// # Safety
///
/// See the top of this file; `name` is a C string.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_knob(
    this: *mut Instance,
    name: *const c_char,
    value: u32,
) -> bool {
    // SAFETY: by this function's contract.
    let (this, name) = unsafe { (&mut *this, CStr::from_ptr(name)) };

    name.to_str().is_ok_and(|name| this.model.knob(name, value))
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
pub unsafe extern "C" fn iommu_model_mark(this: *mut Instance) {
    // SAFETY: by this function's contract.
    unsafe { &mut *this }.model.mark();
}

/// Clears the counters.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_clear(this: *mut Instance) {
    // SAFETY: by this function's contract.
    unsafe { &mut *this }.model.clear();
}

/// Returns a text about the model, which the caller frees with `free()`. `iommu-models.h` lists the
/// values of `which`.
///
/// # Safety
///
/// See the top of this file.
#[no_mangle]
pub unsafe extern "C" fn iommu_model_show(this: *const Instance, which: u32) -> *mut c_char {
    // SAFETY: by this function's contract.
    let model = unsafe { &(*this).model };
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
        _ => {}
    }
    let text = CString::new(text).unwrap_or_default();
    // SAFETY: `text` is a valid C string, which is copied.
    unsafe { strdup(text.as_ptr()) }
}
