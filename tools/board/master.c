// SPDX-License-Identifier: GPL-2.0
/*
 * The DMA masters: engines, each with its own register window and a wire to one
 * port of one IOMMU. The wiring is that of the hardware and does not depend on
 * the devicetree or a driver.
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
	u32 master;
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

int board_engine_wire(int i, u32 iommu, u32 master)
{
	unsigned long flags;

	if (i < 0 || i >= BOARD_NR_ENGINES || iommu >= BOARD_NR_IOMMUS)
		return -EINVAL;
	raw_spin_lock_irqsave(&engines[i].lock, flags);
	engines[i].iommu = iommu;
	engines[i].master = master;
	raw_spin_unlock_irqrestore(&engines[i].lock, flags);
	return 0;
}
EXPORT_SYMBOL_GPL(board_engine_wire);

u32 board_engine_step(int i, size_t budget, size_t *moved)
{
	struct engine *e = &engines[i];
	unsigned long flags;
	u32 state;

	raw_spin_lock_irqsave(&e->lock, flags);
	state = engine_model_step(i, e->iommu, e->master, budget, moved);
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
		seq_printf(s, "engine%u 0x%08x iommu%u master %u\n", i,
			   engines[i].start, engines[i].iommu, engines[i].master);
	return 0;
}

static int wire_open(struct inode *inode, struct file *file)
{
	return single_open(file, wire_show, NULL);
}

/* "ENGINE IOMMU MASTER" */
static ssize_t wire_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	u32 engine, iommu, master;
	char line[32];
	int ret;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = 0;
	if (sscanf(line, "%u %u %u", &engine, &iommu, &master) != 3)
		return -EINVAL;
	ret = board_engine_wire(engine, iommu, master);
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
