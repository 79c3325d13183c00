// SPDX-License-Identifier: GPL-2.0
/*
 * The test client's driver, its commands on domains and buffers, and the
 * debugfs files that take them.
 *
 * A command is a line written to "cmd". "result" then reads its errno (0 for
 * success), a space, and its output.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/pm_runtime.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#ifdef CONFIG_ARM_DMA_USE_IOMMU
#include <asm/dma-iommu.h>
#endif

#include "client.h"
#include "export.h"

#define REGS_SIZE	0x1000

static bool translated_only;
module_param(translated_only, bool, 0644);
MODULE_PARM_DESC(translated_only, "do not drive a device that is behind no IOMMU");

static unsigned int lost;
module_param(lost, uint, 0444);
MODULE_PARM_DESC(lost, "devices whose IOMMU went before their driver did");

static struct dentry *root;
static struct iommu_domain *domains[CLIENT_DOMAINS];
static struct buffer *buffers[CLIENT_BUFFERS];
static struct client global = {
	.engine = -1,
	.attached = -1,
};

static DEFINE_SPINLOCK(fault_lock);
static struct {
	u64 count;
	u64 iova;
	int flags;
	char dev[64];
} fault;

void client_say(struct client *c, const char *fmt, ...)
{
	size_t used = strlen(c->result);
	va_list args;

	va_start(args, fmt);
	vscnprintf(c->result + used, sizeof(c->result) - used, fmt, args);
	va_end(args);
}

int client_u64(const char *arg, u64 *value)
{
	return kstrtou64(arg, 0, value);
}

struct iommu_domain **client_domain_slot(const char *arg)
{
	unsigned int n;

	if (kstrtouint(arg, 0, &n) || n >= CLIENT_DOMAINS)
		return NULL;
	return &domains[n];
}

struct iommu_domain *client_domain(const char *arg)
{
	struct iommu_domain **slot = client_domain_slot(arg);

	return slot ? *slot : NULL;
}

struct buffer *client_buffer(const char *arg)
{
	unsigned int n;

	if (kstrtouint(arg, 0, &n) || n >= CLIENT_BUFFERS)
		return NULL;
	return buffers[n];
}

/* Parses "r", "w" or "rw", followed by "n" for no execute and "m" for MMIO. */
int client_prot(const char *arg)
{
	int prot = 0;

	for (; *arg; arg++) {
		switch (*arg) {
		case 'r':
			prot |= IOMMU_READ;
			break;
		case 'w':
			prot |= IOMMU_WRITE;
			break;
		case 'n':
			prot |= IOMMU_NOEXEC;
			break;
		case 'm':
			prot |= IOMMU_MMIO;
			break;
		case '-':
			break;
		default:
			return -EINVAL;
		}
	}
	return prot;
}

/* Buffers. */

static void buffer_free(struct buffer *b)
{
	unsigned int i;

	for (i = 0; i < b->nr; i++) {
		board_dma_forbid(page_to_phys(b->pages[i]), PAGE_SIZE);
		if (b->scattered)
			__free_page(b->pages[i]);
	}
	if (b->nr && !b->scattered)
		free_pages_exact(page_address(b->pages[0]), (size_t)b->nr << PAGE_SHIFT);
	kvfree(b->pages);
	kfree(b);
}

/*
 * Allocates the run of pages at a physical address: takes all free memory until the page
 * allocator hands out this run, then gives the rest back.
 */
static void *pages_at(phys_addr_t pa, unsigned int nr)
{
	unsigned int order = get_order((size_t)nr << PAGE_SHIFT);
	struct page *page, *other, *next;
	LIST_HEAD(others);

	while ((page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, order)) &&
	       page_to_phys(page) != pa)
		list_add(&page->lru, &others);
	if (page) {
		split_page(page, order);
		memset(page_address(page), 0, (size_t)nr << PAGE_SHIFT);
	}
	list_for_each_entry_safe(other, next, &others, lru)
		__free_pages(other, order);
	return page ? page_address(page) : NULL;
}

/* Allocates a buffer, of a run of pages if there is one already. */
static struct buffer *buffer_alloc(unsigned int nr, bool scattered, void *run)
{
	struct buffer *b = kzalloc_obj(*b);
	struct page *page;
	unsigned int i;

	if (!b)
		return NULL;
	b->scattered = scattered;
	b->pages = kvcalloc(nr, sizeof(*b->pages), GFP_KERNEL);
	if (!b->pages)
		goto fail;
	if (!scattered && !run) {
		run = alloc_pages_exact((size_t)nr << PAGE_SHIFT,
					GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
		if (!run)
			goto fail;
	}
	for (i = 0; i < nr; i++) {
		page = run ? virt_to_page(run + ((size_t)i << PAGE_SHIFT)) :
			     alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!page)
			goto fail;
		b->pages[i] = page;
		b->nr = i + 1;
		board_dma_allow(page_to_phys(page), PAGE_SIZE);
	}
	return b;
fail:
	buffer_free(b);
	return NULL;
}

static int buf_args(char **argv, unsigned int *n, unsigned int *nr)
{
	if (kstrtouint(argv[1], 0, n) || *n >= CLIENT_BUFFERS ||
	    kstrtouint(argv[2], 0, nr) || !*nr || *nr > 65536)
		return -EINVAL;
	return buffers[*n] ? -EBUSY : 0;
}

/* buf B PAGES [scatter] */
static int cmd_buf(struct client *c, int argc, char **argv)
{
	unsigned int n, nr;
	int ret = buf_args(argv, &n, &nr);

	if (ret)
		return ret;
	buffers[n] = buffer_alloc(nr, argc > 3 && !strcmp(argv[3], "scatter"), NULL);
	return buffers[n] ? 0 : -ENOMEM;
}

/* bfree B */
static int cmd_bfree(struct client *c, int argc, char **argv)
{
	struct buffer *b = client_buffer(argv[1]);
	unsigned int i;

	if (!b)
		return -ENOENT;
	for (i = 0; i < CLIENT_BUFFERS; i++)
		if (buffers[i] == b)
			buffers[i] = NULL;
	buffer_free(b);
	return 0;
}

/* bphys B OFFSET: prints the physical address of a byte of a buffer */
static int cmd_bphys(struct client *c, int argc, char **argv)
{
	struct buffer *b = client_buffer(argv[1]);
	u64 off;

	if (!b || client_u64(argv[2], &off) || !buffer_has(b, off, 1))
		return -EINVAL;
	client_say(c, "0x%llx", (u64)page_to_phys(b->pages[off >> PAGE_SHIFT]) +
		   offset_in_page(off));
	return 0;
}

static int range_args(char **argv, struct buffer **b, u64 *off, u64 *len)
{
	*b = client_buffer(argv[1]);
	if (!*b || client_u64(argv[2], off) || client_u64(argv[3], len) ||
	    !buffer_has(*b, *off, *len))
		return -EINVAL;
	return 0;
}

/* set B OFFSET LEN BYTE: fills a part of a buffer, by the CPU */
static int cmd_set(struct client *c, int argc, char **argv)
{
	struct buffer *b;
	u64 off, len, val, i;
	int ret = range_args(argv, &b, &off, &len);

	if (ret || client_u64(argv[4], &val))
		return -EINVAL;
	for (i = 0; i < len; i++)
		*(u8 *)buffer_at(b, off + i) = val;
	return 0;
}

/* pattern B SEED: fills a buffer with words that depend on their offset, by the CPU */
static int cmd_pattern(struct client *c, int argc, char **argv)
{
	struct buffer *b = client_buffer(argv[1]);
	u64 seed, i, size;

	if (!b || client_u64(argv[2], &seed))
		return -EINVAL;
	size = (u64)b->nr << PAGE_SHIFT;
	for (i = 0; i < size; i += 4)
		*(u32 *)buffer_at(b, i) = (u32)((i + 1) * 0x9e3779b1 + seed * 0x85ebca6b);
	return 0;
}

/* check B OFFSET LEN BYTE: prints how many bytes differ and the offset of the first */
static int cmd_check(struct client *c, int argc, char **argv)
{
	struct buffer *b;
	u64 off, len, val, i, first = 0, bad = 0;
	int ret = range_args(argv, &b, &off, &len);

	if (ret || client_u64(argv[4], &val))
		return -EINVAL;
	for (i = 0; i < len; i++)
		if (*(u8 *)buffer_at(b, off + i) != (u8)val && !bad++)
			first = off + i;
	if (!bad)
		return 0;
	client_say(c, "differ %llu first 0x%llx", bad, first);
	return -EILSEQ;
}

/* cmp B OFFSET LEN B2 OFFSET2 */
static int cmd_cmp(struct client *c, int argc, char **argv)
{
	struct buffer *a, *b = client_buffer(argv[4]);
	u64 off, len, off2, i, first = 0, bad = 0;
	int ret = range_args(argv, &a, &off, &len);

	if (ret || !b || client_u64(argv[5], &off2) || !buffer_has(b, off2, len))
		return -EINVAL;
	for (i = 0; i < len; i++)
		if (*(u8 *)buffer_at(a, off + i) != *(u8 *)buffer_at(b, off2 + i) && !bad++)
			first = off + i;
	if (!bad)
		return 0;
	client_say(c, "differ %llu first 0x%llx", bad, first);
	return -EILSEQ;
}

/* Domains. */

/* alloc D */
static int cmd_alloc(struct client *c, int argc, char **argv)
{
	struct iommu_domain **slot = client_domain_slot(argv[1]);
	struct iommu_domain *domain;

	if (!slot)
		return -EINVAL;
	if (*slot)
		return -EBUSY;
	domain = iommu_paging_domain_alloc(c->dev);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	client_say(c, "aperture 0x%llx-0x%llx pgsize 0x%lx",
		   (u64)domain->geometry.aperture_start,
		   (u64)domain->geometry.aperture_end, domain->pgsize_bitmap);
	*slot = domain;
	return 0;
}

/* free D */
static int cmd_free(struct client *c, int argc, char **argv)
{
	struct iommu_domain **slot = client_domain_slot(argv[1]);

	if (!slot || !*slot)
		return -ENOENT;
	iommu_domain_free(*slot);
	*slot = NULL;
	return 0;
}

int client_attach(struct client *c, int number, bool by_group)
{
	struct iommu_domain *domain = domains[number];
	struct iommu_group *group;
	int ret;

	if (!domain)
		return -ENOENT;
	if (by_group) {
		group = iommu_group_get(c->dev);
		if (!group)
			return -ENODEV;
		ret = iommu_attach_group(domain, group);
		iommu_group_put(group);
	} else {
		ret = iommu_attach_device(domain, c->dev);
	}
	if (!ret) {
		c->attached = number;
		c->by_group = by_group;
	}
	return ret;
}

static int detach(struct client *c, struct iommu_domain *domain, bool by_group)
{
	struct iommu_group *group;

	if (c->by_handle)
		return client_detach_handle(c, domain);
	if (!by_group) {
		iommu_detach_device(domain, c->dev);
		return 0;
	}
	group = iommu_group_get(c->dev);
	if (!group)
		return -ENODEV;
	iommu_detach_group(domain, group);
	iommu_group_put(group);
	return 0;
}

int client_detach(struct client *c)
{
	int ret;

	if (c->attached < 0)
		return 0;
	ret = detach(c, domains[c->attached], c->by_group);
	c->attached = -1;
	return ret;
}

static int attach_args(char **argv, unsigned int *n)
{
	if (kstrtouint(argv[1], 0, n) || *n >= CLIENT_DOMAINS || !domains[*n])
		return -ENOENT;
	return 0;
}

/*
 * reuse B PAGES PHYS D: frees a domain, and allocates its memory at a physical address as
 * a buffer.  Nothing is allocated in between, since that may take the memory.
 */
static int cmd_reuse(struct client *c, int argc, char **argv)
{
	unsigned int n, nr;
	int ret = buf_args(argv, &n, &nr);
	void *run;
	u64 pa;

	if (ret)
		return ret;
	if (client_u64(argv[3], &pa) || !is_power_of_2(nr))
		return -EINVAL;
	ret = cmd_free(c, 2, argv + 3);
	if (ret)
		return ret;
	run = pages_at(pa, nr);
	if (!run)
		return -ENOENT;
	buffers[n] = buffer_alloc(nr, false, run);
	if (buffers[n])
		return 0;
	free_pages_exact(run, (size_t)nr << PAGE_SHIFT);
	return -ENOMEM;
}

/* attach D */
static int cmd_attach(struct client *c, int argc, char **argv)
{
	unsigned int n;

	return attach_args(argv, &n) ?: client_attach(c, n, false);
}

/* gattach D */
static int cmd_gattach(struct client *c, int argc, char **argv)
{
	unsigned int n;

	return attach_args(argv, &n) ?: client_attach(c, n, true);
}

/* detach D */
static int cmd_detach(struct client *c, int argc, char **argv)
{
	unsigned int n;
	int ret = attach_args(argv, &n);

	if (ret)
		return ret;
	c->attached = -1;
	return detach(c, domains[n], false);
}

/* gdetach D */
static int cmd_gdetach(struct client *c, int argc, char **argv)
{
	unsigned int n;
	int ret = attach_args(argv, &n);

	if (ret)
		return ret;
	c->attached = -1;
	return detach(c, domains[n], true);
}

static int map_args(char **argv, struct iommu_domain **domain, u64 *iova,
		    struct buffer **b, u64 *off, u64 *len, int *prot)
{
	*domain = client_domain(argv[1]);
	*b = client_buffer(argv[3]);
	if (!*domain || !*b)
		return -ENOENT;
	*prot = client_prot(argv[6]);
	if (client_u64(argv[2], iova) || client_u64(argv[4], off) ||
	    client_u64(argv[5], len) || !buffer_has(*b, *off, *len) || *prot < 0)
		return -EINVAL;
	return 0;
}

/*
 * map D IOVA B OFFSET LEN PROT [atomic]: maps a contiguous buffer in one call,
 * with interrupts off if it is atomic
 */
static int cmd_map(struct client *c, int argc, char **argv)
{
	bool atomic = argc > 7 && !strcmp(argv[7], "atomic");
	struct iommu_domain *domain;
	unsigned long flags = 0;
	struct buffer *b;
	u64 iova, off, len;
	int prot, ret;

	ret = map_args(argv, &domain, &iova, &b, &off, &len, &prot);
	if (ret)
		return ret;
	if (b->scattered && offset_in_page(off) + len > PAGE_SIZE)
		return -EINVAL;
	if (atomic)
		local_irq_save(flags);
	ret = iommu_map(domain, iova, page_to_phys(b->pages[off >> PAGE_SHIFT]) +
			offset_in_page(off), len, prot, atomic ? GFP_ATOMIC : GFP_KERNEL);
	if (atomic)
		local_irq_restore(flags);
	return ret;
}

/* mapp D IOVA PHYS LEN PROT: maps any physical address */
static int cmd_mapp(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = client_domain(argv[1]);
	u64 iova, pa, len;
	int prot = client_prot(argv[5]);

	if (!domain)
		return -ENOENT;
	if (client_u64(argv[2], &iova) || client_u64(argv[3], &pa) ||
	    client_u64(argv[4], &len) || prot < 0)
		return -EINVAL;
	return iommu_map(domain, iova, pa, len, prot, GFP_KERNEL);
}

/* mapsg D IOVA B OFFSET LEN PROT: one segment a page */
static int cmd_mapsg(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain;
	struct scatterlist *sg;
	struct sg_table table;
	struct buffer *b;
	u64 iova, off, len;
	unsigned int first, nr, i;
	ssize_t mapped;
	int prot, ret;

	ret = map_args(argv, &domain, &iova, &b, &off, &len, &prot);
	if (ret)
		return ret;
	if (offset_in_page(off) || offset_in_page(len) || !len)
		return -EINVAL;
	first = off >> PAGE_SHIFT;
	nr = len >> PAGE_SHIFT;
	ret = sg_alloc_table(&table, nr, GFP_KERNEL);
	if (ret)
		return ret;
	for_each_sg(table.sgl, sg, nr, i)
		sg_set_page(sg, b->pages[first + i], PAGE_SIZE, 0);
	mapped = iommu_map_sg(domain, iova, table.sgl, nr, prot, GFP_KERNEL);
	sg_free_table(&table);
	if (mapped < 0)
		return mapped;
	client_say(c, "%zd", mapped);
	return 0;
}

/* unmap D IOVA LEN: prints how many bytes were unmapped */
static int cmd_unmap(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = client_domain(argv[1]);
	u64 iova, len;

	if (!domain)
		return -ENOENT;
	if (client_u64(argv[2], &iova) || client_u64(argv[3], &len))
		return -EINVAL;
	client_say(c, "%zu", iommu_unmap(domain, iova, len));
	return 0;
}

/* phys D IOVA */
static int cmd_phys(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = client_domain(argv[1]);
	u64 iova;

	if (!domain)
		return -ENOENT;
	if (client_u64(argv[2], &iova))
		return -EINVAL;
	client_say(c, "0x%llx", (u64)iommu_iova_to_phys(domain, iova));
	return 0;
}

/* domain: prints the domain that the device is attached to */
static int cmd_domain(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(c->dev);
	const char *type = "other";
	int i;

	if (!domain) {
		client_say(c, "none");
		return 0;
	}
	switch (domain->type) {
	case IOMMU_DOMAIN_IDENTITY:
		type = "identity";
		break;
	case IOMMU_DOMAIN_BLOCKED:
		type = "blocked";
		break;
	case IOMMU_DOMAIN_UNMANAGED:
		type = "paging";
		break;
	case IOMMU_DOMAIN_DMA:
	case IOMMU_DOMAIN_DMA_FQ:
		type = "dma";
		break;
	}
	client_say(c, "%s", type);
	for (i = 0; i < CLIENT_DOMAINS; i++)
		if (domains[i] == domain)
			client_say(c, " %d", i);
	return 0;
}

/* group: prints the number of the device's group, or "none" */
static int cmd_group(struct client *c, int argc, char **argv)
{
	struct iommu_group *group = iommu_group_get(c->dev);

	if (!group) {
		client_say(c, "none");
		return 0;
	}
	client_say(c, "%d", iommu_group_id(group));
	iommu_group_put(group);
	return 0;
}

static int on_fault(struct iommu_domain *domain, struct device *dev,
		    unsigned long iova, int flags, void *token)
{
	unsigned long irq;

	spin_lock_irqsave(&fault_lock, irq);
	fault.count++;
	fault.iova = iova;
	fault.flags = flags;
	strscpy(fault.dev, dev ? dev_name(dev) : "none");
	spin_unlock_irqrestore(&fault_lock, irq);
	return 0;
}

static int no_handler(struct iommu_domain *domain, struct device *dev,
		      unsigned long iova, int flags, void *token)
{
	return -ENOSYS;
}

/* handler D on|off */
static int cmd_handler(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = client_domain(argv[1]);

	if (!domain)
		return -ENOENT;
	/* The core does not accept a NULL handler, so "off" installs one that does nothing. */
	iommu_set_fault_handler(domain, strcmp(argv[2], "on") ? no_handler : on_fault, c);
	return 0;
}

/* faults [clear] */
static int cmd_faults(struct client *c, int argc, char **argv)
{
	unsigned long irq;
	typeof(fault) now;

	spin_lock_irqsave(&fault_lock, irq);
	now = fault;
	if (argc > 1)
		memset(&fault, 0, sizeof(fault));
	spin_unlock_irqrestore(&fault_lock, irq);
	client_say(c, "count %llu dev %s iova 0x%llx flags %s", now.count,
		   now.dev[0] ? now.dev : "none", now.iova,
		   now.flags & IOMMU_FAULT_WRITE ? "write" : "read");
	return 0;
}

/* rpm get|put|status */
static int cmd_rpm(struct client *c, int argc, char **argv)
{
	if (!strcmp(argv[1], "get"))
		return pm_runtime_resume_and_get(c->dev);
	if (!strcmp(argv[1], "put"))
		return pm_runtime_put_sync(c->dev);
	client_say(c, "%s", pm_runtime_suspended(c->dev) ? "suspended" : "active");
	return 0;
}

static const struct command commands[] = {
	{ "buf", 2, false, cmd_buf },
	{ "bfree", 1, false, cmd_bfree },
	{ "bphys", 2, false, cmd_bphys },
	{ "set", 4, false, cmd_set },
	{ "pattern", 2, false, cmd_pattern },
	{ "check", 4, false, cmd_check },
	{ "cmp", 5, false, cmd_cmp },
	{ "alloc", 1, true, cmd_alloc },
	{ "free", 1, false, cmd_free },
	{ "reuse", 4, false, cmd_reuse },
	{ "attach", 1, true, cmd_attach },
	{ "detach", 1, true, cmd_detach },
	{ "gattach", 1, true, cmd_gattach },
	{ "gdetach", 1, true, cmd_gdetach },
	{ "map", 6, false, cmd_map },
	{ "mapp", 5, false, cmd_mapp },
	{ "mapsg", 6, false, cmd_mapsg },
	{ "unmap", 3, false, cmd_unmap },
	{ "phys", 2, false, cmd_phys },
	{ "domain", 0, true, cmd_domain },
	{ "group", 0, true, cmd_group },
	{ "handler", 2, false, cmd_handler },
	{ "faults", 0, false, cmd_faults },
	{ "rpm", 1, true, cmd_rpm },
	{ }
};

static const struct command *find(const char *name)
{
	static const struct command * const sets[] = {
		commands, dma_commands, group_commands, attach_commands, stress_commands,
		shutdown_commands,
	};
	const struct command *cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sets); i++)
		for (cmd = sets[i]; cmd->name; cmd++)
			if (!strcmp(cmd->name, name))
				return cmd;
	return NULL;
}

static void run(struct client *c, char *line)
{
	char *argv[CLIENT_ARGS], *word, said[sizeof(c->result)];
	const struct command *cmd;
	int argc = 0, ret;

	while ((word = strsep(&line, " \t\n")) && argc < CLIENT_ARGS)
		if (*word)
			argv[argc++] = word;
	if (!argc)
		return;
	c->result[0] = 0;
	cmd = find(argv[0]);
	if (!cmd || argc <= cmd->min_args)
		ret = -EINVAL;
	else if (cmd->needs_dev && !c->dev)
		ret = -ENODEV;
	else
		ret = cmd->fn(c, argc, argv);
	strscpy(said, c->result);
	snprintf(c->result, sizeof(c->result), "%d%s%s", ret, said[0] ? " " : "", said);
}

static ssize_t cmd_write(struct file *file, const char __user *buf, size_t len,
			 loff_t *pos)
{
	struct client *c = file_inode(file)->i_private;
	char line[128];

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = 0;
	mutex_lock(&c->lock);
	run(c, line);
	mutex_unlock(&c->lock);
	return len;
}

static const struct file_operations cmd_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = cmd_write,
};

static int result_show(struct seq_file *s, void *unused)
{
	struct client *c = s->private;

	mutex_lock(&c->lock);
	seq_printf(s, "%s\n", c->result);
	mutex_unlock(&c->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static void add_files(struct client *c)
{
	debugfs_create_file("cmd", 0200, c->dir, c, &cmd_fops);
	debugfs_create_file("result", 0400, c->dir, c, &result_fops);
}

/* Wires the engine as the devicetree asks for, if it does. */
static int wire(struct client *c)
{
	struct device_node *np = c->dev->of_node;
	u32 iommu, number;

	if (of_property_read_u32(np, "board,iommu", &iommu))
		return 0;
	if (!of_property_read_u32(np, "board,master-id", &number))
		return board_engine_wire(c->engine, iommu, number);
	if (!of_property_read_u32(np, "board,swgroup", &number))
		return board_engine_wire_swgroup(c->engine, iommu, number);
	return 0;
}

/* The DMA API of 32-bit ARM has attached the device to a domain of its own. */
static void leave_dma_api(struct device *dev)
{
#ifdef CONFIG_ARM_DMA_USE_IOMMU
	struct dma_iommu_mapping *mapping = to_dma_iommu_mapping(dev);

	if (mapping) {
		arm_iommu_detach_device(dev);
		arm_iommu_release_mapping(mapping);
	}
#endif
}

static int client_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct resource *res;
	struct client *c;
	int ret;

	if (translated_only && !device_iommu_mapped(dev))
		return -ENODEV;
	res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!res)
		return dev_err_probe(dev, -ENODEV, "no registers\n");
	c = devm_kzalloc(dev, sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	c->dev = dev;
	c->translated = device_iommu_mapped(dev);
	/* The IOMMU may be unbound at this moment, but not before this probe has ended. */
	if (translated_only)
		fsleep(2000);
	c->attached = -1;
	mutex_init(&c->lock);
	c->regs = devm_ioremap(dev, res->start, REGS_SIZE);
	if (!c->regs)
		return dev_err_probe(dev, -ENOMEM, "registers not mapped\n");
	c->engine = board_engine_find(res->start);
	if (c->engine < 0)
		return dev_err_probe(dev, c->engine, "no engine here\n");
	ret = wire(c);
	if (ret)
		return ret;
	leave_dma_api(dev);
	pm_runtime_enable(dev);
	platform_set_drvdata(pdev, c);
	c->dir = debugfs_create_dir(dev_name(dev), root);
	add_files(c);
	return 0;
}

static void client_remove(struct platform_device *pdev)
{
	struct client *c = platform_get_drvdata(pdev);

	if (c->translated && !device_iommu_mapped(c->dev))
		lost++;
	debugfs_remove_recursive(c->dir);
	client_shutdown_forget(c);
	client_load_stop(c);
	board_engine_reset(c->engine);
	client_detach(c);
	pm_runtime_disable(c->dev);
}

static int client_suspend(struct device *dev)
{
	client_load_pause(dev_get_drvdata(dev), true);
	return 0;
}

static int client_resume(struct device *dev)
{
	client_load_pause(dev_get_drvdata(dev), false);
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(client_pm, client_suspend, client_resume);

static const struct of_device_id client_of_match[] = {
	{ .compatible = "iommu-board,dma-master" },
	{ }
};
MODULE_DEVICE_TABLE(of, client_of_match);

static struct platform_driver client_driver = {
	.probe = client_probe,
	.remove = client_remove,
	.driver = {
		.name = "board-client",
		.of_match_table = client_of_match,
		.pm = pm_sleep_ptr(&client_pm),
	},
};

static int __init client_init(void)
{
	int ret;

	mutex_init(&global.lock);
	root = debugfs_create_dir("board_client", NULL);
	global.dir = root;
	add_files(&global);
	ret = platform_driver_register(&client_driver);
	if (ret)
		debugfs_remove_recursive(root);
	else
		client_shutdown_init();
	return ret;
}
module_init(client_init);

static void __exit client_exit(void)
{
	unsigned int i;

	client_shutdown_exit();
	platform_driver_unregister(&client_driver);
	debugfs_remove_recursive(root);
	for (i = 0; i < CLIENT_DOMAINS; i++)
		if (domains[i])
			iommu_domain_free(domains[i]);
	for (i = 0; i < CLIENT_BUFFERS; i++)
		if (buffers[i])
			buffer_free(buffers[i]);
}
module_exit(client_exit);

MODULE_DESCRIPTION("Test client for the boards' own DMA masters");
MODULE_LICENSE("GPL");
