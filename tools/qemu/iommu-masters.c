// SPDX-License-Identifier: GPL-2.0
/*
 * The masters of the board: QEMU's own devices, and the test's own DMA engines,
 * each at a port of the IOMMU.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/boards.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/sd/sd.h"
#include "hw/sysbus.h"
#include "net/net.h"
#include "system/block-backend.h"

#include "iommu-board.h"

#define PL330_EVENTS 8
#define ENGINE_SIZE 0x1000

/* The port of the PCI functions with device number 0; the others follow. */
#define PCI_PORT 8

typedef struct {
    const char *name;
    const char *type;
    const char *link;       /* the property for its memory region */
    hwaddr regs;
    unsigned int spi;       /* its first interrupt */
    unsigned int nr_spis;
    unsigned int port;
} Master;

static const Master masters[] = {
    /* A line for aborts, and then one line for each event. */
    { "dma0", "pl330", "memory", 0x02000000, 176, 1 + PL330_EVENTS, 0 },
    { "dma1", "pl330", "memory", 0x02001000, 192, 1 + PL330_EVENTS, 1 },
    { "mmc", "generic-sdhci", "dma", 0x04020000, 208, 1, 2 },
    { "net0", "cadence_gem", "dma", 0x05020000, 209, 1, 3 },
    { "net1", "cadence_gem", "dma", 0x05030000, 210, 1, 4 },
};

/* Sets the properties of each kind of master. */
static void set_up(DeviceState *dev, const Master *m)
{
    if (!strcmp(m->type, "pl330")) {
        qdev_prop_set_uint8(dev, "num_events", PL330_EVENTS);
    } else if (!strcmp(m->type, "cadence_gem")) {
        qemu_configure_nic_device(dev, true, NULL);
    }
}

/* Inserts the card of "-drive if=none,id=sd", if any. */
static bool insert_card(DeviceState *host, Error **errp)
{
    BlockBackend *drive = blk_by_name("sd");
    DeviceState *card;

    if (!drive) {
        return true;
    }
    card = qdev_new(TYPE_SD_CARD);
    return qdev_prop_set_drive_err(card, "drive", drive, errp) &&
           qdev_realize_and_unref(card, qdev_get_child_bus(host, "sd-bus"), errp);
}

static bool add_master(IommuBoard *s, const Master *m, Error **errp)
{
    DeviceState *dev = qdev_new(m->type);
    SysBusDevice *bus = SYS_BUS_DEVICE(dev);
    unsigned int i;

    /* As a child of the board, it would count as given on the command line. */
    object_property_add_child(qdev_get_machine(), m->name, OBJECT(dev));
    object_property_set_link(OBJECT(dev), m->link, OBJECT(&s->ports[m->port]),
                             &error_abort);
    set_up(dev, m);
    if (!sysbus_realize_and_unref(bus, errp)) {
        return false;
    }
    iommu_board_map(s, sysbus_mmio_get_region(bus, 0), m->regs);
    for (i = 0; i < m->nr_spis; i++) {
        sysbus_connect_irq(bus, i, iommu_board_spi(s, m->spi + i));
    }
    return strcmp(m->name, "mmc") || insert_card(dev, errp);
}

static AddressSpace *pci_space(PCIBus *bus, void *opaque, int devfn)
{
    IommuBoard *s = opaque;
    unsigned int port = PCI_PORT + PCI_SLOT(devfn);

    if (port >= ARRAY_SIZE(s->ports)) {
        return &address_space_memory;
    }
    if (!s->ports[port].as.root) {
        address_space_init(&s->ports[port].as, MEMORY_REGION(&s->ports[port]), "pci");
    }
    return &s->ports[port].as;
}

static const PCIIOMMUOps pci_ops = {
    .get_address_space = pci_space,
};

bool iommu_board_add_masters(IommuBoard *s, Error **errp)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(masters); i++) {
        if (!add_master(s, &masters[i], errp)) {
            return false;
        }
    }
    if (s->what->pci) {
        Object *bus = object_resolve_path_type("", TYPE_PCIE_BUS, NULL);

        if (!bus) {
            error_setg(errp, "the machine has no PCI bus");
            return false;
        }
        pci_setup_iommu(PCI_BUS(bus), &pci_ops, s);
    }
    return true;
}

static uint64_t engine_read(void *opaque, hwaddr offset, unsigned int size)
{
    Engine *e = opaque;

    return iommu_engine_read(e->board->model, e->number, offset);
}

static void engine_write(void *opaque, hwaddr offset, uint64_t value,
                         unsigned int size)
{
    Engine *e = opaque;

    iommu_engine_write(e->board->model, e->number, offset, value);
    iommu_board_update_irq(e->board);
}

static const MemoryRegionOps engine_ops = {
    .read = engine_read,
    .write = engine_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

void iommu_board_add_engines(IommuBoard *s)
{
    static const hwaddr addresses[IOMMU_BOARD_ENGINES] = {
        0x01100000, 0x01c00000, 0x01c0e000,
    };
    unsigned int i;

    for (i = 0; i < IOMMU_BOARD_ENGINES; i++) {
        Engine *e = &s->engines[i];

        e->board = s;
        e->number = i;
        memory_region_init_io(&e->regs, OBJECT(s), &engine_ops, e, "engine", ENGINE_SIZE);
        iommu_board_map(s, &e->regs, addresses[i]);
    }
}
