// SPDX-License-Identifier: GPL-2.0
/*
 * C inlines and macros that page-table memory needs. Names follow the kernel's own Rust helpers,
 * with a prefix of this crate.
 */

#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/slab.h>

struct kmem_cache *rust_iommu_helper_table_cache_create(const char *name, unsigned int size);
void *rust_iommu_helper_table_cache_zalloc(struct kmem_cache *cache, gfp_t gfp);
phys_addr_t rust_iommu_helper_virt_to_phys(const void *virt);
dma_addr_t rust_iommu_helper_dma_map_to_device(struct device *dev, void *virt, size_t size);
void rust_iommu_helper_dma_unmap_to_device(struct device *dev, dma_addr_t dma, size_t size);
int rust_iommu_helper_dma_mapping_error(struct device *dev, dma_addr_t dma);
phys_addr_t rust_iommu_helper_dma_sync_to_device(struct device *dev, const void *virt, size_t size);
bool rust_iommu_helper_dma_dev_need_sync(const struct device *dev);

struct kmem_cache *rust_iommu_helper_table_cache_create(const char *name, unsigned int size)
{
	return kmem_cache_create(name, size, size,
				 SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA32 | SLAB_NO_MERGE, NULL);
}

void *rust_iommu_helper_table_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	return kmem_cache_zalloc(cache, gfp);
}

phys_addr_t rust_iommu_helper_virt_to_phys(const void *virt)
{
	return virt_to_phys((void *)virt);
}

dma_addr_t rust_iommu_helper_dma_map_to_device(struct device *dev, void *virt, size_t size)
{
	return dma_map_single(dev, virt, size, DMA_TO_DEVICE);
}

void rust_iommu_helper_dma_unmap_to_device(struct device *dev, dma_addr_t dma, size_t size)
{
	dma_unmap_single(dev, dma, size, DMA_TO_DEVICE);
}

int rust_iommu_helper_dma_mapping_error(struct device *dev, dma_addr_t dma)
{
	return dma_mapping_error(dev, dma);
}

/* Returns the physical address, which callers would have to compute again. */
phys_addr_t rust_iommu_helper_dma_sync_to_device(struct device *dev, const void *virt, size_t size)
{
	phys_addr_t phys = virt_to_phys((void *)virt);

	dma_sync_single_for_device(dev, phys, size, DMA_TO_DEVICE);
	return phys;
}
EXPORT_SYMBOL_GPL(rust_iommu_helper_dma_sync_to_device);

bool rust_iommu_helper_dma_dev_need_sync(const struct device *dev)
{
	return dma_dev_need_sync(dev);
}
