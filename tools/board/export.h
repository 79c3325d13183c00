/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The board's interface to other modules: the engines of the master nodes, and
 * the memory that they may access.
 */
#ifndef _IOMMU_BOARD_EXPORT_H
#define _IOMMU_BOARD_EXPORT_H

#include <linux/bits.h>
#include <linux/types.h>

#define BOARD_STEP_BUSY		BIT(0)	/* some channel has work left */
#define BOARD_STEP_WAITING	BIT(1)	/* all that have work wait for a stalled lane */

/* Returns the engine whose registers start at this physical address, or -ENODEV. */
int board_engine_find(u64 reg);

/* Wires an engine to a port of an IOMMU in place of the board's default wiring. */
int board_engine_wire(int engine, u32 iommu, u32 master);

/* Wires an engine to a swgroup of an SMMU of a Tegra board, whose clients take turns. */
int board_engine_wire_swgroup(int engine, u32 iommu, u32 swgroup);

/*
 * Runs an engine, which works only during this call. May be called in any
 * context. If interrupts are on, those of the IOMMU are delivered before it
 * returns. Returns BOARD_STEP_*, and in *moved the bytes read plus written.
 */
u32 board_engine_step(int engine, size_t budget, size_t *moved);

/* Stops all channels and forgets their state. */
void board_engine_reset(int engine);

/*
 * Allows DMA to these pages. An access to other memory is not carried out, is
 * counted as a stray and ends as a bus error, so that a stale or missing
 * translation is noticed and does no harm.
 */
void board_dma_allow(u64 pa, size_t size);
void board_dma_forbid(u64 pa, size_t size);

#endif /* _IOMMU_BOARD_EXPORT_H */
