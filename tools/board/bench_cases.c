// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's cases.
 *
 * "Whole" is iommu_map() and iommu_unmap(), with all that the driver does to
 * let the hardware know. "Table" is the loop of the core over map_pages() and
 * unmap_pages(), without the two syncs: a driver that does one page a call is
 * called once a page, as the core calls it.
 *
 * Each sample is a batch of calls, first mapped, then unmapped. In between, a
 * page of it, another one each time, is written through by the master; after
 * the unmap the same access has to fail. All caches are dropped after that, so
 * that the next map does not meet the invalid entry that this left behind: the
 * C driver's map would not drop it everywhere.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include "iommu-priv.h"
#include "bench.h"
#include "board.h"
#include "export.h"

#define RUN_IOVA	0x10000000UL
#define RUN_IOVA2	0x20000000UL
#define WARM_IOVA	0x80000000UL
#define STAY_IOVA	0x90000000UL
#define WARM_PAGES	16
#define MAX_BYTES	SZ_64M
#define BLOCK_ORDER	10
#define BLOCK_PAGES	(1U << BLOCK_ORDER)
#define PROT		(IOMMU_READ | IOMMU_WRITE)

#define R_CTRL		0x00
#define R_STATUS	0x04
#define R_SRC		0x08
#define R_DST		0x10
#define R_LEN		0x18
#define R_VALUE		0x1c
#define CTRL_FILL	(BIT(0) | 1 << 1)
#define CTRL_READ	(BIT(0) | 3 << 1)
#define STATUS_BUSY	BIT(0)
#define STATUS_DONE	BIT(1)
#define STATUS_ERROR	BIT(2)

#define IOMMU_TTB	0x050
#define IOMMU_FLUSH	0x080
#define IOMMU_IVLD_ADDR	0x090
#define IOMMU_IVLD_MASK	0x094
#define IOMMU_IVLD	0x098
#define IOMMU_PC_ADDR	0x0a0
#define IOMMU_PC_IVLD	0x0a8

/* Pages that DMA may reach; the first is what sampled IOVAs lead to. */
static struct page *block;
static struct scatterlist *list;
static int other_engine;
static void __iomem *other_regs;

static phys_addr_t target(void)
{
	return page_to_phys(block);
}

static u32 *target_word(void)
{
	return page_address(block);
}

/* A DMA of one word; time passes for it in dma_finish() only. */
static void dma_start(void __iomem *regs, u64 iova, u32 word, bool write)
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

static bool dma_finish(int engine, void __iomem *regs)
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

bool bench_dma(struct side *s, u64 iova, u32 word, bool write)
{
	dma_start(s->engine_regs, iova, word, write);
	return dma_finish(s->engine, s->engine_regs);
}

/* Does a write to @iova land in the page at @page? */
static bool hits(struct side *s, u64 iova, u32 *page)
{
	u32 word = get_random_u32();

	*page = ~word;
	return bench_dma(s, iova, word, true) && READ_ONCE(*page) == word;
}

static bool misses(struct side *s, u64 iova, u32 *page)
{
	u32 word = get_random_u32();

	*page = ~word;
	return !bench_dma(s, iova, word, true) && READ_ONCE(*page) == ~word;
}

static const char *check_mapped(struct side *s, const struct run *run, u64 sample)
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

static const char *check_unmapped(struct side *s, const struct run *run, u64 sample)
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

static u64 whole_map(struct iommu_domain *domain, const struct run *run)
{
	unsigned long iova = run->iova;
	phys_addr_t paddr = run->paddr;
	unsigned int i;
	u64 start;

	start = ticks();
	for (i = 0; i < run->calls; i++) {
		iommu_map(domain, iova, paddr, run->size, PROT, GFP_KERNEL);
		iova += run->size;
		paddr += run->size;
	}
	return ticks() - start;
}

static u64 whole_unmap(struct iommu_domain *domain, const struct run *run)
{
	unsigned long iova = run->iova;
	unsigned int i;
	u64 start;

	start = ticks();
	for (i = 0; i < run->calls; i++) {
		iommu_unmap(domain, iova, run->size);
		iova += run->size;
	}
	return ticks() - start;
}

static u64 table_map(struct iommu_domain *domain, const struct run *run)
{
	const struct iommu_domain_ops *ops = domain->ops;
	unsigned long iova = run->iova;
	phys_addr_t paddr = run->paddr;
	unsigned int i;
	u64 start;

	start = ticks();
	for (i = 0; i < run->calls; i++) {
		size_t left = run->size;

		while (left) {
			size_t mapped = 0;

			if (ops->map_pages(domain, iova, paddr, SZ_4K, left / SZ_4K,
					   PROT, GFP_KERNEL, &mapped))
				break;
			left -= mapped;
			iova += mapped;
			paddr += mapped;
		}
	}
	start = ticks() - start;
	ops->iotlb_sync_map(domain, run->iova, run->size * run->calls);
	return start;
}

static u64 table_unmap(struct iommu_domain *domain, const struct run *run)
{
	const struct iommu_domain_ops *ops = domain->ops;
	struct iommu_iotlb_gather gather;
	unsigned long iova = run->iova;
	unsigned int i;
	u64 start;

	iommu_iotlb_gather_init(&gather);
	start = ticks();
	for (i = 0; i < run->calls; i++) {
		size_t left = run->size;

		while (left) {
			size_t unmapped = ops->unmap_pages(domain, iova, SZ_4K,
							   left / SZ_4K, &gather);

			if (!unmapped)
				break;
			if (gather.start >= gather.end)
				iommu_iotlb_gather_add_range(&gather, iova, unmapped);
			left -= unmapped;
			iova += unmapped;
		}
	}
	start = ticks() - start;
	iommu_iotlb_sync(domain, &gather);
	return start;
}

static u64 sg_map(struct iommu_domain *domain, const struct run *run)
{
	unsigned long iova = run->iova;
	unsigned int i;
	u64 start;

	start = ticks();
	for (i = 0; i < run->calls; i++) {
		iommu_map_sg(domain, iova, list, run->size >> PAGE_SHIFT, PROT, GFP_KERNEL);
		iova += run->size;
	}
	return ticks() - start;
}

struct kind {
	const char *name;
	u64 (*map)(struct iommu_domain *domain, const struct run *run);
	u64 (*unmap)(struct iommu_domain *domain, const struct run *run);
	bool scattered;
};

static const struct kind kinds[] = {
	{ "whole", whole_map, whole_unmap },
	{ "table", table_map, table_unmap },
	{ "sg", sg_map, whole_unmap, true },
};

/* Pages of a scattered list: no two that follow each other are neighbours. */
static unsigned int scattered_page(unsigned int i)
{
	return (i * 389) % BLOCK_PAGES;
}

static void fill_list(unsigned int pages)
{
	unsigned int i;

	sg_init_table(list, pages);
	for (i = 0; i < pages; i++)
		sg_set_page(&list[i], block + scattered_page(i), PAGE_SIZE, 0);
}

static void sample_scattered(struct side *s, const struct kind *kind, struct run *run,
			     struct row *map, struct row *unmap)
{
	size_t bytes = run->size * run->calls;
	unsigned int page = get_random_u32_below(bytes >> PAGE_SHIFT);
	unsigned int in_list = page % (run->size >> PAGE_SHIFT);
	u64 sample = run->iova + ((u64)page << PAGE_SHIFT);
	u32 *word = page_address(block + scattered_page(in_list));
	u64 elapsed;

	elapsed = kind->map(s->domains[0], run);
	if (hits(s, sample, word))
		row_add(map, elapsed, bytes >> PAGE_SHIFT);
	else
		row_fail(map, "DMA after map did not reach the page");
	elapsed = kind->unmap(s->domains[0], run);
	if (misses(s, sample, word))
		row_add(unmap, elapsed, bytes >> PAGE_SHIFT);
	else
		row_fail(unmap, "DMA after unmap did not fault");
	s->domains[0]->ops->flush_iotlb_all(s->domains[0]);
}

static void sample_side(struct side *s, const struct kind *kind, struct run *run,
			struct row *map, struct row *unmap)
{
	size_t bytes = run->size * run->calls;
	size_t at = (size_t)get_random_u32_below(bytes >> PAGE_SHIFT) << PAGE_SHIFT;
	const char *bad;
	u64 elapsed;

	run->paddr = target() - at;
	elapsed = kind->map(s->domains[0], run);
	bad = check_mapped(s, run, run->iova + at);
	if (bad)
		row_fail(map, bad);
	else
		row_add(map, elapsed, bytes >> PAGE_SHIFT);
	elapsed = kind->unmap(s->domains[0], run);
	bad = check_unmapped(s, run, run->iova + at);
	if (bad)
		row_fail(unmap, bad);
	else
		row_add(unmap, elapsed, bytes >> PAGE_SHIFT);
}

static void sample_yard(u64 (*map_fn)(const struct run *), u64 (*unmap_fn)(const struct run *),
			bool (*holds)(const struct run *, bool), struct run *run,
			struct row *map, struct row *unmap, bool check)
{
	size_t pages = run->size * run->calls >> PAGE_SHIFT;
	u64 elapsed;

	run->paddr = target() - MAX_BYTES + SZ_4K;
	elapsed = map_fn(run);
	if (check && !holds(run, true))
		row_fail(map, "not mapped as asked");
	row_add(map, elapsed, pages);
	elapsed = unmap_fn(run);
	if (check && !holds(run, false))
		row_fail(unmap, "not unmapped");
	row_add(unmap, elapsed, pages);
}

static const struct kind *kind_named(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

static struct side *side_named(struct side *sides, const char *name)
{
	return !strcmp(name, "rust") ? &sides[SIDE_RUST] : &sides[SIDE_C];
}

/* C, R, R, C: a drift of the machine's speed meets both alike. */
static const int order[] = { SIDE_C, SIDE_RUST, SIDE_RUST, SIDE_C };

static struct row *row_of(const char *kind, const char *op, size_t size, const char *who,
			  unsigned int rounds)
{
	char name[24];

	snprintf(name, sizeof(name), "%s_%s", kind, op);
	return row_new(name, size, who, rounds * 2);
}

/* run KIND SIZE CALLS ROUNDS */
static int cmd_run(struct side *sides, int argc, char **argv)
{
	struct row *map[SIDES], *unmap[SIDES], *yard[4] = {};
	const struct kind *kind = kind_named(argv[1]);
	struct run run = { .iova = RUN_IOVA };
	unsigned int rounds, r, i;
	bool yards;

	if (argc < 5 || !kind || kstrtoul(argv[2], 0, &run.size) ||
	    kstrtouint(argv[3], 0, &run.calls) || kstrtouint(argv[4], 0, &rounds))
		return -EINVAL;
	if (!IS_ALIGNED(run.size, SZ_4K) || !run.size || run.size * run.calls > MAX_BYTES)
		return -EINVAL;
	if (kind->scattered && run.size >> PAGE_SHIFT > BLOCK_PAGES)
		return -EINVAL;
	for (i = 0; i < SIDES; i++) {
		map[i] = row_of(kind->name, "map", run.size, sides[i].who, rounds);
		unmap[i] = row_of(kind->name, "unmap", run.size, sides[i].who, rounds);
		if (!map[i] || !unmap[i])
			return -ENOMEM;
	}
	yards = !strcmp(kind->name, "table");
	if (yards) {
		yard[0] = row_of(kind->name, "map", run.size, "floor", rounds);
		yard[1] = row_of(kind->name, "unmap", run.size, "floor", rounds);
		yard[2] = row_of(kind->name, "map", run.size, "generic_pt", rounds);
		yard[3] = row_of(kind->name, "unmap", run.size, "generic_pt", rounds);
		if (!yard[0] || !yard[1] || !yard[2] || !yard[3])
			return -ENOMEM;
		if (!generic_pt_there()) {
			row_fail(yard[2], "kernel built without it");
			row_fail(yard[3], "kernel built without it");
		}
	}
	if (kind->scattered)
		fill_list(run.size >> PAGE_SHIFT);
	for (r = 0; r < rounds; r++) {
		for (i = 0; i < ARRAY_SIZE(order); i++) {
			struct side *s = &sides[order[i]];

			if (kind->scattered)
				sample_scattered(s, kind, &run, map[order[i]], unmap[order[i]]);
			else
				sample_side(s, kind, &run, map[order[i]], unmap[order[i]]);
		}
		if (yards) {
			sample_yard(floor_map, floor_unmap, floor_holds, &run,
				    yard[0], yard[1], r % 16 == 0);
			if (generic_pt_there())
				sample_yard(generic_pt_map, generic_pt_unmap, generic_pt_holds,
					    &run, yard[2], yard[3], r % 16 == 0);
		}
		cond_resched();
	}
	return 0;
}

/* The handler of the instance's interrupt, called as the interrupt's flow calls it. */
static u64 handle_fault(struct side *s)
{
	struct irqaction *action = irq_data_to_desc(irq_get_irq_data(s->irq))->action;
	unsigned long flags;
	u64 start;

	local_irq_save(flags);
	start = ticks();
	action->handler(s->irq, action->dev_id);
	start = ticks() - start;
	local_irq_restore(flags);
	return start;
}

static u64 one_fault(struct side *s, bool *ok)
{
	u64 elapsed;

	/* The line goes up and is masked: nobody else handles it. */
	disable_irq(s->irq);
	dma_start(s->engine_regs, RUN_IOVA, 0, true);
	board_engine_step(s->engine, sizeof(u32), NULL);
	elapsed = handle_fault(s);
	*ok = !dma_finish(s->engine, s->engine_regs);
	enable_irq(s->irq);
	return elapsed;
}

/* fault ROUNDS */
static int cmd_fault(struct side *sides, int argc, char **argv)
{
	struct row *rows[SIDES];
	unsigned int rounds, r, i;

	if (argc < 2 || kstrtouint(argv[1], 0, &rounds))
		return -EINVAL;
	for (i = 0; i < SIDES; i++) {
		rows[i] = row_new("fault", 0, sides[i].who, rounds * 2);
		if (!rows[i])
			return -ENOMEM;
	}
	for (r = 0; r < rounds; r++)
		for (i = 0; i < ARRAY_SIZE(order); i++) {
			bool ok;
			u64 elapsed = one_fault(&sides[order[i]], &ok);

			if (ok)
				row_add(rows[order[i]], elapsed, 1);
			else
				row_fail(rows[order[i]], "the access did not fault");
		}
	return 0;
}

static int quiet(struct iommu_domain *domain, struct device *dev, unsigned long iova,
		 int flags, void *token)
{
	return 0;
}

/* From paging to paging: the first domain changes places with the second. */
static int replace(struct side *s, u64 *elapsed)
{
	struct iommu_group *group = iommu_group_get(s->dev);
	u64 start;
	int ret;

	start = ticks();
	ret = iommu_replace_group_handle(group, s->domains[1], &s->handle);
	*elapsed = ticks() - start;
	if (!ret)
		swap(s->domains[0], s->domains[1]);
	iommu_group_put(group);
	return ret;
}

/*
 * From the default domain to a paging domain. It is a new one each time: the C
 * driver gives up the tables of the one before only now, and twice for one
 * that comes back.
 */
static int attach(struct side *s, u64 *elapsed)
{
	struct iommu_domain *next = iommu_paging_domain_alloc(s->dev);
	u64 start;
	int ret;

	if (IS_ERR(next))
		return PTR_ERR(next);
	iommu_set_fault_handler(next, quiet, NULL);
	iommu_detach_device(s->domains[0], s->dev);
	start = ticks();
	ret = iommu_attach_device(next, s->dev);
	*elapsed = ticks() - start;
	if (ret)
		return ret;
	iommu_domain_free(s->domains[0]);
	s->domains[0] = next;
	return 0;
}

static bool stays(struct side *s)
{
	if (!iommu_iova_to_phys(s->domains[0], STAY_IOVA) &&
	    iommu_map(s->domains[0], STAY_IOVA, target(), SZ_4K, PROT, GFP_KERNEL))
		return false;
	return hits(s, STAY_IOVA, target_word());
}

/* attach ROUNDS; replace ROUNDS */
static int cmd_attach(struct side *sides, int argc, char **argv)
{
	int (*fn)(struct side *s, u64 *elapsed) = argv[0][0] == 'r' ? replace : attach;
	struct row *rows[SIDES];
	unsigned int rounds, r, i;
	u64 elapsed;

	if (argc < 2 || kstrtouint(argv[1], 0, &rounds))
		return -EINVAL;
	for (i = 0; i < SIDES; i++) {
		rows[i] = row_new(argv[0], 0, sides[i].who, rounds * 2);
		if (!rows[i])
			return -ENOMEM;
	}
	for (r = 0; r < rounds; r++)
		for (i = 0; i < ARRAY_SIZE(order); i++) {
			struct side *s = &sides[order[i]];

			if (fn(s, &elapsed))
				row_fail(rows[order[i]], "attach failed");
			else if (!stays(s))
				row_fail(rows[order[i]], "DMA after attach did not reach the page");
			else
				row_add(rows[order[i]], elapsed, 1);
		}
	return 0;
}

/* What accesses to the board's registers cost, plain ones and commands. */
static int cmd_mmio(struct side *sides, int argc, char **argv)
{
	static const struct {
		const char *name;
		u32 reg, value;
		bool read;
	} accesses[] = {
		{ "mmio_read", IOMMU_PC_ADDR, 0, true },
		{ "mmio_write", IOMMU_PC_ADDR, 0xf0000000, false },
		{ "mmio_flush", IOMMU_FLUSH, 0x3003f, false },
		{ "mmio_tlb", IOMMU_IVLD, 1, false },
		{ "mmio_ptw", IOMMU_PC_IVLD, 1, false },
	};
	void __iomem *regs = sides[SIDE_C].iommu_regs;
	unsigned int rounds, r, i, n;
	unsigned long flags;
	u32 sink = 0;
	u64 start;

	if (argc < 2 || kstrtouint(argv[1], 0, &rounds))
		return -EINVAL;
	writel(0xf0000000, regs + IOMMU_IVLD_ADDR);
	writel(0xfffff000, regs + IOMMU_IVLD_MASK);
	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		struct row *row = row_new(accesses[i].name, 0, "board", rounds);

		if (!row)
			return -ENOMEM;
		for (r = 0; r < rounds; r++) {
			local_irq_save(flags);
			start = ticks();
			for (n = 0; n < 64; n++)
				if (accesses[i].read)
					sink ^= readl(regs + accesses[i].reg);
				else
					writel(accesses[i].value, regs + accesses[i].reg);
			start = ticks() - start;
			local_irq_restore(flags);
			row_add(row, start, 64);
		}
	}
	bench_say("%u", sink & 1);
	return 0;
}

/* Another master reads pages of its own: its entries are in the caches now. */
static int warm(struct side *s)
{
	unsigned int i;
	int ret;

	ret = board_engine_wire(other_engine, s->iommu, 3);
	if (ret)
		return ret;
	for (i = 0; i < WARM_PAGES; i++) {
		u64 iova = WARM_IOVA + i * SZ_4K;

		if (!iommu_iova_to_phys(s->domains[0], iova)) {
			ret = iommu_map(s->domains[0], iova, target(), SZ_4K, PROT, GFP_KERNEL);
			if (ret)
				return ret;
		}
		dma_start(other_regs, iova, 0, false);
		if (!dma_finish(other_engine, other_regs))
			return -EIO;
	}
	return 0;
}

/* once OP WHO SIZE: one call, for whoever counts what it does. "warm" is not counted. */
static int cmd_once(struct side *sides, int argc, char **argv)
{
	struct run run = { .iova = RUN_IOVA, .calls = 1 };
	struct iommu_domain *domain;
	struct side *s;
	u64 elapsed;
	bool ok = true;

	if (argc < 4 || kstrtoul(argv[3], 0, &run.size) || run.size > MAX_BYTES)
		return -EINVAL;
	s = side_named(sides, argv[2]);
	domain = s->domains[0];
	run.paddr = target() - MAX_BYTES + SZ_4K;
	if (!strcmp(argv[1], "warm"))
		return warm(s);
	if (!strcmp(argv[1], "map"))
		whole_map(domain, &run);
	else if (!strcmp(argv[1], "unmap"))
		whole_unmap(domain, &run);
	else if (!strcmp(argv[1], "sg")) {
		fill_list(run.size >> PAGE_SHIFT);
		sg_map(domain, &run);
	} else if (!strcmp(argv[1], "fault"))
		one_fault(s, &ok);
	else if (!strcmp(argv[1], "attach"))
		return attach(s, &elapsed);
	else if (!strcmp(argv[1], "replace"))
		return replace(s, &elapsed);
	else
		return -EINVAL;
	return ok ? 0 : -EIO;
}

/* tables WHO: bytes of the run's tables and of the directory, as the hardware walks them */
static int cmd_tables(struct side *sides, int argc, char **argv)
{
	u32 *dir, valid = 0;
	unsigned int i;

	if (argc < 2)
		return -EINVAL;
	dir = phys_to_virt(readl(side_named(sides, argv[1])->iommu_regs + IOMMU_TTB));
	for (i = RUN_IOVA / SZ_1M; i < (RUN_IOVA + MAX_BYTES) / SZ_1M; i++)
		valid += (dir[i] & 3) == 1;
	bench_say("%u", valid * 1024 + 16384);
	return 0;
}

struct worker {
	struct completion done;
	struct iommu_domain *domain;
	struct run run;
	atomic_t *ready;
	unsigned int workers, times;
	u64 elapsed;
};

static int worker_fn(void *data)
{
	struct worker *w = data;
	unsigned int i;
	u64 start;

	atomic_inc(w->ready);
	while (atomic_read(w->ready) < w->workers)
		cpu_relax();
	start = ticks();
	for (i = 0; i < w->times; i++) {
		iommu_map(w->domain, w->run.iova, w->run.paddr, w->run.size, PROT, GFP_KERNEL);
		iommu_unmap(w->domain, w->run.iova, w->run.size);
	}
	w->elapsed = ticks() - start;
	complete(&w->done);
	return 0;
}

/* Time until the slower one is through, a map with its unmap. */
static int work(struct side *s, size_t size, unsigned int workers, unsigned int times, u64 *elapsed)
{
	static struct worker all[2];
	atomic_t ready = ATOMIC_INIT(0);
	struct task_struct *tasks[2];
	unsigned int i;

	for (i = 0; i < workers; i++) {
		struct worker *w = &all[i];

		init_completion(&w->done);
		w->domain = s->domains[0];
		w->run.iova = i ? RUN_IOVA2 : RUN_IOVA;
		w->run.paddr = target() - MAX_BYTES + SZ_4K;
		w->run.size = size;
		w->ready = &ready;
		w->workers = workers;
		w->times = times;
		tasks[i] = kthread_create(worker_fn, w, "bench/%u", i);
		if (IS_ERR(tasks[i])) {
			while (i--)
				kthread_stop(tasks[i]);
			return -ENOMEM;
		}
		kthread_bind(tasks[i], i);
	}
	for (i = 0; i < workers; i++)
		wake_up_process(tasks[i]);
	*elapsed = 0;
	for (i = 0; i < workers; i++) {
		wait_for_completion(&all[i].done);
		*elapsed = max(*elapsed, all[i].elapsed);
	}
	return 0;
}

/* threads SIZE WORKERS TIMES ROUNDS */
static int cmd_threads(struct side *sides, int argc, char **argv)
{
	unsigned int workers, times, rounds, r, i;
	struct row *rows[SIDES];
	struct run run = { .calls = 1 };
	size_t size;
	u64 elapsed;
	int ret;

	if (argc < 5 || kstrtoul(argv[1], 0, &size) || kstrtouint(argv[2], 0, &workers) ||
	    kstrtouint(argv[3], 0, &times) || kstrtouint(argv[4], 0, &rounds))
		return -EINVAL;
	if (!workers || workers > min(num_online_cpus(), 2U) || size > MAX_BYTES || !times)
		return -EINVAL;
	for (i = 0; i < SIDES; i++) {
		rows[i] = row_new(workers == 1 ? "threads_1" : "threads_2", size,
				  sides[i].who, rounds * 2);
		if (!rows[i])
			return -ENOMEM;
	}
	for (r = 0; r < rounds; r++)
		for (i = 0; i < ARRAY_SIZE(order); i++) {
			struct side *s = &sides[order[i]];
			struct row *row = rows[order[i]];
			const char *bad;

			ret = work(s, size, workers, times, &elapsed);
			if (ret)
				return ret;
			/* What the threads left behind must be a domain that still works. */
			run.iova = i % 2 ? RUN_IOVA2 : RUN_IOVA;
			run.paddr = target();
			run.size = SZ_4K;
			bad = misses(s, run.iova, target_word()) ? NULL : "DMA after unmap did not fault";
			s->domains[0]->ops->flush_iotlb_all(s->domains[0]);
			whole_map(s->domains[0], &run);
			bad = bad ?: check_mapped(s, &run, run.iova);
			whole_unmap(s->domains[0], &run);
			bad = bad ?: check_unmapped(s, &run, run.iova);
			if (bad)
				row_fail(row, bad);
			else
				row_add(row, elapsed, (u64)times * workers);
		}
	return 0;
}

/* setup: two domains a side, the first attached. The C driver can map only then. */
static int cmd_setup(struct side *sides, int argc, char **argv)
{
	unsigned int i, n;
	int ret;

	for (i = 0; i < SIDES; i++) {
		struct side *s = &sides[i];
		struct iommu_domain *was = iommu_get_domain_for_dev(s->dev);

		for (n = 0; n < 2; n++) {
			struct iommu_domain *domain = iommu_paging_domain_alloc(s->dev);

			if (IS_ERR(domain))
				return PTR_ERR(domain);
			iommu_set_fault_handler(domain, quiet, NULL);
			s->domains[n] = domain;
		}
		ret = iommu_attach_device(s->domains[0], s->dev);
		if (ret)
			return ret;
		bench_say("%s iommu%d from %s; ", s->who, s->iommu,
			  !was ? "nothing" : was->type == IOMMU_DOMAIN_IDENTITY ? "identity" : "paging");
	}
	return 0;
}

int bench_command(struct side *sides, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(struct side *sides, int argc, char **argv);
	} commands[] = {
		{ "setup", cmd_setup },
		{ "run", cmd_run },
		{ "fault", cmd_fault },
		{ "attach", cmd_attach },
		{ "replace", cmd_attach },
		{ "mmio", cmd_mmio },
		{ "once", cmd_once },
		{ "tables", cmd_tables },
		{ "threads", cmd_threads },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name) &&
		    (!i || sides[0].domains[0]))
			return commands[i].fn(sides, argc, argv);
	return -EINVAL;
}

int cases_init(void)
{
	struct page *blocks[48];
	unsigned int nr;

	list = kvcalloc(BLOCK_PAGES, sizeof(*list), GFP_KERNEL);
	other_engine = board_engine_find(BOARD_SOC_BASE + 0x02000000);
	other_regs = ioremap(BOARD_SOC_BASE + 0x02000000, 0x1000);
	if (!list || other_engine < 0 || !other_regs)
		return -ENOMEM;
	/* Far enough up that a run of any size can end there. */
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

MODULE_IMPORT_NS("IOMMUFD_INTERNAL");
