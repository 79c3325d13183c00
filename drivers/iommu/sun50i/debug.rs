// SPDX-License-Identifier: GPL-2.0

//! The contents of the debugfs files: the registers, and a test of translation with the debug port.

use iommu::{
    pm,
    prelude::*, //
};
use kernel::{
    dma::Coherent,
    io_read,
    io_write,
    prelude::*,
    sizes::SZ_4K, //
};

use crate::{
    domain::Domain,
    engine::Engine,
    ports::Routes,
    Sun50iIommu, //
};

type Page = Coherent<[u32; SZ_4K / size_of::<u32>()]>;

impl DebugOps<Sun50iIommu> for Sun50iIommu {
    fn show_registers(engine: &mut Engine, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        engine.show(f)
    }

    /// Translates accesses of the debug port to a page of its own. Checks that they reach the page,
    /// and that they do not after it is unmapped.
    ///
    /// # Errors
    ///
    /// `EBUSY` unless the masters are in the identity domain, `EIO` if a check fails.
    fn selftest(iommus: &Instances<'_, Self>, gfp: Gfp, f: &mut fmt::Formatter<'_>) -> Result {
        let iommu = iommus.first()?;
        // The lock excludes attaches.
        let slot = iommu.slot.lock();
        if slot.ports.need_hardware() {
            return Err(EBUSY);
        }
        let power = pm::get(iommu.dev())?;
        let domain = Domain::new(iommu.walker())?;
        let page: Page = Coherent::zeroed(iommu.dev(), GFP_KERNEL)?;

        // Masters in the identity domain may be running: their accesses pass as before. The rules
        // also allow the debug port to use the tables.
        let all = iommu.variant.all_masters();
        let routes = Routes {
            translated: all,
            bypassed: all,
        };
        let translated = iommu.lock().translate(domain.directory(), routes);
        let result = translated.and_then(|()| selftest_page(iommus, iommu, gfp, &domain, &page, f));
        // The tables are freed next, so the hardware must stop using them. Even if it does not
        // report that its caches are invalidated, it is at least disabled.
        iommu.lock().pass();
        power.put_sync();
        result
    }
}

fn selftest_page(
    iommus: &Instances<'_, Sun50iIommu>,
    iommu: Live<'_, Sun50iIommu>,
    gfp: Gfp,
    domain: &Domain,
    page: &Page,
    f: &mut fmt::Formatter<'_>,
) -> Result {
    const IOVA: u64 = 0x1234_5000;
    const WORDS: [u32; 2] = [0x600d_f00d, 0x0bad_cafe];
    let (range, port) = (IOVA..=IOVA + 0xfff, IOVA as u32);
    let mut passed = true;
    let mut check = |what, word: u32, expected: u32| {
        let _ = writeln!(f, "{what}: {word:#010x}, {expected:#010x} expected");
        passed &= word == expected;
    };

    let paddr = page.dma_address() as PhysAddr;
    let (_, mapped) = domain
        .table()
        .map(IOVA, paddr, SZ_4K, 1, Prot::READ_WRITE, gfp);
    mapped?;
    domain.sync_map(&mut iommus.engines(), range.clone())?;

    iommu.lock().debug_access(port + 4, Some(WORDS[0]))?;
    let written = io_read!(page, [panic: 1]);
    check("write through translation", written, WORDS[0]);

    io_write!(page, [panic: 2], WORDS[1]);
    let read = iommu.lock().debug_access(port + 8, None)?;
    check("read through translation", read, WORDS[1]);

    let unmapped = domain.table().unmap(IOVA, SZ_4K);
    domain.sync(&mut iommus.engines(), range);
    iommu.lock().debug_access(port + 4, Some(0))?;
    let kept = io_read!(page, [panic: 1]);
    check("write after unmap", kept, WORDS[0]);

    if passed && unmapped == SZ_4K {
        Ok(())
    } else {
        Err(EIO)
    }
}
