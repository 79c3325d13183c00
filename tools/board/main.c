// SPDX-License-Identifier: GPL-2.0
/*
 * Starts the board: determines the SoC, then starts its parts. Registers are
 * first; the interrupt controller and the clocks are last, since other drivers
 * probe once these exist. The board cannot be unloaded, because its register
 * region cannot be unregistered.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/of.h>

#include "board.h"

enum board_soc board_soc;

static const struct {
	const char *compatible;
	const char *name;
	enum board_soc soc;
} socs[] = {
	{ "apple,arm-platform", "apple", BOARD_APPLE },
	{ "allwinner,sun50i-h6", "sun50i-h6", BOARD_H6 },
	{ "allwinner,sun50i-h616", "sun50i-h616", BOARD_H616 },
	{ "iommu-board,t8103", "t8103", BOARD_T8103 },
	{ "iommu-board,t8103-usb4", "t8103-usb4", BOARD_T8103_USB4 },
	{ "iommu-board,t6000", "t6000", BOARD_T6000 },
	{ "iommu-board,t8112", "t8112", BOARD_T8112 },
	{ "iommu-board,t6020", "t6020", BOARD_T6020 },
	{ "nvidia,tegra30", "tegra30", BOARD_T30 },
	{ "nvidia,tegra114", "tegra114", BOARD_T114 },
	{ "nvidia,tegra124", "tegra124", BOARD_T124 },
	{ "nvidia,tegra132", "tegra132", BOARD_T124 },
	{ "nvidia,tegra210", "tegra210", BOARD_T210 },
};

static int __init board_init(void)
{
	struct dentry *root;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(socs); i++)
		if (of_machine_is_compatible(socs[i].compatible))
			break;
	if (i == ARRAY_SIZE(socs))
		return -ENODEV;
	board_soc = socs[i].soc;

	root = board_debugfs_init();
	ret = board_mmio_init();
	if (!ret)
		ret = board_shadow_init(root);
	if (!ret)
		ret = board_hw_init(root);
	if (!ret)
		ret = board_master_init(root);
	if (!ret)
		ret = board_overlay_init(root);
	if (!ret)
		ret = board_power_init();
	if (!ret)
		ret = board_intc_init();
	if (!ret)
		ret = board_ccu_init();
	if (!ret)
		ret = board_tegra_init();
	if (ret) {
		/* The parts that exist cannot be removed, but have no users. */
		pr_err("board: did not come up: %d\n", ret);
		__module_get(THIS_MODULE);
		return 0;
	}
	pr_info("board: %s, %u IOMMUs, %u engines\n",
		socs[i].name, board_hw_count(), BOARD_NR_ENGINES);
	return 0;
}
module_init(board_init);

MODULE_DESCRIPTION("Modelled board with IOMMUs for UML");
MODULE_LICENSE("GPL");
