// SPDX-License-Identifier: GPL-2.0

//! The instances of the models.
//!
//! They are statics. Each has a lock on the C side (`hw.c`, `master.c`). Every caller holds it
//! during a call with that instance's number. That is the contract of all functions of this file
//! that take an index, and it is why a reference to the instance is exclusive.

use core::cell::UnsafeCell;
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
    dma::Engine,
    sun50i::{
        self,
        Iommu, //
    },
    tegra::{
        self,
        Smmu, //
    },
    Model, //
};
use kernel::{
    alloc::{
        flags::GFP_KERNEL,
        KVBox, //
    },
    error::code::ENOMEM, //
};

const NR_IOMMUS: usize = 4;
const MAX_IOMMUS: usize = 32;
const NR_ENGINES: usize = 8;

/// `enum board_soc`.
const H6: u32 = 0;
const H616: u32 = 1;
const T8103_USB4: u32 = 3;
const T6000: u32 = 4;
const T8112: u32 = 5;
const T6020: u32 = 6;
const T30: u32 = 7;
const T114: u32 = 8;
const T124: u32 = 9;
const T210: u32 = 10;

/// The kinds of IOMMUs.
enum Kind {
    Sun50i,
    Dart,
    Tegra(tegra::Variant),
}

/// The kind of a SoC's IOMMUs.
fn kind(soc: u32) -> Kind {
    match soc {
        H6 | H616 => Kind::Sun50i,
        T30 => Kind::Tegra(tegra::Variant::T30),
        T114 => Kind::Tegra(tegra::Variant::T114),
        T124 => Kind::Tegra(tegra::Variant::T124),
        T210 => Kind::Tegra(tegra::Variant::T210),
        _ => Kind::Dart,
    }
}

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
static SMMUS: [Slot<Smmu>; NR_IOMMUS] =
    [const { Slot(UnsafeCell::new(Smmu::new(tegra::Variant::T210))) }; NR_IOMMUS];
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
pub(super) unsafe fn model(index: u32) -> &'static mut dyn Model {
    match kind(SOC.load(Ordering::Relaxed)) {
        // SAFETY: by this function's contract.
        Kind::Sun50i => unsafe { IOMMUS[index as usize].get() },
        // SAFETY: by this function's contract, and the pointer is valid by that of `dart_at`.
        Kind::Dart => unsafe { &mut *dart_at(index) },
        // SAFETY: by this function's contract.
        Kind::Tegra(_) => unsafe { SMMUS[index as usize].get() },
    }
}

/// The board's SoC if it is a Tegra.
pub(super) fn tegra_soc() -> Option<tegra::Variant> {
    match kind(SOC.load(Ordering::Relaxed)) {
        Kind::Tegra(variant) => Some(variant),
        Kind::Sun50i | Kind::Dart => None,
    }
}

/// Returns the model of an engine.
///
/// # Safety
///
/// As for [`Slot::get`].
#[allow(clippy::mut_from_ref)]
pub(super) unsafe fn engine(index: u32) -> &'static mut Engine {
    // SAFETY: by this function's contract.
    unsafe { ENGINES[index as usize].get() }
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

/// Makes an instance one of the given SoC (`enum board_soc`). It is powered on, except for sun50i,
/// whose clock and reset are in the CCU.
///
/// # Safety
///
/// As described at the top of this file; `index` is less than [`NR_IOMMUS`], or, for DARTs, less
/// than their number after [`dart_model_add`].
#[no_mangle]
unsafe extern "C" fn iommu_model_init(index: u32, soc: u32) {
    SOC.store(soc, Ordering::Relaxed);
    match kind(soc) {
        // SAFETY: By this function's contract.
        Kind::Sun50i => unsafe { init_sun50i(index, soc) },
        // SAFETY: By this function's contract.
        Kind::Dart => unsafe { init_dart(index, soc) },
        Kind::Tegra(variant) => {
            // SAFETY: By this function's contract.
            let smmu = unsafe { SMMUS[index as usize].get() };
            smmu.set_variant(variant);
            smmu.set_power(true);
        }
    }
}

/// Makes an instance one of the given SoC.
///
/// # Safety
///
/// As for [`iommu_model_init`].
unsafe fn init_sun50i(index: u32, soc: u32) {
    if soc == H616 {
        // SAFETY: The instance is the caller's; `Iommu` is plain data, so that a copy of its
        // bytes is an instance of its own.
        unsafe { core::ptr::copy_nonoverlapping(&OF_H616, IOMMUS[index as usize].0.get(), 1) };
    }
}

/// Makes a DART one of the given SoC, and powers it on.
///
/// # Safety
///
/// As for [`iommu_model_init`].
unsafe fn init_dart(index: u32, soc: u32) {
    let of_soc = match soc {
        T8103_USB4 => Some(&OF_T8103_USB4),
        T6000 => Some(&OF_T6000),
        T8112 => Some(&OF_T8112),
        T6020 => Some(&OF_T6020),
        _ => None,
    };
    if let Some(of_soc) = of_soc {
        // SAFETY: The instance is the caller's; `Dart` is plain data, so that a copy of its bytes
        // is an instance of its own.
        unsafe { core::ptr::copy_nonoverlapping(of_soc, dart_at(index), 1) };
    }
    // SAFETY: By this function's contract.
    let dart = unsafe { &mut *dart_at(index) };
    dart.set_power(true);
    dart.set_clock(true);
}
