/* SPDX-License-Identifier: GPL-2.0 */
#include <dt-bindings/memory/tegra210-mc.h>

#define SOC_MODEL	"Modelled Tegra210 board"
#define SOC_BOARD	"iommu-board,t210"
#define SOC_CHIP	"nvidia,tegra210"
#define SOC_MC		"nvidia,tegra210-mc"
#define SOC_SMMU	"nvidia,tegra210-smmu"
/* Address and size of the memory controller's window. */
#define SOC_MC_AT	70019000
#define SOC_MC_REG	0x70019000
#define SOC_MC_SIZE	0x1000
