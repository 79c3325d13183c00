// SPDX-License-Identifier: GPL-2.0
/*
 * System sleep. The IOMMUs' power domains are switched off after all devices have
 * been suspended, and on again before the first is resumed. By default they stay
 * on.
 */
#include <linux/err.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/pm.h>

#include "board.h"

static atomic_t lossy;

static void set_power(bool on)
{
	unsigned int i;

	for (i = 0; i < BOARD_NR_IOMMUS; i++)
		if (atomic_read(&lossy) & BIT(i))
			board_hw_set_power(i, on);
}

static int power_suspend(struct device *dev)
{
	set_power(false);
	return 0;
}

static int power_resume(struct device *dev)
{
	set_power(true);
	return 0;
}

static DEFINE_NOIRQ_DEV_PM_OPS(power_pm, power_suspend, power_resume);

/* The link suspends an IOMMU before this device and resumes it after: else it would hang. */
static int add_consumer(struct device *dev, void *data)
{
	if (dev->of_node && of_property_present(dev->of_node, "#iommu-cells") &&
	    !device_link_add(dev, data, DL_FLAG_STATELESS))
		return -ENOMEM;
	return 0;
}

static struct platform_driver power_driver = {
	.driver = {
		.name = "board-power",
		.pm = pm_sleep_ptr(&power_pm),
		.suppress_bind_attrs = true,
	},
};

void board_power_lose(unsigned int mask)
{
	atomic_set(&lossy, mask);
}

static struct platform_device *pdev;

int board_power_init(void)
{
	int ret = platform_driver_register(&power_driver);

	if (ret)
		return ret;
	pdev = platform_device_register_simple("board-power", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pdev)) {
		platform_driver_unregister(&power_driver);
		return PTR_ERR(pdev);
	}
	/* Devices that are added later are suspended earlier without a link. */
	return bus_for_each_dev(&platform_bus_type, NULL, &pdev->dev, add_consumer);
}

void board_power_exit(void)
{
	platform_device_unregister(pdev);
	platform_driver_unregister(&power_driver);
}
