/* SPDX-License-Identifier: GPL-2.0 */
/* The benchmark module: what its parts offer each other. */
#ifndef _BOARD_BENCH_H
#define _BOARD_BENCH_H

#include <linux/iommu.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

/* Time in the finest unit there is; bench.c finds out how long a tick is. */
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

/* One benchmarked driver: a master behind the instance that it serves. */
struct side {
	const char *who;
	struct device *dev;
	void __iomem *engine_regs;
	void __iomem *iommu_regs;
	int engine;
	int iommu;
	int irq;
	struct iommu_domain *domains[2];
	struct iommu_attach_handle handle;
};

enum { SIDE_C, SIDE_RUST, SIDES };

/* A run of calls: @calls of @size bytes each, one behind the other. */
struct run {
	unsigned long iova;
	phys_addr_t paddr;
	size_t size;
	unsigned int calls;
};

/* bench.c: samples of a case, in picoseconds a page or a call */
struct row;

struct row *row_new(const char *name, size_t size, const char *who, unsigned int max);
void row_add(struct row *row, u64 elapsed, u64 units);
void row_fail(struct row *row, const char *why);

/* bench_yard.c: what the drivers are compared with, without any hardware */
int yard_init(void);
u64 floor_map(const struct run *run);
u64 floor_unmap(const struct run *run);
bool floor_holds(const struct run *run, bool mapped);
bool generic_pt_there(void);
u64 generic_pt_map(const struct run *run);
u64 generic_pt_unmap(const struct run *run);
bool generic_pt_holds(const struct run *run, bool mapped);

/* bench_cases.c */
int bench_command(struct side *sides, int argc, char **argv);
int cases_init(void);
void bench_say(const char *fmt, ...) __printf(1, 2);
bool bench_dma(struct side *s, u64 iova, u32 word, bool write);

#endif /* _BOARD_BENCH_H */
