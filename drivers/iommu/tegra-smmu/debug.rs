// SPDX-License-Identifier: GPL-2.0

//! The contents of the debugfs files.

use iommu::prelude::*;
use kernel::io::Io;

use crate::{
    engine::Engine,
    regs::*,
    soc::ENABLES,
    TegraSmmu, //
};

impl DebugOps<TegraSmmu> for TegraSmmu {
    /// Prints the configuration, the swgroups and the clients that have an enable bit.
    fn show_registers(engine: &mut Engine, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let swgroups = engine.soc().swgroups;
        let state = |enabled| if enabled { "yes" } else { "no" };

        for (name, word) in [
            ("SMMU_CONFIG", u32::from(engine.io.read(SMMU_CONFIG))),
            ("SMMU_TLB_CONFIG", engine.io.read(SMMU_TLB_CONFIG).into()),
            ("SMMU_PTC_CONFIG", engine.io.read(SMMU_PTC_CONFIG).into()),
        ] {
            writeln!(f, "{name:<16}{word:#010x}")?;
        }
        f.write_str("\nswgroup    enabled  ASID\n")?;
        for swgroup in swgroups {
            let Ok(word) = engine.read(swgroup) else {
                continue;
            };
            writeln!(
                f,
                "{:<9}  {:<7}  {:#04x}",
                swgroup.name,
                state(word.enable()),
                word.asid().get()
            )?;
        }
        f.write_str("\nclient  swgroup    enabled\n")?;
        for swgroup in swgroups {
            for &id in swgroup.clients {
                let word = ENABLES
                    .get(usize::from(id / 32))
                    .and_then(|&offset| engine.io.try_read32(offset).ok())
                    .unwrap_or(0);
                let enabled = state(word >> (id % 32) & 1 != 0);

                writeln!(f, "{id:<6}  {:<9}  {enabled}", swgroup.name)?;
            }
        }
        Ok(())
    }
}
