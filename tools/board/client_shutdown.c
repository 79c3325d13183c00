// SPDX-License-Identifier: GPL-2.0
/*
 * The test client checks the hardware after the driver core has shut down all
 * devices. Stories have ended by then, so they register the checks beforehand.
 * Each prints its result on the console.
 */
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/syscore_ops.h>

#include "board.h"
#include "client.h"

#define LOOKS	16

/*
 * One check: an attach if @domain is set, the removal of the driver of @iommu if that is
 * set, a register read if @client is not set, else a read by the client's master.
 */
struct look {
	struct client *c;
	struct iommu_domain *domain;
	struct device *iommu;
	u64 address;
};

static struct look looks[LOOKS];
static unsigned int nr_looks;
static DEFINE_MUTEX(lock);

static int look_add(struct look look)
{
	int ret = -ENOSPC;

	mutex_lock(&lock);
	if (nr_looks < LOOKS) {
		looks[nr_looks++] = look;
		ret = 0;
	}
	mutex_unlock(&lock);
	return ret;
}

/* last_read IOVA: the device reads at IOVA after the shutdown */
static int cmd_last_read(struct client *c, int argc, char **argv)
{
	u64 address;

	if (client_u64(argv[1], &address))
		return -EINVAL;
	return look_add((struct look){ .c = c, .address = address });
}

/* last_attach D: the group is detached from D after the shutdown, and attached again */
static int cmd_last_attach(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = client_domain(argv[1]);

	if (!domain)
		return -ENOENT;
	return look_add((struct look){ .c = c, .domain = domain });
}

/* last_unbind: the driver of the device's IOMMU is unbound after the shutdown */
static int cmd_last_unbind(struct client *c, int argc, char **argv)
{
	if (!c->dev->iommu || !c->dev->iommu->iommu_dev)
		return -ENODEV;
	/* The machine goes down before this reference could be dropped. */
	return look_add((struct look){ .iommu = get_device(c->dev->iommu->iommu_dev->dev->parent) });
}

/* last_reg ADDRESS: a register of the SoC is read after the shutdown */
static int cmd_last_reg(struct client *c, int argc, char **argv)
{
	u64 address;

	if (client_u64(argv[1], &address) || address >= BOARD_SOC_SIZE)
		return -EINVAL;
	return look_add((struct look){ .address = address });
}

const struct command shutdown_commands[] = {
	{ "last_read", 1, true, cmd_last_read },
	{ "last_attach", 1, true, cmd_last_attach },
	{ "last_unbind", 0, true, cmd_last_unbind },
	{ "last_reg", 1, false, cmd_last_reg },
	{ }
};

static void look_read(const struct look *l)
{
	struct transfer t = {
		.mode = ENGINE_READ,
		.src = l->address,
		.len = 64,
	};
	int ret = client_transfer(l->c, &t);

	pr_info("board_client: after shutdown: %s reads 0x%llx: %s\n", dev_name(l->c->dev),
		l->address, !ret ? "passed" : ret == -EFAULT ? "denied" : "no answer");
}

static void look_attach(const struct look *l)
{
	struct iommu_group *group = iommu_group_get(l->c->dev);
	int ret;

	if (!group)
		return;
	iommu_detach_group(l->domain, group);
	ret = iommu_attach_group(l->domain, group);
	iommu_group_put(group);
	pr_info("board_client: after shutdown: %s is attached again: %d\n",
		dev_name(l->c->dev), ret);
}

static void look_reg(const struct look *l)
{
	void __iomem *reg = ioremap(BOARD_SOC_BASE + l->address, sizeof(u32));

	if (!reg)
		return;
	pr_info("board_client: after shutdown: register 0x%08llx is 0x%08x\n", l->address,
		readl(reg));
	iounmap(reg);
}

/* Takes the first check off the list. */
static bool look_next(struct look *look)
{
	bool found;

	mutex_lock(&lock);
	found = nr_looks > 0;
	if (found) {
		*look = looks[0];
		memmove(looks, looks + 1, --nr_looks * sizeof(*looks));
	}
	mutex_unlock(&lock);
	return found;
}

/* Runs after all devices are shut down, with no lock held that the checks need. */
static void after_shutdown(void *data)
{
	struct look look;

	while (look_next(&look)) {
		if (look.domain) {
			look_attach(&look);
		} else if (look.iommu) {
			device_release_driver(look.iommu);
			pr_info("board_client: after shutdown: %s is unbound\n",
				dev_name(look.iommu));
		} else if (look.c) {
			look_read(&look);
		} else {
			look_reg(&look);
		}
	}
}

/* Drops the checks of a client whose device is unbound. */
void client_shutdown_forget(struct client *c)
{
	unsigned int i, kept = 0;

	mutex_lock(&lock);
	for (i = 0; i < nr_looks; i++)
		if (looks[i].c != c)
			looks[kept++] = looks[i];
	nr_looks = kept;
	mutex_unlock(&lock);
}

static const struct syscore_ops shutdown_ops = {
	.shutdown = after_shutdown,
};

static struct syscore shutdown_syscore = {
	.ops = &shutdown_ops,
};

void client_shutdown_init(void)
{
	register_syscore(&shutdown_syscore);
}

void client_shutdown_exit(void)
{
	unregister_syscore(&shutdown_syscore);
}
