// SPDX-License-Identifier: GPL-2.0

//! The entries of [`V7s`], and those that the kernel's io-pgtable-arm-v7s makes of the same calls.

use core::{
    ptr::NonNull,
    sync::atomic::AtomicU32, //
};

use kernel::{
    bindings,
    ffi::c_void,
    prelude::*, //
};

use super::support::*;

use crate::{
    bindings::rust_iommu_helper_phys_to_virt,
    table::{
        v7s::V7s,
        words, //
    },
};

type MediaTek = V7s<4096, 35>;

/// `IO_PGTABLE_QUIRK_ARM_NS` and the like, which bindgen does not see.
const ARM_NS: usize = 1 << 0;
const NO_PERMS: usize = 1 << 1;
const ARM_MTK_EXT: usize = 1 << 3;

/// A page table of the kernel's library.
///
/// # Invariants
///
/// `ops` is one that `alloc_io_pgtable_ops()` has returned for `cfg`.
struct Library {
    cfg: KBox<bindings::io_pgtable_cfg>,
    ops: NonNull<bindings::io_pgtable_ops>,
}

impl Library {
    fn new(stand: &Stand) -> Result<Self> {
        // SAFETY: all zeroes are a valid configuration.
        let cfg: bindings::io_pgtable_cfg = unsafe { core::mem::zeroed() };
        let mut cfg = KBox::new(cfg, GFP_KERNEL)?;
        cfg.quirks = ARM_NS | NO_PERMS | ARM_MTK_EXT;
        cfg.pgsize_bitmap = TestTable::<MediaTek>::page_sizes() as usize;
        cfg.ias = 32;
        cfg.oas = 35;
        cfg.coherent_walk = true;
        let dev: *const kernel::device::Device<kernel::device::Bound> = stand.device();
        cfg.iommu_dev = dev.cast_mut().cast();

        // SAFETY: a valid configuration, which lives as long as the table.
        let ops = unsafe {
            bindings::alloc_io_pgtable_ops(
                bindings::io_pgtable_fmt_ARM_V7S,
                &raw mut *cfg,
                core::ptr::null_mut(),
            )
        };
        // INVARIANT: just allocated.
        Ok(Self {
            cfg,
            ops: NonNull::new(ops).ok_or(ENOMEM)?,
        })
    }

    fn map(&self, iova: u64, paddr: u64, size: usize, prot: Prot) -> Result {
        let mut mapped = 0;
        // SAFETY: the ops are valid, and have this function.
        let ret = unsafe {
            let ops = self.ops.as_ptr();
            ((*ops).map_pages.ok_or(EINVAL)?)(
                ops,
                iova as usize,
                paddr,
                size,
                1,
                prot.as_raw(),
                bindings::GFP_KERNEL,
                &mut mapped,
            )
        };
        check!(ret == 0 && mapped == size, "{ret}: {mapped}");
        Ok(())
    }

    fn unmap(&self, iova: u64, size: usize) -> Result {
        // SAFETY: the ops are valid, and have this function.
        let unmapped = unsafe {
            let ops = self.ops.as_ptr();
            ((*ops).unmap_pages.ok_or(EINVAL)?)(ops, iova as usize, size, 1, core::ptr::null_mut())
        };
        check!(unmapped == size, "{unmapped}");
        Ok(())
    }

    /// The words of the directory, or of a table.
    ///
    /// # Safety
    ///
    /// `count` words of the library's tables are at `paddr`.
    unsafe fn words(&self, paddr: u64, count: usize) -> Result<&[AtomicU32]> {
        // SAFETY: this computes an address.
        let virt: *mut c_void = unsafe { rust_iommu_helper_phys_to_virt(paddr) };
        // SAFETY: by the safety requirement. The library writes whole words, and not meanwhile.
        Ok(unsafe { words(NonNull::new(virt).ok_or(EINVAL)?.cast(), count) })
    }

    fn dir(&self) -> Result<&[AtomicU32]> {
        // SAFETY: this is the member for the format.
        let ttbr = unsafe { self.cfg.__bindgen_anon_1.arm_v7s_cfg.ttbr };

        // SAFETY: the directory is 16 KiB at the table base, whose lowest bits are attributes.
        unsafe { self.words(u64::from(ttbr & !0x3fff), MediaTek::DIR_ENTRIES) }
    }

    /// Entry `index` of the directory entry `word`, which points to a table.
    fn entry(&self, word: u32, index: usize) -> Result<u32> {
        let paddr = MediaTek::dir_table(word).ok_or(EINVAL)?;

        // SAFETY: the library's directory points to its tables.
        let table = unsafe { self.words(paddr, MediaTek::TABLE_ENTRIES) }?;
        Ok(entries::read(&table[index]))
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: by the type invariants.
        unsafe { bindings::free_io_pgtable_ops(self.ops.as_ptr()) };
    }
}

/// The word of the page at `index` of a directory entry's range, 0 if there is none.
fn entry_of(word: u32, index: usize, table: impl Fn(u32, usize) -> Result<u32>) -> Result<u32> {
    match MediaTek::dir_table(word) {
        Some(_) => table(word, index),
        None => Ok(word),
    }
}

#[kunit_tests(rust_iommu_table_v7s_library)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_the_same() -> Result {
        const SHIFTS: [u32; 4] = [12, 16, 20, 24];
        const KINDS: [Prot; 4] = [
            Prot::NONE,
            Prot::CACHE,
            Prot::MMIO,
            Prot::from_raw((bindings::IOMMU_CACHE | bindings::IOMMU_MMIO) as i32),
        ];
        /// Bytes of address space that are used.
        const SIZE: u64 = 48 << 20;

        let stand = Stand::new()?;
        let library = Library::new(&stand)?;
        let ours = table::<MediaTek>()?;
        let mut random = Random::new("v7s");
        let mut mapped: KVec<(u64, u32)> = KVec::new();

        for step in 0..600 {
            let shift = SHIFTS[random.below(SHIFTS.len())];
            let size = 1_u64 << shift;
            let iova = random.below((SIZE / size) as usize) as u64 * size;
            let overlaps =
                |&(other, shift): &(u64, u32)| other < iova + size && iova < other + (1 << shift);

            if let Some(at) = mapped.iter().position(overlaps) {
                let (iova, shift) = mapped.remove(at).map_err(|_| EINVAL)?;
                library.unmap(iova, 1 << shift)?;
                check!(ours.unmap(iova, 1 << shift) == 1 << shift);
            } else {
                // Up to 35 bits.
                let paddr = (random.below(1 << (35 - shift)) as u64) << shift;
                let access = [Prot::READ, Prot::WRITE, RW][random.below(3)];
                let prot = access | KINDS[random.below(KINDS.len())];
                library.map(iova, paddr, 1 << shift, prot)?;
                let got = ours.map(iova, paddr, 1 << shift, 1, prot, KERNEL);
                check!(got == (1, Ok(())), "step {step}: {got:?}");
                mapped.push((iova, shift), GFP_KERNEL)?;
            }

            for _ in 0..200 {
                let page = random.below((SIZE >> 12) as usize);
                let (dir, index) = (page / 256, page % 256);
                let word = entries::read(&library.dir()?[dir]);
                let theirs = entry_of(word, index, |word, index| library.entry(word, index))?;
                let word = entries::read(&ours.body.dir()[dir]);
                let own = entry_of(word, index, |_, index| {
                    let table = ours.table(dir).ok_or(EINVAL)?;
                    Ok(entries::read(&table[index]))
                })?;
                check!(
                    own == theirs,
                    "step {step}: page {page}: {own:#x} {theirs:#x}"
                );
            }
        }
        while let Some((iova, shift)) = mapped.pop() {
            library.unmap(iova, 1 << shift)?;
        }
        Ok(())
    }
}
