/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IOMMU_BOARD_MASTERS_H
#define _IOMMU_BOARD_MASTERS_H

struct device;

/* masters.c */
void masters_init(void);
void masters_exit(void);

/* engines.c */
int engines_init(void);
void engines_exit(void);

/* default_domain.c */
int any_default_domain(struct device *dev);

#endif
