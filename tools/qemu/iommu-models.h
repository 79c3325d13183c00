/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions of the hardware models (tools/models) for QEMU's device. A model
 * has no lock. QEMU's own lock, which every caller holds, serializes the calls.
 */
#ifndef HW_MISC_IOMMU_MODELS_H
#define HW_MISC_IOMMU_MODELS_H

typedef struct IommuModel IommuModel;

/* Functions of the machine that a model calls. They return false if there is no memory. */
typedef struct IommuModelMemory {
    bool (*read)(uint64_t pa, uint8_t *buf, size_t len);
    bool (*write)(uint64_t pa, const uint8_t *buf, size_t len);
} IommuModelMemory;

/* Returns NULL if there is no such kind. An instance is never freed. */
IommuModel *iommu_model_new(const char *kind, const IommuModelMemory *memory);
uint32_t iommu_model_read(IommuModel *model, uint32_t offset);
void iommu_model_write(IommuModel *model, uint32_t offset, uint32_t value);
void iommu_model_set_power(IommuModel *model, bool on);
void iommu_model_set_clock(IommuModel *model, bool on);
void iommu_model_set_reset(IommuModel *model, bool asserted);
bool iommu_model_irq(const IommuModel *model);
/* Translates an access within one page of the master at a port; returns false if it is denied. */
bool iommu_model_access(IommuModel *model, uint32_t port, uint64_t va,
                        size_t len, bool write, uint64_t *pa);
/* Returns the size of a page in bytes. */
uint64_t iommu_model_page_size(const IommuModel *model);
bool iommu_model_knob(IommuModel *model, const char *name, uint32_t value);
/* Resets the report on accesses. */
void iommu_model_mark(IommuModel *model);
/* Clears the counters. */
void iommu_model_clear(IommuModel *model);
/*
 * Returns a text, which the caller frees with free(): the report (0), counters
 * (1), registers (2), knobs (3), the last accesses (4) or register writes (5),
 * accesses of the test's engines to pages that they may not access (6), the
 * counters of misuse that are not 0 (7), else an empty text.
 */
char *iommu_model_show(const IommuModel *model, uint32_t which);

/* The test's own DMA engines (tools/models/src/dma.rs), which run in a register write. */
uint32_t iommu_engine_read(IommuModel *model, uint32_t engine, uint32_t offset);
void iommu_engine_write(IommuModel *model, uint32_t engine, uint32_t offset, uint32_t value);
/* Lets the engines access a page, or no longer. */
void iommu_engine_allow(IommuModel *model, uint64_t frame, bool yes);

#endif
