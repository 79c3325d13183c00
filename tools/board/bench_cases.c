// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's remaining cases, and the table of its commands.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "iommu-priv.h"
#include "bench.h"
#include "export.h"

#define STAY_IOVA	0x90000000UL

/* Calls the handler of the instance's interrupt as the interrupt flow does; returns the time. */
static u64 handle_fault(struct side *s)
{
	struct irqaction *action = irq_data_to_desc(irq_get_irq_data(s->irq))->action;
	unsigned long flags;
	u64 start;

	local_irq_save(flags);
	start = ticks();
	action->handler(s->irq, action->dev_id);
	start = ticks() - start;
	local_irq_restore(flags);
	return start;
}

static u64 one_fault(struct side *s, bool *ok)
{
	u64 elapsed;

	/* With the interrupt disabled, only handle_fault() below runs the handler. */
	disable_irq(s->irq);
	dma_start(s, &s->ways[0], RUN_IOVA, 0);
	board_engine_step(s->engine, sizeof(u32), NULL);
	elapsed = handle_fault(s);
	*ok = !dma_finish(s);
	enable_irq(s->irq);
	return elapsed;
}

/* fault ROUNDS */
static int cmd_fault(struct side *sides, int argc, char **argv)
{
	struct row *rows[SIDES];
	unsigned int rounds, r, i;

	if (argc < 2 || kstrtouint(argv[1], 0, &rounds))
		return -EINVAL;
	for (i = 0; i < SIDES; i++) {
		rows[i] = row_new("fault", 0, sides[i].who, rounds * 2);
		if (!rows[i])
			return -ENOMEM;
	}
	for (r = 0; r < rounds; r++)
		for (i = 0; i < ARRAY_SIZE(order); i++) {
			bool ok;
			u64 elapsed = one_fault(&sides[order[i]], &ok);

			if (ok)
				row_add(rows[order[i]], elapsed, 1);
			else
				row_fail(rows[order[i]], "the access did not fault");
		}
	return 0;
}

static int quiet(struct iommu_domain *domain, struct device *dev, unsigned long iova,
		 int flags, void *token)
{
	return 0;
}

/* Replaces the attached paging domain by the other one. */
static int replace(struct side *s, u64 *elapsed)
{
	struct iommu_group *group = iommu_group_get(s->dev);
	u64 start;
	int ret;

	start = ticks();
	ret = iommu_replace_group_handle(group, s->domains[1], &s->handle);
	*elapsed = ticks() - start;
	if (!ret)
		swap(s->domains[0], s->domains[1]);
	iommu_group_put(group);
	return ret;
}

/* Returns to the default domain from a paging domain. */
static u64 leave(struct side *s)
{
	u64 start = ticks();

	iommu_detach_device(s->domains[0], s->dev);
	return ticks() - start;
}

/*
 * Attaches a paging domain in place of the default domain. The domain is new
 * each time: the C driver frees the tables of the previous domain only when the
 * next one is attached, and would free them twice if the same domain were
 * attached again.
 */
static int enter(struct side *s, u64 *elapsed)
{
	struct iommu_domain *next = iommu_paging_domain_alloc(s->dev);
	u64 start;
	int ret;

	if (IS_ERR(next))
		return PTR_ERR(next);
	iommu_set_fault_handler(next, quiet, NULL);
	start = ticks();
	ret = iommu_attach_device(next, s->dev);
	*elapsed = ticks() - start;
	if (ret)
		return ret;
	iommu_domain_free(s->domains[0]);
	s->domains[0] = next;
	return 0;
}

static int attach(struct side *s, u64 *elapsed)
{
	leave(s);
	return enter(s, elapsed);
}

static int detach(struct side *s, u64 *elapsed)
{
	u64 unused;

	*elapsed = leave(s);
	return enter(s, &unused);
}

static bool stays(struct side *s)
{
	if (!iommu_iova_to_phys(s->domains[0], STAY_IOVA) &&
	    iommu_map(s->domains[0], STAY_IOVA, target(), SZ_4K, PROT, GFP_KERNEL))
		return false;
	return hits(s, STAY_IOVA, target_word());
}

/* attach ROUNDS; detach ROUNDS; replace ROUNDS */
static int cmd_attach(struct side *sides, int argc, char **argv)
{
	int (*fn)(struct side *s, u64 *elapsed) = argv[0][0] == 'r' ? replace :
						  argv[0][0] == 'd' ? detach : attach;
	struct row *rows[SIDES];
	unsigned int rounds, r, i;
	u64 elapsed;

	if (argc < 2 || kstrtouint(argv[1], 0, &rounds))
		return -EINVAL;
	for (i = 0; i < SIDES; i++) {
		rows[i] = row_new(argv[0], 0, sides[i].who, rounds * 2);
		if (!rows[i])
			return -ENOMEM;
	}
	for (r = 0; r < rounds; r++)
		for (i = 0; i < ARRAY_SIZE(order); i++) {
			struct side *s = &sides[order[i]];

			if (fn(s, &elapsed))
				row_fail(rows[order[i]], "attach failed");
			else if (!stays(s))
				row_fail(rows[order[i]], "DMA after attach did not reach the page");
			else
				row_add(rows[order[i]], elapsed, 1);
		}
	return 0;
}

/*
 * Times a flush of the whole domain. Before it, the IOMMU's caches have an entry
 * whose page is no longer in the table, so that DMA still reaches the page.
 */
static u64 one_flush(struct side *s, const char **bad)
{
	struct run run = { .iova = RUN_IOVA, .paddr = target(), .size = SZ_4K, .calls = 1 };
	struct iommu_domain *domain = s->domains[0];
	struct iommu_iotlb_gather gather;
	u64 start;

	whole_map(domain, &run);
	*bad = check_mapped(s, &run, run.iova);
	iommu_iotlb_gather_init(&gather);
	domain->ops->unmap_pages(domain, run.iova, run.size, 1, &gather);
	if (!*bad && !hits(s, run.iova, target_word()))
		*bad = "nothing was cached that could be dropped";
	start = ticks();
	iommu_flush_iotlb_all(domain);
	start = ticks() - start;
	*bad = *bad ?: check_unmapped(s, &run, run.iova);
	return start;
}

/* flush ROUNDS */
static int cmd_flush(struct side *sides, int argc, char **argv)
{
	struct row *rows[SIDES];
	unsigned int rounds, r, i;
	const char *bad;
	u64 elapsed;

	if (argc < 2 || kstrtouint(argv[1], 0, &rounds))
		return -EINVAL;
	for (i = 0; i < SIDES; i++) {
		rows[i] = row_new("flush", 0, sides[i].who, rounds * 2);
		if (!rows[i])
			return -ENOMEM;
	}
	for (r = 0; r < rounds; r++)
		for (i = 0; i < ARRAY_SIZE(order); i++) {
			elapsed = one_flush(&sides[order[i]], &bad);
			if (bad)
				row_fail(rows[order[i]], bad);
			else
				row_add(rows[order[i]], elapsed, 1);
		}
	return 0;
}

static struct side *side_named(struct side *sides, const char *name)
{
	return !strcmp(name, "rust") ? &sides[SIDE_RUST] : &sides[SIDE_C];
}

/* once OP WHO SIZE: one call, whose instructions a tool counts; it ignores "warm". */
static int cmd_once(struct side *sides, int argc, char **argv)
{
	struct run run = { .iova = RUN_IOVA, .calls = 1 };
	struct iommu_domain *domain;
	struct side *s;
	u64 elapsed;
	bool ok = true;

	if (argc < 4 || kstrtoul(argv[3], 0, &run.size) || run.size > MAX_BYTES)
		return -EINVAL;
	s = side_named(sides, argv[2]);
	domain = s->domains[0];
	run.paddr = target() - MAX_BYTES + SZ_4K;
	if (!strcmp(argv[1], "warm"))
		return warm(s);
	if (!strcmp(argv[1], "sg"))
		fill_list(run.size >> PAGE_SHIFT);
	if (!strcmp(argv[1], "map"))
		whole_map(domain, &run);
	else if (!strcmp(argv[1], "unmap"))
		whole_unmap(domain, &run);
	else if (!strcmp(argv[1], "sg"))
		sg_map(domain, &run);
	else if (!strcmp(argv[1], "fault"))
		one_fault(s, &ok);
	else if (!strcmp(argv[1], "flush"))
		iommu_flush_iotlb_all(domain);
	else if (!strcmp(argv[1], "detach"))
		leave(s);
	else if (!strcmp(argv[1], "attach"))
		return enter(s, &elapsed);
	else if (!strcmp(argv[1], "replace"))
		return replace(s, &elapsed);
	else
		return -EINVAL;
	return ok ? 0 : -EIO;
}

/* tables WHO */
static int cmd_tables(struct side *sides, int argc, char **argv)
{
	if (argc < 2)
		return -EINVAL;
	bench_say("%zu", bench_hw->table_bytes(side_named(sides, argv[1])));
	return 0;
}

/* setup: allocates two domains a side and attaches the first, as the C driver's map requires. */
static int cmd_setup(struct side *sides, int argc, char **argv)
{
	unsigned int i, n;
	int ret;

	for (i = 0; i < SIDES; i++) {
		struct side *s = &sides[i];
		struct iommu_domain *was = iommu_get_domain_for_dev(s->dev);
		const char *from;

		for (n = 0; n < 2; n++) {
			struct iommu_domain *domain = iommu_paging_domain_alloc(s->dev);

			if (IS_ERR(domain))
				return PTR_ERR(domain);
			iommu_set_fault_handler(domain, quiet, NULL);
			s->domains[n] = domain;
		}
		ret = iommu_attach_device(s->domains[0], s->dev);
		if (ret)
			return ret;
		if (!was)
			from = "nothing";
		else
			from = was->type == IOMMU_DOMAIN_IDENTITY ? "identity" : "paging";
		bench_say("%s iommu%u from %s; ", s->who, s->ways[0].iommu, from);
	}
	return 0;
}

int bench_command(struct side *sides, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(struct side *sides, int argc, char **argv);
	} commands[] = {
		{ "setup", cmd_setup },
		{ "run", cmd_run },
		{ "fault", cmd_fault },
		{ "flush", cmd_flush },
		{ "attach", cmd_attach },
		{ "detach", cmd_attach },
		{ "replace", cmd_attach },
		{ "once", cmd_once },
		{ "tables", cmd_tables },
		{ "threads", cmd_threads },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name) &&
		    (!i || sides[0].domains[0]))
			return commands[i].fn(sides, argc, argv);
	return -EINVAL;
}

MODULE_IMPORT_NS("IOMMUFD_INTERNAL");
