// SPDX-License-Identifier: GPL-2.0
/*
 * The test client's engine: single transfers, and a load that repeats a transfer
 * until it is stopped.
 *
 * The engine works only during calls of board_engine_step(). So a transfer is
 * complete when its command returns, and a load runs on the CPU that its thread
 * is bound to.
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "client.h"
#include "export.h"

#define CHANNELS	8
#define LOAD_CHANNEL	7
#define STEP_BYTES	4096

#define CH(n, reg)	((n) * 0x40 + (reg))
#define R_CTRL		0x00
#define  CTRL_START	BIT(0)
#define  CTRL_MODE(m)	((m) << 1)
#define R_STATUS	0x04
#define  STATUS_BUSY	BIT(0)
#define  STATUS_DONE	BIT(1)
#define  STATUS_WAITING	BIT(3)
#define  STATUS_WRITE	BIT(4)
#define  STATUS_CAUSE(s)	(((s) >> 5) & 7)
#define R_SRC		0x08
#define R_DST		0x10
#define R_LEN		0x18
#define R_VALUE		0x1c
#define R_LIST		0x20
#define R_COUNT		0x28
#define R_FAULT		0x2c
#define R_BYTES		0x34

static void put64(struct client *c, unsigned int reg, u64 value)
{
	writel(lower_32_bits(value), c->regs + reg);
	writel(upper_32_bits(value), c->regs + reg + 4);
}

static u64 get64(struct client *c, unsigned int reg)
{
	return readl(c->regs + reg) | (u64)readl(c->regs + reg + 4) << 32;
}

#define LOOK_US 50

/* Returns 0, -EFAULT if the engine reports an error, or -ETIMEDOUT if it does not finish. */
int client_transfer(struct client *c, struct transfer *t)
{
	/*
	 * The timeout counts polls, not time, so that the fault handler gets as many
	 * turns on a slow machine as on a fast one.
	 */
	unsigned int most = (t->timeout_ms ?: 1000) * (USEC_PER_MSEC / LOOK_US);
	unsigned int looks = 0;
	unsigned int ch = t->channel;

	writel(STATUS_DONE | ENGINE_STATUS_ERROR, c->regs + CH(ch, R_STATUS));
	put64(c, CH(ch, R_SRC), t->src);
	put64(c, CH(ch, R_DST), t->dst);
	writel(t->len, c->regs + CH(ch, R_LEN));
	writel(t->value, c->regs + CH(ch, R_VALUE));
	put64(c, CH(ch, R_LIST), t->src);
	writel(t->count, c->regs + CH(ch, R_COUNT));
	writel(CTRL_START | CTRL_MODE(t->mode), c->regs + CH(ch, R_CTRL));

	for (;;) {
		board_engine_step(c->engine, STEP_BYTES, NULL);
		t->status = readl(c->regs + CH(ch, R_STATUS));
		if (!(t->status & STATUS_BUSY))
			break;
		if (!(t->status & STATUS_WAITING)) {
			cond_resched();
			continue;
		}
		/* A fault that is not handled yet stalls the lane. */
		if (looks++ == most) {
			writel(0, c->regs + CH(ch, R_CTRL));
			return -ETIMEDOUT;
		}
		/* In most cases the handler has run during the step. */
		if (looks > 1)
			usleep_range(LOOK_US, 2 * LOOK_US);
	}
	if (!(t->status & ENGINE_STATUS_ERROR))
		return 0;
	t->fault = get64(c, CH(ch, R_FAULT));
	return -EFAULT;
}

static int transfer_say(struct client *c, struct transfer *t)
{
	static const char * const causes[] = {
		"unknown", "no-table", "no-page", "permission", "bus", "bad-list",
		"blocked",
	};
	unsigned int cause;
	int ret;

	if (t->channel >= CHANNELS)
		return -EINVAL;
	ret = client_transfer(c, t);
	cause = STATUS_CAUSE(t->status);
	if (!ret)
		client_say(c, "bytes %u", readl(c->regs + CH(t->channel, R_BYTES)));
	else if (ret == -EFAULT)
		client_say(c, "%s %s 0x%llx",
			   causes[cause < ARRAY_SIZE(causes) ? cause : 0],
			   t->status & STATUS_WRITE ? "write" : "read", t->fault);
	return ret;
}

/* copy CHANNEL SRC DST LEN */
static int cmd_copy(struct client *c, int argc, char **argv)
{
	struct transfer t = { .mode = ENGINE_COPY };

	if (kstrtouint(argv[1], 0, &t.channel) || client_u64(argv[2], &t.src) ||
	    client_u64(argv[3], &t.dst) || kstrtou32(argv[4], 0, &t.len))
		return -EINVAL;
	return transfer_say(c, &t);
}

/* fill CHANNEL DST LEN WORD */
static int cmd_fill(struct client *c, int argc, char **argv)
{
	struct transfer t = { .mode = ENGINE_FILL };

	if (kstrtouint(argv[1], 0, &t.channel) || client_u64(argv[2], &t.dst) ||
	    kstrtou32(argv[3], 0, &t.len) || kstrtou32(argv[4], 0, &t.value))
		return -EINVAL;
	return transfer_say(c, &t);
}

/* read CHANNEL SRC LEN */
static int cmd_read(struct client *c, int argc, char **argv)
{
	struct transfer t = { .mode = ENGINE_READ };

	if (kstrtouint(argv[1], 0, &t.channel) || client_u64(argv[2], &t.src) ||
	    kstrtou32(argv[3], 0, &t.len))
		return -EINVAL;
	return transfer_say(c, &t);
}

/* list CHANNEL IOVA COUNT: a scattered copy, from COUNT descriptors at IOVA */
static int cmd_list(struct client *c, int argc, char **argv)
{
	struct transfer t = { .mode = ENGINE_LIST };

	if (kstrtouint(argv[1], 0, &t.channel) || client_u64(argv[2], &t.src) ||
	    kstrtou32(argv[3], 0, &t.count))
		return -EINVAL;
	return transfer_say(c, &t);
}

struct descriptor {
	__le64 src;
	__le64 dst;
	__le32 len;
	__le32 reserved;
};

/* desc B INDEX SRC DST LEN: writes a descriptor to a buffer, by the CPU */
static int cmd_desc(struct client *c, int argc, char **argv)
{
	struct buffer *b = client_buffer(argv[1]);
	struct descriptor d = {};
	u64 index, src, dst, len;

	if (!b || client_u64(argv[2], &index) || client_u64(argv[3], &src) ||
	    client_u64(argv[4], &dst) || client_u64(argv[5], &len) ||
	    index >= PAGE_SIZE / sizeof(d))
		return -EINVAL;
	d.src = cpu_to_le64(src);
	d.dst = cpu_to_le64(dst);
	d.len = cpu_to_le32(len);
	memcpy(buffer_at(b, index * sizeof(d)), &d, sizeof(d));
	return 0;
}

static bool buffers_differ(struct load *l)
{
	size_t off, part;

	for (off = 0; off < l->len; off += part) {
		part = min_t(size_t, l->len - off, PAGE_SIZE);
		if (memcmp(buffer_at(l->src, off), buffer_at(l->dst, off), part))
			return true;
	}
	return false;
}

static int load_thread(void *data)
{
	struct client *c = data;
	struct load *l = &c->load;
	struct transfer t = {
		.mode = ENGINE_COPY,
		.channel = LOAD_CHANNEL,
		.src = l->src_iova,
		.dst = l->dst_iova,
		.len = l->len,
		.timeout_ms = 1000,
	};
	size_t off;
	u32 pass = 0;

	while (!kthread_should_stop()) {
		if (READ_ONCE(l->paused)) {
			usleep_range(500, 1000);
			continue;
		}
		pass++;
		for (off = 0; off < l->len; off += PAGE_SIZE)
			*(u32 *)buffer_at(l->src, off) = pass;
		switch (client_transfer(c, &t)) {
		case 0:
			atomic64_add(l->len, &l->bytes);
			if (buffers_differ(l))
				atomic64_inc(&l->mismatches);
			break;
		case -ETIMEDOUT:
			/* The host is slow, or the lane stays stalled: then all passes time out. */
			atomic64_inc(&l->timeouts);
			break;
		default:
			atomic64_inc(&l->errors);
			usleep_range(20, 50);
		}
		atomic64_inc(&l->passes);
		cond_resched();
	}
	return 0;
}

void client_load_stop(struct client *c)
{
	if (!c->load.task)
		return;
	kthread_stop(c->load.task);
	c->load.task = NULL;
}

/* Pauses or resumes the load. When a pause returns, no transfer is in progress. */
void client_load_pause(struct client *c, bool pause)
{
	s64 passes;
	int tries;

	if (!c->load.task || c->load.keep)
		return;
	WRITE_ONCE(c->load.paused, pause);
	if (!pause)
		return;
	passes = atomic64_read(&c->load.passes);
	for (tries = 0; tries < 300 && atomic64_read(&c->load.passes) == passes; tries++)
		usleep_range(1000, 2000);
}

/*
 * load start SRC_B SRC_IOVA DST_B DST_IOVA LEN [CPU]
 * load stop | stat | keep
 */
static int cmd_load(struct client *c, int argc, char **argv)
{
	struct load *l = &c->load;
	unsigned int cpu;
	u64 len;

	if (!strcmp(argv[1], "start")) {
		if (l->task)
			return -EBUSY;
		if (argc < 7)
			return -EINVAL;
		l->src = client_buffer(argv[2]);
		l->dst = client_buffer(argv[4]);
		if (!l->src || !l->dst || client_u64(argv[3], &l->src_iova) ||
		    client_u64(argv[5], &l->dst_iova) || client_u64(argv[6], &len) ||
		    !buffer_has(l->src, 0, len) || !buffer_has(l->dst, 0, len))
			return -EINVAL;
		l->len = len;
		l->keep = l->paused = false;
		atomic64_set(&l->bytes, 0);
		atomic64_set(&l->passes, 0);
		atomic64_set(&l->errors, 0);
		atomic64_set(&l->mismatches, 0);
		atomic64_set(&l->timeouts, 0);
		l->task = kthread_create(load_thread, c, "board-load/%d", c->engine);
		if (IS_ERR(l->task)) {
			l->task = NULL;
			return -ENOMEM;
		}
		if (argc > 7 && !kstrtouint(argv[7], 0, &cpu) && cpu_online(cpu))
			kthread_bind(l->task, cpu);
		wake_up_process(l->task);
		return 0;
	}
	if (!strcmp(argv[1], "keep")) {
		l->keep = true;
		return 0;
	}
	if (!strcmp(argv[1], "stop"))
		client_load_stop(c);
	else if (strcmp(argv[1], "stat"))
		return -EINVAL;
	client_say(c, "bytes %lld passes %lld errors %lld mismatches %lld timeouts %lld",
		   atomic64_read(&l->bytes), atomic64_read(&l->passes),
		   atomic64_read(&l->errors), atomic64_read(&l->mismatches),
		   atomic64_read(&l->timeouts));
	return 0;
}

const struct command dma_commands[] = {
	{ "copy", 4, true, cmd_copy },
	{ "fill", 4, true, cmd_fill },
	{ "read", 3, true, cmd_read },
	{ "list", 3, true, cmd_list },
	{ "desc", 5, false, cmd_desc },
	{ "load", 1, true, cmd_load },
	{ }
};
