// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's code for DARTs with T8020's register layout and 4 KiB pages.
 */
#include <linux/bits.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/sizes.h>

#include "bench.h"

#define DART_PARAMS1	0x000
#define DART_COMMAND	0x020
#define DART_INVALIDATE	BIT(20)
#define DART_SELECT	0x034
#define DART_TTBR(id, n) (0x200 + 16 * (id) + 4 * (n))
#define DART_TTBR_VALID	BIT(31)

/* Bytes that a TTBR covers, and an entry of the table that a TTBR points to. */
#define TTBRS		4
#define TTBR_SPAN	SZ_1G
#define ENTRY_SPAN	SZ_2M

/* A stream that no master has, so that commands for it disturb none. */
#define UNUSED_STREAM	15

static const struct access accesses[] = {
	{ "mmio_read", DART_PARAMS1, 0, true },
	{ "mmio_write", DART_SELECT, BIT(UNUSED_STREAM), false },
	{ "mmio_flush", DART_COMMAND, DART_INVALIDATE, false },
};

static void ready(void __iomem *regs)
{
	writel(BIT(UNUSED_STREAM), regs + DART_SELECT);
}

static size_t table_bytes(const struct side *s)
{
	unsigned int i, tables = 0;
	unsigned long iova;

	for (i = 0; i < TTBRS; i++)
		tables += !!(readl(s->iommu_regs + DART_TTBR(s->ways[0].id, i)) & DART_TTBR_VALID);
	for (iova = RUN_IOVA; iova < RUN_IOVA + MAX_BYTES; iova += ENTRY_SPAN) {
		u32 ttbr = readl(s->iommu_regs + DART_TTBR(s->ways[0].id, iova / TTBR_SPAN));
		u64 *table = phys_to_virt((phys_addr_t)(ttbr & ~DART_TTBR_VALID) << 12);

		tables += table[iova % TTBR_SPAN / ENTRY_SPAN] & 1;
	}
	return tables * SZ_4K;
}

/* Both drivers use the kernel's io-pgtable library. */
const struct hw bench_dart = {
	.accesses = accesses,
	.nr_accesses = ARRAY_SIZE(accesses),
	.ready = ready,
	.table_bytes = table_bytes,
	.own_tables = false,
};
