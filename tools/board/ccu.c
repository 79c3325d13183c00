// SPDX-License-Identifier: GPL-2.0
/*
 * Clocks and resets, with the specifiers of the H6's and the H616's CCU.
 *
 * A clock gate or a reset is a bit of a CCU register. In register 0x7bc, bit n is
 * the clock gate of IOMMU n and bit 16 + n its reset (0 = asserted). These bits
 * drive the models. The real SoC has only those of IOMMU 0. The bits of all
 * other clocks have no effect.
 */
#include <linux/clk-provider.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/reset-controller.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "board.h"

#define CCU_BASE	0x03001000
#define CCU_SIZE	0x1000
#define CCU_IOMMU	0x7bc
#define MAX_CLOCK	256
#define MAX_RESET	128
#define APB1_RATE	100000000

/* Specifiers for the further IOMMUs, which the real SoC does not have. */
#define CLK_BOARD_IOMMU(n)	(200 + (n))
#define RST_BOARD_IOMMU(n)	(100 + (n))

struct gate_desc {
	u16 id;
	u16 reg;
	u8 bit;
	const char *name;
};

struct soc_desc {
	const struct gate_desc *gates;
	unsigned int nr_gates;
	u16 rst_iommu;
};

struct gate {
	struct clk_hw hw;
	u16 reg;
	u8 bit;
};

static const struct gate_desc h6_gates[] = {
	{ 51, CCU_IOMMU, 0, "bus-iommu" },
	{ CLK_BOARD_IOMMU(1), CCU_IOMMU, 1, "bus-iommu1" },
	{ CLK_BOARD_IOMMU(2), CCU_IOMMU, 2, "bus-iommu2" },
	{ CLK_BOARD_IOMMU(3), CCU_IOMMU, 3, "bus-iommu3" },
	{ 29, 0x600, 31, "de" },
	{ 30, 0x60c, 0, "bus-de" },
	{ 37, 0x690, 31, "ve" },
	{ 38, 0x69c, 0, "bus-ve" },
	{ 41, 0x6b0, 31, "vp9" },
	{ 42, 0x6bc, 0, "bus-vp9" },
	{ 54, 0x804, 1, "mbus-ve" },
};

static const struct gate_desc h616_gates[] = {
	{ 48, CCU_IOMMU, 0, "bus-iommu" },
	{ CLK_BOARD_IOMMU(1), CCU_IOMMU, 1, "bus-iommu1" },
	{ CLK_BOARD_IOMMU(2), CCU_IOMMU, 2, "bus-iommu2" },
	{ CLK_BOARD_IOMMU(3), CCU_IOMMU, 3, "bus-iommu3" },
	{ 29, 0x600, 31, "de" },
	{ 30, 0x60c, 0, "bus-de" },
	{ 40, 0x690, 31, "ve" },
	{ 41, 0x69c, 0, "bus-ve" },
	{ 51, 0x804, 1, "mbus-ve" },
};

static const struct soc_desc h6_desc = {
	.gates = h6_gates,
	.nr_gates = ARRAY_SIZE(h6_gates),
	.rst_iommu = 15,
};

static const struct soc_desc h616_desc = {
	.gates = h616_gates,
	.nr_gates = ARRAY_SIZE(h616_gates),
	.rst_iommu = 11,
};

static DEFINE_RAW_SPINLOCK(ccu_lock);
static u32 regs[CCU_SIZE / 4];
static DECLARE_BITMAP(other_resets, MAX_RESET);
static struct clk_hw *clocks[MAX_CLOCK];
static const struct soc_desc *soc;
static atomic_t fail_clocks;
static atomic_t fail_resets;

static void reg_set(unsigned int reg, u32 clear, u32 set)
{
	u32 old, new;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&ccu_lock, flags);
	old = regs[reg / 4];
	new = (old & ~clear) | set;
	regs[reg / 4] = new;
	if (reg == CCU_IOMMU) {
		for (i = 0; i < BOARD_NR_IOMMUS; i++) {
			if ((old ^ new) & BIT(16 + i))
				board_hw_set_reset(i, !(new & BIT(16 + i)));
			if ((old ^ new) & BIT(i))
				board_hw_set_clock(i, new & BIT(i));
		}
	}
	raw_spin_unlock_irqrestore(&ccu_lock, flags);
	board_intc_deliver();
}

static u32 ccu_read(unsigned int index, u32 offset)
{
	return READ_ONCE(regs[offset / 4]);
}

static void ccu_write(unsigned int index, u32 offset, u32 value)
{
	reg_set(offset, ~0U, value);
}

static bool fails(atomic_t *left)
{
	return atomic_dec_if_positive(left) >= 0;
}

static int gate_enable(struct clk_hw *hw)
{
	struct gate *gate = container_of(hw, struct gate, hw);

	if (gate->reg == CCU_IOMMU && fails(&fail_clocks))
		return -EIO;
	reg_set(gate->reg, 0, BIT(gate->bit));
	return 0;
}

static void gate_disable(struct clk_hw *hw)
{
	struct gate *gate = container_of(hw, struct gate, hw);

	reg_set(gate->reg, BIT(gate->bit), 0);
}

/*
 * Without is_enabled(), the clock core does not disable clocks at boot that no
 * driver has claimed.
 */
static const struct clk_ops gate_ops = {
	.enable = gate_enable,
	.disable = gate_disable,
};

static struct clk_hw *ccu_get(struct of_phandle_args *args, void *data)
{
	unsigned int id = args->args[0];

	if (id >= MAX_CLOCK || !clocks[id])
		return ERR_PTR(-EINVAL);
	return clocks[id];
}

/* Returns the IOMMU that a reset belongs to, or -1. */
static int reset_iommu(unsigned long id)
{
	if (id == soc->rst_iommu)
		return 0;
	if (id > RST_BOARD_IOMMU(0) && id < RST_BOARD_IOMMU(BOARD_NR_IOMMUS))
		return id - RST_BOARD_IOMMU(0);
	return -1;
}

static int rst_assert(struct reset_controller_dev *rc, unsigned long id)
{
	int i = reset_iommu(id);

	if (i < 0) {
		clear_bit(id, other_resets);
		return 0;
	}
	if (fails(&fail_resets))
		return -EIO;
	reg_set(CCU_IOMMU, BIT(16 + i), 0);
	return 0;
}

static int rst_deassert(struct reset_controller_dev *rc, unsigned long id)
{
	int i = reset_iommu(id);

	if (i < 0) {
		set_bit(id, other_resets);
		return 0;
	}
	if (fails(&fail_resets))
		return -EIO;
	reg_set(CCU_IOMMU, 0, BIT(16 + i));
	return 0;
}

static int rst_status(struct reset_controller_dev *rc, unsigned long id)
{
	int i = reset_iommu(id);

	if (i >= 0)
		return !(READ_ONCE(regs[CCU_IOMMU / 4]) & BIT(16 + i));
	return !test_bit(id, other_resets);
}

static const struct reset_control_ops rst_ops = {
	.assert = rst_assert,
	.deassert = rst_deassert,
	.status = rst_status,
};

static int ccu_register(struct device *dev, const struct soc_desc *desc)
{
	struct gate *gate;
	struct clk_hw *parent;
	unsigned int i;
	int ret;

	parent = clk_hw_register_fixed_rate(NULL, "apb1", NULL, 0, APB1_RATE);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	for (i = 0; i < desc->nr_gates; i++) {
		const struct gate_desc *d = &desc->gates[i];
		struct clk_init_data init = {
			.name = d->name,
			.ops = &gate_ops,
			.parent_hws = (const struct clk_hw *[]) { parent },
			.num_parents = 1,
		};

		gate = kzalloc_obj(*gate);
		if (!gate)
			return -ENOMEM;
		gate->reg = d->reg;
		gate->bit = d->bit;
		gate->hw.init = &init;
		ret = clk_hw_register(NULL, &gate->hw);
		if (ret) {
			kfree(gate);
			return ret;
		}
		clocks[d->id] = &gate->hw;
	}
	return 0;
}

static int add_resets(struct device *dev)
{
	struct reset_controller_dev *rc;

	rc = devm_kzalloc(dev, sizeof(*rc), GFP_KERNEL);
	if (!rc)
		return -ENOMEM;
	rc->owner = THIS_MODULE;
	rc->ops = &rst_ops;
	rc->of_node = dev->of_node;
	rc->nr_resets = MAX_RESET;
	return devm_reset_controller_register(dev, rc);
}

static int ccu_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	int ret;

	soc = of_device_get_match_data(dev);
	ret = ccu_register(dev, soc);
	if (ret)
		return ret;
	ret = add_resets(dev);
	if (ret)
		return ret;
	return devm_of_clk_add_hw_provider(dev, ccu_get, NULL);
}

static const struct of_device_id ccu_of_match[] = {
	{ .compatible = "allwinner,sun50i-h6-ccu", .data = &h6_desc },
	{ .compatible = "allwinner,sun50i-h616-ccu", .data = &h616_desc },
	{ }
};

static struct platform_driver ccu_driver = {
	.probe = ccu_probe,
	.driver = {
		.name = "board-ccu",
		.of_match_table = ccu_of_match,
		.suppress_bind_attrs = true,
	},
};

/*
 * The same clocks and resets behind further nodes: the display clocks, and a
 * supplier that is registered only when debugfs asks for it.
 */
static struct clk_hw *alias_get(struct of_phandle_args *args, void *data)
{
	unsigned int id = args->args[0];

	if (id < MAX_CLOCK && clocks[id])
		return clocks[id];
	return data ?: ERR_PTR(-EINVAL);
}

static int alias_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct clk_hw *hw;
	int ret;

	/* A Tegra has no other clocks here. */
	if (!soc && !board_is_tegra())
		return -EPROBE_DEFER;
	hw = devm_clk_hw_register_fixed_rate(dev, dev_name(dev), NULL, 0, APB1_RATE);
	if (IS_ERR(hw))
		return PTR_ERR(hw);
	ret = add_resets(dev);
	if (ret)
		return ret;
	return devm_of_clk_add_hw_provider(dev, alias_get, hw);
}

static const struct of_device_id display_of_match[] = {
	{ .compatible = "allwinner,sun50i-h6-de3-clk" },
	{ }
};

static struct platform_driver display_driver = {
	.probe = alias_probe,
	.driver = {
		.name = "board-display-clocks",
		.of_match_table = display_of_match,
		.suppress_bind_attrs = true,
	},
};

static const struct of_device_id late_of_match[] = {
	{ .compatible = "iommu-board,late-ccu" },
	{ }
};

static struct platform_driver late_driver = {
	.probe = alias_probe,
	.driver = {
		.name = "board-late-ccu",
		.of_match_table = late_of_match,
	},
};

static bool late_registered;

/* Registers the late supplier. */
int board_ccu_late(void)
{
	int ret;

	if (late_registered)
		return -EALREADY;
	ret = platform_driver_register(&late_driver);
	late_registered = !ret;
	return ret;
}

void board_ccu_fail(unsigned int nr_clocks, unsigned int nr_resets)
{
	atomic_set(&fail_clocks, nr_clocks);
	atomic_set(&fail_resets, nr_resets);
}

unsigned int board_ccu_fail_clocks(void)
{
	return atomic_read(&fail_clocks);
}

unsigned int board_ccu_fail_resets(void)
{
	return atomic_read(&fail_resets);
}

void board_ccu_show(struct seq_file *s)
{
	u32 reg = READ_ONCE(regs[CCU_IOMMU / 4]);
	unsigned int i;

	for (i = 0; i < BOARD_NR_IOMMUS; i++)
		seq_printf(s, "iommu%u_clock %u\niommu%u_reset_asserted %u\n",
			   i, !!(reg & BIT(i)), i, !(reg & BIT(16 + i)));
}

int board_ccu_init(void)
{
	static const struct board_window window = {
		.start = CCU_BASE,
		.size = CCU_SIZE,
		.read = ccu_read,
		.write = ccu_write,
	};
	int ret;

	ret = board_mmio_add(&window);
	if (ret)
		return ret;
	ret = platform_driver_register(&ccu_driver);
	if (ret)
		return ret;
	return platform_driver_register(&display_driver);
}
