// SPDX-License-Identifier: GPL-2.0
/*
 * DRAM behind the CPU's caches, for page tables.
 *
 * UML has no caches to clean. In an image with CONFIG_DMA_NEED_SYNC (from
 * CONFIG_DMA_API_DEBUG), the tracepoints of the streaming DMA calls show which
 * bytes an IOMMU's driver has cleaned. These are copied at that moment, in whole
 * cache lines, and the walker reads the copy. A word that was never cleaned
 * reads as a poison, a valid page entry for an address without memory, and the
 * read is counted.
 *
 * The copies are taken from a pool that is allocated at init, so that no
 * allocation is added to the paths whose allocations the stories fail.
 */
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>

#include "board.h"

#define LINE		64
#define LINES		(PAGE_SIZE / LINE)
#define POOL_PAGES	2048
#define MAX_PFN		(SZ_2G >> PAGE_SHIFT)
#define POISON		0xbad00002

struct copy {
	DECLARE_BITMAP(valid, LINES);
	u8 data[PAGE_SIZE];
};

static DEFINE_RAW_SPINLOCK(lock);
static struct copy *pool;
static unsigned int pool_used;
static struct copy **copies;		/* by page frame */
static unsigned long *coherent;		/* page frames that need no cleaning */
static bool enabled;
static u64 cleans[BOARD_NR_IOMMUS], clean_bytes[BOARD_NR_IOMMUS];
static u64 unclean_reads, pool_empty;
static u64 last_unclean;

/* Returns the index of the IOMMU that @dev is, or -1. */
static int iommu_of(struct device *dev)
{
	struct resource *res;

	if (!dev || dev->bus != &platform_bus_type || !dev->of_node)
		return -1;
	/* A device that stands for a part of its parent has the node of that, and no resources. */
	if (dev->parent && dev->parent->of_node == dev->of_node)
		dev = dev->parent;
	res = platform_get_resource(to_platform_device(dev), IORESOURCE_MEM, 0);
	return res ? board_hw_find(res->start) : -1;
}

static struct copy *copy_of(unsigned long pfn)
{
	if (!copies[pfn]) {
		if (pool_used == POOL_PAGES) {
			pool_empty++;
			return NULL;
		}
		copies[pfn] = &pool[pool_used++];
	}
	return copies[pfn];
}

static void clean(int iommu, u64 pa, size_t size)
{
	u64 at = round_down(pa, LINE), end = round_up(pa + size, LINE);
	unsigned long flags;
	struct copy *copy;
	size_t off;

	raw_spin_lock_irqsave(&lock, flags);
	cleans[iommu]++;
	clean_bytes[iommu] += size;
	for (; at < end; at += LINE) {
		if (PHYS_PFN(at) >= MAX_PFN || !pfn_valid(PHYS_PFN(at)))
			break;
		copy = copy_of(PHYS_PFN(at));
		if (!copy)
			break;
		off = offset_in_page(at);
		memcpy(copy->data + off, phys_to_virt(at), LINE);
		__set_bit(off / LINE, copy->valid);
	}
	raw_spin_unlock_irqrestore(&lock, flags);
}

static void on_map(void *data, struct device *dev, phys_addr_t pa, dma_addr_t addr,
		   size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	int i = iommu_of(dev);

	if (i >= 0 && dir != DMA_FROM_DEVICE && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		clean(i, addr, size);
}

static void on_sync(void *data, struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir)
{
	int i = iommu_of(dev);

	if (i >= 0 && dir != DMA_FROM_DEVICE)
		clean(i, addr, size);
}

static void on_alloc(void *data, struct device *dev, void *virt, dma_addr_t addr,
		     size_t size, enum dma_data_direction dir, gfp_t gfp,
		     unsigned long attrs)
{
	unsigned long pfn;

	if (!virt || iommu_of(dev) < 0)
		return;
	for (pfn = PHYS_PFN(addr); pfn <= PHYS_PFN(addr + size - 1) && pfn < MAX_PFN; pfn++)
		set_bit(pfn, coherent);
}

static void on_free(void *data, struct device *dev, void *virt, dma_addr_t addr,
		    size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	unsigned long pfn;

	if (iommu_of(dev) < 0)
		return;
	for (pfn = PHYS_PFN(addr); pfn <= PHYS_PFN(addr + size - 1) && pfn < MAX_PFN; pfn++)
		clear_bit(pfn, coherent);
}

/* Reads a word from the shadow. Returns false if the walker has to read memory itself. */
bool board_shadow_read32(unsigned int iommu, u64 pa, u32 *value)
{
	unsigned long pfn = PHYS_PFN(pa), flags;
	struct copy *copy;
	bool told = true;

	if (!READ_ONCE(enabled) || pfn >= MAX_PFN || test_bit(pfn, coherent))
		return false;
	raw_spin_lock_irqsave(&lock, flags);
	copy = copies[pfn];
	if (copy && test_bit(offset_in_page(pa) / LINE, copy->valid)) {
		*value = le32_to_cpu(*(__le32 *)(copy->data + offset_in_page(pa)));
	} else if (pool_empty) {
		told = false;
	} else {
		unclean_reads++;
		last_unclean = pa;
		*value = POISON;
	}
	raw_spin_unlock_irqrestore(&lock, flags);
	return told;
}

static int stats_show(struct seq_file *s, void *unused)
{
	unsigned int i;

	for (i = 0; i < BOARD_NR_IOMMUS; i++)
		seq_printf(s, "cleans_%u %llu\nclean_bytes_%u %llu\n",
			   i, cleans[i], i, clean_bytes[i]);
	seq_printf(s, "unclean_reads %llu\nlast_unclean 0x%llx\npool_used %u\npool_empty %llu\n",
		   unclean_reads, last_unclean, pool_used, pool_empty);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static const struct {
	const char *name;
	void *probe;
} probes[] = {
	{ "dma_map_phys", on_map },
	{ "dma_sync_single_for_device", on_sync },
	{ "dma_alloc", on_alloc },
	{ "dma_free", on_free },
};

static void hook(struct tracepoint *tp, void *priv)
{
	unsigned int *hooked = priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(tp->name, probes[i].name) &&
		    !tracepoint_probe_register(tp, probes[i].probe, NULL))
			(*hooked)++;
}

int board_shadow_init(struct dentry *root)
{
	unsigned int hooked = 0;
	struct dentry *dir;

	pool = vzalloc(array_size(POOL_PAGES, sizeof(*pool)));
	copies = vzalloc(array_size(MAX_PFN, sizeof(*copies)));
	coherent = vzalloc(BITS_TO_LONGS(MAX_PFN) * sizeof(long));
	if (!pool || !copies || !coherent)
		return -ENOMEM;
	for_each_kernel_tracepoint(hook, &hooked);
	/* If a tracepoint is missing, the walker keeps reading memory itself. */
	enabled = hooked == ARRAY_SIZE(probes);
	if (!enabled)
		pr_warn("board: no shadow of table memory: %u tracepoints\n", hooked);
	dir = debugfs_create_dir("shadow", root);
	debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
	debugfs_create_bool("enabled", 0600, dir, &enabled);
	return 0;
}
