/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the board offers other modules: the engines behind the master nodes,
 * and the memory that they may touch.
 */
#ifndef _IOMMU_BOARD_EXPORT_H
#define _IOMMU_BOARD_EXPORT_H

#include <linux/bits.h>
#include <linux/types.h>

#define BOARD_STEP_BUSY		BIT(0)	/* some channel has work left */
#define BOARD_STEP_WAITING	BIT(1)	/* all that have work wait for a stalled lane */

/* The engine whose registers start at a physical address, or -ENODEV. */
int board_engine_find(u64 reg);

/* Wires an engine to a port of an IOMMU; the board's own wiring is the default. */
int board_engine_wire(int engine, u32 iommu, u32 master);

/*
 * Lets an engine work: time passes for it only in here. Any context with
 * interrupts on or off; interrupts are delivered before it returns if they are
 * on. Returns BOARD_STEP_*, and in *moved the bytes read plus written.
 */
u32 board_engine_step(int engine, size_t budget, size_t *moved);

/* Stops all channels and forgets their state. */
void board_engine_reset(int engine);

/*
 * Says that DMA to these pages is meant. What a master reads or writes
 * elsewhere is not done: it is counted as a stray and ends as a bus error, so
 * that a stale or missing translation is seen and does no harm.
 */
void board_dma_allow(u64 pa, size_t size);
void board_dma_forbid(u64 pa, size_t size);

#endif /* _IOMMU_BOARD_EXPORT_H */
