// SPDX-License-Identifier: GPL-2.0
/*
 * The test client's stress commands. Most of them run two sides against each
 * other for a given time, each bound to a CPU, and print how often both were
 * inside the tested calls at once: a run without overlaps has tested nothing.
 * "slots" prints which functions a driver's ops point to.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "client.h"
#include "export.h"

#define MIB_PAGES	256
#define TIMER_PERIOD_NS	(200 * NSEC_PER_USEC)
#define STORM_CHANNEL	6

struct side {
	struct client *c;
	struct iommu_domain *domain;
	struct buffer *b;
	u64 iova;
	unsigned int number;
	bool misuse;
	struct meeting *meeting;
	u64 rounds, errors;
};

static phys_addr_t page_of(struct buffer *b, unsigned int n)
{
	return page_to_phys(b->pages[n % b->nr]);
}

/* Maps a page, looks it up and unmaps it. Returns true if all results are as expected. */
static bool once(struct side *s, unsigned int n, gfp_t gfp)
{
	phys_addr_t pa = page_of(s->b, n);
	u64 iova = s->iova + ((u64)n << PAGE_SHIFT);
	bool good = true;

	enter(s->meeting);
	if (iommu_map(s->domain, iova, pa, PAGE_SIZE, IOMMU_READ | IOMMU_WRITE, gfp))
		good = false;
	else if (iommu_iova_to_phys(s->domain, iova) != pa)
		good = false;
	if (iommu_unmap(s->domain, iova, PAGE_SIZE) != PAGE_SIZE)
		good = false;
	else if (iommu_iova_to_phys(s->domain, iova))
		good = false;
	leave(s->meeting);
	return good;
}

static int pages_thread(void *data)
{
	struct side *s = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = s->number; i < MIB_PAGES; i += 2)
			if (!once(s, i, GFP_KERNEL))
				s->errors++;
		/* The other side may use this page: any result is fine, but no harm. */
		if (s->misuse)
			once(s, s->rounds % MIB_PAGES, GFP_KERNEL);
		s->rounds++;
		cond_resched();
	}
	return 0;
}

static int stress_args(char **argv, struct side *s, unsigned int *ms)
{
	s->domain = client_domain(argv[1]);
	s->b = client_buffer(argv[3]);
	if (!s->domain || !s->b)
		return -ENOENT;
	if (client_u64(argv[2], &s->iova) || kstrtouint(argv[4], 0, ms))
		return -EINVAL;
	return 0;
}

static int two_cpus(void)
{
	return num_online_cpus() < 2 ? -ENXIO : 0;
}

/* pages D IOVA B MS [misuse]: two CPUs, alternate pages of one MiB */
static int cmd_pages(struct client *c, int argc, char **argv)
{
	struct task_struct *task[2];
	struct meeting meeting = {};
	struct side side[2] = {};
	unsigned int i, ms;
	int ret;

	ret = two_cpus() ?: stress_args(argv, &side[0], &ms);
	if (ret)
		return ret;
	side[0].meeting = &meeting;
	side[0].misuse = argc > 5;
	side[1] = side[0];
	side[1].number = 1;
	for (i = 0; i < 2; i++) {
		task[i] = kthread_create(pages_thread, &side[i], "board-pages/%u", i);
		if (IS_ERR(task[i])) {
			if (i)
				kthread_stop(task[0]);
			return PTR_ERR(task[i]);
		}
		kthread_bind(task[i], i);
	}
	for (i = 0; i < 2; i++)
		wake_up_process(task[i]);
	msleep(ms);
	for (i = 0; i < 2; i++)
		kthread_stop(task[i]);
	client_say(c, "rounds %llu %llu errors %llu %llu overlaps %lld",
		   side[0].rounds, side[1].rounds, side[0].errors, side[1].errors,
		   atomic64_read(&meeting.overlaps));
	return 0;
}

struct ticker {
	struct hrtimer timer;
	struct side side;
	bool stop;
};

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, timer);

	if (!once(&t->side, t->side.rounds % 4, GFP_ATOMIC))
		t->side.errors++;
	t->side.rounds++;
	if (READ_ONCE(t->stop))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, TIMER_PERIOD_NS);
	return HRTIMER_RESTART;
}

/*
 * atomic D IOVA B MS [across]: a hard interrupt on CPU 0 maps in the same MiB as
 * a task. The task runs on CPU 0, where it is interrupted, or on CPU 1 ("across").
 */
static int cmd_atomic(struct client *c, int argc, char **argv)
{
	bool across = argc > 5;
	struct meeting meeting = {};
	struct ticker t = {};
	struct side task = {};
	unsigned long end;
	unsigned int ms;
	int ret;

	ret = (across ? two_cpus() : 0) ?: stress_args(argv, &task, &ms);
	if (ret)
		return ret;
	task.meeting = &meeting;
	t.side = task;
	ret = set_cpus_allowed_ptr(current, cpumask_of(0));
	if (ret)
		return ret;
	hrtimer_setup_on_stack(&t.timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_start(&t.timer, TIMER_PERIOD_NS, HRTIMER_MODE_REL_PINNED_HARD);
	if (across)
		ret = set_cpus_allowed_ptr(current, cpumask_of(1));
	end = jiffies + msecs_to_jiffies(ms);
	while (time_before(jiffies, end)) {
		if (!once(&task, 8 + task.rounds % 8, GFP_KERNEL))
			task.errors++;
		task.rounds++;
		cond_resched();
	}
	WRITE_ONCE(t.stop, true);
	hrtimer_cancel(&t.timer);
	destroy_hrtimer_on_stack(&t.timer);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	client_say(c, "task %llu irq %llu errors %llu %llu overlaps %lld",
		   task.rounds, t.side.rounds, task.errors, t.side.errors,
		   atomic64_read(&meeting.overlaps));
	return ret;
}

struct storm {
	struct client *c;
	struct buffer *b;
	u64 iova;
	atomic64_t accesses;
	atomic64_t handled, wrong_dev, failed;
};

static int storm_thread(void *data)
{
	struct storm *s = data;
	struct transfer t = {
		.mode = ENGINE_READ,
		.channel = STORM_CHANNEL,
		.src = s->iova,
		.len = 64,
		.timeout_ms = 50,
	};

	while (!kthread_should_stop()) {
		client_transfer(s->c, &t);
		atomic64_inc(&s->accesses);
		cond_resched();
	}
	return 0;
}

/* Maps and unmaps in the domain that has the fault, above the faulting page. */
static int storm_handler(struct iommu_domain *domain, struct device *dev,
			 unsigned long iova, int flags, void *token)
{
	struct storm *s = token;
	u64 other = s->iova + SZ_1M;

	atomic64_inc(&s->handled);
	if (dev != s->c->dev)
		atomic64_inc(&s->wrong_dev);
	if (iommu_map(domain, other, page_of(s->b, 0), PAGE_SIZE, IOMMU_READ, GFP_ATOMIC) ||
	    iommu_unmap(domain, other, PAGE_SIZE) != PAGE_SIZE)
		atomic64_inc(&s->failed);
	return 0;
}

static int storm_round(struct client *c, struct storm *s, struct iommu_group *group)
{
	struct iommu_domain *domain = iommu_paging_domain_alloc(c->dev);
	int ret;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	iommu_set_fault_handler(domain, storm_handler, s);
	ret = iommu_attach_group(domain, group);
	if (!ret) {
		usleep_range(100, 300);
		iommu_detach_group(domain, group);
	}
	iommu_domain_free(domain);
	return ret;
}

/*
 * storm IOVA B MS: a master's accesses on one CPU fault all the time and the
 * fault handler maps, while the other CPU allocates, attaches, detaches and
 * frees domains.
 */
static int cmd_storm(struct client *c, int argc, char **argv)
{
	struct storm s = { .c = c, .b = client_buffer(argv[2]) };
	struct iommu_group *group;
	struct task_struct *task;
	u64 rounds = 0, errors = 0;
	unsigned int ms;
	unsigned long end;
	int ret = two_cpus();

	if (ret)
		return ret;
	if (!s.b || client_u64(argv[1], &s.iova) || kstrtouint(argv[3], 0, &ms))
		return -EINVAL;
	group = iommu_group_get(c->dev);
	if (!group)
		return -ENODEV;
	task = kthread_create(storm_thread, &s, "board-storm");
	if (IS_ERR(task)) {
		iommu_group_put(group);
		return PTR_ERR(task);
	}
	kthread_bind(task, 1);
	ret = set_cpus_allowed_ptr(current, cpumask_of(0));
	wake_up_process(task);
	end = jiffies + msecs_to_jiffies(ms);
	while (time_before(jiffies, end)) {
		if (storm_round(c, &s, group))
			errors++;
		rounds++;
		cond_resched();
	}
	kthread_stop(task);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	iommu_group_put(group);
	client_say(c, "rounds %llu errors %llu accesses %lld handled %lld wrong_dev %lld failed %lld",
		   rounds, errors, atomic64_read(&s.accesses),
		   atomic64_read(&s.handled), atomic64_read(&s.wrong_dev),
		   atomic64_read(&s.failed));
	return ret;
}

/*
 * faultrate IOVA PER_SECOND MS: makes faulting reads at this rate in the device's
 * current domain, and prints how many.
 */
static int cmd_faultrate(struct client *c, int argc, char **argv)
{
	struct transfer t = {
		.mode = ENGINE_READ,
		.channel = STORM_CHANNEL,
		.len = 64,
		.timeout_ms = 100,
	};
	u64 done = 0, faults = 0, stuck = 0, rate, all;
	unsigned int ms;
	ktime_t start;

	if (client_u64(argv[1], &t.src) || client_u64(argv[2], &rate) ||
	    kstrtouint(argv[3], 0, &ms) || !rate)
		return -EINVAL;
	start = ktime_get();
	all = div_u64(rate * ms, MSEC_PER_SEC);
	while (done < all) {
		if (done * USEC_PER_SEC > ktime_us_delta(ktime_get(), start) * rate) {
			usleep_range(50, 200);
			continue;
		}
		switch (client_transfer(c, &t)) {
		case -EFAULT:
			faults++;
			break;
		case -ETIMEDOUT:
			stuck++;
			break;
		}
		done++;
		cond_resched();
	}
	client_say(c, "accesses %llu faults %llu stuck %llu ms %lld", done, faults, stuck,
		   ktime_ms_delta(ktime_get(), start));
	return 0;
}

/*
 * slots D: prints the functions that the core calls to free domains: a paging
 * domain, and the static domains of the device's driver
 */
static int cmd_slots(struct client *c, int argc, char **argv)
{
	struct iommu_domain *domain = client_domain(argv[1]);
	const struct iommu_ops *ops;

	if (!domain || !c->dev->iommu || !c->dev->iommu->iommu_dev)
		return -ENOENT;
	ops = c->dev->iommu->iommu_dev->ops;
	client_say(c, "paging %ps default %ps", domain->ops->free,
		   ops->default_domain_ops ? ops->default_domain_ops->free : NULL);
	if (ops->identity_domain)
		client_say(c, " identity %ps", ops->identity_domain->ops->free);
	if (ops->blocked_domain)
		client_say(c, " blocked %ps", ops->blocked_domain->ops->free);
	if (ops->release_domain)
		client_say(c, " release %ps", ops->release_domain->ops->free);
	return 0;
}

const struct command stress_commands[] = {
	{ "slots", 1, true, cmd_slots },
	{ "pages", 4, false, cmd_pages },
	{ "atomic", 4, false, cmd_atomic },
	{ "storm", 3, true, cmd_storm },
	{ "faultrate", 3, true, cmd_faultrate },
	{ }
};
