// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's side of the QEMU board's control device, a register window to the
 * counters and knobs of an IOMMU model. Offers them in debugfs files like those
 * of the UML board.
 */
#include <linux/debugfs.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of_address.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "board.h"
#include "export.h"
#include "masters.h"

/* As in tools/qemu/iommu-control.c. */
#define CONTROL_ID	0x00
#define CONTROL_SHOW	0x04
#define CONTROL_LENGTH	0x08
#define CONTROL_MARK	0x0c
#define CONTROL_CLEAR	0x10
#define CONTROL_KNOB	0x14
#define CONTROL_TURNED	0x18
#define CONTROL_ALLOW	0x1c
#define CONTROL_FORBID	0x20
#define CONTROL_POWER	0x24
#define CONTROL_BUFFER	0x1000

#define CONTROL_ID_VALUE	0x554d4d49
#define CONTROL_SIZE		0x10000

enum text {
	TEXT_REPORT,
	TEXT_COUNTERS,
	TEXT_REGS,
	TEXT_KNOBS,
	TEXT_RECENT,
	TEXT_WRITES,
	TEXT_STRAYS,
	TEXT_MISUSE,
};

static void __iomem *regs;
static struct dentry *root;
/* The window has one buffer. */
static DEFINE_MUTEX(lock);

static void show(struct seq_file *s, unsigned long text)
{
	u32 length, at, i;

	mutex_lock(&lock);
	writel(text, regs + CONTROL_SHOW);
	length = readl(regs + CONTROL_LENGTH);
	for (at = 0; at < length; at += sizeof(u32)) {
		u32 four = readl(regs + CONTROL_BUFFER + at);

		for (i = 0; i < sizeof(four) && at + i < length; i++)
			seq_putc(s, four >> 8 * i);
	}
	mutex_unlock(&lock);
}

void board_hw_show_misuse(struct seq_file *s)
{
	show(s, TEXT_MISUSE);
}

static int text_show(struct seq_file *s, void *unused)
{
	show(s, (unsigned long)s->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(text);

/* "NAME VALUE" */
static ssize_t knob_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	u32 line[16] = {};
	unsigned int i;
	bool turned;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	mutex_lock(&lock);
	for (i = 0; i < ARRAY_SIZE(line); i++)
		writel(line[i], regs + CONTROL_BUFFER + i * sizeof(u32));
	writel(1, regs + CONTROL_KNOB);
	turned = readl(regs + CONTROL_TURNED);
	mutex_unlock(&lock);
	return turned ? len : -EINVAL;
}

static int knob_open(struct inode *inode, struct file *file)
{
	return single_open(file, text_show, (void *)TEXT_KNOBS);
}

static const struct file_operations knobs_fops = {
	.owner = THIS_MODULE,
	.open = knob_open,
	.read = seq_read,
	.write = knob_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* The pages that the engines may access: see export.h. */
static void set_pages(u64 pa, size_t size, unsigned int reg)
{
	u64 frame, end = DIV_ROUND_UP_ULL(pa + size, PAGE_SIZE);

	for (frame = pa >> PAGE_SHIFT; frame < end; frame++)
		writel(frame, regs + reg);
}

void board_dma_allow(u64 pa, size_t size)
{
	set_pages(pa, size, CONTROL_ALLOW);
}
EXPORT_SYMBOL_GPL(board_dma_allow);

void board_dma_forbid(u64 pa, size_t size)
{
	set_pages(pa, size, CONTROL_FORBID);
}
EXPORT_SYMBOL_GPL(board_dma_forbid);

void board_hw_set_power(unsigned int iommu, bool on)
{
	if (!iommu)
		writel(on, regs + CONTROL_POWER);
}

static int lose_set(void *data, u64 value)
{
	board_power_lose(value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(lose_fops, NULL, lose_set, "%llu\n");

static int mark_set(void *data, u64 value)
{
	writel(1, regs + CONTROL_MARK);
	if (value > 1)
		writel(1, regs + CONTROL_CLEAR);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(mark_fops, NULL, mark_set, "%llu\n");

static int __init control_init(void)
{
	static const struct {
		const char *name;
		unsigned long text;
	} texts[] = {
		{ "report", TEXT_REPORT },
		{ "counters", TEXT_COUNTERS },
		{ "regs", TEXT_REGS },
		{ "recent", TEXT_RECENT },
		{ "writes", TEXT_WRITES },
	};
	struct dentry *dir;
	unsigned int i;
	int ret;

	regs = ioremap(BOARD_SOC_BASE + BOARD_CONTROL, CONTROL_SIZE);
	if (!regs)
		return -ENOMEM;
	if (readl(regs + CONTROL_ID) != CONTROL_ID_VALUE) {
		pr_err("board_qemu: this machine has no device iommu-board\n");
		iounmap(regs);
		return -ENODEV;
	}
	ret = engines_init();
	if (ret)
		goto err_unmap;
	ret = board_power_init();
	if (ret)
		goto err_engines;
	root = debugfs_create_dir("board", NULL);
	dir = debugfs_create_dir("iommu0", root);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		debugfs_create_file(texts[i].name, 0400, dir, (void *)texts[i].text,
				    &text_fops);
	debugfs_create_file("knobs", 0600, dir, NULL, &knobs_fops);
	debugfs_create_file_unsafe("mark", 0200, dir, NULL, &mark_fops);
	debugfs_create_file("stats", 0400, root, (void *)TEXT_STRAYS, &text_fops);
	debugfs_create_file_unsafe("lose_in_sleep", 0200, root, NULL, &lose_fops);
	board_devices_init(root);
	board_poke_init(root);
	masters_init();
	return 0;

err_engines:
	engines_exit();
err_unmap:
	iounmap(regs);
	return ret;
}
module_init(control_init);

static void __exit control_exit(void)
{
	masters_exit();
	debugfs_remove(root);
	board_power_exit();
	engines_exit();
	iounmap(regs);
}
module_exit(control_exit);

MODULE_DESCRIPTION("The IOMMU board of QEMU, seen from its guest");
MODULE_LICENSE("GPL");
