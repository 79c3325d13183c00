/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_BOARD_MASTERS_H
#define _IOMMU_BOARD_MASTERS_H

void masters_init(void);
void masters_exit(void);

#endif
