/* SPDX-License-Identifier: GPL-2.0 */
/* Declarations shared by the files of the benchmark module. */
#ifndef _BOARD_BENCH_H
#define _BOARD_BENCH_H

#include <linux/iommu.h>
#include <linux/sizes.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

/* Returns the time in the machine's finest unit. bench.c measures how long a tick is. */
static __always_inline u64 ticks(void)
{
#ifdef __x86_64__
	u32 low, high;

	asm volatile("lfence; rdtsc; lfence" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
#else
	return ktime_get_ns();
#endif
}

/* A path from a master to memory: a port, or a stream, of an IOMMU instance. */
struct way {
	u32 iommu;
	u32 id;
};

#define MAX_WAYS	4

/* One benchmarked driver, with a master behind an instance that the driver serves. */
struct side {
	const char *who;
	struct device *dev;
	void __iomem *engine_regs;
	/* Of the first way's instance. */
	void __iomem *iommu_regs;
	int irq;
	int engine;
	struct way ways[MAX_WAYS];
	unsigned int nr_ways;
	struct iommu_domain *domains[2];
	struct iommu_attach_handle handle;
};

enum { SIDE_C, SIDE_RUST, SIDES };

/* A series of @calls calls for @size bytes each, at ascending addresses. */
struct run {
	unsigned long iova;
	phys_addr_t paddr;
	size_t size;
	unsigned int calls;
};

#define RUN_IOVA	0x10000000UL
#define RUN_IOVA2	0x20000000UL
#define MAX_BYTES	SZ_64M
#define BLOCK_ORDER	10
#define BLOCK_PAGES	(1U << BLOCK_ORDER)
#define PROT		(IOMMU_READ | IOMMU_WRITE)

/* The parts of the benchmark that depend on the kind of IOMMU. */
struct hw {
	/* Returns the bytes of the tables for the run at RUN_IOVA, all levels. */
	size_t (*table_bytes)(const struct side *s);
	/* The driver has its own page table code, to be compared with the floor and generic_pt. */
	bool own_tables;
};

/* bench_sun50i.c, bench_dart.c */
extern const struct hw bench_sun50i, bench_dart;

/* bench.c: the kind, and samples of a case, in picoseconds a page or a call */
extern const struct hw *bench_hw;
struct row;

struct row *row_new(const char *name, size_t size, const char *who,
		    unsigned int max);
void row_add(struct row *row, u64 elapsed, u64 units);
void row_fail(struct row *row, const char *why);
void bench_say(const char *fmt, ...) __printf(1, 2);

/* bench_dma.c: the pages that DMA may reach. Sampled IOVAs are mapped to the first one. */
extern struct page *block;

int dma_init(void);
phys_addr_t target(void);
u32 *target_word(void);
void dma_start(struct side *s, const struct way *way, u64 iova, u32 word);
bool dma_finish(struct side *s);
bool hits(struct side *s, u64 iova, u32 *page);
bool misses(struct side *s, u64 iova, u32 *page);
const char *check_mapped(struct side *s, const struct run *run, u64 sample);
const char *check_unmapped(struct side *s, const struct run *run, u64 sample);
int warm(struct side *s);

/* bench_calls.c */
#define ROUND	4
extern const int order[ROUND];

int calls_init(void);
u64 whole_map(struct iommu_domain *domain, const struct run *run);
u64 whole_unmap(struct iommu_domain *domain, const struct run *run);
u64 sg_map(struct iommu_domain *domain, const struct run *run);
void fill_list(unsigned int pages);
int cmd_run(struct side *sides, int argc, char **argv);

/* bench_threads.c */
int cmd_threads(struct side *sides, int argc, char **argv);

/* bench_cases.c */
int bench_command(struct side *sides, int argc, char **argv);

/* bench_yard.c: page table code without hardware, for comparison */
int yard_init(void);
u64 floor_map(const struct run *run);
u64 floor_unmap(const struct run *run);
bool floor_holds(const struct run *run, bool mapped);
bool generic_pt_there(void);
u64 generic_pt_map(const struct run *run);
u64 generic_pt_unmap(const struct run *run);
bool generic_pt_holds(const struct run *run, bool mapped);

#endif /* _BOARD_BENCH_H */
