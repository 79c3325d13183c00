// SPDX-License-Identifier: GPL-2.0

//! Memory for page tables, and what a device's walker sees of it.
//!
//! A block has words of the CPU and words in DRAM. Mapping a block for a device and cleaning copy
//! the former to the latter, as does [`write_back`] at any other time. A walker reads DRAM, or the
//! words of the CPU if its device is coherent. Fresh memory is full of [`POISON`], on both sides.
//!
//! Physical addresses are below 4 GiB, which those of the host's memory are not.

use core::ffi::{
    c_char,
    c_int,
    c_uint,
    c_void, //
};

use std::sync::{
    Arc,
    Mutex, //
};

use std::collections::BTreeMap;

use core::sync::atomic::Ordering::{
    Acquire,
    Relaxed,
    Release, //
};

#[cfg(not(feature = "loom"))]
use core::sync::atomic::AtomicU32;

#[cfg(feature = "loom")]
use loom_core::sync::atomic::AtomicU32;

use crate::bindings;

/// An entry that is valid in all formats, and that no test makes.
pub const POISON: u32 = 0xdead_d003;

/// Words of each block that loom schedules.
#[cfg(feature = "loom")]
pub const SCHEDULED: usize = 2;

const FIRST: u64 = 0x4000_0000;
const LAST: u64 = 0xf000_0000;

struct Block {
    /// The size that the allocator was asked for.
    bytes: usize,
    paddr: u64,
    /// The size of objects of its slab cache.
    cache: Option<usize>,
    /// The device that it is mapped for, and whether that sees the CPU's words.
    mapped: Mutex<Option<(usize, bool)>>,
    words: Box<[AtomicU32]>,
    dram: Box<[AtomicU32]>,
}

impl Block {
    fn new(paddr: u64, bytes: usize, cache: Option<usize>) -> Self {
        let words = |_| (0..bytes / size_of::<u32>()).map(new_word).collect();

        Self {
            bytes,
            paddr,
            cache,
            mapped: Mutex::new(None),
            words: words(()),
            dram: words(()),
        }
    }

    fn virt(&self) -> usize {
        self.words.as_ptr().addr()
    }

    fn copy(&self, words: core::ops::Range<usize>) {
        for i in words {
            self.dram[i].store(self.words[i].load(Acquire), Release);
        }
    }

    fn mapped(&self) -> Option<(usize, bool)> {
        *self.mapped.lock().unwrap()
    }
}

fn new_word(_index: usize) -> AtomicU32 {
    #[cfg(feature = "loom")]
    if _index >= SCHEDULED {
        return AtomicU32::plain(POISON);
    }
    AtomicU32::new(POISON)
}

struct Memory {
    /// The blocks by their virtual and physical addresses.
    by_virt: BTreeMap<usize, Arc<Block>>,
    by_paddr: BTreeMap<u64, Arc<Block>>,
    next: u64,
    /// The allocation that fails, counted down.
    fail_at: u32,
    /// The flags of the last allocation.
    gfp: bindings::gfp_t,
}

static MEMORY: Mutex<Memory> = Mutex::new(Memory {
    by_virt: BTreeMap::new(),
    by_paddr: BTreeMap::new(),
    next: FIRST,
    fail_at: 0,
    gfp: 0,
});

/// Makes the `n`-th allocation from now fail; 0 disarms. Returns what was left of the number.
pub fn fail_at(n: u32) -> u32 {
    core::mem::replace(&mut MEMORY.lock().unwrap().fail_at, n)
}

pub(crate) fn must_fail() -> bool {
    let mut memory = MEMORY.lock().unwrap();
    let last = memory.fail_at == 1;

    memory.fail_at = memory.fail_at.saturating_sub(1);
    last
}

/// The flags that the last block was allocated with.
pub fn last_gfp() -> bindings::gfp_t {
    MEMORY.lock().unwrap().gfp
}

/// Number of blocks.
pub fn blocks() -> usize {
    MEMORY.lock().unwrap().by_virt.len()
}

/// Forgets what a test that has failed has left.
pub fn reset() {
    let mut memory = MEMORY.lock().unwrap();
    memory.fail_at = 0;
    let left = (
        core::mem::take(&mut memory.by_virt),
        core::mem::take(&mut memory.by_paddr),
    );
    memory.next = FIRST;
    drop(memory);
    drop(left);
}

fn by_virt(virt: usize) -> Arc<Block> {
    let memory = MEMORY.lock().unwrap();
    let found = memory.by_virt.range(..=virt).next_back();
    let block = found.map(|(_, block)| block.clone());
    drop(memory);

    block
        .filter(|block| virt < block.virt() + size_of_val(&*block.words))
        .unwrap_or_else(|| panic!("{virt:#x} is no memory of a page table"))
}

/// The block of a physical address, and the index of the word there.
fn by_paddr(paddr: u64) -> Option<(Arc<Block>, usize)> {
    let memory = MEMORY.lock().unwrap();
    let found = memory.by_paddr.range(..=paddr).next_back();
    let block = found.map(|(_, block)| block.clone());
    drop(memory);

    let block = block.filter(|block| paddr - block.paddr < block.bytes as u64)?;
    let index = (paddr - block.paddr) as usize / size_of::<u32>();
    Some((block, index))
}

/// The word that the walker of a device finds at a physical address.
///
/// # Panics
///
/// If the memory is not mapped for the device.
pub fn walk(dev: *const bindings::device, paddr: u64) -> u32 {
    let Some((block, index)) = by_paddr(paddr) else {
        panic!("the walker reads {paddr:#x}, which is no memory of a page table");
    };
    match block.mapped() {
        Some((owner, coherent)) if owner == dev.addr() => {
            let words = if coherent { &block.words } else { &block.dram };
            u32::from_le(words[index].load(Acquire))
        }
        _ => panic!("the walker reads {paddr:#x}, which is not mapped for its device"),
    }
}

/// Writes words back from the CPU's cache, which can happen at any time.
pub fn write_back(paddr: u64, words: usize) {
    if let Some((block, index)) = by_paddr(paddr) {
        block.copy(index..(index + words).min(block.words.len()));
    }
}

/// The physical addresses of all blocks, and their sizes.
pub fn all() -> Vec<(u64, usize)> {
    let memory = MEMORY.lock().unwrap();
    memory
        .by_paddr
        .values()
        .map(|block| (block.paddr, block.bytes))
        .collect()
}

/// The first word that a walker does not see as the CPU does, of mapped blocks.
pub fn first_dirty() -> Option<u64> {
    let blocks: Vec<_> = MEMORY.lock().unwrap().by_paddr.values().cloned().collect();

    blocks
        .iter()
        .filter(|block| matches!(block.mapped(), Some((_, false))))
        .find_map(|block| {
            let same = |i: &usize| block.words[*i].load(Relaxed) == block.dram[*i].load(Relaxed);
            let index = (0..block.words.len()).find(|i| !same(i))?;
            Some(block.paddr + (index * size_of::<u32>()) as u64)
        })
}

fn alloc(bytes: usize, align: usize, cache: Option<usize>, gfp: bindings::gfp_t) -> *mut c_void {
    if must_fail() {
        return core::ptr::null_mut();
    }
    let mut memory = MEMORY.lock().unwrap();
    let size = align.max(bytes) as u64;
    memory.gfp = gfp;
    if memory.next >= LAST {
        memory.next = FIRST;
    }
    // A block is aligned to its size.
    let paddr = loop {
        let paddr = memory.next.next_multiple_of(size);
        let below = memory.by_paddr.range(..paddr + size).next_back();
        match below {
            Some((&other, block)) if other + block.bytes as u64 > paddr => {
                memory.next = other + block.bytes as u64;
            }
            _ => break paddr,
        }
    };
    memory.next = paddr + size;
    drop(memory);

    let block = Arc::new(Block::new(paddr, bytes, cache));
    // Not ordered in any way before another CPU or a walker finds the block.
    block.words.iter().for_each(|word| word.store(0, Relaxed));
    let virt = block.words.as_ptr().cast_mut();
    let mut memory = MEMORY.lock().unwrap();
    memory.by_virt.insert(virt.addr(), block.clone());
    memory.by_paddr.insert(paddr, block);
    virt.cast()
}

/// Frees a block, which must be of that cache, or of none.
pub(crate) fn free(virt: usize, cache: Option<usize>) {
    let block = by_virt(virt);

    assert_eq!(block.virt(), virt, "not the start of a block is freed");
    assert_eq!(block.cache, cache, "a block is freed to another allocator");
    assert!(block.mapped().is_none(), "a block is freed that is mapped");
    let mut memory = MEMORY.lock().unwrap();
    memory.by_virt.remove(&virt);
    memory.by_paddr.remove(&block.paddr);
}

/// As the C function.
///
/// # Safety
///
/// None.
#[no_mangle]
pub unsafe extern "C" fn iommu_alloc_pages_node_sz(
    _nid: c_int,
    gfp: bindings::gfp_t,
    size: usize,
) -> *mut c_void {
    assert!(
        gfp & 1 << bindings::___GFP_DMA32_BIT != 0,
        "memory that a walker cannot address"
    );
    alloc(
        size,
        size.next_power_of_two().max(crate::page::PAGE_SIZE),
        None,
        gfp,
    )
}

/// As the C function.
///
/// # Safety
///
/// None.
#[no_mangle]
pub unsafe extern "C" fn iommu_free_pages(virt: *mut c_void) {
    if !virt.is_null() {
        free(virt.addr(), None);
    }
}

/// As the C function.
///
/// # Safety
///
/// None.
#[no_mangle]
pub unsafe extern "C" fn rust_iommu_helper_table_cache_create(
    _name: *const c_char,
    size: c_uint,
) -> *mut bindings::kmem_cache {
    if must_fail() {
        return core::ptr::null_mut();
    }
    // It is never destroyed.
    Box::into_raw(Box::new(bindings::kmem_cache(size as usize)))
}

/// As the C function.
///
/// # Safety
///
/// The cache was made by [`rust_iommu_helper_table_cache_create`].
#[no_mangle]
pub unsafe extern "C" fn rust_iommu_helper_table_cache_zalloc(
    cache: *mut bindings::kmem_cache,
    gfp: bindings::gfp_t,
) -> *mut c_void {
    assert!(
        gfp & 1 << bindings::___GFP_DMA32_BIT == 0,
        "slab refuses zone flags"
    );
    // SAFETY: by the safety requirement.
    let size = unsafe { (*cache).0 };
    alloc(size, size, Some(size), gfp)
}

/// As `virt_to_phys()`.
///
/// # Safety
///
/// None.
#[no_mangle]
pub unsafe extern "C" fn rust_iommu_helper_virt_to_phys(
    virt: *const c_void,
) -> bindings::phys_addr_t {
    let block = by_virt(virt.addr());
    let words = (virt.addr() - block.virt()) / size_of::<AtomicU32>();

    block.paddr + (words * size_of::<u32>()) as u64
}

/// # Safety
///
/// The device is valid.
unsafe fn bound<'a>(dev: *const bindings::device) -> &'a bindings::device {
    // SAFETY: by the safety requirement.
    let device = unsafe { &*dev };
    assert!(
        !device.is_unbound.load(Relaxed),
        "the DMA API is called for an unbound device"
    );
    device
}

const NOT_MAPPED: bindings::dma_addr_t = !0;

/// As `dma_map_single()`.
///
/// # Safety
///
/// The device is valid.
#[no_mangle]
pub unsafe extern "C" fn rust_iommu_helper_dma_map_to_device(
    dev: *mut bindings::device,
    virt: *mut c_void,
    size: usize,
) -> bindings::dma_addr_t {
    // SAFETY: by the safety requirement.
    let device = unsafe { bound(dev) };
    let block = by_virt(virt.addr());

    assert_eq!(
        (block.virt(), block.bytes),
        (virt.addr(), size),
        "a part of a block is mapped"
    );
    if device.cannot_map.load(Relaxed) {
        return NOT_MAPPED;
    }
    let before = block
        .mapped
        .lock()
        .unwrap()
        .replace((dev.addr(), device.coherent));
    assert!(before.is_none(), "a block is mapped twice");
    block.copy(0..block.words.len());
    block.paddr + device.offset
}

/// As `dma_unmap_single()`.
///
/// # Safety
///
/// The device is valid.
#[no_mangle]
pub unsafe extern "C" fn rust_iommu_helper_dma_unmap_to_device(
    dev: *mut bindings::device,
    dma: bindings::dma_addr_t,
    size: usize,
) {
    // SAFETY: by the safety requirement.
    let paddr = dma - unsafe { bound(dev) }.offset;
    let (block, index) = by_paddr(paddr).expect("no block is unmapped");

    assert_eq!(
        (index, block.bytes),
        (0, size),
        "a part of a block is unmapped"
    );
    let before = block.mapped.lock().unwrap().take();
    assert_eq!(
        before.map(|(owner, _)| owner),
        Some(dev.addr()),
        "a block was not mapped"
    );
}

/// As `dma_mapping_error()`.
///
/// # Safety
///
/// None.
#[no_mangle]
pub unsafe extern "C" fn rust_iommu_helper_dma_mapping_error(
    _dev: *mut bindings::device,
    dma: bindings::dma_addr_t,
) -> c_int {
    c_int::from(dma == NOT_MAPPED)
}

/// As `dma_sync_single_for_device()`.
///
/// # Safety
///
/// The device is valid.
#[no_mangle]
pub unsafe extern "C" fn rust_iommu_helper_dma_sync_to_device(
    dev: *mut bindings::device,
    virt: *const c_void,
    size: usize,
) -> bindings::phys_addr_t {
    // SAFETY: by the safety requirement.
    let _ = unsafe { bound(dev) };
    let block = by_virt(virt.addr());
    // The size is that of words as the CPU has them.
    let first = (virt.addr() - block.virt()) / size_of::<AtomicU32>();
    let words = size / size_of::<AtomicU32>();

    let owner = block.mapped().map(|(owner, _)| owner);
    assert_eq!(
        owner,
        Some(dev.addr()),
        "a block is cleaned that is not mapped"
    );
    block.copy(first..first + words);
    // SAFETY: by the safety requirement.
    unsafe { rust_iommu_helper_virt_to_phys(virt) }
}

/// As `dma_dev_need_sync()`.
///
/// # Safety
///
/// The device is valid.
#[no_mangle]
pub unsafe extern "C" fn rust_iommu_helper_dma_dev_need_sync(dev: *const bindings::device) -> bool {
    // SAFETY: by the safety requirement.
    unsafe { !(*dev).coherent }
}
