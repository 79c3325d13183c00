// SPDX-License-Identifier: GPL-2.0
/*
 * The interrupt controller. Its lines are level-triggered. A specifier has the
 * GIC's three cells (SPI or PPI, number, level high), or those of Apple's AIC
 * (kind, die if there can be two, number, level high).
 *
 * A line is delivered for as long as it is high and unmasked. board_intc_set()
 * only records the level, so that a model may call it under its lock;
 * board_intc_deliver() is called after the lock is dropped. If the CPU has
 * interrupts on, the handlers run at once, in hard interrupt context. If it has
 * them off (a register access under a driver's lock), a timer that is already
 * due interrupts the CPU as soon as it enables interrupts.
 *
 * As on hardware, a line that no handler silences is delivered again and again,
 * until the kernel disables it. A handler that claims it without silencing it
 * would hang the CPU: after NR_DELIVERIES the line is masked, and a BUG line
 * fails the test.
 */
#include <linux/hardirq.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>

#include "board.h"

#define NR_GIC_LINES	288
#define NR_DIE_LINES	2048
#define NR_LINES	(2 * NR_DIE_LINES)
/* Limit for one pump(). The kernel disables a line after 100000 unhandled interrupts. */
#define NR_DELIVERIES	1000000

static DECLARE_BITMAP(level, NR_LINES);
static DECLARE_BITMAP(masked, NR_LINES);
/* Lines that a CPU is delivering, which no other CPU delivers meanwhile. */
static DECLARE_BITMAP(active, NR_LINES);
/* The lines that this controller has. */
static unsigned int nr_lines = NR_LINES;
static struct irq_domain *domain;
static struct hrtimer kick;
static atomic64_t delivered;
static atomic64_t by_timer;
/* No line is delivered, so that a test can collect several causes for one delivery. */
static bool held;

static bool any_due(void)
{
	DECLARE_BITMAP(due, NR_LINES);

	return !READ_ONCE(held) && bitmap_andnot(due, level, masked, nr_lines);
}

/* Delivers lines until none is due. Runs in hard interrupt context. */
static void pump(void)
{
	DECLARE_BITMAP(due, NR_LINES);
	unsigned int n, line;

	for (n = 0; n < NR_DELIVERIES; n++) {
		if (READ_ONCE(held) || !bitmap_andnot(due, level, masked, nr_lines))
			return;
		/* The CPU that delivers a line checks it again afterwards. */
		if (!bitmap_andnot(due, due, active, nr_lines))
			return;
		for_each_set_bit(line, due, nr_lines) {
			if (test_and_set_bit_lock(line, active))
				continue;
			/* Another CPU may have handled it by now. */
			if (test_bit(line, level) && !test_bit(line, masked)) {
				atomic64_inc(&delivered);
				if (generic_handle_domain_irq(domain, line))
					set_bit(line, masked);
			}
			clear_bit_unlock(line, active);
		}
		/* Pairs with board_intc_set(): a line rises before this, or another CPU delivers it. */
		smp_mb();
	}
	for_each_set_bit(line, due, nr_lines) {
		pr_err("BUG: interrupt line %u stays high after %u deliveries\n", line, n);
		set_bit(line, masked);
	}
}

static enum hrtimer_restart kick_fn(struct hrtimer *timer)
{
	atomic64_inc(&by_timer);
	pump();
	return HRTIMER_NORESTART;
}

void board_intc_set(unsigned int hwirq, bool high)
{
	/* Called for every register access, under the model's lock. */
	if (test_bit(hwirq, level) == high)
		return;
	if (high)
		set_bit(hwirq, level);
	else
		clear_bit(hwirq, level);
	/* The level is set before the mask is read; intc_unmask() does the reverse. */
	smp_mb__after_atomic();
}

bool board_intc_level(unsigned int hwirq)
{
	return test_bit(hwirq, level);
}

void board_intc_deliver(void)
{
	unsigned long flags;

	if (!domain || !any_due())
		return;
	if (irqs_disabled()) {
		hrtimer_start(&kick, 0, HRTIMER_MODE_REL_HARD);
		return;
	}

	local_irq_save(flags);
	__irq_enter_raw();
	pump();
	__irq_exit_raw();
	local_irq_restore(flags);

	/* Run the softirqs that the handlers have raised. */
	if (in_task()) {
		local_bh_disable();
		local_bh_enable();
	}
}

void board_intc_hold(bool on)
{
	WRITE_ONCE(held, on);
	board_intc_deliver();
}

bool board_intc_held(void)
{
	return READ_ONCE(held);
}

static void intc_mask(struct irq_data *d)
{
	set_bit(d->hwirq, masked);
	/* The mask is set before the caller's next accesses. */
	smp_mb__after_atomic();
}

static void intc_unmask(struct irq_data *d)
{
	clear_bit(d->hwirq, masked);
	/* The mask is cleared before the level is read, so that no raise is lost. */
	smp_mb__after_atomic();
	if (test_bit(d->hwirq, level))
		hrtimer_start(&kick, 0, HRTIMER_MODE_REL_HARD);
}

static int intc_set_type(struct irq_data *d, unsigned int type)
{
	return type == IRQ_TYPE_LEVEL_HIGH ? 0 : -EINVAL;
}

static struct irq_chip chip = {
	.name = "board",
	.irq_mask = intc_mask,
	.irq_unmask = intc_unmask,
	.irq_set_type = intc_set_type,
	.flags = IRQCHIP_SKIP_SET_WAKE,
};

static int intc_map(struct irq_domain *d, unsigned int irq, irq_hw_number_t hw)
{
	irq_set_chip_and_handler(irq, &chip, handle_level_irq);
	irq_set_probe(irq);
	return 0;
}

static int intc_xlate(struct irq_domain *d, struct device_node *np,
		      const u32 *cells, unsigned int nr,
		      unsigned long *hwirq, unsigned int *type)
{
	unsigned long line;

	if (nr != 3 || cells[0] > 1)
		return -EINVAL;
	line = cells[1] + (cells[0] ? 16 : 32);
	if (line >= NR_GIC_LINES || (cells[2] & IRQ_TYPE_SENSE_MASK) != IRQ_TYPE_LEVEL_HIGH)
		return -EINVAL;
	*hwirq = line;
	*type = IRQ_TYPE_LEVEL_HIGH;
	return 0;
}

static const struct irq_domain_ops intc_ops = {
	.map = intc_map,
	.xlate = intc_xlate,
};

int board_intc_aic_line(const u32 *cells, unsigned int nr)
{
	u32 die = nr == 4 ? cells[1] : 0;

	/* The other kind (cells[0] != 0) are interrupts inside a CPU, such as timers. */
	if ((nr != 3 && nr != 4) || cells[0] != 0 || die > 1 ||
	    cells[nr - 2] >= NR_DIE_LINES ||
	    (cells[nr - 1] & IRQ_TYPE_SENSE_MASK) != IRQ_TYPE_LEVEL_HIGH)
		return -EINVAL;
	return die * NR_DIE_LINES + cells[nr - 2];
}

static int aic_xlate(struct irq_domain *d, struct device_node *np,
		     const u32 *cells, unsigned int nr,
		     unsigned long *hwirq, unsigned int *type)
{
	int line = board_intc_aic_line(cells, nr);

	if (line < 0)
		return line;
	*hwirq = line;
	*type = IRQ_TYPE_LEVEL_HIGH;
	return 0;
}

static const struct irq_domain_ops aic_ops = {
	.map = intc_map,
	.xlate = aic_xlate,
};

static int intc_probe(struct platform_device *pdev)
{
	const struct irq_domain_ops *ops = of_device_get_match_data(&pdev->dev);
	struct irq_domain *new;

	if (domain)
		return -EBUSY;
	if (ops == &intc_ops)
		nr_lines = NR_GIC_LINES;
	bitmap_fill(masked, NR_LINES);
	hrtimer_setup(&kick, kick_fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	new = irq_domain_create_simple(dev_fwnode(&pdev->dev), nr_lines, 0,
				       ops, NULL);
	if (!new)
		return -ENOMEM;
	domain = new;
	return 0;
}

static const struct of_device_id intc_of_match[] = {
	{ .compatible = "iommu-board,intc", .data = &intc_ops },
	{ .compatible = "apple,aic", .data = &aic_ops },
	{ .compatible = "apple,aic2", .data = &aic_ops },
	{ }
};

static struct platform_driver intc_driver = {
	.probe = intc_probe,
	.driver = {
		.name = "board-intc",
		.of_match_table = intc_of_match,
		.suppress_bind_attrs = true,
	},
};

void board_intc_show(struct seq_file *s)
{
	seq_printf(s, "irq_delivered %lld\nirq_by_timer %lld\n",
		   atomic64_read(&delivered), atomic64_read(&by_timer));
}

int board_intc_init(void)
{
	return platform_driver_register(&intc_driver);
}
