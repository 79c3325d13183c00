// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's code for the sun50i IOMMU.
 */
#include <linux/io.h>
#include <linux/sizes.h>

#include "bench.h"

#define IOMMU_TTB	0x050

static size_t table_bytes(const struct side *s)
{
	u32 *dir = phys_to_virt(readl(s->iommu_regs + IOMMU_TTB));
	unsigned int i, valid = 0;

	for (i = RUN_IOVA / SZ_1M; i < (RUN_IOVA + MAX_BYTES) / SZ_1M; i++)
		valid += (dir[i] & 3) == 1;
	return valid * 1024 + 16384;
}

const struct hw bench_sun50i = {
	.table_bytes = table_bytes,
	.own_tables = true,
};
