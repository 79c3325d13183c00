/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads which streams a devicetree names for its masters.
 */
#ifndef _IOMMU_BOARD_SWEEP_H
#define _IOMMU_BOARD_SWEEP_H

#include <linux/of.h>
#include <linux/types.h>

#define MAX_STREAMS	16

/* A stream of an instance that a property names. No reference to the node is held. */
struct sweep_stream {
	struct device_node *dart;
	u32 id;
};

/* An entry of an iommu-map: @count RIDs from @rid on. */
struct sweep_entry {
	u32 rid;
	u32 count;
	struct sweep_stream first;
};

/* sweep_tree.c: both return the number of entries, or -EINVAL for a malformed property */
int sweep_iommus(struct device_node *np, struct sweep_stream *streams);
int sweep_map(struct device_node *np, struct sweep_entry *entries, u32 *mask);
/* Looks up the stream of a RID; returns false if no entry names it. */
bool sweep_lookup(const struct sweep_entry *entries, int nr, u32 rid,
		  struct sweep_stream *stream);

#endif /* _IOMMU_BOARD_SWEEP_H */
