// SPDX-License-Identifier: GPL-2.0
/*
 * Makes one deliberate mistake at each insertion, which a detector of the debug
 * image has to report. A run without reports means something only if the
 * detectors are known to work.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

/* More objects than a CPU's sheaves hold: kmemleak finds no leak that a sheaf points to. */
#define LEAKS		256
#define LEAK_SIZE	200

static char *how;
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "uaf, leak, lock, sleep, mapping, unmap, node");

static char *of;
module_param(of, charp, 0444);
MODULE_PARM_DESC(of, "name of the platform device that it is done to");

static struct device *victim;
static dma_addr_t pending;
static void *page;

static int use_after_free(void)
{
	u32 *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	p[3] = 7;
	kfree(p);
	return READ_ONCE(p[3]) == 8;
}

static int leak(void)
{
	unsigned int i;
	void *p;

	for (i = 0; i < LEAKS; i++) {
		p = kzalloc(LEAK_SIZE, GFP_KERNEL);
		if (!p)
			return -ENOMEM;
		/* Drops the last pointer to the object. */
		OPTIMIZER_HIDE_VAR(p);
	}
	return 0;
}

static int lock_inversion(void)
{
	static DEFINE_MUTEX(first);
	static DEFINE_MUTEX(second);

	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
	return 0;
}

static int sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
	return 0;
}

/* A mapping that the device's driver leaves when it is unbound. */
static int forgotten_mapping(void)
{
	page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	pending = dma_map_single(victim, page, PAGE_SIZE, DMA_TO_DEVICE);
	if (dma_mapping_error(victim, pending)) {
		pending = 0;
		return -EIO;
	}
	return 0;
}

/* An unmap of an address that is not mapped. */
static int wrong_unmap(void)
{
	int ret = forgotten_mapping();

	if (ret)
		return ret;
	dma_unmap_single(victim, pending, PAGE_SIZE, DMA_TO_DEVICE);
	dma_unmap_single(victim, pending, PAGE_SIZE, DMA_TO_DEVICE);
	pending = 0;
	return 0;
}

static int node_reference(void)
{
	of_node_get(victim->of_node);
	put_device(victim);
	victim = NULL;
	return 0;
}

static const struct mistake {
	const char *name;
	int (*make)(void);
	bool needs_device;
} mistakes[] = {
	{ "uaf", use_after_free },
	{ "leak", leak },
	{ "lock", lock_inversion },
	{ "sleep", sleep_in_atomic },
	{ "mapping", forgotten_mapping, true },
	{ "unmap", wrong_unmap, true },
	{ "node", node_reference, true },
};

static void undo(void)
{
	if (pending)
		dma_unmap_single(victim, pending, PAGE_SIZE, DMA_TO_DEVICE);
	free_page((unsigned long)page);
	put_device(victim);
}

static int __init broken_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++)
		if (how && !strcmp(how, mistakes[i].name))
			break;
	if (i == ARRAY_SIZE(mistakes))
		return -EINVAL;
	if (mistakes[i].needs_device) {
		victim = bus_find_device_by_name(&platform_bus_type, NULL, of);
		if (!victim)
			return -ENODEV;
	}
	ret = mistakes[i].make();
	if (ret)
		undo();
	return ret;
}
module_init(broken_init);

static void __exit broken_exit(void)
{
	undo();
}
module_exit(broken_exit);

MODULE_DESCRIPTION("Deliberate mistakes, to see that they are noticed");
MODULE_LICENSE("GPL");
