// SPDX-License-Identifier: GPL-2.0
/*
 * Commands for what stock drivers never do with their masters: a descriptor
 * with any address, and an unmap while the master still uses the page.
 *
 * A command is a line written to board_masters/cmd, as for the test client.
 * "result" then reads its errno (0 for success) and its output.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "board.h"
#include "masters.h"

#define BUFFERS		8
#define PAGES		1024
#define PATIENCE_MS	2000
#define SOC_BUS		"/soc@100000000"

/* Memory that is mapped for a device. */
struct mapping {
	struct device *dev;
	void *at;
	size_t size;
	dma_addr_t iova;
};

/* Pages that were unmapped while their users still have them. */
static struct {
	struct iommu_domain *domain;
	unsigned long iova;
	phys_addr_t pa;
} lost[PAGES];
static unsigned int nr_lost;

static struct dentry *root;
static DEFINE_MUTEX(lock);
static struct mapping mappings[BUFFERS];
static char result[256];

__printf(1, 2)
static void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(result, sizeof(result), fmt, args);
	va_end(args);
}

static struct mapping *mapping(const char *arg)
{
	unsigned int n;

	if (kstrtouint(arg, 0, &n) || n >= BUFFERS)
		return NULL;
	return &mappings[n];
}

static void forget(struct mapping *m)
{
	if (!m->dev)
		return;
	dma_unmap_single(m->dev, m->iova, m->size, DMA_BIDIRECTIONAL);
	free_pages_exact(m->at, m->size);
	put_device(m->dev);
	m->dev = NULL;
}

/* take N DEV SIZE BYTE: maps memory filled with BYTE for the device; prints its addresses. */
static int take(char **arg)
{
	struct mapping *m = mapping(arg[0]);
	struct device *dev;
	unsigned int byte;
	u64 size;
	int ret;

	if (!m || m->dev || kstrtou64(arg[2], 0, &size) || kstrtouint(arg[3], 0, &byte))
		return -EINVAL;
	dev = board_find_device(arg[1]);
	if (!dev)
		return -ENODEV;
	m->size = size;
	m->at = alloc_pages_exact(m->size, GFP_KERNEL);
	ret = -ENOMEM;
	if (!m->at)
		goto err_put;
	memset(m->at, byte, m->size);
	m->iova = dma_map_single(dev, m->at, m->size, DMA_BIDIRECTIONAL);
	ret = dma_mapping_error(dev, m->iova);
	if (ret)
		goto err_free;
	m->dev = dev;
	say("0x%llx pa 0x%llx", (u64)m->iova, (u64)virt_to_phys(m->at));
	return 0;

err_free:
	free_pages_exact(m->at, m->size);
err_put:
	put_device(dev);
	return ret;
}

/* give N: unmaps and frees the memory. */
static int give(char **arg)
{
	struct mapping *m = mapping(arg[0]);

	if (!m || !m->dev)
		return -EINVAL;
	forget(m);
	return 0;
}

/* holds N OFFSET LEN BYTE: checks what the device may have written; prints the first difference. */
static int holds(char **arg)
{
	struct mapping *m = mapping(arg[0]);
	u64 offset, len;
	unsigned int byte;
	void *other;

	if (!m || !m->dev || kstrtou64(arg[1], 0, &offset) || kstrtou64(arg[2], 0, &len) ||
	    kstrtouint(arg[3], 0, &byte) || offset > m->size || len > m->size - offset)
		return -EINVAL;
	dma_sync_single_for_cpu(m->dev, m->iova, m->size, DMA_BIDIRECTIONAL);
	other = memchr_inv(m->at + offset, byte, len);
	dma_sync_single_for_device(m->dev, m->iova, m->size, DMA_BIDIRECTIONAL);
	if (!other)
		return 0;
	say("0x%zx: 0x%02x", (size_t)(other - m->at), *(u8 *)other);
	return -EILSEQ;
}

static bool is_channel(struct dma_chan *chan, void *name)
{
	return !strcmp(dma_chan_name(chan), name);
}

/* copy CHANNEL DST SRC LEN: copies between any two addresses by a stock DMA engine. */
static int copy(char **arg)
{
	struct dma_async_tx_descriptor *tx;
	enum dma_status status;
	unsigned long until;
	struct dma_chan *chan;
	dma_cap_mask_t mask;
	dma_cookie_t cookie;
	u64 dst, src, len;
	int ret = -EIO;

	if (kstrtou64(arg[1], 0, &dst) || kstrtou64(arg[2], 0, &src) || kstrtou64(arg[3], 0, &len))
		return -EINVAL;
	dma_cap_zero(mask);
	dma_cap_set(DMA_MEMCPY, mask);
	chan = dma_request_channel(mask, is_channel, arg[0]);
	if (!chan)
		return -ENODEV;
	tx = dmaengine_prep_dma_memcpy(chan, dst, src, len, DMA_PREP_INTERRUPT);
	if (!tx)
		goto out;
	cookie = dmaengine_submit(tx);
	ret = dma_submit_error(cookie);
	if (ret)
		goto out;
	dma_async_issue_pending(chan);
	until = jiffies + msecs_to_jiffies(PATIENCE_MS);
	do {
		usleep_range(100, 200);
		status = dma_async_is_tx_complete(chan, cookie, NULL, NULL);
	} while (status == DMA_IN_PROGRESS && time_before(jiffies, until));
	if (status == DMA_IN_PROGRESS)
		ret = -ETIMEDOUT;
	else if (status != DMA_COMPLETE)
		ret = -EIO;
out:
	dmaengine_terminate_sync(chan);
	/* pl330's driver resets an aborted channel later on, and still needs it then. */
	msleep(200);
	dma_release_channel(chan);
	return ret;
}

/* lose DEV IOVA: unmaps the device's page although it is still in use. */
static int lose(char **arg)
{
	struct iommu_domain *domain;
	struct device *dev;
	phys_addr_t pa;
	u64 iova;
	int ret = -EINVAL;

	if (nr_lost == PAGES || kstrtou64(arg[1], 0, &iova))
		return -EINVAL;
	iova &= PAGE_MASK;
	dev = board_find_device(arg[0]);
	if (!dev)
		return -ENODEV;
	domain = iommu_get_domain_for_dev(dev);
	pa = domain ? iommu_iova_to_phys(domain, iova) : 0;
	if (pa && iommu_unmap(domain, iova, PAGE_SIZE) == PAGE_SIZE) {
		lost[nr_lost].domain = domain;
		lost[nr_lost].iova = iova;
		lost[nr_lost++].pa = pa;
		say("pa 0x%llx", (u64)pa);
		ret = 0;
	}
	put_device(dev);
	return ret;
}

/* find DEV IOVA: maps the page again. The story must know that it is still in use. */
static int find(char **arg)
{
	struct device *dev;
	unsigned int i;
	u64 iova;
	int ret = -ENOENT;

	if (kstrtou64(arg[1], 0, &iova))
		return -EINVAL;
	iova &= PAGE_MASK;
	dev = board_find_device(arg[0]);
	if (!dev)
		return -ENODEV;
	for (i = 0; i < nr_lost; i++) {
		if (lost[i].iova != iova || lost[i].domain != iommu_get_domain_for_dev(dev))
			continue;
		ret = iommu_map(lost[i].domain, iova, lost[i].pa, PAGE_SIZE,
				IOMMU_READ | IOMMU_WRITE, GFP_KERNEL);
		lost[i] = lost[--nr_lost];
		break;
	}
	put_device(dev);
	return ret;
}

/*
 * unplug DEV: removes a master's device. Its node is left as if no device had
 * been created for it.
 */
static int unplug(char **arg)
{
	struct device *dev = board_find_device(arg[0]);

	if (!dev)
		return -ENODEV;
	of_platform_device_destroy(dev, NULL);
	put_device(dev);
	return 0;
}

/* plug: creates the devices that were unplugged again. */
static int plug(char **arg)
{
	struct device_node *np = of_find_node_by_path(SOC_BUS);
	int ret;

	if (!np)
		return -ENODEV;
	ret = of_platform_populate(np, NULL, NULL, NULL);
	of_node_put(np);
	return ret;
}

/* any_domain DEV: the file "type" of the device's group accepts any type of default domain. */
static int any_domain(char **arg)
{
	struct device *dev = board_find_device(arg[0]);
	int ret;

	if (!dev)
		return -ENODEV;
	ret = any_default_domain(dev);
	put_device(dev);
	return ret;
}

static const struct {
	const char *name;
	unsigned int args;
	int (*fn)(char **arg);
} commands[] = {
	{ "take", 4, take },
	{ "give", 1, give },
	{ "holds", 4, holds },
	{ "copy", 4, copy },
	{ "lose", 2, lose },
	{ "find", 2, find },
	{ "unplug", 1, unplug },
	{ "plug", 0, plug },
	{ "any_domain", 1, any_domain },
};

static int run(char *line)
{
	char *word, *arg[5] = {};
	unsigned int i, n = 0;

	line = strim(line);
	while ((word = strsep(&line, " ")) && n < ARRAY_SIZE(arg))
		arg[n++] = word;
	if (!n || word)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(arg[0], commands[i].name))
			return n - 1 == commands[i].args ? commands[i].fn(arg + 1) : -EINVAL;
	return -EOPNOTSUPP;
}

static ssize_t cmd_write(struct file *file, const char __user *buf, size_t len,
			 loff_t *pos)
{
	char line[128], said[sizeof(result) - 16];
	int ret;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = 0;
	mutex_lock(&lock);
	result[0] = 0;
	ret = run(line);
	strscpy(said, result, sizeof(said));
	say("%d %s", ret, said);
	mutex_unlock(&lock);
	return len;
}

static const struct file_operations cmd_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = cmd_write,
};

static int result_show(struct seq_file *s, void *unused)
{
	mutex_lock(&lock);
	seq_printf(s, "%s\n", result);
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

void masters_init(void)
{
	root = debugfs_create_dir("board_masters", NULL);
	debugfs_create_file("cmd", 0200, root, NULL, &cmd_fops);
	debugfs_create_file("result", 0400, root, NULL, &result_fops);
}

void masters_exit(void)
{
	unsigned int i;

	debugfs_remove(root);
	for (i = 0; i < BUFFERS; i++)
		forget(&mappings[i]);
}
