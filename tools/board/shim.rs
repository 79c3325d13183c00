// SPDX-License-Identifier: GPL-2.0

//! The models as C functions.
//!
//! The instances live in statics. Each has a lock on the C side (`hw.c`, `master.c`), which every
//! caller holds around a call with that instance's number: that is the contract of all functions
//! of this file which take an index, and what makes the exclusive references here exclusive.

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
    [const { Slot(UnsafeCell::new(Iommu::new(sun50i::Variant::H6))) }; NR_IOMMUS];
static DARTS: [Slot<Dart>; NR_IOMMUS] =
    [const { Slot(UnsafeCell::new(Dart::new(T8103_4K))) }; NR_IOMMUS];
/// DARTs beyond these: only the devicetrees of real machines have so many.
static FURTHER: [AtomicPtr<Dart>; MAX_IOMMUS - NR_IOMMUS] =
    [const { AtomicPtr::new(core::ptr::null_mut()) }; MAX_IOMMUS - NR_IOMMUS];
static ENGINES: [Slot<Engine>; NR_ENGINES] =
    [const { Slot(UnsafeCell::new(Engine::new())) }; NR_ENGINES];

/// Which SoC the board is: all of its IOMMUs are of one kind.
static SOC: AtomicU32 = AtomicU32::new(H6);

/// User-mode Linux has pages of 4 KiB, which only these can have, too.
const T8103_4K: Config = Config::new(dart::Variant::T8103).pages_4k();
const USB4_4K: Config = Config::new(dart::Variant::T8103Usb4).pages_4k();

/// What others have in their place: copied over the instances before they are used.
static OF_H616: Iommu = Iommu::new(sun50i::Variant::H616);
static OF_T8103_USB4: Dart = Dart::new(USB4_4K);
static OF_T6000: Dart = Dart::new(Config::new(dart::Variant::T6000));
static OF_T8112: Dart = Dart::new(
    Config::new(dart::Variant::T8110)
        .input(36)
        .output(36)
        .streams(16),
);
/// Addresses of 42 bits, and so one level of tables more.
static OF_T6020: Dart = Dart::new(Config::new(dart::Variant::T8110).streams(16));

/// Where a DART is: valid for ever, if `index` is less than what there is by [`dart_model_add`].
fn dart_at(index: u32) -> *mut Dart {
    match DARTS.get(index as usize) {
        Some(slot) => slot.0.get(),
        None => FURTHER[index as usize - NR_IOMMUS].load(Ordering::Relaxed),
    }
}

/// The model of an IOMMU.
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

/// Makes `count` further DARTs, of which none goes again.
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

        // SAFETY: Nobody uses the first one yet; `Dart` is plain data, and `room` has its size.
        unsafe { core::ptr::copy_nonoverlapping(DARTS[0].0.get(), room, 1) };
        place.store(room, Ordering::Relaxed);
    }
    0
}

/// Makes an instance the given SoC's, `enum board_soc`, and switches it on if nobody else does.
///
/// # Safety
///
/// As described at the top of this file; `index` is less than [`NR_IOMMUS`], or with DARTs less than
/// what there is by [`dart_model_add`].
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

/// A register read.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_read(index: u32, offset: u32) -> u32 {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.mmio_read(offset)
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
    unsafe { model(index) }.mmio_write(&mut ram, offset, value);
}

/// The clock gate.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_set_clock(index: u32, on: bool) {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.set_clock(on);
}

/// The reset line.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_set_reset(index: u32, asserted: bool) {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.set_reset(asserted);
}

/// The power domain, in system sleep.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_set_power(index: u32, on: bool) {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.set_power(on);
}

/// The level of the interrupt line.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_irq(index: u32) -> bool {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.irq()
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
    let name = unsafe { CStr::from_char_ptr(name) };
    match name.to_str() {
        // SAFETY: By this function's contract.
        Ok(name) if unsafe { model(index) }.knob(name, value) => 0,
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
    unsafe { model(index) }.mark();
}

/// Clears the counters.
///
/// # Safety
///
/// As described at the top of this file.
#[no_mangle]
unsafe extern "C" fn iommu_model_clear(index: u32) {
    // SAFETY: By this function's contract.
    unsafe { model(index) }.clear();
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
    unsafe { model(index) }.show_knobs(&mut |line| seq_print!(s, "{line}\n"));
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
    unsafe { model(index) }.show_counters(&mut |line| seq_print!(s, "{line}\n"));
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
    unsafe { model(index) }.show_report(&mut |line| seq_print!(s, "{line}\n"));
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
    unsafe { model(index) }.show_recent(&mut |line| seq_print!(s, "{line}\n"));
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
    unsafe { model(index) }.show_writes(&mut |line| seq_print!(s, "{line}\n"));
}

/// The registers.
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
