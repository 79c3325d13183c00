// SPDX-License-Identifier: GPL-2.0
/*
 * The IOMMUs: the locks of the models, their registers on the bus, and their
 * interrupt lines.
 *
 * A master's access, translation and data together, is one critical section. So
 * an invalidation completes only after all accesses that used the old entry, as
 * on the real bus.
 */
#include <linux/module.h>
#include <linux/of_address.h>
#include <linux/of_irq.h>
#include <linux/seq_file.h>

#include "board.h"
#include "models.h"

#define IOMMU_SIZE	0x10000

static raw_spinlock_t locks[BOARD_MAX_IOMMUS];
static struct board_iommu iommus[BOARD_MAX_IOMMUS];
static unsigned int nr_iommus;

/* The level that each IOMMU drives a shared line to. */
static DEFINE_RAW_SPINLOCK(shared_lock);
static bool raised[BOARD_MAX_IOMMUS];

static const u32 bases[BOARD_NR_IOMMUS] = {
	0x030f0000, 0x030e0000, 0x030d0000, 0x030c0000,
};

static raw_spinlock_t *lock_of(unsigned int i)
{
	return &locks[i];
}

/* Sets IOMMU @i's level. The line is high while any IOMMU that shares it drives it high. */
static void shared_line(unsigned int i, bool level)
{
	unsigned int j;

	raw_spin_lock(&shared_lock);
	raised[i] = level;
	for (j = 0; j < nr_iommus; j++)
		level |= raised[j] && iommus[j].line == iommus[i].line;
	board_intc_set(iommus[i].line, level);
	raw_spin_unlock(&shared_lock);
}

/* Passes the line's level to the interrupt controller. The caller holds the lock. */
static bool line(unsigned int i)
{
	bool level = iommu_model_irq(i);

	if (iommus[i].shared)
		shared_line(i, level);
	else
		board_intc_set(iommus[i].line, level);
	return level;
}

static u32 hw_read(unsigned int i, u32 offset)
{
	unsigned long flags;
	u32 value;
	bool due;

	raw_spin_lock_irqsave(lock_of(i), flags);
	value = iommu_model_read(i, offset);
	due = line(i);
	raw_spin_unlock_irqrestore(lock_of(i), flags);
	if (due)
		board_intc_deliver();
	return value;
}

static void hw_write(unsigned int i, u32 offset, u32 value)
{
	unsigned long flags;
	bool due;

	raw_spin_lock_irqsave(lock_of(i), flags);
	iommu_model_write(i, offset, value);
	due = line(i);
	raw_spin_unlock_irqrestore(lock_of(i), flags);
	if (due)
		board_intc_deliver();
}

/* The caller delivers interrupts after it has dropped its own lock. */
void board_hw_set_clock(unsigned int i, bool on)
{
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(i), flags);
	iommu_model_set_clock(i, on);
	line(i);
	raw_spin_unlock_irqrestore(lock_of(i), flags);
}

void board_hw_set_reset(unsigned int i, bool asserted)
{
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(i), flags);
	iommu_model_set_reset(i, asserted);
	line(i);
	raw_spin_unlock_irqrestore(lock_of(i), flags);
}

void board_hw_set_power(unsigned int i, bool on)
{
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(i), flags);
	iommu_model_set_power(i, on);
	line(i);
	raw_spin_unlock_irqrestore(lock_of(i), flags);
}

int board_hw_find(u64 reg)
{
	int i;

	for (i = 0; i < nr_iommus; i++)
		if (reg == BOARD_SOC_BASE + iommus[i].start)
			return i;
	return -1;
}

unsigned int board_hw_count(void)
{
	return nr_iommus;
}

int board_port(u32 i, u32 port, u64 va, u8 *buf, size_t len, bool write)
{
	unsigned long flags;
	int ret;

	if (i >= nr_iommus)
		return BOARD_DMA_BUS;
	raw_spin_lock_irqsave(lock_of(i), flags);
	ret = iommu_model_dma(i, port, va, buf, len, write);
	line(i);
	raw_spin_unlock_irqrestore(lock_of(i), flags);
	return ret;
}

#define DEFINE_HW_SHOW(name)						\
static int name##_show(struct seq_file *s, void *unused)		\
{									\
	unsigned int i = (unsigned long)s->private;			\
	unsigned long flags;						\
									\
	raw_spin_lock_irqsave(lock_of(i), flags);			\
	iommu_model_show_##name(i, s);					\
	raw_spin_unlock_irqrestore(lock_of(i), flags);			\
	return 0;							\
}

DEFINE_HW_SHOW(counters)
DEFINE_SHOW_ATTRIBUTE(counters);
DEFINE_HW_SHOW(report)
DEFINE_SHOW_ATTRIBUTE(report);
DEFINE_HW_SHOW(recent)
DEFINE_SHOW_ATTRIBUTE(recent);
DEFINE_HW_SHOW(writes)
DEFINE_SHOW_ATTRIBUTE(writes);
DEFINE_HW_SHOW(knobs)

static ssize_t knobs_write(struct file *file, const char __user *buf, size_t len,
			   loff_t *pos)
{
	unsigned int i = (unsigned long)file_inode(file)->i_private;
	char line[64], name[32];
	unsigned long flags;
	u32 value;
	int ret;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = 0;
	if (sscanf(line, "%31s %i", name, (int *)&value) != 2)
		return -EINVAL;
	raw_spin_lock_irqsave(lock_of(i), flags);
	ret = iommu_model_knob(i, name, value);
	raw_spin_unlock_irqrestore(lock_of(i), flags);
	return ret ?: len;
}

DEFINE_SHOW_STORE_ATTRIBUTE(knobs);

static int mark_set(void *data, u64 value)
{
	unsigned int i = (unsigned long)data;
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(i), flags);
	iommu_model_mark(i);
	if (value > 1)
		iommu_model_clear(i);
	raw_spin_unlock_irqrestore(lock_of(i), flags);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(mark_fops, NULL, mark_set, "%llu\n");

/* Prints the counters of misuse, which must be the same after a story as before. */
void board_hw_show_misuse(struct seq_file *s)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < nr_iommus; i++) {
		raw_spin_lock_irqsave(lock_of(i), flags);
		iommu_model_show_misuse(i, s);
		raw_spin_unlock_irqrestore(lock_of(i), flags);
	}
}

DEFINE_HW_SHOW(regs)
DEFINE_SHOW_ATTRIBUTE(regs);

static int where_show(struct seq_file *s, void *unused)
{
	unsigned int i = (unsigned long)s->private;

	seq_printf(s, "%llx\n", BOARD_SOC_BASE + iommus[i].start);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(where);

/* The number of the interrupt line, and its level. */
static int line_show(struct seq_file *s, void *unused)
{
	unsigned int n = iommus[(unsigned long)s->private].line;

	seq_printf(s, "%u %u\n", n, board_intc_level(n));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(line);

static void add_files(unsigned int i, struct dentry *root)
{
	void *data = (void *)(unsigned long)i;
	struct dentry *dir;
	char name[16];

	snprintf(name, sizeof(name), "iommu%u", i);
	dir = debugfs_create_dir(name, root);
	debugfs_create_file("regs", 0400, dir, data, &regs_fops);
	debugfs_create_file("where", 0400, dir, data, &where_fops);
	debugfs_create_file("line", 0400, dir, data, &line_fops);
	debugfs_create_file("counters", 0400, dir, data, &counters_fops);
	debugfs_create_file("report", 0400, dir, data, &report_fops);
	debugfs_create_file("recent", 0400, dir, data, &recent_fops);
	debugfs_create_file("writes", 0400, dir, data, &writes_fops);
	debugfs_create_file("knobs", 0600, dir, data, &knobs_fops);
	debugfs_create_file_unsafe("mark", 0200, dir, data, &mark_fops);
}

/* Wires the interrupts as in the devicetree, where two IOMMUs may share a line. */
static void wire_lines(void)
{
	struct of_phandle_args irq;
	struct device_node *np;
	struct resource res;
	int i, j;

	for_each_node_with_property(np, "#iommu-cells") {
		if (of_address_to_resource(np, 0, &res) || of_irq_parse_one(np, 0, &irq))
			continue;
		of_node_put(irq.np);
		i = board_hw_find(res.start);
		if (i < 0 || irq.args_count != 3 || irq.args[0])
			continue;
		iommus[i].line = BOARD_SPI(irq.args[1]);
		for (j = 0; j < nr_iommus; j++)
			if (j != i && iommus[j].line == iommus[i].line)
				iommus[i].shared = iommus[j].shared = true;
	}
}

/* Describes the board's own IOMMUs. */
static void built_in(void)
{
	unsigned int i;

	for (i = 0; i < BOARD_NR_IOMMUS; i++) {
		iommus[i].start = bases[i];
		iommus[i].size = IOMMU_SIZE;
		iommus[i].line = BOARD_SPI(156 + i);
		iommus[i].kind = board_soc;
	}
	iommus[0].line = BOARD_SPI(board_soc == BOARD_H616 ? 61 : 57);
	if (board_is_tegra())
		board_tegra_place(iommus);
	nr_iommus = BOARD_NR_IOMMUS;
	wire_lines();
}

static int found_in_tree(void)
{
	int ret = board_apple_find(iommus, BOARD_MAX_IOMMUS);

	if (ret < 0)
		return ret;
	nr_iommus = ret;
	return nr_iommus > BOARD_NR_IOMMUS ? dart_model_add(nr_iommus - BOARD_NR_IOMMUS) : 0;
}

int board_hw_init(struct dentry *root)
{
	unsigned int i;
	int ret = 0;

	if (board_soc == BOARD_APPLE)
		ret = found_in_tree();
	else
		built_in();
	if (ret)
		return ret;

	for (i = 0; i < nr_iommus; i++) {
		struct board_window window = {
			.start = iommus[i].start,
			.size = iommus[i].size,
			.read = hw_read,
			.write = hw_write,
			.index = i,
		};

		raw_spin_lock_init(&locks[i]);
		iommu_model_init(i, iommus[i].kind);
		ret = board_mmio_add(&window);
		if (ret)
			return ret;
		add_files(i, root);
	}
	return 0;
}
