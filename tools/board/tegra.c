// SPDX-License-Identifier: GPL-2.0
/*
 * Tegra: where its SMMU is, and to which swgroups the engines are wired.
 *
 * The first SMMU is that of the SoC: its registers are in the window of the memory
 * controller, whose interrupt line it has. The further ones exist only on this board.
 */
#include "board.h"
#include "models.h"

#define T30_MC		0x7000f000
#define T30_MC_SIZE	0x400
#define MC		0x70019000
#define MC_SIZE		0x1000
#define MC_LINE		BOARD_SPI(77)

/* All SoCs have these swgroups, with different numbers. */
static const char * const swgroups[BOARD_NR_ENGINES] = {
	"dc", "dcb", "hc", "avpc",
	"dc", "hc", "dc", "dc",
};

void board_tegra_place(struct board_iommu *iommus)
{
	bool t30 = board_soc == BOARD_T30;
	unsigned int i;

	for (i = 0; i < BOARD_NR_IOMMUS; i++)
		iommus[i].size = t30 ? T30_MC_SIZE : MC_SIZE;
	iommus[0].start = t30 ? T30_MC : MC;
	iommus[0].line = MC_LINE;
}

u32 board_tegra_swgroup(unsigned int engine)
{
	return tegra_model_swgroup(swgroups[engine]);
}
