// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers for functions that Rust cannot call: inline functions, macros, and
 * functions whose header the kernel's own bindings leave out.
 *
 * Every helper does the same as the function whose name follows
 * "rust_iommu_helper_" in its own. The Rust side of this file is bindings.rs; a
 * helper is declared there with the same types and nowhere else.
 *
 * Helpers are exported because callers in this crate may be inlined into, or
 * monomorphised in, a driver's module.
 */

#include <linux/clk.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/pm_runtime.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>
#include <linux/reset.h>

#include "rust_iommu_helpers.h"

/* Devices and firmware nodes */

void *rust_iommu_helper_dev_iommu_priv_get(struct device *dev)
{
	/* dev->iommu is NULL before of_xlate() and after release_device(). */
	return dev->iommu ? dev_iommu_priv_get(dev) : NULL;
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_dev_iommu_priv_get);

struct iommu_fwspec *rust_iommu_helper_dev_iommu_fwspec_get(struct device *dev)
{
	return dev_iommu_fwspec_get(dev);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_dev_iommu_fwspec_get);

struct fwnode_handle *rust_iommu_helper_of_fwnode_handle(struct device_node *np)
{
	return of_fwnode_handle(np);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_of_fwnode_handle);

/* An inline function without CONFIG_OF_DYNAMIC. */
void rust_iommu_helper_of_node_put(struct device_node *np)
{
	of_node_put(np);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_of_node_put);

/* Memory */

void *rust_iommu_helper_phys_to_virt(phys_addr_t phys)
{
	return phys_to_virt(phys);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_phys_to_virt);

/* The last byte of the direct map, from which the page allocator allocates. */
phys_addr_t rust_iommu_helper_last_phys(void)
{
	return virt_to_phys(high_memory - 1);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_last_phys);

/* Modules */

bool rust_iommu_helper_try_module_get(struct module *module)
{
	return try_module_get(module);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_try_module_get);

void rust_iommu_helper___module_get(struct module *module)
{
	__module_get(module);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper___module_get);

void rust_iommu_helper_module_put(struct module *module)
{
	module_put(module);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_module_put);

/* Reserved regions */

#ifdef CONFIG_IOMMU_DMA
/* drivers/iommu/dma-iommu.h, which no headers package has. */
void iommu_dma_get_resv_regions(struct device *dev, struct list_head *list);
#endif

void rust_iommu_helper_iommu_dma_get_resv_regions(struct device *dev, struct list_head *list)
{
#ifdef CONFIG_IOMMU_DMA
	iommu_dma_get_resv_regions(dev, list);
#endif
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_iommu_dma_get_resv_regions);

/* Clocks */

int rust_iommu_helper_clk_bulk_prepare_enable(int num_clks, const struct clk_bulk_data *clks)
{
	return clk_bulk_prepare_enable(num_clks, clks);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_clk_bulk_prepare_enable);

void rust_iommu_helper_clk_bulk_disable_unprepare(int num_clks, const struct clk_bulk_data *clks)
{
	clk_bulk_disable_unprepare(num_clks, clks);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_clk_bulk_disable_unprepare);

/* Resets; inline functions that do nothing without CONFIG_RESET_CONTROLLER */

struct reset_control *rust_iommu_helper_reset_control_get_exclusive(struct device *dev,
								    const char *id)
{
	return reset_control_get_exclusive(dev, id);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_reset_control_get_exclusive);

void rust_iommu_helper_reset_control_put(struct reset_control *rstc)
{
	reset_control_put(rstc);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_reset_control_put);

int rust_iommu_helper_reset_control_assert(struct reset_control *rstc)
{
	return reset_control_assert(rstc);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_reset_control_assert);

int rust_iommu_helper_reset_control_deassert(struct reset_control *rstc)
{
	return reset_control_deassert(rstc);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_reset_control_deassert);

int rust_iommu_helper_reset_control_status(struct reset_control *rstc)
{
	return reset_control_status(rstc);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_reset_control_status);

/* Runtime power management; inline functions that do nothing without CONFIG_PM */

void rust_iommu_helper_pm_runtime_enable(struct device *dev)
{
	pm_runtime_enable(dev);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_pm_runtime_enable);

void rust_iommu_helper_pm_runtime_disable(struct device *dev)
{
	pm_runtime_disable(dev);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_pm_runtime_disable);

int rust_iommu_helper_pm_runtime_set_suspended(struct device *dev)
{
	return pm_runtime_set_suspended(dev);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_pm_runtime_set_suspended);

int rust_iommu_helper_pm_runtime_resume_and_get(struct device *dev)
{
	return pm_runtime_resume_and_get(dev);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_pm_runtime_resume_and_get);

void rust_iommu_helper_pm_runtime_put(struct device *dev)
{
	pm_runtime_put(dev);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_pm_runtime_put);

int rust_iommu_helper_pm_runtime_put_sync(struct device *dev)
{
	return pm_runtime_put_sync(dev);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_pm_runtime_put_sync);

/* Log lines */

void rust_iommu_helper_ratelimit_default_init(struct ratelimit_state *state)
{
	ratelimit_default_init(state);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_ratelimit_default_init);

bool rust_iommu_helper_ratelimit(struct ratelimit_state *state)
{
	return __ratelimit(state);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_ratelimit);

void rust_iommu_helper_init_delayed_work(struct delayed_work *work,
					 void (*func)(struct work_struct *work))
{
	INIT_DELAYED_WORK(work, func);
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_init_delayed_work);

/* The delay is in milliseconds. */
void rust_iommu_helper_schedule_delayed_work(struct delayed_work *work, unsigned int ms)
{
	schedule_delayed_work(work, msecs_to_jiffies(ms));
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_schedule_delayed_work);
