// SPDX-License-Identifier: GPL-2.0
/*
 * Page table code that the drivers are compared with.
 *
 * The floor is a loop that checks and stores entries in tables of 256 words,
 * with no locks, no counts and no hardware. generic_pt is the kernel's own page
 * table code, as the RISC-V driver uses it, limited to leaves of 4 KiB.
 */
#include <linux/generic_pt/iommu.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "iommu-pages.h"
#include "bench.h"

#define TABLE_WORDS	256
#define TABLE_BYTES	(TABLE_WORDS * sizeof(u32))
#define FLOOR_BASE	0x10000000UL
#define FLOOR_TABLES	64

static u32 *tables[FLOOR_TABLES];

/* Returns the entry for @iova, and in *@nr how many entries of the run follow in its table. */
static __always_inline u32 *piece(unsigned long iova, size_t left, unsigned int *nr)
{
	unsigned long page = (iova - FLOOR_BASE) >> PAGE_SHIFT;
	unsigned int start = page % TABLE_WORDS;

	*nr = min_t(size_t, left >> PAGE_SHIFT, TABLE_WORDS - start);
	return tables[page / TABLE_WORDS] + start;
}

static noinline size_t floor_map_one(unsigned long iova, phys_addr_t paddr, size_t size)
{
	u32 entry = (u32)paddr | 0x42;
	size_t done = 0;
	unsigned int nr, i;

	while (done < size) {
		u32 *words = piece(iova + done, size - done, &nr);

#pragma clang loop unroll_count(8)
		for (i = 0; i < nr; i++) {
			if (READ_ONCE(words[i]))
				return done + i * PAGE_SIZE;
			WRITE_ONCE(words[i], entry);
			entry += PAGE_SIZE;
		}
		done += (size_t)nr << PAGE_SHIFT;
	}
	return done;
}

static noinline size_t floor_unmap_one(unsigned long iova, size_t size)
{
	size_t done = 0;
	unsigned int nr, i;

	while (done < size) {
		u32 *words = piece(iova + done, size - done, &nr);

#pragma clang loop unroll_count(8)
		for (i = 0; i < nr; i++) {
			if (!READ_ONCE(words[i]))
				return done + i * PAGE_SIZE;
			WRITE_ONCE(words[i], 0);
		}
		done += (size_t)nr << PAGE_SHIFT;
	}
	return done;
}

u64 floor_map(const struct run *run)
{
	unsigned long iova = run->iova;
	phys_addr_t paddr = run->paddr;
	unsigned int i;
	u64 start;

	start = ticks();
	for (i = 0; i < run->calls; i++) {
		floor_map_one(iova, paddr, run->size);
		iova += run->size;
		paddr += run->size;
	}
	return ticks() - start;
}

u64 floor_unmap(const struct run *run)
{
	unsigned long iova = run->iova;
	unsigned int i;
	u64 start;

	start = ticks();
	for (i = 0; i < run->calls; i++) {
		floor_unmap_one(iova, run->size);
		iova += run->size;
	}
	return ticks() - start;
}

bool floor_holds(const struct run *run, bool mapped)
{
	size_t bytes = run->size * run->calls, offset;
	unsigned int nr;

	for (offset = 0; offset < bytes; offset += PAGE_SIZE) {
		u32 want = mapped ? (u32)(run->paddr + offset) | 0x42 : 0;

		if (*piece(run->iova + offset, PAGE_SIZE, &nr) != want)
			return false;
	}
	return true;
}

/* An image with KASAN measures nothing, and the kernel's own generic_pt module does not load. */
#if IS_ENABLED(CONFIG_IOMMU_PT_RISCV64) && !IS_ENABLED(CONFIG_KASAN)
static struct pt_iommu_riscv_64 generic;
static bool generic_there;

static void generic_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
	iommu_put_pages_list(&gather->freelist);
}

static const struct iommu_domain_ops generic_ops = {
	IOMMU_PT_DOMAIN_OPS(riscv_64),
	.iotlb_sync = generic_sync,
};

static int generic_init(void)
{
	static const struct pt_iommu_riscv_64_cfg cfg = {
		.common = {
			.features = BIT(PT_FEAT_SIGN_EXTEND) | BIT(PT_FEAT_FLUSH_RANGE) |
				    BIT(PT_FEAT_RISCV_SVNAPOT_64K) |
				    BIT(PT_FEAT_DETAILED_GATHER),
			.hw_max_vasz_lg2 = 39,
			.hw_max_oasz_lg2 = 56,
		},
	};
	int ret;

	generic.iommu.nid = NUMA_NO_NODE;
	generic.iommu.domain.type = IOMMU_DOMAIN_UNMANAGED;
	generic.iommu.domain.ops = &generic_ops;
	ret = pt_iommu_riscv_64_init(&generic, &cfg, GFP_KERNEL);
	if (ret)
		return ret;
	generic.iommu.domain.pgsize_bitmap = SZ_4K;
	generic_there = true;
	return 0;
}

bool generic_pt_there(void)
{
	return generic_there;
}

u64 generic_pt_map(const struct run *run)
{
	struct pt_iommu *pt = &generic.iommu;
	unsigned long iova = run->iova;
	phys_addr_t paddr = run->paddr;
	unsigned int i;
	u64 start;

	start = ticks();
	for (i = 0; i < run->calls; i++) {
		size_t mapped = 0;

		pt->ops->map_range(pt, iova, paddr, run->size,
				   IOMMU_READ | IOMMU_WRITE, GFP_KERNEL, &mapped);
		iova += run->size;
		paddr += run->size;
	}
	return ticks() - start;
}

/* The caller's sync frees tables that became empty; the time includes that. */
u64 generic_pt_unmap(const struct run *run)
{
	struct pt_iommu *pt = &generic.iommu;
	struct iommu_iotlb_gather gather;
	unsigned long iova = run->iova;
	unsigned int i;
	u64 start;

	start = ticks();
	for (i = 0; i < run->calls; i++) {
		iommu_iotlb_gather_init(&gather);
		pt->ops->unmap_range(pt, iova, run->size, &gather);
		iommu_iotlb_sync(&pt->domain, &gather);
		iova += run->size;
	}
	return ticks() - start;
}

bool generic_pt_holds(const struct run *run, bool mapped)
{
	size_t bytes = run->size * run->calls, offset;

	for (offset = 0; offset < bytes; offset += PAGE_SIZE) {
		phys_addr_t want = mapped ? run->paddr + offset : 0;

		if (iommu_iova_to_phys(&generic.iommu.domain, run->iova + offset) != want)
			return false;
	}
	return true;
}

MODULE_IMPORT_NS("GENERIC_PT_IOMMU");
#else
static int generic_init(void)
{
	return 0;
}

bool generic_pt_there(void)
{
	return false;
}

u64 generic_pt_map(const struct run *run)
{
	return 0;
}

u64 generic_pt_unmap(const struct run *run)
{
	return 0;
}

bool generic_pt_holds(const struct run *run, bool mapped)
{
	return false;
}
#endif

int yard_init(void)
{
	unsigned int i;

	for (i = 0; i < FLOOR_TABLES; i++) {
		tables[i] = kzalloc(TABLE_BYTES, GFP_KERNEL);
		if (!tables[i])
			return -ENOMEM;
	}
	return generic_init();
}
