/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Declarations shared by the files of the device iommu-board.
 */
#ifndef HW_MISC_IOMMU_BOARD_H
#define HW_MISC_IOMMU_BOARD_H

#include "exec/memory.h"
#include "hw/irq.h"
#include "hw/qdev-core.h"
#include "qom/object.h"

#include "iommu-models.h"

#define TYPE_IOMMU_BOARD "iommu-board"
OBJECT_DECLARE_SIMPLE_TYPE(IommuBoard, IOMMU_BOARD)

#define TYPE_IOMMU_BOARD_PORT "iommu-board-port"
OBJECT_DECLARE_SIMPLE_TYPE(Port, IOMMU_BOARD_PORT)

/* Ports of the IOMMU: as many as the streams of the T8103's DART. */
#define IOMMU_BOARD_PORTS 16

/* The test's own DMA engines. */
#define IOMMU_BOARD_ENGINES 3

#define CONTROL_SIZE 0x10000
#define CONTROL_BUFFER 0x1000
#define CCU_SIZE 0x1000

typedef struct {
    const char *name;
    hwaddr base;    /* the start of the SoC's bus in the machine's address space */
    hwaddr regs;
    unsigned int spi;
    bool ccu;       /* has gate and reset in an Allwinner clock controller */
    bool pci;       /* the functions of the PCI bus are also behind it */
    bool tegra;     /* has the APB MISC block, and the test's own engines */
} IommuBoardKind;

/* A master's view of the machine's memory. */
struct Port {
    IOMMUMemoryRegion parent_obj;
    IommuBoard *board;
    uint32_t number;
    AddressSpace as;    /* of a PCI function */
};

typedef struct {
    IommuBoard *board;
    unsigned int number;
    MemoryRegion regs;
} Engine;

struct IommuBoard {
    DeviceState parent_obj;
    char *kind;
    char *knobs;
    const IommuBoardKind *what;
    IommuModel *model;
    MemoryRegion regs;
    MemoryRegion ccu;
    MemoryRegion misc;
    MemoryRegion control;
    uint32_t ccu_regs[CCU_SIZE / 4];
    uint8_t buffer[CONTROL_SIZE - CONTROL_BUFFER];
    uint32_t length;
    Port ports[IOMMU_BOARD_PORTS];
    Engine engines[IOMMU_BOARD_ENGINES];
    DeviceState *gic;
    qemu_irq irq;
};

/* Maps registers at an address of the SoC's bus. */
void iommu_board_map(IommuBoard *s, MemoryRegion *mr, hwaddr addr);
/* The model may have raised or lowered its interrupt. */
void iommu_board_update_irq(IommuBoard *s);
qemu_irq iommu_board_spi(IommuBoard *s, unsigned int spi);

/* iommu-masters.c */
bool iommu_board_add_masters(IommuBoard *s, Error **errp);
void iommu_board_add_engines(IommuBoard *s);

/* iommu-control.c */
void iommu_board_add_control(IommuBoard *s);

#endif
