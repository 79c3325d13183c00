// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's other cases, and its commands.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "iommu-priv.h"
#include "bench.h"
#include "export.h"

#define STAY_IOVA	0x90000000UL

#define IOMMU_TTB	0x050
#define IOMMU_FLUSH	0x080
#define IOMMU_IVLD_ADDR	0x090
#define IOMMU_IVLD_MASK	0x094
#define IOMMU_IVLD	0x098
#define IOMMU_PC_ADDR	0x0a0
#define IOMMU_PC_IVLD	0x0a8

/* The handler of the instance's interrupt, called as the interrupt's flow calls it. */
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

	/* The line goes up and is masked: nobody else handles it. */
	disable_irq(s->irq);
	dma_start(s, RUN_IOVA, 0);
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

/* From paging to paging: the first domain changes places with the second. */
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

/*
 * From the default domain to a paging domain. It is a new one each time: the C
 * driver gives up the tables of the one before only now, and twice for one
 * that comes back.
 */
static int attach(struct side *s, u64 *elapsed)
{
	struct iommu_domain *next = iommu_paging_domain_alloc(s->dev);
	u64 start;
	int ret;

	if (IS_ERR(next))
		return PTR_ERR(next);
	iommu_set_fault_handler(next, quiet, NULL);
	iommu_detach_device(s->domains[0], s->dev);
	start = ticks();
	ret = iommu_attach_device(next, s->dev);
	*elapsed = ticks() - start;
	if (ret)
		return ret;
	iommu_domain_free(s->domains[0]);
	s->domains[0] = next;
	return 0;
}

static bool stays(struct side *s)
{
	if (!iommu_iova_to_phys(s->domains[0], STAY_IOVA) &&
	    iommu_map(s->domains[0], STAY_IOVA, target(), SZ_4K, PROT, GFP_KERNEL))
		return false;
	return hits(s, STAY_IOVA, target_word());
}

/* attach ROUNDS; replace ROUNDS */
static int cmd_attach(struct side *sides, int argc, char **argv)
{
	int (*fn)(struct side *s, u64 *elapsed) = argv[0][0] == 'r' ? replace : attach;
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

/* What accesses to the board's registers cost, plain ones and commands. */
static int cmd_mmio(struct side *sides, int argc, char **argv)
{
	static const struct {
		const char *name;
		u32 reg, value;
		bool read;
	} accesses[] = {
		{ "mmio_read", IOMMU_PC_ADDR, 0, true },
		{ "mmio_write", IOMMU_PC_ADDR, 0xf0000000, false },
		{ "mmio_flush", IOMMU_FLUSH, 0x3003f, false },
		{ "mmio_tlb", IOMMU_IVLD, 1, false },
		{ "mmio_ptw", IOMMU_PC_IVLD, 1, false },
	};
	void __iomem *regs = sides[SIDE_C].iommu_regs;
	unsigned int rounds, r, i, n;
	unsigned long flags;
	u32 sink = 0;
	u64 start;

	if (argc < 2 || kstrtouint(argv[1], 0, &rounds))
		return -EINVAL;
	writel(0xf0000000, regs + IOMMU_IVLD_ADDR);
	writel(0xfffff000, regs + IOMMU_IVLD_MASK);
	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		struct row *row = row_new(accesses[i].name, 0, "board", rounds);

		if (!row)
			return -ENOMEM;
		for (r = 0; r < rounds; r++) {
			local_irq_save(flags);
			start = ticks();
			for (n = 0; n < 64; n++)
				if (accesses[i].read)
					sink ^= readl(regs + accesses[i].reg);
				else
					writel(accesses[i].value, regs + accesses[i].reg);
			start = ticks() - start;
			local_irq_restore(flags);
			row_add(row, start, 64);
		}
	}
	bench_say("%u", sink & 1);
	return 0;
}

static struct side *side_named(struct side *sides, const char *name)
{
	return !strcmp(name, "rust") ? &sides[SIDE_RUST] : &sides[SIDE_C];
}

/* once OP WHO SIZE: one call, for whoever counts what it does. "warm" is not counted. */
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
	else if (!strcmp(argv[1], "attach"))
		return attach(s, &elapsed);
	else if (!strcmp(argv[1], "replace"))
		return replace(s, &elapsed);
	else
		return -EINVAL;
	return ok ? 0 : -EIO;
}

/* tables WHO: bytes of the run's tables and of the directory, as the hardware walks them */
static int cmd_tables(struct side *sides, int argc, char **argv)
{
	u32 *dir, valid = 0;
	unsigned int i;

	if (argc < 2)
		return -EINVAL;
	dir = phys_to_virt(readl(side_named(sides, argv[1])->iommu_regs + IOMMU_TTB));
	for (i = RUN_IOVA / SZ_1M; i < (RUN_IOVA + MAX_BYTES) / SZ_1M; i++)
		valid += (dir[i] & 3) == 1;
	bench_say("%u", valid * 1024 + 16384);
	return 0;
}

/* setup: two domains a side, the first attached. The C driver can map only then. */
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
		bench_say("%s iommu%d from %s; ", s->who, s->iommu, from);
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
		{ "attach", cmd_attach },
		{ "replace", cmd_attach },
		{ "mmio", cmd_mmio },
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
