/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hardware models (tools/models) as QEMU's device calls them. A model has
 * no lock: QEMU's own, which every caller holds, serializes them.
 */
#ifndef HW_MISC_IOMMU_MODELS_H
#define HW_MISC_IOMMU_MODELS_H

typedef struct IommuModel IommuModel;

/* What a model asks of the machine. False where there is no memory. */
typedef struct IommuModelMemory {
    bool (*read)(uint64_t pa, uint8_t *buf, size_t len);
    bool (*write)(uint64_t pa, const uint8_t *buf, size_t len);
} IommuModelMemory;

/* NULL if there is no such kind. It is there for good. */
IommuModel *iommu_model_new(const char *kind, const IommuModelMemory *memory);
uint32_t iommu_model_read(IommuModel *model, uint32_t offset);
void iommu_model_write(IommuModel *model, uint32_t offset, uint32_t value);
void iommu_model_set_power(IommuModel *model, bool on);
void iommu_model_set_clock(IommuModel *model, bool on);
void iommu_model_set_reset(IommuModel *model, bool asserted);
bool iommu_model_irq(const IommuModel *model);
/* Where an access that ends in its page goes: false if nowhere. */
bool iommu_model_access(IommuModel *model, uint32_t master, uint64_t va,
                        size_t len, bool write, uint64_t *pa);
/* Bytes of the pages that it translates. */
uint64_t iommu_model_page_size(const IommuModel *model);
bool iommu_model_knob(IommuModel *model, const char *name, uint32_t value);
/* The report on accesses begins anew. */
void iommu_model_mark(IommuModel *model);
/* The counters are 0. */
void iommu_model_clear(IommuModel *model);
/*
 * A text that free() takes: the report (0), counters (1), registers (2), knobs
 * (3), the last accesses (4) or register writes (5); else empty.
 */
char *iommu_model_show(const IommuModel *model, uint32_t which);

#endif
