// SPDX-License-Identifier: GPL-2.0
/*
 * The board comes up: which SoC it is, then its parts, registers first, the
 * interrupt controller and the clocks last, since they let other drivers
 * probe. It stays: its register region cannot be taken back.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/of.h>

#include "board.h"

enum board_soc board_soc;

static int __init board_init(void)
{
	struct dentry *root;
	int ret;

	if (of_machine_is_compatible("allwinner,sun50i-h616"))
		board_soc = BOARD_H616;
	else if (!of_machine_is_compatible("allwinner,sun50i-h6"))
		return -ENODEV;

	root = board_debugfs_init();
	ret = board_mmio_init(root);
	if (!ret)
		ret = board_shadow_init(root);
	if (!ret)
		ret = board_hw_init(root);
	if (!ret)
		ret = board_master_init(root);
	if (!ret)
		ret = board_overlay_init(root);
	if (!ret)
		ret = board_intc_init();
	if (!ret)
		ret = board_ccu_init();
	if (ret) {
		/* What is there cannot be undone; nobody uses it. */
		pr_err("board: did not come up: %d\n", ret);
		__module_get(THIS_MODULE);
		return 0;
	}
	pr_info("board: %s, %u IOMMUs, %u engines\n",
		board_soc == BOARD_H616 ? "sun50i-h616" : "sun50i-h6",
		BOARD_NR_IOMMUS, BOARD_NR_ENGINES);
	return 0;
}
module_init(board_init);

MODULE_DESCRIPTION("Modelled board with IOMMUs for UML");
MODULE_LICENSE("GPL");
