// SPDX-License-Identifier: GPL-2.0
/*
 * Lists the devices that stories test, on either board, with the state that must
 * be equal before and after a story.
 */
#include <linux/amba/bus.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "board.h"

static const struct bus_type *const buses[] = {
	&platform_bus_type,
#ifdef CONFIG_ARM_AMBA
	&amba_bustype,
#endif
#if defined(CONFIG_PCI) && !defined(CONFIG_UML)
	&pci_bus_type,
#endif
};

static bool is_iommu(struct device_node *np)
{
	return of_property_present(np, "#iommu-cells");
}

/* Whether a child stands for the IOMMU that a device with this node has. */
static bool has_part(struct device *dev)
{
	struct device *child = device_find_child(dev, dev->of_node, device_match_of_node);

	put_device(child);
	return child;
}

/* IOMMUs and their masters. */
static bool of_interest(struct device *dev)
{
	return dev->of_node &&
	       (is_iommu(dev->of_node) || of_property_present(dev->of_node, "iommus"));
}

static int count_dev(struct device *dev, void *data)
{
	struct seq_file *s = data;

	if (!of_interest(dev))
		return 0;
	seq_printf(s, "ref_dev_%s %u\n", dev_name(dev), kref_read(&dev->kobj.kref));
	seq_printf(s, "ref_node_%s %u\n", dev_name(dev),
		   kref_read(&dev->of_node->kobj.kref));
#ifdef CONFIG_PM
	seq_printf(s, "rpm_usage_%s %d\n", dev_name(dev),
		   atomic_read(&dev->power.usage_count));
#endif
	return 0;
}

static int each_dev(struct seq_file *s, int (*fn)(struct device *dev, void *data))
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(buses); i++)
		bus_for_each_dev(buses[i], NULL, s, fn);
	return 0;
}

static int counts_show(struct seq_file *s, void *unused)
{
#ifdef CONFIG_UML
	board_ccu_show(s);
#endif
	board_hw_show_misuse(s);
	return each_dev(s, count_dev);
}
DEFINE_SHOW_ATTRIBUTE(counts);

static int show_dev(struct device *dev, void *data)
{
	struct seq_file *s = data;

	if (!of_interest(dev) || has_part(dev))
		return 0;
	device_lock(dev);
	seq_printf(s, "%s %s driver %s group %s node %s\n",
		   is_iommu(dev->of_node) ? "iommu" : "master", dev_name(dev),
		   dev->driver ? dev->driver->name : "-",
		   dev->iommu_group ? "yes" : "no", kbasename(dev->of_node->full_name));
	device_unlock(dev);
	return 0;
}

static int devices_show(struct seq_file *s, void *unused)
{
	return each_dev(s, show_dev);
}
DEFINE_SHOW_ATTRIBUTE(devices);

struct device *board_find_device(const char *name)
{
	struct device *dev = NULL;
	unsigned int i;

	for (i = 0; !dev && i < ARRAY_SIZE(buses); i++)
		dev = bus_find_device_by_name(buses[i], NULL, name);
	return dev;
}

void board_devices_init(struct dentry *root)
{
	debugfs_create_file("counts", 0400, root, NULL, &counts_fops);
	debugfs_create_file("devices", 0400, root, NULL, &devices_fops);
}
