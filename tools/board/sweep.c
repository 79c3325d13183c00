// SPDX-License-Identifier: GPL-2.0
/*
 * Checks all IOMMU properties of a devicetree: does each master get the instances
 * and streams that the tree names?
 *
 * For an "iommus" property, the master is the platform device of the node. For an
 * "iommu-map", the masters are stand-ins for PCI functions: devices without a
 * node, whose DMA is configured with a RID, as that of a function is.
 *
 * /sys/kernel/debug/board_sweep/
 *   step	found: checks the IOMMUs and masters that exist;
 *		remove: removes the masters; add: creates and checks them again;
 *		functions: creates and checks stand-ins for PCI functions;
 *		drop: removes these;
 *		end: removes the masters that did not exist before
 *   streams	the expected streams of the current masters: a line for each
 *		stream, with instance and master
 *   numbers	the counts so far
 *
 * Each difference from the tree is printed to the kernel log, with node and
 * property, and counted.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/of_device.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "sweep.h"

#define MAX_DARTS	64
#define NR_RIDS		0x10000

struct master {
	struct list_head list;
	struct platform_device *pdev;
	struct device_node *np;		/* the node with the property */
	char property[32];		/* its name, with the RID if there is one */
	bool function;
	int nr;
	struct sweep_stream streams[MAX_STREAMS];
};

/* An instance, and the number that the crate uses for it in IDs. */
struct dart {
	struct device_node *np;
	u32 number;
};

static LIST_HEAD(masters);
static struct dart darts[MAX_DARTS];
static unsigned int nr_darts;
/* Serializes the steps. */
static DEFINE_MUTEX(lock);
static struct dentry *root;

static struct {
	unsigned int wrong, iommus, masters, streams, maps, entries, functions, tried, unnamed;
} seen;

#define wrong(np, property, fmt, ...)						\
do {										\
	seen.wrong++;								\
	pr_err("board_sweep: %pOF: %s: " fmt "\n", np, property, ##__VA_ARGS__); \
} while (0)

/* Returns true if the instance has had this number always, and no other instance has it. */
static bool is_called(struct device_node *np, u32 number)
{
	unsigned int i;

	for (i = 0; i < nr_darts; i++)
		if (darts[i].np == np || darts[i].number == number)
			return darts[i].np == np && darts[i].number == number;
	if (nr_darts == MAX_DARTS)
		return false;
	darts[nr_darts++] = (struct dart){ .np = np, .number = number };
	return true;
}

/* Compares a master's IDs in its fwspec with the streams that the tree names. */
static void compare(struct master *m)
{
	struct device *dev = &m->pdev->dev;
	struct iommu_fwspec *fwspec = dev_iommu_fwspec_get(dev);
	int i;

	if (!fwspec || !dev->iommu_group) {
		wrong(m->np, m->property, "refused");
		return;
	}
	if (fwspec->num_ids != m->nr) {
		wrong(m->np, m->property, "%u streams, not %d",
		      fwspec->num_ids, m->nr);
		return;
	}
	if (fwspec->iommu_fwnode != of_fwnode_handle(m->streams[0].dart))
		wrong(m->np, m->property, "filed under %pfw, not %pOF",
		      fwspec->iommu_fwnode, m->streams[0].dart);
	for (i = 0; i < m->nr; i++) {
		u32 id = fwspec->ids[i];

		if ((id & 0xffff) != m->streams[i].id ||
		    !is_called(m->streams[i].dart, id >> 16))
			wrong(m->np, m->property, "instance %u stream %u, not %pOF %u",
			      id >> 16, id & 0xffff, m->streams[i].dart,
			      m->streams[i].id);
	}
}

static void drop(struct master *m)
{
	if (m->function)
		platform_device_unregister(m->pdev);
	else
		put_device(&m->pdev->dev);
	list_del(&m->list);
	of_node_put(m->np);
	kfree(m);
}

static void drop_all(bool functions)
{
	struct master *m, *n;

	list_for_each_entry_safe(m, n, &masters, list)
		if (m->function == functions)
			drop(m);
}

/* Takes over the caller's reference to the device. */
static struct master *new_master(struct platform_device *pdev, struct device_node *np)
{
	struct master *m = kzalloc_obj(*m);

	if (!m)
		return NULL;
	m->pdev = pdev;
	m->np = of_node_get(np);
	list_add_tail(&m->list, &masters);
	return m;
}

static struct platform_device *create(struct device_node *np)
{
	struct platform_device *parent = of_find_device_by_node(np->parent);
	struct platform_device *pdev;

	pdev = of_platform_device_create(np, NULL, parent ? &parent->dev : NULL);
	if (parent)
		put_device(&parent->dev);
	if (pdev)
		get_device(&pdev->dev);
	return pdev;
}

/* Whether the driver of the node's parent, which does not exist here, creates its device. */
static bool is_orphan(struct device_node *np)
{
	return !of_node_check_flag(np->parent, OF_POPULATED_BUS);
}

static struct platform_device *find_or_create(struct device_node *np)
{
	return is_orphan(np) ? create(np) : of_find_device_by_node(np);
}

static int platform_masters(struct platform_device *(*get)(struct device_node *np))
{
	struct device_node *np;
	struct master *m;

	drop_all(false);
	seen.masters = 0;
	seen.streams = 0;
	for_each_node_with_property(np, "iommus") {
		struct platform_device *pdev = get(np);

		if (!pdev) {
			wrong(np, "iommus", "no device");
			continue;
		}
		m = new_master(pdev, np);
		if (!m) {
			put_device(&pdev->dev);
			of_node_put(np);
			return -ENOMEM;
		}
		strscpy(m->property, "iommus");
		m->nr = sweep_iommus(np, m->streams);
		if (m->nr < 0) {
			m->nr = 0;
			wrong(np, "iommus", "makes no sense");
			continue;
		}
		seen.masters++;
		seen.streams += m->nr;
		compare(m);
	}
	return 0;
}

static bool is_bound(struct device_node *np)
{
	struct platform_device *pdev = of_find_device_by_node(np);
	bool bound;

	if (!pdev)
		return false;
	bound = device_is_bound(&pdev->dev);
	put_device(&pdev->dev);
	return bound;
}

static int found(void)
{
	struct device_node *np;

	seen.iommus = 0;
	for_each_node_with_property(np, "#iommu-cells") {
		seen.iommus++;
		if (!is_bound(np))
			wrong(np, "compatible", "no driver is bound");
	}
	return platform_masters(find_or_create);
}

static int add(void)
{
	return platform_masters(create);
}

static void remove_all(bool orphans)
{
	struct master *m;

	list_for_each_entry(m, &masters, list)
		if (!m->function && (!orphans || is_orphan(m->np)))
			of_platform_device_destroy(&m->pdev->dev, NULL);
	drop_all(false);
}

static int remove(void)
{
	remove_all(false);
	return 0;
}

static int end(void)
{
	remove_all(true);
	return 0;
}

/* Creates a stand-in for the PCI function with this RID behind node @np. */
static struct platform_device *function(struct device_node *np, u32 rid)
{
	struct platform_device *pdev;
	char name[64];
	int ret;

	snprintf(name, sizeof(name), "%pOFn.%04x", np, rid);
	pdev = platform_device_register_simple(name, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pdev))
		return NULL;
	ret = of_dma_configure_id(&pdev->dev, np, true, &rid);
	if (ret)
		wrong(np, "iommu-map", "RID 0x%x: %d", rid, ret);
	return pdev;
}

/* Checks a function that an entry names. It is kept for "streams" if @stays. */
static int named(struct device_node *np, u32 rid, const struct sweep_stream *stream,
		 bool stays)
{
	struct platform_device *pdev = function(np, rid);
	struct master *m;

	if (!pdev)
		return -ENOMEM;
	m = new_master(pdev, np);
	if (!m) {
		platform_device_unregister(pdev);
		return -ENOMEM;
	}
	m->function = true;
	snprintf(m->property, sizeof(m->property), "iommu-map, RID 0x%04x", rid);
	m->nr = 1;
	m->streams[0] = *stream;
	seen.tried++;
	compare(m);
	if (!stays)
		drop(m);
	return 0;
}

static int unnamed(struct device_node *np, u32 rid)
{
	struct platform_device *pdev = function(np, rid);

	if (!pdev)
		return -ENOMEM;
	if (dev_iommu_fwspec_get(&pdev->dev) || pdev->dev.iommu_group)
		wrong(np, "iommu-map", "RID 0x%x has an IOMMU that no entry names", rid);
	seen.unnamed++;
	platform_device_unregister(pdev);
	return 0;
}

/*
 * Checks one iommu-map. Of the RIDs that belong to a stream, the first and the
 * last are checked and kept. The first function of each PCI device is checked
 * and then dropped.
 */
static int one_map(struct device_node *np)
{
	struct sweep_entry entries[MAX_STREAMS];
	struct sweep_stream stream, before = {}, after;
	int nr, ret = 0;
	u32 mask, rid;
	bool edge;

	nr = sweep_map(np, entries, &mask);
	if (nr < 0) {
		wrong(np, "iommu-map", "makes no sense");
		return 0;
	}
	seen.maps++;
	seen.entries += nr;
	for (rid = 0; rid < NR_RIDS && !ret; rid++) {
		if (!sweep_lookup(entries, nr, rid & mask, &stream)) {
			/* Of the unnamed RIDs, 0 and those right after a named one are enough. */
			if (!rid || before.dart)
				ret = unnamed(np, rid);
			before.dart = NULL;
			continue;
		}
		if (!sweep_lookup(entries, nr, (rid + 1) & mask, &after))
			after.dart = NULL;
		edge = stream.dart != before.dart || stream.id != before.id ||
		       stream.dart != after.dart || stream.id != after.id;
		if (edge || !(rid & 7))
			ret = named(np, rid, &stream, edge);
		seen.functions++;
		before = stream;
	}
	return ret;
}

static int functions(void)
{
	struct device_node *np;
	int ret;

	for_each_node_with_property(np, "iommu-map") {
		ret = one_map(np);
		if (ret) {
			of_node_put(np);
			return ret;
		}
	}
	return 0;
}

static int drop_functions(void)
{
	drop_all(true);
	return 0;
}

static const struct {
	const char *name;
	int (*take)(void);
} steps[] = {
	{ "found", found },
	{ "remove", remove },
	{ "add", add },
	{ "functions", functions },
	{ "drop", drop_functions },
	{ "end", end },
};

static ssize_t step_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	unsigned int i;
	char word[16];
	int ret;

	if (len >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, buf, len))
		return -EFAULT;
	word[len] = 0;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (!sysfs_streq(word, steps[i].name))
			continue;
		guard(mutex)(&lock);
		ret = steps[i].take();
		return ret ?: len;
	}
	return -EINVAL;
}

static const struct file_operations step_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = step_write,
};

/* Returns the device of an instance: that of its node, or a child that stands for a part of it. */
static struct device *instance(struct device_node *np)
{
	struct platform_device *pdev = of_find_device_by_node(np);
	struct device *part;

	if (!pdev)
		return NULL;
	part = device_find_child(&pdev->dev, np, device_match_of_node);
	if (!part)
		return &pdev->dev;
	put_device(&pdev->dev);
	return part;
}

static int streams_show(struct seq_file *s, void *unused)
{
	struct master *m;
	int i;

	guard(mutex)(&lock);
	list_for_each_entry(m, &masters, list) {
		for (i = 0; i < m->nr; i++) {
			struct device *dart = instance(m->streams[i].dart);

			seq_printf(s, "%s %s %u\n", dart ? dev_name(dart) : "-",
				   dev_name(&m->pdev->dev), m->streams[i].id);
			put_device(dart);
		}
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(streams);

static int numbers_show(struct seq_file *s, void *unused)
{
	guard(mutex)(&lock);
	seq_printf(s, "iommus %u\nmasters %u\nstreams %u\n", seen.iommus,
		   seen.masters, seen.streams);
	seq_printf(s, "maps %u\nentries %u\nfunctions %u\n", seen.maps,
		   seen.entries, seen.functions);
	seq_printf(s, "tried %u\nunnamed %u\nwrong %u\n", seen.tried, seen.unnamed,
		   seen.wrong);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(numbers);

static int __init sweep_init(void)
{
	root = debugfs_create_dir("board_sweep", NULL);
	debugfs_create_file("step", 0200, root, NULL, &step_fops);
	debugfs_create_file("streams", 0400, root, NULL, &streams_fops);
	debugfs_create_file("numbers", 0400, root, NULL, &numbers_fops);
	return 0;
}
module_init(sweep_init);

static void __exit sweep_exit(void)
{
	debugfs_remove(root);
	drop_all(true);
	drop_all(false);
}
module_exit(sweep_exit);

MODULE_DESCRIPTION("Devicetrees of real machines gone through for UML");
MODULE_LICENSE("GPL");
