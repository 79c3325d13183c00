// SPDX-License-Identifier: GPL-2.0
/*
 * A master that no software paces: a display that scans out memory. A timer in
 * hard interrupt context makes its accesses, regardless of what the CPU runs.
 *
 * Writing "IOMMU PORT IOVA PERIOD_US MS" to board/scanout makes accesses for MS
 * milliseconds. Reading it then shows how many there were and how many passed.
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "board.h"
#include "models.h"

static struct {
	struct hrtimer timer;
	struct completion done;
	u32 iommu, port;
	u64 iova;
	ktime_t period, end;
	u64 accesses, passed;
} scan;
static DEFINE_MUTEX(lock);

static enum hrtimer_restart scan_fn(struct hrtimer *timer)
{
	u8 word[4];

	if (ktime_after(ktime_get(), scan.end)) {
		complete(&scan.done);
		return HRTIMER_NORESTART;
	}
	scan.accesses++;
	if (board_port(scan.iommu, scan.port, scan.iova, word, sizeof(word), false) == BOARD_DMA_OK)
		scan.passed++;
	board_intc_deliver();
	hrtimer_forward_now(timer, scan.period);
	return HRTIMER_RESTART;
}

static int scanout_show(struct seq_file *s, void *unused)
{
	mutex_lock(&lock);
	seq_printf(s, "accesses %llu passed %llu\n", scan.accesses, scan.passed);
	mutex_unlock(&lock);
	return 0;
}

static ssize_t scanout_write(struct file *file, const char __user *buf, size_t len,
			     loff_t *pos)
{
	u32 iommu, port, period, ms;
	char line[64];
	u64 iova;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = 0;
	if (sscanf(line, "%u %u %lli %u %u", &iommu, &port, (s64 *)&iova, &period, &ms) != 5 ||
	    !period)
		return -EINVAL;
	mutex_lock(&lock);
	scan.iommu = iommu;
	scan.port = port;
	scan.iova = iova;
	scan.accesses = 0;
	scan.passed = 0;
	scan.period = us_to_ktime(period);
	scan.end = ktime_add_ms(ktime_get(), ms);
	reinit_completion(&scan.done);
	hrtimer_start(&scan.timer, scan.period, HRTIMER_MODE_REL_HARD);
	wait_for_completion(&scan.done);
	mutex_unlock(&lock);
	return len;
}

static int scanout_open(struct inode *inode, struct file *file)
{
	return single_open(file, scanout_show, NULL);
}

static const struct file_operations scanout_fops = {
	.owner = THIS_MODULE,
	.open = scanout_open,
	.read = seq_read,
	.write = scanout_write,
	.release = single_release,
};

void board_scanout_init(struct dentry *root)
{
	hrtimer_setup(&scan.timer, scan_fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	init_completion(&scan.done);
	debugfs_create_file("scanout", 0600, root, NULL, &scanout_fops);
}
