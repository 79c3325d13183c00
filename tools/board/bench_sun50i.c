// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's code for the sun50i IOMMU.
 */
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/sizes.h>

#include "bench.h"

#define IOMMU_TTB	0x050
#define IOMMU_FLUSH	0x080
#define IOMMU_IVLD_ADDR	0x090
#define IOMMU_IVLD_MASK	0x094
#define IOMMU_IVLD	0x098
#define IOMMU_PC_ADDR	0x0a0
#define IOMMU_PC_IVLD	0x0a8

static const struct access accesses[] = {
	{ "mmio_read", IOMMU_PC_ADDR, 0, true },
	{ "mmio_write", IOMMU_PC_ADDR, 0xf0000000, false },
	{ "mmio_flush", IOMMU_FLUSH, 0x3003f, false },
	{ "mmio_tlb", IOMMU_IVLD, 1, false },
	{ "mmio_ptw", IOMMU_PC_IVLD, 1, false },
};

static void ready(void __iomem *regs)
{
	writel(0xf0000000, regs + IOMMU_IVLD_ADDR);
	writel(0xfffff000, regs + IOMMU_IVLD_MASK);
}

static size_t table_bytes(const struct side *s)
{
	u32 *dir = phys_to_virt(readl(s->iommu_regs + IOMMU_TTB));
	unsigned int i, valid = 0;

	for (i = RUN_IOVA / SZ_1M; i < (RUN_IOVA + MAX_BYTES) / SZ_1M; i++)
		valid += (dir[i] & 3) == 1;
	return valid * 1024 + 16384;
}

const struct hw bench_sun50i = {
	.accesses = accesses,
	.nr_accesses = ARRAY_SIZE(accesses),
	.ready = ready,
	.table_bytes = table_bytes,
	.own_tables = true,
};
