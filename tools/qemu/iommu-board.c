// SPDX-License-Identifier: GPL-2.0
/*
 * A modelled IOMMU and the DMA masters behind it, for the virt machine.
 *
 *   -device iommu-board,kind=h6
 *
 * Registers are where the SoC has them, on a bus that begins at SOC_BASE, and
 * interrupts have its numbers. What the IOMMU does is in tools/models; the
 * masters are devices of QEMU's own, whose accesses go through it.
 *
 * Properties for tests: "counters" is what the model has counted, and writing
 * "NAME VALUE" to "knob" changes what it does.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "hw/boards.h"
#include "hw/intc/arm_gic_common.h"
#include "hw/intc/arm_gicv3_common.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "qom/object.h"

#include "iommu-models.h"

#define TYPE_IOMMU_BOARD "iommu-board"
OBJECT_DECLARE_SIMPLE_TYPE(IommuBoard, IOMMU_BOARD)

#define TYPE_IOMMU_BOARD_PORT "iommu-board-port"
OBJECT_DECLARE_SIMPLE_TYPE(Port, IOMMU_BOARD_PORT)

/* Where the SoC's bus begins in the machine's address space. */
#define SOC_BASE 0x100000000ULL

#define REGS_SIZE 0x4000
#define CCU_ADDR 0x03001000
#define CCU_SIZE 0x1000
/* The IOMMU's gate and reset. */
#define CCU_IOMMU 0x7bc
#define CCU_GATE (1U << 0)
#define CCU_RESET (1U << 16)
/* A PLL that is enabled has locked. */
#define PLL_END 0x100
#define PLL_ENABLE (1U << 31)
#define PLL_LOCK (1U << 28)

#define PL330_EVENTS 8

typedef struct {
    const char *name;
    hwaddr regs;
    unsigned int spi;
} Kind;

static const Kind kinds[] = {
    { "h6", 0x030f0000, 57 },
};

/* DMA engines, and the port each has at the IOMMU. */
static const struct {
    const char *name;
    hwaddr regs;
    unsigned int spi;
    unsigned int port;
} engines[] = {
    { "dma0", 0x02000000, 128, 0 },
    { "dma1", 0x02001000, 144, 1 },
};

/* What a master sees of the machine's memory. */
struct Port {
    IOMMUMemoryRegion parent_obj;
    IommuBoard *board;
    uint32_t master;
};

struct IommuBoard {
    DeviceState parent_obj;
    char *kind;
    const Kind *what;
    IommuModel *model;
    MemoryRegion regs;
    MemoryRegion ccu;
    uint32_t ccu_regs[CCU_SIZE / 4];
    Port ports[ARRAY_SIZE(engines)];
    DeviceState *gic;
    qemu_irq irq;
};

static void update_irq(IommuBoard *s)
{
    qemu_set_irq(s->irq, iommu_model_irq(s->model));
}

/* Memory as the model's table walks and its debug port see it. */
static bool ram_read(uint64_t pa, uint8_t *buf, size_t len)
{
    return address_space_read(&address_space_memory, pa,
                              MEMTXATTRS_UNSPECIFIED, buf, len) == MEMTX_OK;
}

static bool ram_write(uint64_t pa, const uint8_t *buf, size_t len)
{
    return address_space_write(&address_space_memory, pa,
                               MEMTXATTRS_UNSPECIFIED, buf, len) == MEMTX_OK;
}

static const IommuModelMemory ram = {
    .read = ram_read,
    .write = ram_write,
};

static IOMMUTLBEntry port_translate(IOMMUMemoryRegion *mr, hwaddr va,
                                    IOMMUAccessFlags flag, int index)
{
    Port *port = IOMMU_BOARD_PORT(mr);
    IommuBoard *s = port->board;
    hwaddr mask = iommu_model_page_size(s->model) - 1;
    IOMMUTLBEntry entry = {
        .target_as = &address_space_memory,
        .iova = va & ~mask,
        .addr_mask = mask,
        .perm = IOMMU_NONE,
    };
    bool write = flag & IOMMU_WO;
    uint64_t pa;

    if (iommu_model_access(s->model, port->master, va, 1, write, &pa)) {
        entry.translated_addr = pa & ~mask;
        entry.perm = write ? IOMMU_WO : IOMMU_RO;
    }
    update_irq(s);
    return entry;
}

static uint64_t port_page_size(IOMMUMemoryRegion *mr)
{
    return iommu_model_page_size(IOMMU_BOARD_PORT(mr)->board->model);
}

static void port_class_init(ObjectClass *class, void *data)
{
    IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_CLASS(class);

    imrc->translate = port_translate;
    imrc->get_min_page_size = port_page_size;
}

static uint64_t regs_read(void *opaque, hwaddr offset, unsigned int size)
{
    IommuBoard *s = opaque;
    uint32_t value = iommu_model_read(s->model, offset);

    update_irq(s);
    return value;
}

static void regs_write(void *opaque, hwaddr offset, uint64_t value,
                       unsigned int size)
{
    IommuBoard *s = opaque;

    iommu_model_write(s->model, offset, value);
    update_irq(s);
}

static const MemoryRegionOps regs_ops = {
    .read = regs_read,
    .write = regs_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static uint64_t ccu_read(void *opaque, hwaddr offset, unsigned int size)
{
    IommuBoard *s = opaque;
    uint32_t value = s->ccu_regs[offset / 4];

    if (offset < PLL_END && value & PLL_ENABLE) {
        value |= PLL_LOCK;
    }
    return value;
}

static void ccu_write(void *opaque, hwaddr offset, uint64_t value,
                      unsigned int size)
{
    IommuBoard *s = opaque;

    s->ccu_regs[offset / 4] = value;
    if (offset == CCU_IOMMU) {
        iommu_model_set_clock(s->model, value & CCU_GATE);
        iommu_model_set_reset(s->model, !(value & CCU_RESET));
        update_irq(s);
    }
}

static const MemoryRegionOps ccu_ops = {
    .read = ccu_read,
    .write = ccu_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static void map(MemoryRegion *mr, hwaddr addr)
{
    memory_region_add_subregion(get_system_memory(), SOC_BASE + addr, mr);
}

static bool add_engine(IommuBoard *s, unsigned int n, Error **errp)
{
    DeviceState *dev = qdev_new("pl330");
    SysBusDevice *bus = SYS_BUS_DEVICE(dev);
    unsigned int i;

    /* Below the board it would count as given on the command line. */
    object_property_add_child(qdev_get_machine(), engines[n].name, OBJECT(dev));
    object_property_set_link(OBJECT(dev), "memory",
                             OBJECT(&s->ports[engines[n].port]), &error_abort);
    qdev_prop_set_uint8(dev, "num_events", PL330_EVENTS);
    if (!sysbus_realize_and_unref(bus, errp)) {
        return false;
    }
    map(sysbus_mmio_get_region(bus, 0), engines[n].regs);
    /* Aborts, and then one line for each event. */
    for (i = 0; i < 1 + PL330_EVENTS; i++) {
        sysbus_connect_irq(bus, i, qdev_get_gpio_in(s->gic, engines[n].spi + i));
    }
    return true;
}

static DeviceState *find_gic(void)
{
    Object *gic = object_resolve_path_type("", TYPE_ARM_GICV3_COMMON, NULL);

    if (!gic) {
        gic = object_resolve_path_type("", TYPE_ARM_GIC_COMMON, NULL);
    }
    return gic ? DEVICE(gic) : NULL;
}

static void board_realize(DeviceState *dev, Error **errp)
{
    IommuBoard *s = IOMMU_BOARD(dev);
    unsigned int i;

    for (i = 0; s->kind && i < ARRAY_SIZE(kinds); i++) {
        if (!strcmp(kinds[i].name, s->kind)) {
            s->what = &kinds[i];
        }
    }
    s->model = s->what ? iommu_model_new(s->kind, &ram) : NULL;
    if (!s->model) {
        error_setg(errp, "there is no kind '%s'", s->kind ?: "");
        return;
    }
    s->gic = find_gic();
    if (!s->gic) {
        error_setg(errp, "the machine has no GIC");
        return;
    }
    s->irq = qdev_get_gpio_in(s->gic, s->what->spi);

    memory_region_init_io(&s->regs, OBJECT(s), &regs_ops, s, "iommu", REGS_SIZE);
    map(&s->regs, s->what->regs);
    memory_region_init_io(&s->ccu, OBJECT(s), &ccu_ops, s, "ccu", CCU_SIZE);
    map(&s->ccu, CCU_ADDR);
    for (i = 0; i < ARRAY_SIZE(s->ports); i++) {
        memory_region_init_iommu(&s->ports[i], sizeof(s->ports[i]),
                                 TYPE_IOMMU_BOARD_PORT, OBJECT(s), "port",
                                 UINT64_MAX);
        s->ports[i].board = s;
        s->ports[i].master = i;
    }
    for (i = 0; i < ARRAY_SIZE(engines); i++) {
        if (!add_engine(s, i, errp)) {
            return;
        }
    }
}

static char *get_counters(Object *obj, Error **errp)
{
    g_autofree char *text = iommu_model_counters(IOMMU_BOARD(obj)->model);

    return g_strdup(text);
}

static void set_knob(Object *obj, const char *value, Error **errp)
{
    char name[32];
    unsigned int number;

    if (sscanf(value, "%31s %u", name, &number) != 2 ||
        !iommu_model_knob(IOMMU_BOARD(obj)->model, name, number)) {
        error_setg(errp, "no such knob: '%s'", value);
    }
}

static const Property board_properties[] = {
    DEFINE_PROP_STRING("kind", IommuBoard, kind),
};

static void board_class_init(ObjectClass *class, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(class);

    dc->desc = "modelled IOMMU with masters";
    dc->realize = board_realize;
    dc->hotpluggable = false;
    device_class_set_props(dc, board_properties);
    object_class_property_add_str(class, "counters", get_counters, NULL);
    object_class_property_add_str(class, "knob", NULL, set_knob);
}

static const TypeInfo types[] = {
    {
        .name = TYPE_IOMMU_BOARD,
        .parent = TYPE_DEVICE,
        .instance_size = sizeof(IommuBoard),
        .class_init = board_class_init,
    }, {
        .name = TYPE_IOMMU_BOARD_PORT,
        .parent = TYPE_IOMMU_MEMORY_REGION,
        .instance_size = sizeof(Port),
        .class_init = port_class_init,
    },
};

DEFINE_TYPES(types)
