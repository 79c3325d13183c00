// SPDX-License-Identifier: GPL-2.0
/* The kernel's sun50i driver, unchanged. A module also needs a licence and an owner. */
#include <linux/iommu.h>
#include <linux/module.h>
#define iommu_device_register(iommu, its_ops, dev) ({			\
	static struct iommu_ops owned; owned = *(its_ops);		\
	owned.owner = THIS_MODULE; iommu_device_register(iommu, &owned, dev); })
#include "sun50i-iommu.c"
MODULE_LICENSE("GPL");
