// SPDX-License-Identifier: GPL-2.0
/*
 * Measures the cost of calls in instructions: under QEMU's -icount, the CPU's
 * cycle counter counts each instruction as one. The master is a stock DMA engine,
 * in the domain that the DMA API has allocated for it. The cases run when the
 * module is inserted. board_cost in debugfs then has a line for each case: name,
 * bytes, median, total of all samples.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "samples.h"

#define COPIES		7
#define MAX_PAGES	(SZ_1M / SZ_4K)
#define RUN		SZ_4M
/* Unused by the DMA API, which allocates from the top of the address space. */
#define IOVA		0x10000000UL
#define PROT		(IOMMU_READ | IOMMU_WRITE)

static char *channel = "dma0chan0";
module_param(channel, charp, 0444);
MODULE_PARM_DESC(channel, "the DMA engine's channel whose device is the master");

static struct dma_chan *chan;
static struct device *dev;
static struct iommu_domain *domain;
static struct page *run;
static struct page *pages[MAX_PAGES];
static struct scatterlist *list;

/* Names of the rows for scatterlists. */
static const char *const of_pages[] = { "dma_map_sg", "dma_unmap_sg", "dma_sg" };
static const char *const of_pieces[] = { "dma_map_sg64", "dma_unmap_sg64", "dma_sg64" };

/* iommu_map() and iommu_unmap() of contiguous memory. */
static int run_calls(size_t size)
{
	u64 map[SAMPLES], unmap[SAMPLES];
	unsigned int i;
	int ret;

	for (i = 0; i < SAMPLES; i++) {
		u64 start = ticks();

		ret = iommu_map(domain, IOVA, page_to_phys(run), size, PROT, GFP_KERNEL);
		map[i] = ticks() - start;
		if (ret)
			return ret;
		if (iommu_iova_to_phys(domain, IOVA + size - 1) != page_to_phys(run) + size - 1)
			return -EIO;
		start = ticks();
		if (iommu_unmap(domain, IOVA, size) != size)
			return -EIO;
		unmap[i] = ticks() - start;
	}
	keep("map", size, map, SAMPLES);
	keep("unmap", size, unmap, SAMPLES);
	return 0;
}

/* dma_map_single() and dma_unmap_single(), as a driver does for each transfer. */
static int single_calls(size_t size)
{
	u64 map[SAMPLES], unmap[SAMPLES], both[SAMPLES];
	unsigned int i;

	for (i = 0; i < SAMPLES; i++) {
		u64 start = ticks();
		dma_addr_t iova = dma_map_single(dev, page_address(run), size, DMA_TO_DEVICE);

		map[i] = ticks() - start;
		if (dma_mapping_error(dev, iova))
			return -EIO;
		start = ticks();
		dma_unmap_single(dev, iova, size, DMA_TO_DEVICE);
		unmap[i] = ticks() - start;
		both[i] = map[i] + unmap[i];
	}
	keep("dma_map_single", size, map, SAMPLES);
	keep("dma_unmap_single", size, unmap, SAMPLES);
	keep("dma_single", size, both, SAMPLES);
	return 0;
}

/* dma_map_sg() and dma_unmap_sg() of @nr scattered pieces of @piece bytes. */
static int list_calls(unsigned int nr, size_t piece)
{
	const char *const *names = piece == PAGE_SIZE ? of_pages : of_pieces;
	u64 map[SAMPLES], unmap[SAMPLES], both[SAMPLES];
	unsigned int i, j;

	for (i = 0; i < SAMPLES; i++) {
		u64 start;

		sg_init_table(list, nr);
		for (j = 0; j < nr; j++)
			sg_set_page(&list[j], piece == PAGE_SIZE ? pages[j] :
				    run + (nr - 1 - j) * (piece >> PAGE_SHIFT), piece, 0);
		start = ticks();
		if (!dma_map_sg(dev, list, nr, DMA_TO_DEVICE))
			return -EIO;
		map[i] = ticks() - start;
		start = ticks();
		dma_unmap_sg(dev, list, nr, DMA_TO_DEVICE);
		unmap[i] = ticks() - start;
		both[i] = map[i] + unmap[i];
	}
	keep(names[0], nr * piece, map, SAMPLES);
	keep(names[1], nr * piece, unmap, SAMPLES);
	keep(names[2], nr * piece, both, SAMPLES);
	return 0;
}

/*
 * Copies a few bytes. QEMU's engine does the copy and raises its interrupts
 * within the start, so *@cost covers all of it. A copy whose access faults does
 * not complete; the engine's driver resets the channel.
 */
static int transfer(dma_addr_t dst, dma_addr_t src, u64 *cost)
{
	struct dma_async_tx_descriptor *tx;
	u64 start = ticks();

	tx = dmaengine_prep_dma_memcpy(chan, dst, src, 16, DMA_PREP_INTERRUPT);
	if (!tx)
		return -EIO;
	dmaengine_submit(tx);
	dma_async_issue_pending(chan);
	*cost = ticks() - start;
	msleep(20);
	return 0;
}

/* The cost of a fault is the difference between a copy with and one without it. */
static int fault_calls(void)
{
	u64 with, without[COPIES];
	unsigned int i;
	int ret;

	ret = iommu_map(domain, IOVA, page_to_phys(run), SZ_4K, PROT, GFP_KERNEL);
	for (i = 0; !ret && i < COPIES; i++)
		ret = transfer(IOVA + 0x100, IOVA, &without[i]);
	/* Only one fault: after it, QEMU's engine does not behave as before. */
	if (!ret)
		ret = transfer(IOVA + SZ_1M, IOVA, &with);
	iommu_unmap(domain, IOVA, SZ_4K);
	if (ret)
		return ret;
	keep("copy", 16, without, COPIES);
	keep("copy_and_fault", 16, &with, 1);
	return 0;
}

static int all_cases(void)
{
	static const size_t sizes[] = { SZ_4K, SZ_64K, SZ_1M, RUN };
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < ARRAY_SIZE(sizes); i++)
		ret = run_calls(sizes[i]);
	for (i = 0; !ret && i < ARRAY_SIZE(sizes); i++)
		ret = single_calls(sizes[i]);
	if (!ret)
		ret = list_calls(SZ_64K / SZ_4K, PAGE_SIZE);
	if (!ret)
		ret = list_calls(MAX_PAGES, PAGE_SIZE);
	if (!ret)
		ret = list_calls(SZ_1M / SZ_64K, SZ_64K);
	return ret ?: fault_calls();
}

static bool is_channel(struct dma_chan *chan, void *name)
{
	return !strcmp(dma_chan_name(chan), name);
}

static void give_back(void)
{
	unsigned int i;

	for (i = 0; i < MAX_PAGES; i++)
		if (pages[i])
			__free_page(pages[i]);
	if (run)
		__free_pages(run, get_order(RUN));
	kfree(list);
	if (chan) {
		/* The driver resets an aborted channel only after a delay. */
		dmaengine_terminate_sync(chan);
		msleep(50);
		dma_release_channel(chan);
	}
}

static int get_ready(void)
{
	dma_cap_mask_t mask;
	unsigned int i;

	dma_cap_zero(mask);
	dma_cap_set(DMA_MEMCPY, mask);
	chan = dma_request_channel(mask, is_channel, channel);
	if (!chan)
		return -ENODEV;
	dev = chan->device->dev;
	domain = iommu_get_domain_for_dev(dev);
	if (!domain || !iommu_is_dma_domain(domain))
		return -EINVAL;
	list = kmalloc_array(MAX_PAGES, sizeof(*list), GFP_KERNEL);
	run = alloc_pages(GFP_KERNEL, get_order(RUN));
	if (!list || !run)
		return -ENOMEM;
	/* Consecutive pages are far apart, so that no two are merged into one mapping. */
	for (i = 0; i < MAX_PAGES; i++) {
		struct page **page = &pages[i * 17 % MAX_PAGES];

		*page = alloc_page(GFP_KERNEL);
		if (!*page)
			return -ENOMEM;
	}
	return 0;
}

static int __init cost_init(void)
{
	int ret = get_ready();

	if (!ret) {
		counter_on();
		ret = all_cases();
	}
	give_back();
	if (ret)
		return ret;
	samples_show();
	return 0;
}
module_init(cost_init);

static void __exit cost_exit(void)
{
	samples_hide();
}
module_exit(cost_exit);

MODULE_DESCRIPTION("Costs of IOMMU and DMA calls in instructions");
MODULE_LICENSE("GPL");
