// SPDX-License-Identifier: GPL-2.0
/*
 * The file "poke": a line "ADDRESS VALUE" writes a register of the SoC, as firmware
 * would have done before this kernel booted.
 */
#include <linux/debugfs.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "board.h"

static ssize_t poke_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	u32 address, value;
	void __iomem *reg;
	char line[32];

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = 0;
	if (sscanf(line, "%i %i", (int *)&address, (int *)&value) != 2 ||
	    address >= BOARD_SOC_SIZE)
		return -EINVAL;
	reg = ioremap(BOARD_SOC_BASE + address, sizeof(u32));
	if (!reg)
		return -ENXIO;
	writel(value, reg);
	iounmap(reg);
	return len;
}

static const struct file_operations poke_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = poke_write,
};

void board_poke_init(struct dentry *root)
{
	debugfs_create_file("poke", 0200, root, NULL, &poke_fops);
}
