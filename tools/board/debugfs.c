// SPDX-License-Identifier: GPL-2.0
/*
 * The debugfs files of the board itself. Those of a model are in hw.c and master.c.
 */
#include <linux/module.h>
#include <linux/seq_file.h>

#include "board.h"

static int stats_show(struct seq_file *s, void *unused)
{
	board_intc_show(s);
	seq_printf(s, "stray_reads %llu\nstray_writes %llu\nlast_stray 0x%llx\n",
		   board_mem_strays(false), board_mem_strays(true),
		   board_mem_last_stray());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int late_set(void *data, u64 value)
{
	return value ? board_ccu_late() : -EINVAL;
}
DEFINE_DEBUGFS_ATTRIBUTE(late_fops, NULL, late_set, "%llu\n");

static int fail_clock_get(void *data, u64 *value)
{
	*value = board_ccu_fail_clocks();
	return 0;
}

static int fail_clock_set(void *data, u64 value)
{
	board_ccu_fail(value, board_ccu_fail_resets());
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(fail_clock_fops, fail_clock_get, fail_clock_set, "%llu\n");

static int fail_reset_get(void *data, u64 *value)
{
	*value = board_ccu_fail_resets();
	return 0;
}

static int fail_reset_set(void *data, u64 value)
{
	board_ccu_fail(board_ccu_fail_clocks(), value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(fail_reset_fops, fail_reset_get, fail_reset_set, "%llu\n");

static int lose_set(void *data, u64 value)
{
	board_power_lose(value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(lose_fops, NULL, lose_set, "%llu\n");

static int hold_get(void *data, u64 *value)
{
	*value = board_intc_held();
	return 0;
}

static int hold_set(void *data, u64 value)
{
	board_intc_hold(value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(hold_fops, hold_get, hold_set, "%llu\n");

/*
 * Gives the writing task a real-time priority: a worker that it has queued does
 * not run before it sleeps, even if it prints a lot meanwhile.
 */
static int go_first_set(void *data, u64 value)
{
	if (value)
		sched_set_fifo_low(current);
	else
		sched_set_normal(current, 0);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(go_first_fops, NULL, go_first_set, "%llu\n");

struct dentry *board_debugfs_init(void)
{
	struct dentry *root = debugfs_create_dir("board", NULL);

	board_devices_init(root);
	board_scanout_init(root);
	debugfs_create_file("stats", 0400, root, NULL, &stats_fops);
	debugfs_create_file_unsafe("late_supplier", 0200, root, NULL, &late_fops);
	debugfs_create_file_unsafe("fail_clock", 0600, root, NULL, &fail_clock_fops);
	debugfs_create_file_unsafe("fail_reset", 0600, root, NULL, &fail_reset_fops);
	debugfs_create_file_unsafe("go_first", 0200, root, NULL, &go_first_fops);
	debugfs_create_file_unsafe("lose_in_sleep", 0200, root, NULL, &lose_fops);
	debugfs_create_file_unsafe("hold_irq", 0600, root, NULL, &hold_fops);
	board_poke_init(root);
	return root;
}
