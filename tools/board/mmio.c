// SPDX-License-Identifier: GPL-2.0
/*
 * Registers. The SoC's bus is one region of the physical address space, with a
 * window for each part of the board.
 *
 * ioremap() looks up the window, so an access costs one indirect call. Neither
 * windows nor the region are ever removed.
 */
#include <linux/logic_iomem.h>
#include <linux/module.h>

#include "board.h"

#define MAX_WINDOWS	48

static struct board_window windows[MAX_WINDOWS];
static unsigned int nr_windows;

static struct resource soc_bus = {
	.name = "board soc bus",
	.start = BOARD_SOC_BASE,
	.end = BOARD_SOC_BASE + BOARD_SOC_SIZE - 1,
	.flags = IORESOURCE_MEM,
};

/*
 * A part of the bus is beyond the memory, and is at its own addresses as well: the devicetrees of
 * real Tegras have the memory controller there.
 */
static struct resource soc_low = {
	.name = "board soc bus, memory controller",
	.start = 0x70000000,
	.end = 0x7001ffff,
	.flags = IORESOURCE_MEM,
};

/* The bus has only aligned accesses of 32 bits. */
static bool is_odd(unsigned int offset, int size)
{
	return WARN(size != 4 || offset & 3, "board: access of %d bytes at %#x\n", size, offset);
}

static unsigned long window_read(void *priv, unsigned int offset, int size)
{
	struct board_window *w = priv;

	return is_odd(offset, size) ? 0 : w->read(w->index, offset);
}

static void window_write(void *priv, unsigned int offset, int size,
			 unsigned long value)
{
	struct board_window *w = priv;

	if (!is_odd(offset, size))
		w->write(w->index, offset, value);
}

static const struct logic_iomem_ops window_ops = {
	.read = window_read,
	.write = window_write,
};

static long soc_map(unsigned long offset, size_t size,
		    const struct logic_iomem_ops **ops, void **priv)
{
	unsigned int i, nr;

	/* Pairs with the release in board_mmio_add(). */
	nr = smp_load_acquire(&nr_windows);
	for (i = 0; i < nr; i++) {
		struct board_window *w = &windows[i];

		if (offset < w->start || offset + size > w->start + w->size)
			continue;
		*ops = &window_ops;
		*priv = w;
		return offset - w->start;
	}
	return -ENXIO;
}

static const struct logic_iomem_region_ops soc_ops = {
	.map = soc_map,
};

static long low_map(unsigned long offset, size_t size,
		    const struct logic_iomem_ops **ops, void **priv)
{
	return soc_map(soc_low.start + offset, size, ops, priv);
}

static const struct logic_iomem_region_ops low_ops = {
	.map = low_map,
};

/* Called only by the task that starts the board. */
int board_mmio_add(const struct board_window *window)
{
	if (nr_windows == MAX_WINDOWS)
		return -ENOSPC;
	if (window->start + window->size > resource_size(&soc_bus))
		return -ERANGE;
	windows[nr_windows] = *window;
	/* Pairs with the acquire in soc_map(). */
	smp_store_release(&nr_windows, nr_windows + 1);
	return 0;
}

int board_mmio_init(void)
{
	int ret;

	if (board_soc == BOARD_APPLE)
		soc_bus.end = BOARD_APPLE_END - 1;
	ret = logic_iomem_add_region(&soc_bus, &soc_ops);
	if (!ret && board_is_tegra())
		ret = logic_iomem_add_region(&soc_low, &low_ops);
	return ret;
}
