// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's threads. Each runs on its own CPU and maps in its own range of
 * a domain that they share.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "bench.h"

struct worker {
	struct completion done;
	struct iommu_domain *domain;
	struct run run;
	atomic_t *ready;
	unsigned int workers, times;
	u64 elapsed;
};

static int worker_fn(void *data)
{
	struct worker *w = data;
	unsigned int i;
	u64 start;

	atomic_inc(w->ready);
	while (atomic_read(w->ready) < w->workers)
		cpu_relax();
	start = ticks();
	for (i = 0; i < w->times; i++) {
		iommu_map(w->domain, w->run.iova, w->run.paddr, w->run.size, PROT, GFP_KERNEL);
		iommu_unmap(w->domain, w->run.iova, w->run.size);
	}
	w->elapsed = ticks() - start;
	complete(&w->done);
	return 0;
}

/* Sets *@elapsed to the slower thread's time for @times maps, each with its unmap. */
static int work(struct side *s, size_t size, unsigned int workers, unsigned int times, u64 *elapsed)
{
	static struct worker all[2];
	atomic_t ready = ATOMIC_INIT(0);
	struct task_struct *tasks[2];
	unsigned int i;

	for (i = 0; i < workers; i++) {
		struct worker *w = &all[i];

		init_completion(&w->done);
		w->domain = s->domains[0];
		w->run.iova = i ? RUN_IOVA2 : RUN_IOVA;
		w->run.paddr = target() - MAX_BYTES + SZ_4K;
		w->run.size = size;
		w->ready = &ready;
		w->workers = workers;
		w->times = times;
		tasks[i] = kthread_create(worker_fn, w, "bench/%u", i);
		if (IS_ERR(tasks[i])) {
			while (i--)
				kthread_stop(tasks[i]);
			return -ENOMEM;
		}
		kthread_bind(tasks[i], i);
	}
	for (i = 0; i < workers; i++)
		wake_up_process(tasks[i]);
	*elapsed = 0;
	for (i = 0; i < workers; i++) {
		wait_for_completion(&all[i].done);
		*elapsed = max(*elapsed, all[i].elapsed);
	}
	return 0;
}

/* threads SIZE WORKERS TIMES ROUNDS */
int cmd_threads(struct side *sides, int argc, char **argv)
{
	unsigned int workers, times, rounds, r, i;
	struct row *rows[SIDES];
	struct run run = { .calls = 1 };
	size_t size;
	u64 elapsed;
	int ret;

	if (argc < 5 || kstrtoul(argv[1], 0, &size) || kstrtouint(argv[2], 0, &workers) ||
	    kstrtouint(argv[3], 0, &times) || kstrtouint(argv[4], 0, &rounds))
		return -EINVAL;
	if (!workers || workers > min(num_online_cpus(), 2U) || size > MAX_BYTES || !times)
		return -EINVAL;
	for (i = 0; i < SIDES; i++) {
		rows[i] = row_new(workers == 1 ? "threads_1" : "threads_2", size,
				  sides[i].who, rounds * 2);
		if (!rows[i])
			return -ENOMEM;
	}
	for (r = 0; r < rounds; r++)
		for (i = 0; i < ARRAY_SIZE(order); i++) {
			struct side *s = &sides[order[i]];
			struct row *row = rows[order[i]];
			const char *bad;

			ret = work(s, size, workers, times, &elapsed);
			if (ret)
				return ret;
			/* The domain must still work after the threads have ended. */
			run.iova = i % 2 ? RUN_IOVA2 : RUN_IOVA;
			run.paddr = target();
			run.size = SZ_4K;
			bad = NULL;
			if (!misses(s, run.iova, target_word()))
				bad = "DMA after unmap did not fault";
			s->domains[0]->ops->flush_iotlb_all(s->domains[0]);
			whole_map(s->domains[0], &run);
			bad = bad ?: check_mapped(s, &run, run.iova);
			whole_unmap(s->domains[0], &run);
			bad = bad ?: check_unmapped(s, &run, run.iova);
			if (bad)
				row_fail(row, bad);
			else
				row_add(row, elapsed, (u64)times * workers);
		}
	return 0;
}
