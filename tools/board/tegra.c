// SPDX-License-Identifier: GPL-2.0
/*
 * Tegra: where its SMMU is, to which swgroups the engines are wired, and a driver for
 * the memory controller.
 *
 * The first SMMU is that of the SoC: its registers are in the window of the memory
 * controller, whose interrupt line it has. The further ones exist only on this board.
 *
 * The kernel's driver for the memory controller has no SoCs on UML. The one here claims
 * the window as that does, and nothing else. With the parameter mc_is_iommu it has an
 * IOMMU in sysfs as well, as the kernel's does with CONFIG_TEGRA_IOMMU_SMMU.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/property.h>

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

static bool mc_is_iommu;
module_param(mc_is_iommu, bool, 0600);
MODULE_PARM_DESC(mc_is_iommu, "memory controllers that are bound from now on are IOMMUs");

static bool mc_has_swnode;
module_param(mc_has_swnode, bool, 0600);
MODULE_PARM_DESC(mc_has_swnode, "memory controllers that are bound from now on have a software node");

static const struct property_entry mc_properties[] = {
	PROPERTY_ENTRY_BOOL("board,software"),
	{ }
};

static int mc_probe(struct platform_device *pdev)
{
	void __iomem *regs = devm_platform_ioremap_resource(pdev, 0);
	struct iommu_device *iommu;

	if (IS_ERR(regs))
		return PTR_ERR(regs);
	if (mc_has_swnode && !device_property_present(&pdev->dev, mc_properties[0].name)) {
		int ret = device_create_managed_software_node(&pdev->dev, mc_properties, NULL);

		if (ret)
			return ret;
	}
	if (!mc_is_iommu)
		return 0;
	iommu = devm_kzalloc(&pdev->dev, sizeof(*iommu), GFP_KERNEL);
	if (!iommu)
		return -ENOMEM;
	platform_set_drvdata(pdev, iommu);
	return iommu_device_sysfs_add(iommu, &pdev->dev, NULL, "%s", dev_name(&pdev->dev));
}

static int is_bound_part(struct device *child, void *data)
{
	struct device *parent = data;

	return child->of_node == parent->of_node && device_is_bound(child);
}

static void mc_remove(struct platform_device *pdev)
{
	struct iommu_device *iommu = platform_get_drvdata(pdev);

	if (device_for_each_child(&pdev->dev, &pdev->dev, is_bound_part))
		dev_err(&pdev->dev, "BUG: a child that uses the registers is still bound\n");
	if (iommu)
		iommu_device_sysfs_remove(iommu);
}

static const struct of_device_id mc_of_match[] = {
	{ .compatible = "nvidia,tegra30-mc" },
	{ .compatible = "nvidia,tegra114-mc" },
	{ .compatible = "nvidia,tegra124-mc" },
	{ .compatible = "nvidia,tegra132-mc" },
	{ .compatible = "nvidia,tegra210-mc" },
	{ }
};

static struct platform_driver mc_driver = {
	.probe = mc_probe,
	.remove = mc_remove,
	.driver = {
		.name = "board-mc",
		.of_match_table = mc_of_match,
	},
};

int board_tegra_init(void)
{
	return board_is_tegra() ? platform_driver_register(&mc_driver) : 0;
}
