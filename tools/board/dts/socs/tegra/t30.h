/* SPDX-License-Identifier: GPL-2.0 */
#include <dt-bindings/memory/tegra30-mc.h>

#define SOC_MODEL	"Modelled Tegra30 board"
#define SOC_BOARD	"iommu-board,t30"
#define SOC_CHIP	"nvidia,tegra30"
#define SOC_MC		"nvidia,tegra30-mc"
#define SOC_SMMU	"nvidia,tegra30-smmu"
/* Address and size of the memory controller's window. */
#define SOC_MC_AT	7000f000
#define SOC_MC_REG	0x7000f000
#define SOC_MC_SIZE	0x400
