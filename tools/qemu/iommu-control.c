// SPDX-License-Identifier: GPL-2.0
/*
 * A register window by which a test reads and changes the model's state. No real
 * board has it. Texts are written to and read from a buffer in the window.
 */

#include "qemu/osdep.h"

#include "iommu-board.h"

#define CONTROL_ADDR 0x0f000000

enum {
    CONTROL_ID = 0x00,          /* reads CONTROL_ID_VALUE */
    CONTROL_SHOW = 0x04,        /* a write puts the text of this number into the buffer */
    CONTROL_LENGTH = 0x08,      /* length of the text, in bytes */
    CONTROL_MARK = 0x0c,        /* a write resets the report */
    CONTROL_CLEAR = 0x10,       /* a write clears the counters */
    CONTROL_KNOB = 0x14,        /* a write sets the knob that the buffer names */
    CONTROL_TURNED = 0x18,      /* 1 if the last write of KNOB found the knob */
    CONTROL_ALLOW = 0x1c,       /* a write lets the engines access the page of this frame */
    CONTROL_FORBID = 0x20,      /* a write does not let them any more */
    CONTROL_POWER = 0x24,       /* a write switches the IOMMU's power domain */
};

#define CONTROL_ID_VALUE 0x554d4d49

static void show(IommuBoard *s, uint32_t which)
{
    g_autofree char *text = iommu_model_show(s->model, which);

    s->length = MIN(strlen(text), sizeof(s->buffer));
    memcpy(s->buffer, text, s->length);
}

static void turn(IommuBoard *s)
{
    char name[32];
    unsigned int number;

    s->buffer[sizeof(s->buffer) - 1] = 0;
    s->length = sscanf((char *)s->buffer, "%31s %u", name, &number) == 2 &&
                iommu_model_knob(s->model, name, number);
}

static uint64_t control_read(void *opaque, hwaddr offset, unsigned int size)
{
    IommuBoard *s = opaque;

    if (offset >= CONTROL_BUFFER) {
        return ldl_le_p(s->buffer + offset - CONTROL_BUFFER);
    }
    switch (offset) {
    case CONTROL_ID:
        return CONTROL_ID_VALUE;
    case CONTROL_LENGTH:
    case CONTROL_TURNED:
        return s->length;
    default:
        return 0;
    }
}

static void control_write(void *opaque, hwaddr offset, uint64_t value,
                          unsigned int size)
{
    IommuBoard *s = opaque;

    if (offset >= CONTROL_BUFFER) {
        stl_le_p(s->buffer + offset - CONTROL_BUFFER, value);
        return;
    }
    switch (offset) {
    case CONTROL_SHOW:
        show(s, value);
        break;
    case CONTROL_MARK:
        iommu_model_mark(s->model);
        break;
    case CONTROL_CLEAR:
        iommu_model_clear(s->model);
        break;
    case CONTROL_ALLOW:
    case CONTROL_FORBID:
        iommu_engine_allow(s->model, value, offset == CONTROL_ALLOW);
        break;
    case CONTROL_POWER:
        iommu_model_set_power(s->model, value);
        iommu_board_update_irq(s);
        break;
    case CONTROL_KNOB:
        turn(s);
        iommu_board_update_irq(s);
        break;
    }
}

static const MemoryRegionOps control_ops = {
    .read = control_read,
    .write = control_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

void iommu_board_add_control(IommuBoard *s)
{
    memory_region_init_io(&s->control, OBJECT(s), &control_ops, s, "control",
                          CONTROL_SIZE);
    iommu_board_map(s, &s->control, CONTROL_ADDR);
}
