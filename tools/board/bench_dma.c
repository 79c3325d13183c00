// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's DMA: checks that a master's access reaches the page that is
 * mapped there, and fails where no page is mapped.
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "bench.h"
#include "board.h"
#include "export.h"

#define WARM_IOVA	0x80000000UL
#define WARM_PAGES	16

#define R_CTRL		0x00
#define R_STATUS	0x04
#define R_SRC		0x08
#define R_DST		0x10
#define R_LEN		0x18
#define R_VALUE		0x1c
#define CTRL_START	BIT(0)
#define CTRL_FILL	(CTRL_START | BIT(1))
#define CTRL_READ	(CTRL_START | BIT(1) | BIT(2))
#define STATUS_BUSY	BIT(0)
#define STATUS_DONE	BIT(1)
#define STATUS_ERROR	BIT(2)

/* Pages that DMA may reach. Sampled IOVAs are mapped to the first one. */
struct page *block;
static int other_engine;
static void __iomem *other_regs;

phys_addr_t target(void)
{
	return page_to_phys(block);
}

u32 *target_word(void)
{
	return page_address(block);
}

/* Starts a DMA of one word. The engine works only during finish(). */
static void start(void __iomem *regs, u64 iova, u32 word, bool write)
{
	writel(STATUS_DONE | STATUS_ERROR, regs + R_STATUS);
	writel(iova, regs + R_SRC);
	writel(0, regs + R_SRC + 4);
	writel(iova, regs + R_DST);
	writel(0, regs + R_DST + 4);
	writel(sizeof(word), regs + R_LEN);
	writel(word, regs + R_VALUE);
	writel(write ? CTRL_FILL : CTRL_READ, regs + R_CTRL);
}

static bool finish(int engine, void __iomem *regs)
{
	unsigned int tries;
	u32 status, state;

	for (tries = 0; tries < 10000; tries++) {
		state = board_engine_step(engine, sizeof(u32), NULL);
		status = readl(regs + R_STATUS);
		if (!(status & STATUS_BUSY))
			return !(status & STATUS_ERROR);
		if (state & BOARD_STEP_WAITING)
			usleep_range(20, 50);
	}
	writel(0, regs + R_CTRL);
	return false;
}

/* Starts a write of @word. dma_finish() completes it and returns whether it succeeded. */
void dma_start(struct side *s, const struct way *way, u64 iova, u32 word)
{
	board_engine_wire(s->engine, way->iommu, way->id);
	start(s->engine_regs, iova, word, true);
}

bool dma_finish(struct side *s)
{
	return finish(s->engine, s->engine_regs);
}

static bool dma(struct side *s, const struct way *way, u64 iova, u32 word)
{
	dma_start(s, way, iova, word);
	return dma_finish(s);
}

/* Returns true if a write to @iova reaches the page at @page by each of the master's ways. */
bool hits(struct side *s, u64 iova, u32 *page)
{
	unsigned int i;

	for (i = 0; i < s->nr_ways; i++) {
		u32 word = get_random_u32();

		*page = ~word;
		if (!dma(s, &s->ways[i], iova, word) || READ_ONCE(*page) != word)
			return false;
	}
	return true;
}

/* Returns true if a write to @iova reaches the page by none of the master's ways. */
bool misses(struct side *s, u64 iova, u32 *page)
{
	unsigned int i;

	for (i = 0; i < s->nr_ways; i++) {
		u32 word = get_random_u32();

		*page = ~word;
		if (dma(s, &s->ways[i], iova, word) || READ_ONCE(*page) != ~word)
			return false;
	}
	return true;
}

const char *check_mapped(struct side *s, const struct run *run, u64 sample)
{
	struct iommu_domain *domain = s->domains[0];
	size_t last = run->size * run->calls - PAGE_SIZE;

	if (iommu_iova_to_phys(domain, run->iova) != run->paddr ||
	    iommu_iova_to_phys(domain, run->iova + last) != run->paddr + last)
		return "ends of the run not mapped as asked";
	if (!hits(s, sample, target_word()))
		return "DMA after map did not reach the page";
	return NULL;
}

const char *check_unmapped(struct side *s, const struct run *run, u64 sample)
{
	struct iommu_domain *domain = s->domains[0];
	size_t last = run->size * run->calls - PAGE_SIZE;
	const char *bad = NULL;

	if (iommu_iova_to_phys(domain, run->iova) ||
	    iommu_iova_to_phys(domain, run->iova + last))
		bad = "ends of the run still mapped";
	else if (!misses(s, sample, target_word()))
		bad = "DMA after unmap did not fault";
	domain->ops->flush_iotlb_all(domain);
	return bad;
}

/* Fills the IOMMU's caches with entries of another master, which reads its own pages. */
int warm(struct side *s)
{
	unsigned int i;
	int ret;

	ret = board_engine_wire(other_engine, s->ways[0].iommu, 3);
	if (ret)
		return ret;
	for (i = 0; i < WARM_PAGES; i++) {
		u64 iova = WARM_IOVA + i * SZ_4K;

		if (!iommu_iova_to_phys(s->domains[0], iova)) {
			ret = iommu_map(s->domains[0], iova, target(), SZ_4K, PROT, GFP_KERNEL);
			if (ret)
				return ret;
		}
		start(other_regs, iova, 0, false);
		if (!finish(other_engine, other_regs))
			return -EIO;
	}
	return 0;
}

int dma_init(void)
{
	struct page *blocks[48];
	unsigned int nr;

	other_engine = board_engine_find(BOARD_SOC_BASE + 0x02000000);
	other_regs = ioremap(BOARD_SOC_BASE + 0x02000000, 0x1000);
	if (other_engine < 0 || !other_regs)
		return -ENOMEM;
	/* The block must lie above MAX_BYTES, so that a run of any size can end in it. */
	for (nr = 0; nr < ARRAY_SIZE(blocks) && !block; nr++) {
		blocks[nr] = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
		if (!blocks[nr])
			break;
		if (page_to_phys(blocks[nr]) >= MAX_BYTES)
			block = blocks[nr];
	}
	while (nr--)
		if (blocks[nr] && blocks[nr] != block)
			__free_pages(blocks[nr], BLOCK_ORDER);
	if (!block)
		return -ENOMEM;
	board_dma_allow(page_to_phys(block), BLOCK_PAGES << PAGE_SHIFT);
	return 0;
}
