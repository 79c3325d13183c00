// SPDX-License-Identifier: GPL-2.0
/*
 * The test client's way from one domain straight into another. The core has
 * one, for iommufd; iommu_attach_device() wants the default domain in between.
 */
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include "client.h"

static struct iommu_attach_handle handles[CLIENT_DOMAINS];

/* replace D: from whatever the device's group is in */
static int cmd_replace(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = client_domain(argv[1]);
	struct iommu_group *group;
	unsigned int n;
	int ret;

	if (!domain || kstrtouint(argv[1], 0, &n))
		return -ENOENT;
	group = iommu_group_get(c->dev);
	if (!group)
		return -ENODEV;
	ret = iommu_replace_group_handle(group, domain, &handles[n]);
	iommu_group_put(group);
	if (!ret) {
		c->attached = n;
		c->by_handle = true;
	}
	return ret;
}

/* Back into the default domain, from one that "replace" has put the group in. */
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

const struct command group_commands[] = {
	{ "replace", 1, true, cmd_replace },
	{ }
};

MODULE_IMPORT_NS("IOMMUFD_INTERNAL");
