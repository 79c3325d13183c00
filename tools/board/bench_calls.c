// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's calls to map and unmap, timed.
 *
 * "Whole" times iommu_map() and iommu_unmap(), including the driver's cleaning
 * and invalidation. "Table" times the core's loop over map_pages() and
 * unmap_pages(), without iotlb_sync_map() and iotlb_sync(): as in the core, a
 * driver that handles one page a call is called once for each page.
 *
 * Each sample is a batch of calls that map and then unmap. In between, the
 * master writes through one page of the batch, a different one each time. After
 * the unmap the same write has to fail. It leaves an invalid entry in the
 * IOMMU's caches, which the C driver's map would not drop everywhere. So all
 * caches are flushed before the next sample.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "bench.h"

static struct scatterlist *list;

u64 whole_map(struct iommu_domain *domain, const struct run *run)
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

u64 whole_unmap(struct iommu_domain *domain, const struct run *run)
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

u64 sg_map(struct iommu_domain *domain, const struct run *run)
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

/* Page @i of a scattered list, in which no two consecutive pages are adjacent. */
static unsigned int scattered_page(unsigned int i)
{
	return (i * 389) % BLOCK_PAGES;
}

void fill_list(unsigned int pages)
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

/* C, Rust, Rust, C: a drift of the machine's speed affects both sides alike. */
const int order[ROUND] = { SIDE_C, SIDE_RUST, SIDE_RUST, SIDE_C };

static struct row *row_of(const char *kind, const char *op, size_t size, const char *who,
			  unsigned int rounds)
{
	char name[24];

	snprintf(name, sizeof(name), "%s_%s", kind, op);
	return row_new(name, size, who, rounds * 2);
}

/* run KIND SIZE CALLS ROUNDS */
int cmd_run(struct side *sides, int argc, char **argv)
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
	yards = bench_hw->own_tables && !strcmp(kind->name, "table");
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

int calls_init(void)
{
	list = kvcalloc(BLOCK_PAGES, sizeof(*list), GFP_KERNEL);
	return list ? 0 : -ENOMEM;
}
