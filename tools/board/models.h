/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions of the models, which shim.rs exports to the board's C code, and
 * the C functions that the models call. The caller of a function with an index
 * holds the lock of that instance: that of hw.c for an IOMMU, that of master.c
 * for an engine.
 */
#ifndef _IOMMU_BOARD_MODELS_H
#define _IOMMU_BOARD_MODELS_H

#include <linux/types.h>

#include "board.h"

struct seq_file;

/* The result of a DMA access. */
enum board_dma_result {
	BOARD_DMA_OK,
	BOARD_DMA_NO_TABLE,
	BOARD_DMA_NO_PAGE,
	BOARD_DMA_PERMISSION,
	BOARD_DMA_BUS,
	BOARD_DMA_STALLED,
	BOARD_DMA_BLOCKED,
};

/* Adds DARTs beyond the first BOARD_NR_IOMMUS. Called once, before all other functions. */
int dart_model_add(unsigned int count);
void iommu_model_init(unsigned int index, enum board_soc soc);
u32 iommu_model_read(unsigned int index, u32 offset);
void iommu_model_write(unsigned int index, u32 offset, u32 value);
void iommu_model_set_clock(unsigned int index, bool on);
void iommu_model_set_reset(unsigned int index, bool asserted);
void iommu_model_set_power(unsigned int index, bool on);
bool iommu_model_irq(unsigned int index);
int iommu_model_dma(unsigned int index, u32 master, u64 va, u8 *buf,
		    size_t len, bool write);
int iommu_model_knob(unsigned int index, const char *name, u32 value);
void iommu_model_mark(unsigned int index);
void iommu_model_clear(unsigned int index);
void iommu_model_show_misuse(unsigned int index, struct seq_file *s);
void iommu_model_show_knobs(unsigned int index, struct seq_file *s);
void iommu_model_show_counters(unsigned int index, struct seq_file *s);
void iommu_model_show_report(unsigned int index, struct seq_file *s);
void iommu_model_show_recent(unsigned int index, struct seq_file *s);
void iommu_model_show_writes(unsigned int index, struct seq_file *s);
void iommu_model_show_regs(unsigned int index, struct seq_file *s);

#define ENGINE_MODEL_BUSY	BIT(0)
#define ENGINE_MODEL_WAITING	BIT(1)

u32 engine_model_read(unsigned int index, u32 offset);
void engine_model_write(unsigned int index, u32 offset, u32 value);
u32 engine_model_step(unsigned int index, size_t budget, size_t *moved);
void engine_model_reset(unsigned int index);

/*
 * The clients of a Tegra's swgroups. These two need no lock. Numbers that do not exist are
 * ~0, and a client of that number is refused.
 */
u32 tegra_model_swgroup(const char *name);
/* Returns the client of a swgroup whose turn is the given one. */
u32 tegra_model_client(u32 swgroup, u32 turn);

/* Called by the models. */
int board_engine_port(u32 engine, u64 va, u8 *buf, size_t len, bool write);
bool board_mem_read(u64 pa, u8 *buf, size_t len, bool checked);
bool board_mem_write(u64 pa, const u8 *buf, size_t len, bool checked);
bool board_table_read32(u32 iommu, u64 pa, u32 *value);
bool board_table_read64(u64 pa, u64 *value);

#endif /* _IOMMU_BOARD_MODELS_H */
