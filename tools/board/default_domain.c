// SPDX-License-Identifier: GPL-2.0
/*
 * Lets user space choose the default domains of an IOMMU's masters.
 *
 * A driver may demand a type of default domain (iommu_ops::def_domain_type). Those of
 * Tegra's SMMU, in C and in Rust, demand identity, and the core then refuses any other
 * type in a group's file "type". So stock masters, which use the DMA API, would never be
 * translated. This clears that function in the driver's ops, whose memory is read-only if
 * the driver is built in.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "masters.h"

int any_default_domain(struct device *dev)
{
	struct iommu_ops *ops;
	struct page *page;
	void *field, *at;

	if (!dev->iommu || !dev->iommu->iommu_dev)
		return -ENODEV;
	ops = (struct iommu_ops *)dev->iommu->iommu_dev->ops;
	if (!ops->def_domain_type)
		return 0;
	field = &ops->def_domain_type;
	/* Modules and the kernel's image are in the area of vmalloc(). */
	page = vmalloc_to_page(field);
	if (!page)
		return -EFAULT;
	at = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	if (!at)
		return -ENOMEM;
	WRITE_ONCE(*(void **)(at + offset_in_page(field)), NULL);
	vunmap(at);
	return 0;
}
