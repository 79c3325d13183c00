// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark. It drives a pair of masters, each behind its own IOMMU
 * instance: the kernel's C driver serves one instance, the Rust driver the
 * other. A devicetree may have further pairs, whose masters have several
 * streams or are behind two instances. The names of their cases end in
 * ":streams" or ":two".
 *
 * debugfs board_bench/cmd takes a command (bench_cases.c), or "use PAIR", which
 * selects the pair for the commands that follow. board_bench/result reads the
 * output of the last command. board_bench/samples reads all samples so far: a
 * line for each case, size and side, in picoseconds a page or a call.
 *
 * The module cannot be unloaded, and the last domains it attached are never
 * freed: the C driver still uses a domain after it was detached and freed.
 */
#include <linux/debugfs.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_irq.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "bench.h"
#include "export.h"

struct row {
	struct list_head node;
	char name[32];
	size_t size;
	const char *who;
	const char *failed;
	unsigned int nr, max;
	u32 values[] __counted_by(max);
};

static const char *const names[SIDES] = { [SIDE_C] = "c", [SIDE_RUST] = "rust" };

enum { PAIR_ONE, PAIR_STREAMS, PAIR_TWO, PAIRS };

static struct pair {
	const char *name, *suffix;
	struct side sides[SIDES];
} pairs[PAIRS] = {
	[PAIR_ONE] = { "one", "" },
	[PAIR_STREAMS] = { "streams", ":streams" },
	[PAIR_TWO] = { "two", ":two" },
};

const struct hw *bench_hw;
/* The pair that commands use. */
static struct pair *used = &pairs[PAIR_ONE];

static DEFINE_MUTEX(lock);
static LIST_HEAD(rows);
static char said[256];
/* Length of a tick, in units of 2^-20 ps. */
static u64 tick_scale;

void bench_say(const char *fmt, ...)
{
	size_t used = strlen(said);
	va_list args;

	va_start(args, fmt);
	vscnprintf(said + used, sizeof(said) - used, fmt, args);
	va_end(args);
}

struct row *row_new(const char *name, size_t size, const char *who, unsigned int max)
{
	struct row *row = kvzalloc(struct_size(row, values, max), GFP_KERNEL);

	if (!row)
		return NULL;
	snprintf(row->name, sizeof(row->name), "%s%s", name, used->suffix);
	row->size = size;
	row->who = who;
	row->max = max;
	list_add_tail(&row->node, &rows);
	return row;
}

void row_add(struct row *row, u64 elapsed, u64 units)
{
	if (row->nr < row->max)
		row->values[row->nr++] =
			min_t(u64, mul_u64_u64_div_u64(elapsed, tick_scale, units) >> 20, U32_MAX);
}

/* Marks a case as failed. Its samples are not reported. */
void row_fail(struct row *row, const char *why)
{
	if (!row->failed)
		pr_warn("board_bench: %s %zu %s: %s\n", row->name, row->size, row->who, why);
	row->failed = why;
}

static int samples_show(struct seq_file *s, void *unused)
{
	struct row *row;
	unsigned int i;

	mutex_lock(&lock);
	list_for_each_entry(row, &rows, node) {
		if (row->failed) {
			seq_printf(s, "failed %s %zu %s %s\n", row->name, row->size,
				   row->who, row->failed);
			continue;
		}
		seq_printf(s, "samples %s %zu %s", row->name, row->size, row->who);
		for (i = 0; i < row->nr; i++)
			seq_printf(s, " %u", row->values[i]);
		seq_putc(s, '\n');
	}
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(samples);

static int result_show(struct seq_file *s, void *unused)
{
	mutex_lock(&lock);
	seq_printf(s, "%s\n", said);
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static int use(const char *name)
{
	unsigned int i;

	for (i = 0; i < PAIRS; i++)
		if (!strcmp(name, pairs[i].name)) {
			used = &pairs[i];
			return 0;
		}
	return -EINVAL;
}

static ssize_t cmd_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	char line[96], *rest = line, *argv[6], *word;
	int argc = 0, ret;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = 0;
	while ((word = strsep(&rest, " \t\n")) && argc < ARRAY_SIZE(argv))
		if (*word)
			argv[argc++] = word;
	if (!argc)
		return -EINVAL;
	mutex_lock(&lock);
	said[0] = 0;
	if (!strcmp(argv[0], "use"))
		ret = argc == 2 ? use(argv[1]) : -EINVAL;
	else if (used->sides[SIDE_C].dev && used->sides[SIDE_RUST].dev)
		ret = bench_command(used->sides, argc, argv);
	else
		ret = -ENODEV;
	mutex_unlock(&lock);
	return ret ?: len;
}

static const struct file_operations cmd_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = cmd_write,
};

/* Fills in the ways of a master in @s and returns the pair that it belongs to. */
static struct pair *find_ways(struct device_node *np, struct side *s)
{
	struct of_phandle_args args;
	struct pair *pair;
	struct resource regs;
	unsigned int i;
	int ret;

	if (of_count_phandle_with_args(np, "iommus", "#iommu-cells") > MAX_WAYS)
		return ERR_PTR(-E2BIG);
	for (i = 0; i < MAX_WAYS; i++) {
		if (of_parse_phandle_with_args(np, "iommus", "#iommu-cells", i, &args))
			break;
		ret = of_address_to_resource(args.np, 0, &regs);
		of_node_put(args.np);
		if (ret)
			return ERR_PTR(ret);
		/* Each further instance lies 64 KiB below the one before. */
		s->ways[i].iommu = 0xf - ((regs.start >> 16) & 0xf);
		s->ways[i].id = args.args[0];
	}
	s->nr_ways = i;
	pair = &pairs[i > 1 ? PAIR_STREAMS : PAIR_ONE];
	while (i--)
		if (s->ways[i].iommu != s->ways[0].iommu)
			pair = &pairs[PAIR_TWO];
	return pair;
}

static const struct of_device_id hw_match[] = {
	{ .compatible = "allwinner,sun50i-h6-iommu", .data = &bench_sun50i },
	{ .compatible = "allwinner,sun50i-h616-iommu", .data = &bench_sun50i },
	{ .compatible = "apple,t8103-dart", .data = &bench_dart },
	{ }
};

/* A master belongs to the side of the driver that its IOMMU instance is bound to. */
static int bench_probe(struct platform_device *pdev)
{
	struct iommu_fwspec *spec = dev_iommu_fwspec_get(&pdev->dev);
	const struct of_device_id *match;
	struct platform_device *iommu;
	struct resource *res, *regs;
	struct side found = {};
	const char *driver;
	struct pair *pair;
	struct side *s;

	res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!spec || !res)
		return dev_err_probe(&pdev->dev, -ENODEV, "no IOMMU or no registers\n");
	pair = find_ways(pdev->dev.of_node, &found);
	if (IS_ERR(pair))
		return PTR_ERR(pair);
	iommu = of_find_device_by_node(to_of_node(spec->iommu_fwnode));
	if (!iommu)
		return -ENODEV;
	/* The reference is never put: neither device is removed any more. */
	driver = iommu->dev.driver ? iommu->dev.driver->name : "none";
	s = &pair->sides[str_has_prefix(driver, "rust") ? SIDE_RUST : SIDE_C];
	if (s->dev)
		return dev_err_probe(&pdev->dev, -EBUSY, "a second master of %s\n", driver);

	match = of_match_node(hw_match, iommu->dev.of_node);
	regs = platform_get_resource(iommu, IORESOURCE_MEM, 0);
	if (!match || !regs)
		return -ENODEV;
	bench_hw = match->data;
	found.who = names[s - pair->sides];
	found.engine_regs = ioremap(res->start, 0x1000);
	found.iommu_regs = ioremap(regs->start, 0x1000);
	found.engine = board_engine_find(res->start);
	found.irq = platform_get_irq(iommu, 0);
	if (!found.engine_regs || !found.iommu_regs || found.engine < 0 || found.irq < 0)
		return -ENOMEM;
	found.dev = &pdev->dev;
	*s = found;
	dev_info(&pdev->dev, "behind %s, served by %s\n", dev_name(&iommu->dev), driver);
	return 0;
}

static const struct of_device_id bench_of_match[] = {
	{ .compatible = "iommu-board,dma-master" },
	{ }
};

static struct platform_driver bench_driver = {
	.probe = bench_probe,
	.driver = {
		.name = "board-bench",
		.of_match_table = bench_of_match,
		.suppress_bind_attrs = true,
	},
};

static void __init measure_tick(void)
{
	u64 ns = ktime_get_ns(), count = ticks();

	while (ktime_get_ns() - ns < 20 * NSEC_PER_MSEC)
		cpu_relax();
	ns = ktime_get_ns() - ns;
	count = ticks() - count;
	tick_scale = mul_u64_u64_div_u64(ns * 1000, 1 << 20, count);
}

static int __init bench_init(void)
{
	struct dentry *root;
	int ret;

	measure_tick();
	ret = yard_init();
	if (!ret)
		ret = dma_init();
	if (!ret)
		ret = calls_init();
	if (ret)
		return ret;
	root = debugfs_create_dir("board_bench", NULL);
	debugfs_create_file("cmd", 0200, root, NULL, &cmd_fops);
	debugfs_create_file("result", 0400, root, NULL, &result_fops);
	debugfs_create_file("samples", 0400, root, NULL, &samples_fops);
	return platform_driver_register(&bench_driver);
}
module_init(bench_init);

MODULE_DESCRIPTION("Benchmark of IOMMU drivers on the UML board");
MODULE_LICENSE("GPL");
