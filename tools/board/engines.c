// SPDX-License-Identifier: GPL-2.0
/*
 * The test's own DMA engines on the QEMU board, for the test client. Their places and
 * their wiring are fixed: tools/qemu/iommu-masters.c.
 */
#include <linux/export.h>
#include <linux/io.h>
#include <linux/kernel.h>

#include "board.h"
#include "export.h"
#include "masters.h"

/* As in tools/qemu/models/src/instance.rs. */
#define ENGINE_STEP	0xf10
#define ENGINE_MOVED	0xf14
#define ENGINE_RESET	0xf18
#define ENGINE_SIZE	0x1000

static const u32 places[] = { 0x01100000, 0x01c00000, 0x01c0e000 };
static void __iomem *engines[ARRAY_SIZE(places)];

int board_engine_find(u64 reg)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (reg == BOARD_SOC_BASE + places[i])
			return i;
	return -ENODEV;
}
EXPORT_SYMBOL_GPL(board_engine_find);

int board_engine_wire(int engine, u32 iommu, u32 master)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(board_engine_wire);

int board_engine_wire_swgroup(int engine, u32 iommu, u32 swgroup)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(board_engine_wire_swgroup);

u32 board_engine_step(int engine, size_t budget, size_t *moved)
{
	writel(budget, engines[engine] + ENGINE_STEP);
	if (moved)
		*moved = readl(engines[engine] + ENGINE_MOVED);
	return readl(engines[engine] + ENGINE_STEP);
}
EXPORT_SYMBOL_GPL(board_engine_step);

void board_engine_reset(int engine)
{
	writel(1, engines[engine] + ENGINE_RESET);
}
EXPORT_SYMBOL_GPL(board_engine_reset);

int engines_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		engines[i] = ioremap(BOARD_SOC_BASE + places[i], ENGINE_SIZE);
		if (!engines[i]) {
			engines_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void engines_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (engines[i])
			iounmap(engines[i]);
}
