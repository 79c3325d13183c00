// SPDX-License-Identifier: GPL-2.0
/*
 * A modelled IOMMU and the masters behind it, for the virt machine.
 *
 *   -device iommu-board,kind=h6[,knobs=NAME=NUMBER:NAME=NUMBER...]
 *
 * Registers are at the SoC's addresses, on a bus that begins at 4 GiB, or at 2 GiB
 * for SoCs with 32-bit CPUs, and interrupts have the SoC's numbers. The IOMMU's model is in tools/models. The
 * masters are QEMU's own devices, whose accesses the IOMMU translates. Knobs are
 * set before the machine starts, so they can describe what firmware leaves.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "hw/intc/arm_gic_common.h"
#include "hw/intc/arm_gicv3_common.h"
#include "hw/qdev-properties.h"

#include "iommu-board.h"

#define REGS_SIZE 0x4000
#define CCU_ADDR 0x03001000
/* The IOMMU's gate and reset. */
#define CCU_IOMMU 0x7bc
#define CCU_GATE (1U << 0)
#define CCU_RESET (1U << 16)
/* An enabled PLL reads as locked. */
#define PLL_END 0x100
#define PLL_ENABLE (1U << 31)
#define PLL_LOCK (1U << 28)
/* Tegra's APB MISC, with chip ID and strapping options, which are 0. */
#define MISC_ADDR 0x70000000
#define MISC_SIZE 0x1000

static const IommuBoardKind kinds[] = {
    { .name = "h6", .base = 4 * GiB, .regs = 0x030f0000, .spi = 57, .ccu = true },
    { .name = "h616", .base = 4 * GiB, .regs = 0x030f0000, .spi = 61, .ccu = true },
    { .name = "t8103", .base = 4 * GiB, .regs = 0x030f0000, .spi = 58, .pci = true },
    { .name = "t124", .base = 2 * GiB, .regs = 0x70019000, .spi = 77, .pci = true, .tegra = true },
    { .name = "t132", .base = 4 * GiB, .regs = 0x70019000, .spi = 77, .pci = true, .tegra = true },
    { .name = "t210", .base = 4 * GiB, .regs = 0x70019000, .spi = 77, .pci = true, .tegra = true },
};

void iommu_board_update_irq(IommuBoard *s)
{
    qemu_set_irq(s->irq, iommu_model_irq(s->model));
}

/* Memory for the model's table walks and its debug port. */
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

    if (iommu_model_access(s->model, port->number, va, 1, write, &pa)) {
        entry.translated_addr = pa & ~mask;
        entry.perm = write ? IOMMU_WO : IOMMU_RO;
    }
    iommu_board_update_irq(s);
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

    iommu_board_update_irq(s);
    return value;
}

static void regs_write(void *opaque, hwaddr offset, uint64_t value,
                       unsigned int size)
{
    IommuBoard *s = opaque;

    iommu_model_write(s->model, offset, value);
    iommu_board_update_irq(s);
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
        iommu_board_update_irq(s);
    }
}

static const MemoryRegionOps ccu_ops = {
    .read = ccu_read,
    .write = ccu_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

void iommu_board_map(IommuBoard *s, MemoryRegion *mr, hwaddr addr)
{
    memory_region_add_subregion(get_system_memory(), s->what->base + addr, mr);
}

qemu_irq iommu_board_spi(IommuBoard *s, unsigned int spi)
{
    return qdev_get_gpio_in(s->gic, spi);
}

static DeviceState *find_gic(void)
{
    Object *gic = object_resolve_path_type("", TYPE_ARM_GICV3_COMMON, NULL);

    if (!gic) {
        gic = object_resolve_path_type("", TYPE_ARM_GIC_COMMON, NULL);
    }
    return gic ? DEVICE(gic) : NULL;
}

static bool set_knobs(IommuBoard *s, Error **errp)
{
    g_auto(GStrv) pairs = g_strsplit(s->knobs ?: "", ":", -1);
    unsigned int i;

    for (i = 0; pairs[i]; i++) {
        char *value = strchr(pairs[i], '=');
        unsigned int number;

        if (!value || qemu_strtoui(value + 1, NULL, 0, &number)) {
            error_setg(errp, "'%s' is not NAME=NUMBER", pairs[i]);
            return false;
        }
        *value = 0;
        if (!iommu_model_knob(s->model, pairs[i], number)) {
            error_setg(errp, "there is no knob '%s', or it has no setting %u",
                       pairs[i], number);
            return false;
        }
    }
    return true;
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
    if (!set_knobs(s, errp)) {
        return;
    }
    s->gic = find_gic();
    if (!s->gic) {
        error_setg(errp, "the machine has no GIC");
        return;
    }
    s->irq = iommu_board_spi(s, s->what->spi);

    memory_region_init_io(&s->regs, OBJECT(s), &regs_ops, s, "iommu", REGS_SIZE);
    iommu_board_map(s, &s->regs, s->what->regs);
    if (s->what->ccu) {
        memory_region_init_io(&s->ccu, OBJECT(s), &ccu_ops, s, "ccu", CCU_SIZE);
        iommu_board_map(s, &s->ccu, CCU_ADDR);
    } else {
        /* This kind has no device that switches power or clock. */
        iommu_model_set_power(s->model, true);
        iommu_model_set_clock(s->model, true);
    }
    if (s->what->tegra) {
        memory_region_init_rom(&s->misc, OBJECT(s), "misc", MISC_SIZE, &error_abort);
        iommu_board_map(s, &s->misc, MISC_ADDR);
        iommu_board_add_engines(s);
    }
    iommu_board_add_control(s);
    for (i = 0; i < ARRAY_SIZE(s->ports); i++) {
        memory_region_init_iommu(&s->ports[i], sizeof(s->ports[i]),
                                 TYPE_IOMMU_BOARD_PORT, OBJECT(s), "port",
                                 UINT64_MAX);
        s->ports[i].board = s;
        s->ports[i].number = i;
    }
    iommu_board_add_masters(s, errp);
}

static const Property board_properties[] = {
    DEFINE_PROP_STRING("kind", IommuBoard, kind),
    DEFINE_PROP_STRING("knobs", IommuBoard, knobs),
};

static void board_class_init(ObjectClass *class, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(class);

    dc->desc = "modelled IOMMU with masters";
    dc->realize = board_realize;
    dc->hotpluggable = false;
    device_class_set_props(dc, board_properties);
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
