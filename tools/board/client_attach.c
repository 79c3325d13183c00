// SPDX-License-Identifier: GPL-2.0
/*
 * The test client attaches one domain to two groups, on two CPUs at once. The
 * core serializes the attaches of a group, but not those of a domain.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/platform_device.h>

#include "client.h"

#define ATTACH_CHANNEL	6

struct attacher {
	struct client *c;
	struct iommu_group *group;
	struct iommu_domain *domain;
	struct meeting *meeting;
	struct task_struct *task;
	u64 iova;
	u64 rounds, errors, unread;
};

static int attach_thread(void *data)
{
	struct attacher *a = data;
	struct transfer t = {
		.mode = ENGINE_READ,
		.channel = ATTACH_CHANNEL,
		.src = a->iova,
		.len = 64,
		.timeout_ms = 1000,
	};
	int ret;

	for (; !kthread_should_stop(); cond_resched()) {
		enter(a->meeting);
		ret = iommu_attach_group(a->domain, a->group);
		leave(a->meeting);
		a->rounds++;
		if (ret) {
			a->errors++;
			continue;
		}
		if (client_transfer(a->c, &t) || t.status & ENGINE_STATUS_ERROR)
			a->unread++;
		enter(a->meeting);
		iommu_detach_group(a->domain, a->group);
		leave(a->meeting);
	}
	return 0;
}

static int start(struct attacher *a, unsigned int cpu)
{
	a->group = iommu_group_get(a->c->dev);
	if (!a->group)
		return -ENODEV;
	a->task = kthread_create(attach_thread, a, "board-attach/%u", cpu);
	if (IS_ERR(a->task))
		return PTR_ERR(a->task);
	kthread_bind(a->task, cpu);
	/* The reference keeps the task_struct until kthread_stop(). */
	get_task_struct(a->task);
	return 0;
}

static void stop(struct attacher *a)
{
	if (!IS_ERR_OR_NULL(a->task)) {
		kthread_stop(a->task);
		put_task_struct(a->task);
	}
	iommu_group_put(a->group);
}

/* attaches D OTHER IOVA MS: attaches this device and OTHER, which reads at IOVA */
static int cmd_attaches(struct client *c, int argc, char **argv)
{
	struct meeting meeting = {};
	struct attacher a[2] = {};
	struct device *other;
	unsigned int i, ms;
	int ret = 0;
	u64 iova;

	if (num_online_cpus() < 2)
		return -ENXIO;
	if (client_u64(argv[3], &iova) || kstrtouint(argv[4], 0, &ms))
		return -EINVAL;
	other = bus_find_device_by_name(&platform_bus_type, NULL, argv[2]);
	if (!other || other->driver != c->dev->driver || !client_domain(argv[1])) {
		put_device(other);
		return -ENOENT;
	}
	a[0].c = c;
	a[1].c = dev_get_drvdata(other);
	for (i = 0; i < 2 && !ret; i++) {
		a[i].domain = client_domain(argv[1]);
		a[i].meeting = &meeting;
		a[i].iova = iova;
		ret = start(&a[i], i);
	}
	if (!ret) {
		for (i = 0; i < 2; i++)
			wake_up_process(a[i].task);
		msleep(ms);
	}
	for (i = 0; i < 2; i++)
		stop(&a[i]);
	put_device(other);
	client_say(c, "rounds %llu %llu errors %llu %llu unread %llu %llu overlaps %lld",
		   a[0].rounds, a[1].rounds, a[0].errors, a[1].errors,
		   a[0].unread, a[1].unread, atomic64_read(&meeting.overlaps));
	return ret;
}

const struct command attach_commands[] = {
	{ "attaches", 4, true, cmd_attaches },
	{ }
};
