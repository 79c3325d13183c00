// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's DART driver before "iommu/apple-dart: fix device leak on of_xlate()": it keeps the
 * reference to the IOMMU's device, the only one that it takes.
 */
#include <linux/device.h>
#define put_device(dev) ((void)(dev))
#include "c_apple_dart.c"
