// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's sun50i driver before "iommu/sun50i: fix device leak on of_xlate()": it keeps the
 * reference to the IOMMU's device, the only one that it takes.
 */
#include <linux/device.h>
#define put_device(dev) ((void)(dev))
#include "c_sun50i.c"
