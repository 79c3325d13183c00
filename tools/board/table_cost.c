// SPDX-License-Identifier: GPL-2.0
/*
 * Measures the callbacks of page tables of sun50i in instructions, each as the
 * core calls it: of the Rust driver, and of the format for generic_pt that
 * patches/alternatives has, which "make alternatives" builds this module with.
 * No domain is attached to a device, so nothing is invalidated in hardware.
 * See samples.h for the results.
 */
#include <linux/dmaengine.h>
#include <linux/generic_pt/iommu.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "iommu-pages.h"
#include "samples.h"

#define IOVA		0x10000000UL
#define PROT		(IOMMU_READ | IOMMU_WRITE)

static char *channel = "dma0chan0";
module_param(channel, charp, 0444);
MODULE_PARM_DESC(channel, "the DMA engine's channel whose device is behind the IOMMU");

static phys_addr_t run;

static void generic_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
	iommu_put_pages_list(&gather->freelist);
}

static const struct iommu_domain_ops generic_ops = {
	IOMMU_PT_DOMAIN_OPS(sun50i),
	.iotlb_sync = generic_sync,
};

static __always_inline int map(struct iommu_domain *domain, unsigned long iova, size_t size)
{
	struct pt_iommu *pt = container_of(domain, struct pt_iommu, domain);
	size_t mapped = 0;
	int ret;

	if (domain->is_iommupt)
		ret = pt->ops->map_range(pt, iova, run, size, PROT, GFP_KERNEL, &mapped);
	else
		ret = domain->ops->map_pages(domain, iova, run, SZ_4K, size / SZ_4K, PROT,
					     GFP_KERNEL, &mapped);
	return ret ?: mapped == size ? 0 : -EIO;
}

static __always_inline size_t unmap(struct iommu_domain *domain, unsigned long iova, size_t size,
				    struct iommu_iotlb_gather *gather)
{
	struct pt_iommu *pt = container_of(domain, struct pt_iommu, domain);

	if (domain->is_iommupt)
		return pt->ops->unmap_range(pt, iova, size, gather);
	return domain->ops->unmap_pages(domain, iova, SZ_4K, size / SZ_4K, gather);
}

/* Keeps rows SIDE_CASE, with "_all" for the callback with the sync that follows it. */
static int run_calls(struct iommu_domain *domain, const char *side, const char *where,
		     unsigned long iova, size_t size)
{
	static const char *const cases[] = { "map", "map_all", "unmap", "unmap_all", "find" };
	u64 (*samples)[SAMPLES] = kzalloc(sizeof(*samples) * ARRAY_SIZE(cases), GFP_KERNEL);
	struct iommu_iotlb_gather gather;
	unsigned int i, j;
	char name[32];
	int ret = samples ? 0 : -ENOMEM;

	for (i = 0; !ret && i < SAMPLES; i++) {
		phys_addr_t found;
		size_t unmapped;
		u64 start;

		start = ticks();
		ret = map(domain, iova, size);
		samples[0][i] = ticks() - start;
		if (!ret && domain->ops->iotlb_sync_map)
			ret = domain->ops->iotlb_sync_map(domain, iova, size);
		samples[1][i] = ticks() - start;

		start = ticks();
		found = domain->ops->iova_to_phys(domain, iova + size - 1);
		samples[4][i] = ticks() - start;
		if (!ret && found != run + size - 1)
			ret = -EIO;

		iommu_iotlb_gather_init(&gather);
		start = ticks();
		unmapped = unmap(domain, iova, size, &gather);
		samples[2][i] = ticks() - start;
		domain->ops->iotlb_sync(domain, &gather);
		samples[3][i] = ticks() - start;
		if (!ret && (unmapped != size || domain->ops->iova_to_phys(domain, iova)))
			ret = -EIO;
	}
	for (j = 0; !ret && j < ARRAY_SIZE(cases); j++) {
		snprintf(name, sizeof(name), "%s_%s%s", side, cases[j], where);
		keep(name, size, samples[j], SAMPLES);
	}
	kfree(samples);
	return ret;
}

static int all_sizes(struct iommu_domain *domain, const char *side)
{
	return run_calls(domain, side, "", IOVA, SZ_4K) ?:
	       run_calls(domain, side, "", IOVA, SZ_64K) ?:
	       run_calls(domain, side, "", IOVA + SZ_1M + SZ_512K, SZ_1M) ?:
	       run_calls(domain, side, "_table", IOVA + SZ_4M, SZ_1M);
}

static int of_rust(struct device *dev)
{
	struct iommu_domain *domain = iommu_paging_domain_alloc(dev);
	int ret;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	ret = all_sizes(domain, "rust");
	iommu_domain_free(domain);
	return ret;
}

/* With @iommu, the table is cleaned for this device. */
static int of_generic(struct device *iommu, const char *side)
{
	struct pt_iommu_sun50i *table __free(kfree) = kzalloc(sizeof(*table), GFP_KERNEL);
	struct pt_iommu_sun50i_cfg cfg = {
		.common = {
			.features = BIT(PT_FEAT_FLUSH_RANGE),
			.hw_max_vasz_lg2 = 32,
			.hw_max_oasz_lg2 = 32,
		},
	};
	int ret;

	if (!table)
		return -ENOMEM;
	if (iommu)
		cfg.common.features |= BIT(PT_FEAT_DMA_INCOHERENT);
	table->iommu.iommu_device = iommu;
	table->iommu.nid = NUMA_NO_NODE;
	table->iommu.domain.ops = &generic_ops;
	ret = pt_iommu_sun50i_init(table, &cfg, GFP_KERNEL);
	if (ret)
		return ret;
	ret = all_sizes(&table->iommu.domain, side);
	pt_iommu_deinit(&table->iommu);
	return ret;
}

static bool is_channel(struct dma_chan *chan, void *name)
{
	return !strcmp(dma_chan_name(chan), name);
}

static int all_tables(struct device *dev)
{
	struct device *iommu = bus_find_device_by_fwnode(&platform_bus_type,
							 dev->iommu->iommu_dev->fwnode);
	int ret;

	if (!iommu)
		return -ENODEV;
	ret = of_generic(NULL, "generic") ?: of_generic(iommu, "cleaned") ?: of_rust(dev);
	put_device(iommu);
	return ret;
}

static int __init table_cost_init(void)
{
	struct page *pages = alloc_pages(GFP_KERNEL, get_order(SZ_1M));
	struct dma_chan *chan;
	dma_cap_mask_t mask;
	int ret = -ENODEV;

	if (!pages)
		return -ENOMEM;
	run = page_to_phys(pages);
	dma_cap_zero(mask);
	dma_cap_set(DMA_MEMCPY, mask);
	chan = dma_request_channel(mask, is_channel, channel);
	if (chan) {
		counter_on();
		ret = all_tables(chan->device->dev);
		dma_release_channel(chan);
	}
	__free_pages(pages, get_order(SZ_1M));
	if (ret)
		return ret;
	samples_show();
	return 0;
}
module_init(table_cost_init);

static void __exit table_cost_exit(void)
{
	samples_hide();
}
module_exit(table_cost_exit);

MODULE_IMPORT_NS("GENERIC_PT_IOMMU");
MODULE_DESCRIPTION("Costs of page tables of sun50i in instructions");
MODULE_LICENSE("GPL");
