// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the devicetree of a real Apple machine: which DARTs it describes, and
 * where their registers and interrupts are.
 */
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_irq.h>

#include "board.h"

static const struct of_device_id darts[] = {
	{ .compatible = "apple,t8103-dart", .data = (void *)BOARD_T8103 },
	{ .compatible = "apple,t8103-usb4-dart", .data = (void *)BOARD_T8103_USB4 },
	{ .compatible = "apple,t6000-dart", .data = (void *)BOARD_T6000 },
	{ .compatible = "apple,t8110-dart", .data = (void *)BOARD_T8112 },
	{ }
};

static int describe(struct device_node *np, const struct of_device_id *match,
		    struct board_iommu *iommu)
{
	struct of_phandle_args irq;
	struct resource res;
	int ret;

	ret = of_address_to_resource(np, 0, &res);
	if (ret)
		return ret;
	if (res.start < BOARD_SOC_BASE)
		return -ERANGE;
	ret = of_irq_parse_one(np, 0, &irq);
	if (ret)
		return ret;
	of_node_put(irq.np);
	ret = board_intc_aic_line(irq.args, irq.args_count);
	if (ret < 0)
		return ret;

	iommu->start = res.start - BOARD_SOC_BASE;
	iommu->size = resource_size(&res);
	iommu->line = ret;
	iommu->kind = (unsigned long)match->data;
	return 0;
}

int board_apple_find(struct board_iommu *iommus, unsigned int max)
{
	const struct of_device_id *match;
	struct device_node *np;
	unsigned int n = 0, i;
	int ret;

	for_each_matching_node_and_match(np, darts, &match) {
		ret = n < max ? describe(np, match, &iommus[n]) : -ENOSPC;
		if (ret) {
			pr_err("board: %pOF: cannot be had: %d\n", np, ret);
			of_node_put(np);
			return ret;
		}
		for (i = 0; i < n; i++)
			if (iommus[i].line == iommus[n].line)
				iommus[i].shared = iommus[n].shared = true;
		n++;
	}
	return n;
}
