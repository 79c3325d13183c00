/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of the helpers in helpers.c. C code does not call them; the
 * compiler wants prototypes. Their callers are in Rust, see bindings.rs.
 */
#ifndef RUST_IOMMU_HELPERS_H
#define RUST_IOMMU_HELPERS_H

#include <linux/types.h>

struct clk_bulk_data;
struct delayed_work;
struct device;
struct device_node;
struct fwnode_handle;
struct iommu_fwspec;
struct list_head;
struct module;
struct ratelimit_state;
struct reset_control;
struct work_struct;

void *rust_iommu_helper_dev_iommu_priv_get(struct device *dev);
struct iommu_fwspec *rust_iommu_helper_dev_iommu_fwspec_get(struct device *dev);
struct fwnode_handle *rust_iommu_helper_of_fwnode_handle(struct device_node *np);
void rust_iommu_helper_of_node_put(struct device_node *np);
void *rust_iommu_helper_phys_to_virt(phys_addr_t phys);
phys_addr_t rust_iommu_helper_last_phys(void);
bool rust_iommu_helper_try_module_get(struct module *module);
void rust_iommu_helper___module_get(struct module *module);
void rust_iommu_helper_module_put(struct module *module);
void rust_iommu_helper_iommu_dma_get_resv_regions(struct device *dev, struct list_head *list);
int rust_iommu_helper_clk_bulk_prepare_enable(int num_clks, const struct clk_bulk_data *clks);
void rust_iommu_helper_clk_bulk_disable_unprepare(int num_clks, const struct clk_bulk_data *clks);
struct reset_control *rust_iommu_helper_reset_control_get_exclusive(struct device *dev,
								    const char *id);
void rust_iommu_helper_reset_control_put(struct reset_control *rstc);
int rust_iommu_helper_reset_control_assert(struct reset_control *rstc);
int rust_iommu_helper_reset_control_deassert(struct reset_control *rstc);
int rust_iommu_helper_reset_control_status(struct reset_control *rstc);
void rust_iommu_helper_pm_runtime_enable(struct device *dev);
void rust_iommu_helper_pm_runtime_disable(struct device *dev);
int rust_iommu_helper_pm_runtime_set_suspended(struct device *dev);
int rust_iommu_helper_pm_runtime_resume_and_get(struct device *dev);
void rust_iommu_helper_pm_runtime_put(struct device *dev);
int rust_iommu_helper_pm_runtime_put_sync(struct device *dev);
void rust_iommu_helper_ratelimit_default_init(struct ratelimit_state *state);
bool rust_iommu_helper_ratelimit(struct ratelimit_state *state);
void rust_iommu_helper_init_delayed_work(struct delayed_work *work,
					 void (*func)(struct work_struct *work));
void rust_iommu_helper_schedule_delayed_work(struct delayed_work *work, unsigned int ms);

#endif /* RUST_IOMMU_HELPERS_H */
