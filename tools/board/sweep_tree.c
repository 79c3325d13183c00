// SPDX-License-Identifier: GPL-2.0
/*
 * Reads "iommus" and "iommu-map" without the kernel's own parsers, because these
 * are part of what is tested.
 */
#include "sweep.h"

struct cursor {
	const __be32 *at;
	unsigned int left;
};

static bool start(struct device_node *np, const char *name, struct cursor *c)
{
	int len;

	c->at = of_get_property(np, name, &len);
	c->left = c->at ? len / sizeof(u32) : 0;
	return c->at && len > 0 && len % sizeof(u32) == 0;
}

static u32 next(struct cursor *c)
{
	if (!c->left)
		return 0;
	c->left--;
	return be32_to_cpup(c->at++);
}

/* Reads a phandle and the stream number after it: one cell, as for a DART. */
static bool next_stream(struct cursor *c, struct sweep_stream *stream)
{
	u32 cells;

	if (c->left < 2)
		return false;
	stream->dart = of_find_node_by_phandle(next(c));
	if (!stream->dart)
		return false;
	/* The nodes of the tree that the kernel was booted with are never freed. */
	of_node_put(stream->dart);
	if (of_property_read_u32(stream->dart, "#iommu-cells", &cells) || cells != 1)
		return false;
	stream->id = next(c);
	return true;
}

int sweep_iommus(struct device_node *np, struct sweep_stream *streams)
{
	struct cursor c;
	int n = 0;

	if (!start(np, "iommus", &c))
		return -EINVAL;
	while (c.left)
		if (n == MAX_STREAMS || !next_stream(&c, &streams[n++]))
			return -EINVAL;
	return n;
}

int sweep_map(struct device_node *np, struct sweep_entry *entries, u32 *mask)
{
	struct cursor c;
	int n = 0;

	*mask = start(np, "iommu-map-mask", &c) ? next(&c) : U32_MAX;
	if (!start(np, "iommu-map", &c))
		return -EINVAL;
	for (; c.left; n++) {
		if (n == MAX_STREAMS || c.left < 4)
			return -EINVAL;
		entries[n].rid = next(&c);
		if (!next_stream(&c, &entries[n].first))
			return -EINVAL;
		entries[n].count = next(&c);
	}
	return n;
}

bool sweep_lookup(const struct sweep_entry *entries, int nr, u32 rid,
		  struct sweep_stream *stream)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (rid < entries[i].rid || rid - entries[i].rid >= entries[i].count)
			continue;
		stream->dart = entries[i].first.dart;
		stream->id = entries[i].first.id + rid - entries[i].rid;
		return true;
	}
	return false;
}
