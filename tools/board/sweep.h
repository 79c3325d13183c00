/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A devicetree gone through for what its masters are to get.
 */
#ifndef _IOMMU_BOARD_SWEEP_H
#define _IOMMU_BOARD_SWEEP_H

#include <linux/of.h>
#include <linux/types.h>

#define MAX_STREAMS	16

/* What a property names: a stream of an instance. The node is not held. */
struct sweep_stream {
	struct device_node *dart;
	u32 id;
};

/* An entry of an iommu-map: so many RIDs from the first one on. */
struct sweep_entry {
	u32 rid;
	u32 count;
	struct sweep_stream first;
};

/* sweep_tree.c: how many there are, or -EINVAL for what makes no sense */
int sweep_iommus(struct device_node *np, struct sweep_stream *streams);
int sweep_map(struct device_node *np, struct sweep_entry *entries, u32 *mask);
/* The stream that a RID has by the entries; false if none names it. */
bool sweep_lookup(const struct sweep_entry *entries, int nr, u32 rid,
		  struct sweep_stream *stream);

#endif /* _IOMMU_BOARD_SWEEP_H */
