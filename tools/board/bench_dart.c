// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's code for DARTs with T8020's register layout and 4 KiB pages.
 */
#include <linux/bits.h>
#include <linux/io.h>
#include <linux/sizes.h>

#include "bench.h"

#define DART_TTBR(id, n) (0x200 + 16 * (id) + 4 * (n))
#define DART_TTBR_VALID	BIT(31)

/* Bytes that a TTBR covers, and an entry of the table that a TTBR points to. */
#define TTBRS		4
#define TTBR_SPAN	SZ_1G
#define ENTRY_SPAN	SZ_2M

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
	.table_bytes = table_bytes,
	.own_tables = false,
};
