// SPDX-License-Identifier: GPL-2.0
/*
 * The DMA masters: engines, each with its own register window and a wire to an
 * IOMMU. The wiring is that of the hardware and does not depend on the devicetree
 * or a driver.
 *
 * A wire leads to one port of the IOMMU: a master, a stream, or a memory client of
 * a Tegra. On Tegra it may lead to a swgroup instead, whose clients take turns. So
 * an engine soon makes an access of each client, and any client that a driver has
 * forgotten shows. On hardware a client either reads or writes. Here each does both.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "board.h"
#include "export.h"
#include "models.h"

#define ENGINE_SIZE	0x1000

struct engine {
	raw_spinlock_t lock;
	u32 start;
	u32 iommu;
	u32 master;		/* the port, or the number of the swgroup */
	bool swgroup;
	u32 turns[2];		/* of a swgroup's clients, for reads and for writes */
};

/*
 * The first three engines have the places of the H6's mixer0, video codec and G2
 * decoder. The fourth has the last free port of either SoC: CSI, or G2D on the
 * H616. The others exist only on this board, behind its further IOMMUs.
 */
static struct engine engines[BOARD_NR_ENGINES] = {
	{ .start = 0x01100000, .iommu = 0, .master = 0 },
	{ .start = 0x01c0e000, .iommu = 0, .master = 3 },
	{ .start = 0x01c00000, .iommu = 0, .master = 5 },
	{ .start = 0x02000000, .iommu = 0, .master = 4 },
	{ .start = 0x02001000, .iommu = 1, .master = 0 },
	{ .start = 0x02002000, .iommu = 1, .master = 3 },
	{ .start = 0x02003000, .iommu = 2, .master = 0 },
	{ .start = 0x02004000, .iommu = 3, .master = 0 },
};

static u32 engine_read(unsigned int i, u32 offset)
{
	unsigned long flags;
	u32 value;

	raw_spin_lock_irqsave(&engines[i].lock, flags);
	value = engine_model_read(i, offset);
	raw_spin_unlock_irqrestore(&engines[i].lock, flags);
	return value;
}

static void engine_write(unsigned int i, u32 offset, u32 value)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&engines[i].lock, flags);
	engine_model_write(i, offset, value);
	raw_spin_unlock_irqrestore(&engines[i].lock, flags);
}

int board_engine_find(u64 reg)
{
	int i;

	for (i = 0; i < BOARD_NR_ENGINES; i++)
		if (reg == BOARD_SOC_BASE + engines[i].start)
			return i;
	return -ENODEV;
}
EXPORT_SYMBOL_GPL(board_engine_find);

static int wire(int i, u32 iommu, u32 master, bool swgroup)
{
	struct engine *e;
	unsigned long flags;

	if (i < 0 || i >= BOARD_NR_ENGINES || iommu >= BOARD_NR_IOMMUS)
		return -EINVAL;
	e = &engines[i];
	raw_spin_lock_irqsave(&e->lock, flags);
	e->iommu = iommu;
	e->master = master;
	e->swgroup = swgroup;
	e->turns[0] = e->turns[1] = 0;
	raw_spin_unlock_irqrestore(&e->lock, flags);
	return 0;
}

int board_engine_wire(int i, u32 iommu, u32 master)
{
	return wire(i, iommu, master, false);
}
EXPORT_SYMBOL_GPL(board_engine_wire);

int board_engine_wire_swgroup(int i, u32 iommu, u32 swgroup)
{
	return board_is_tegra() ? wire(i, iommu, swgroup, true) : -EINVAL;
}
EXPORT_SYMBOL_GPL(board_engine_wire_swgroup);

/* A burst of an engine, called by its model. The caller of the model holds the engine's lock. */
int board_engine_port(u32 i, u64 va, u8 *buf, size_t len, bool write)
{
	struct engine *e = &engines[i];
	u32 port = e->master;

	if (e->swgroup)
		port = tegra_model_client(e->master, e->turns[write]++);
	return board_port(e->iommu, port, va, buf, len, write);
}

u32 board_engine_step(int i, size_t budget, size_t *moved)
{
	struct engine *e = &engines[i];
	unsigned long flags;
	u32 state;

	raw_spin_lock_irqsave(&e->lock, flags);
	state = engine_model_step(i, budget, moved);
	raw_spin_unlock_irqrestore(&e->lock, flags);
	board_intc_deliver();
	return state;
}
EXPORT_SYMBOL_GPL(board_engine_step);

void board_engine_reset(int i)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&engines[i].lock, flags);
	engine_model_reset(i);
	raw_spin_unlock_irqrestore(&engines[i].lock, flags);
}
EXPORT_SYMBOL_GPL(board_engine_reset);

static int wire_show(struct seq_file *s, void *unused)
{
	unsigned int i;

	for (i = 0; i < BOARD_NR_ENGINES; i++)
		seq_printf(s, "engine%u 0x%08x iommu%u %s %u\n", i,
			   engines[i].start, engines[i].iommu,
			   engines[i].swgroup ? "swgroup" : "master", engines[i].master);
	return 0;
}

static int wire_open(struct inode *inode, struct file *file)
{
	return single_open(file, wire_show, NULL);
}

/* "ENGINE IOMMU MASTER" or "ENGINE IOMMU swgroup NUMBER" */
static ssize_t wire_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	u32 engine, iommu, master;
	char line[48];
	int ret;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = 0;
	if (sscanf(line, "%u %u %u", &engine, &iommu, &master) == 3)
		ret = board_engine_wire(engine, iommu, master);
	else if (sscanf(line, "%u %u swgroup %u", &engine, &iommu, &master) == 3)
		ret = board_engine_wire_swgroup(engine, iommu, master);
	else
		ret = -EINVAL;
	return ret ?: len;
}

static const struct file_operations wire_fops = {
	.owner = THIS_MODULE,
	.open = wire_open,
	.read = seq_read,
	.write = wire_write,
	.llseek = seq_lseek,
	.release = single_release,
};

int board_master_init(struct dentry *root)
{
	unsigned int i;
	int ret;

	if (board_soc == BOARD_H616)
		engines[3].master = 6;
	for (i = 0; board_is_tegra() && i < BOARD_NR_ENGINES; i++) {
		engines[i].master = board_tegra_swgroup(i);
		engines[i].swgroup = true;
	}
	for (i = 0; i < BOARD_NR_ENGINES; i++) {
		struct board_window window = {
			.start = engines[i].start,
			.size = ENGINE_SIZE,
			.read = engine_read,
			.write = engine_write,
			.index = i,
		};

		raw_spin_lock_init(&engines[i].lock);
		ret = board_mmio_add(&window);
		if (ret)
			return ret;
	}
	debugfs_create_file("wiring", 0600, root, NULL, &wire_fops);
	return 0;
}
