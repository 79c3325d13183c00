// SPDX-License-Identifier: GPL-2.0

//! Exports the models to the board's C code as functions.
//!
//! The instances are statics. Each has a lock on the C side (`hw.c`, `master.c`). Every caller
//! holds it during a call with that instance's number. That is the contract of all functions of
//! this file that take an index, and it is why a reference to the instance is exclusive.

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::sync::atomic::{
    AtomicPtr,
    AtomicU32,
    Ordering, //
};
use iommu_models::{
    dart::{
        self,
        Config,
        Dart, //
    },
    dma::{
        Engine,
        Port, //
    },
    sun50i::{
        self,
        Iommu, //
    },
    Cause,
    Denied,
    Memory,
    Model, //
};
use kernel::{
    alloc::{
        flags::GFP_KERNEL,
        KVBox, //
    },
    bindings,
    error::code::*,
    seq_file::SeqFile,
    seq_print,
    str::CStrExt as _, //
};

const NR_IOMMUS: usize = 4;
const MAX_IOMMUS: usize = 32;
const NR_ENGINES: usize = 8;

/// `enum board_soc`.
const H6: u32 = 0;
const H616: u32 = 1;
const T8103: u32 = 2;
const T8103_USB4: u32 = 3;
const T6000: u32 = 4;
const T8112: u32 = 5;
const T6020: u32 = 6;

/// A model whose accesses the C code serializes.
struct Slot<T>(UnsafeCell<T>);

// SAFETY: All access goes through `Slot::get`, whose callers hold the lock of the slot.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// The model.
    ///
    /// # Safety
    ///
    /// The caller holds the C side's lock of this slot for as long as the reference lives, and no
    /// other reference from this function is alive.
    #[allow(clippy::mut_from_ref)]
    unsafe fn get(&self) -> &mut T {
        // SAFETY: By this function's contract the reference is exclusive.
        unsafe { &mut *self.0.get() }
    }
}

static IOMMUS: [Slot<Iommu>; NR_IOMMUS] =
    [const { Slot(UnsafeCell::new(Iommu::new(sun50i::Variant::H6))) }; NR_IOMMUS];
static DARTS: [Slot<Dart>; NR_IOMMUS] =
    [const { Slot(UnsafeCell::new(Dart::new(T8103_4K))) }; NR_IOMMUS];
/// Further DARTs, for the devicetrees of real machines.
static FURTHER: [AtomicPtr<Dart>; MAX_IOMMUS - NR_IOMMUS] =
    [const { AtomicPtr::new(core::ptr::null_mut()) }; MAX_IOMMUS - NR_IOMMUS];
static ENGINES: [Slot<Engine>; NR_ENGINES] =
    [const { Slot(UnsafeCell::new(Engine::new())) }; NR_ENGINES];

/// The board's SoC. All of its IOMMUs are of one kind.
static SOC: AtomicU32 = AtomicU32::new(H6);

/// Configurations with 4 KiB pages, which User-mode Linux has and only these DARTs support.
const T8103_4K: Config = Config::new(dart::Variant::T8103).pages_4k();
const USB4_4K: Config = Config::new(dart::Variant::T8103Usb4).pages_4k();

/// Instances of the other kinds, copied over [`IOMMUS`] and [`DARTS`] before these are used.
static OF_H616: Iommu = Iommu::new(sun50i::Variant::H616);
static OF_T8103_USB4: Dart = Dart::new(USB4_4K);
static OF_T6000: Dart = Dart::new(Config::new(dart::Variant::T6000));
static OF_T8112: Dart = Dart::new(
    Config::new(dart::Variant::T8110)
        .input(36)
        .output(36)
        .streams(16),
);
/// A DART with 42-bit addresses, and therefore one more level of tables.
static OF_T6020: Dart = Dart::new(Config::new(dart::Variant::T8110).streams(16));

/// Returns a pointer to a DART. It is valid for ever if `index` is less than the number of DARTs
/// after [`dart_model_add`].
fn dart_at(index: u32) -> *mut Dart {
    match DARTS.get(index as usize) {
        Some(slot) => slot.0.get(),
        None => FURTHER[index as usize - NR_IOMMUS].load(Ordering::Relaxed),
    }
}

/// Returns the model of an IOMMU.
///
/// # Safety
///
/// As for [`Slot::get`].
#[allow(clippy::mut_from_ref)]
unsafe fn model(index: u32) -> &'static mut dyn Model {
    if SOC.load(Ordering::Relaxed) >= T8103 {
        // SAFETY: by this function's contract, and the pointer is valid by that of `dart_at`.
        unsafe { &mut *dart_at(index) }
    } else {
        // SAFETY: by this function's contract.
        unsafe { IOMMUS[index as usize].get() }
    }
}

extern "C" {
    fn board_port(iommu: u32, master: u32, va: u64, buf: *mut u8, len: usize, write: bool) -> i32;
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

/// Allocates `count` further DARTs, which are never freed.
///
/// # Safety
///
/// Called once, before any model is used.
#[no_mangle]
unsafe extern "C" fn dart_model_add(count: u32) -> i32 {
    for place in FURTHER.iter().take(count as usize) {
        // Too large for the stack.
        let Ok(room) = KVBox::<Dart>::new_uninit(GFP_KERNEL) else {
            return ENOMEM.to_errno();
        };
        let room = KVBox::into_raw(room).cast::<Dart>();

        // SAFETY: The first DART has no other users yet; `Dart` is plain data, and `room` has its
        // size.
        unsafe { core::ptr::copy_nonoverlapping(DARTS[0].0.get(), room, 1) };
        place.store(room, Ordering::Relaxed);
    }
    0
}

/// Makes an instance one of the given SoC (`enum board_soc`), and powers it on if it is a DART,
/// which has no clock or reset in the CCU.
///
/// # Safety
///
/// As described at the top of this file; `index` is less than [`NR_IOMMUS`], or, for DARTs, less
/// than their number after [`dart_model_add`].
#[no_mangle]
unsafe extern "C" fn iommu_model_init(index: u32, soc: u32) {
    let dart = match soc {
        T8103_USB4 => Some(&OF_T8103_USB4),
        T6000 => Some(&OF_T6000),
        T8112 => Some(&OF_T8112),
        T6020 => Some(&OF_T6020),
        _ => None,
    };
    SOC.store(soc, Ordering::Relaxed);
    if soc == H616 {
        // SAFETY: The instance is the caller's; `Iommu` is plain data, so that a copy of its
        // bytes is an instance of its own.
        unsafe { core::ptr::copy_nonoverlapping(&OF_H616, IOMMUS[index as usize].0.get(), 1) };
    }
    if let Some(dart) = dart {
        // SAFETY: As above, for `Dart`.
        unsafe { core::ptr::copy_nonoverlapping(dart, dart_at(index), 1) };
    }
    if soc >= T8103 {
        // SAFETY: By this function's contract.
        let dart = unsafe { &mut *dart_at(index) };
        dart.set_power(true);
        dart.set_clock(true);
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
    unsafe { ENGINES[index as usize].get() }.mmio_read(offset)
}

/// Writes a register of an engine.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn engine_model_write(index: u32, offset: u32, value: u32) {
    // SAFETY: By this function's contract.
    unsafe { ENGINES[index as usize].get() }.mmio_write(offset, value);
}

/// Runs an engine for about `budget` bytes.
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
