/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test client: one driver for all master nodes of the board. It uses the
 * IOMMU API and its own engine, and knows nothing of the IOMMU driver.
 */
#ifndef _BOARD_CLIENT_H
#define _BOARD_CLIENT_H

#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>

#define CLIENT_DOMAINS	16
#define CLIENT_BUFFERS	16
#define CLIENT_ARGS	8

/* Memory of a test: contiguous pages, or scattered ones. */
struct buffer {
	struct page **pages;
	unsigned int nr;
	bool scattered;
};

struct load {
	struct task_struct *task;
	struct buffer *src, *dst;
	u64 src_iova, dst_iova;
	size_t len;
	atomic64_t bytes, passes, errors, mismatches, timeouts;
	bool keep;	/* not paused for system suspend */
	bool paused;
};

struct client {
	struct device *dev;	/* NULL: the client without a device */
	bool translated;	/* behind an IOMMU when it was probed */
	void __iomem *regs;
	int engine;
	struct mutex lock;	/* one command at a time */
	struct dentry *dir;
	struct load load;
	int attached;		/* number of the domain attached by command, or -1 */
	bool by_group;
	bool by_handle;		/* attached by "replace" */
	char result[512];
};

struct command {
	const char *name;
	int min_args;
	bool needs_dev;
	int (*fn)(struct client *c, int argc, char **argv);
};

extern const struct command dma_commands[];
extern const struct command group_commands[];
extern const struct command stress_commands[];
extern const struct command attach_commands[];
extern const struct command shutdown_commands[];

__printf(2, 3) void client_say(struct client *c, const char *fmt, ...);
struct iommu_domain **client_domain_slot(const char *arg);
struct iommu_domain *client_domain(const char *arg);
struct buffer *client_buffer(const char *arg);
int client_u64(const char *arg, u64 *value);
int client_prot(const char *arg);
int client_attach(struct client *c, int number, bool by_group);
int client_detach(struct client *c);
int client_detach_handle(struct client *c, struct iommu_domain *domain);

/* client_group.c; the core declares these in a header beside its source. */
int iommu_replace_group_handle(struct iommu_group *group,
			       struct iommu_domain *domain,
			       struct iommu_attach_handle *handle);
void iommu_detach_group_handle(struct iommu_domain *domain,
			       struct iommu_group *group);

/* Counts how often two contexts were inside the same section at once. */
struct meeting {
	atomic_t inside;
	atomic64_t overlaps;
};

static inline void enter(struct meeting *m)
{
	if (atomic_inc_return(&m->inside) > 1)
		atomic64_inc(&m->overlaps);
}

static inline void leave(struct meeting *m)
{
	atomic_dec(&m->inside);
}

/* Returns the address of byte @offset of a buffer. */
static inline void *buffer_at(struct buffer *b, size_t offset)
{
	return page_address(b->pages[offset >> PAGE_SHIFT]) + offset_in_page(offset);
}

static inline bool buffer_has(struct buffer *b, u64 offset, u64 len)
{
	u64 size = (u64)b->nr << PAGE_SHIFT;

	return offset <= size && len <= size - offset;
}

/* client_dma.c */
enum engine_mode {
	ENGINE_COPY,
	ENGINE_FILL,
	ENGINE_LIST,
	ENGINE_READ,
};

struct transfer {
	enum engine_mode mode;
	unsigned int channel;
	u64 src, dst;
	u32 len;
	u32 value;
	u32 count;		/* of descriptors at src */
	unsigned int timeout_ms;
	/* The outcome. */
	u32 status;
	u64 fault;
};

#define ENGINE_STATUS_ERROR	BIT(2)

int client_transfer(struct client *c, struct transfer *t);
void client_load_stop(struct client *c);
void client_load_pause(struct client *c, bool pause);

/* client_shutdown.c */
void client_shutdown_init(void);
void client_shutdown_exit(void);
void client_shutdown_forget(struct client *c);

#endif /* _BOARD_CLIENT_H */
