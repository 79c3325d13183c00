/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Samples of the CPU's cycle counter, for a module of one file. board_cost in
 * debugfs has a line for each case: name, bytes, median, total of all samples.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/perf/arm_pmuv3.h>
#include <linux/seq_file.h>
#include <linux/sort.h>
#include <linux/string.h>

#define SAMPLES		21

static struct {
	char name[32];
	size_t size;
	u64 median, total;
} rows[64];
static unsigned int nr_rows;
static struct dentry *file;

static void counter_on(void)
{
	write_pmccfiltr(0);
	write_pmcntenset(BIT(31));
	write_pmcr(read_pmcr() | ARMV8_PMU_PMCR_E | ARMV8_PMU_PMCR_LC);
	isb();
}

/* The CPU's cycles, of which each instruction is one under QEMU's -icount. */
static u64 ticks(void)
{
	isb();
	return read_pmccntr();
}

static int compare(const void *a, const void *b)
{
	return *(const u64 *)a < *(const u64 *)b ? -1 : *(const u64 *)a > *(const u64 *)b;
}

/* Keeps the row of a case, and sorts its samples. */
static void keep(const char *name, size_t size, u64 *samples, unsigned int nr)
{
	unsigned int i;

	if (WARN_ON(nr_rows == ARRAY_SIZE(rows)))
		return;
	strscpy(rows[nr_rows].name, name);
	rows[nr_rows].size = size;
	for (i = 0; i < nr; i++)
		rows[nr_rows].total += samples[i];
	sort(samples, nr, sizeof(*samples), compare, NULL);
	rows[nr_rows++].median = samples[nr / 2];
}

static int cost_show(struct seq_file *s, void *unused)
{
	unsigned int i;

	for (i = 0; i < nr_rows; i++)
		seq_printf(s, "%s %zu %llu %llu\n", rows[i].name, rows[i].size,
			   rows[i].median, rows[i].total);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cost);

static void samples_show(void)
{
	file = debugfs_create_file("board_cost", 0400, NULL, NULL, &cost_fops);
}

static void samples_hide(void)
{
	debugfs_remove(file);
}

#endif
