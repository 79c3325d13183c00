// SPDX-License-Identifier: GPL-2.0
/*
 * The test client replaces one domain by another without the default domain in
 * between, which iommu_attach_device() requires. The core's function for that is
 * the one that iommufd uses.
 */
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include "client.h"

static struct iommu_attach_handle handles[CLIENT_DOMAINS];

/* The handle for the driver's blocked domain, which all groups share. */
static struct iommu_attach_handle blocked_handle;

static int replace(struct client *c, struct iommu_domain *domain,
		   struct iommu_attach_handle *handle)
{
	struct iommu_group *group = iommu_group_get(c->dev);
	int ret;

	if (!group)
		return -ENODEV;
	ret = iommu_replace_group_handle(group, domain, handle);
	iommu_group_put(group);
	return ret;
}

/* replace D: attaches the device's group to D in place of its current domain */
static int cmd_replace(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = client_domain(argv[1]);
	unsigned int n;
	int ret;

	if (!domain || kstrtouint(argv[1], 0, &n))
		return -ENOENT;
	ret = replace(c, domain, &handles[n]);
	if (!ret) {
		c->attached = n;
		c->by_handle = true;
	}
	return ret;
}

/* Returns the group to the default domain from one that "replace" attached. */
int client_detach_handle(struct client *c, struct iommu_domain *domain)
{
	struct iommu_group *group = iommu_group_get(c->dev);

	if (!group)
		return -ENODEV;
	iommu_detach_group_handle(domain, group);
	iommu_group_put(group);
	c->by_handle = false;
	return 0;
}

static struct iommu_domain *blocked_domain(struct client *c)
{
	if (!c->dev->iommu || !c->dev->iommu->iommu_dev)
		return NULL;
	return c->dev->iommu->iommu_dev->ops->blocked_domain;
}

/* block: attaches the blocked domain in place of the group's current domain */
static int cmd_block(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = blocked_domain(c);
	int ret;

	if (!domain)
		return -ENOENT;
	ret = replace(c, domain, &blocked_handle);
	if (!ret) {
		c->attached = -1;
		c->by_handle = false;
	}
	return ret;
}

/* unblock: returns the group to the default domain */
static int cmd_unblock(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = blocked_domain(c);

	if (!domain || iommu_get_domain_for_dev(c->dev) != domain)
		return -ENOENT;
	return client_detach_handle(c, domain);
}

const struct command group_commands[] = {
	{ "replace", 1, true, cmd_replace },
	{ "block", 0, true, cmd_block },
	{ "unblock", 0, true, cmd_unblock },
	{ }
};

MODULE_IMPORT_NS("IOMMUFD_INTERNAL");
