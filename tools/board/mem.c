// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory as the hardware sees it.
 *
 * Page tables may be anywhere in RAM. DMA reaches only pages that a test has
 * allowed with board_dma_allow(). Otherwise an access at PA=VA, or one through a
 * stale translation, would overwrite the kernel that has to report it.
 */
#include <linux/export.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/unaligned.h>

#include "board.h"
#include "export.h"
#include "models.h"

/* RAM starts at 0 on UML; 2 GiB are more than a board has. */
#define MAX_PFN		(SZ_2G >> PAGE_SHIFT)

static DECLARE_BITMAP(allowed, MAX_PFN);
static atomic64_t strays[2];
static u64 last_stray;

static void set_pages(u64 pa, size_t size, bool on)
{
	unsigned long pfn = pa >> PAGE_SHIFT;
	unsigned long end = DIV_ROUND_UP_ULL(pa + size, PAGE_SIZE);

	for (; pfn < end && pfn < MAX_PFN; pfn++)
		assign_bit(pfn, allowed, on);
}

void board_dma_allow(u64 pa, size_t size)
{
	set_pages(pa, size, true);
}
EXPORT_SYMBOL_GPL(board_dma_allow);

void board_dma_forbid(u64 pa, size_t size)
{
	set_pages(pa, size, false);
}
EXPORT_SYMBOL_GPL(board_dma_forbid);

/* Returns a pointer to the bytes at @pa, or NULL if some of them are not RAM. */
static void *ram(u64 pa, size_t len)
{
	if (!len || pa + len < pa || !pfn_valid(PHYS_PFN(pa)) ||
	    !pfn_valid(PHYS_PFN(pa + len - 1)))
		return NULL;
	return phys_to_virt(pa);
}

static bool is_allowed(unsigned long pfn)
{
	return pfn < MAX_PFN && test_bit(pfn, allowed);
}

static bool may(u64 pa, size_t len, bool write)
{
	unsigned long pfn = pa >> PAGE_SHIFT;
	unsigned long last = (pa + len - 1) >> PAGE_SHIFT;

	for (; pfn <= last; pfn++) {
		if (is_allowed(pfn))
			continue;
		atomic64_inc(&strays[write]);
		WRITE_ONCE(last_stray, pa);
		return false;
	}
	return true;
}

bool board_mem_read(u64 pa, u8 *buf, size_t len, bool checked)
{
	void *p = ram(pa, len);

	if (!p || (checked && !may(pa, len, false)))
		return false;
	memcpy(buf, p, len);
	return true;
}

bool board_mem_write(u64 pa, const u8 *buf, size_t len, bool checked)
{
	void *p = ram(pa, len);

	if (!p || (checked && !may(pa, len, true)))
		return false;
	memcpy(p, buf, len);
	return true;
}

bool board_table_read32(u32 iommu, u64 pa, u32 *value)
{
	void *p = ram(pa, sizeof(u32));

	if (!p)
		return false;
	/* Memory for DMA is not cached: stories build tables there, as a boot loader does. */
	if (!is_allowed(pa >> PAGE_SHIFT) && board_shadow_read32(iommu, pa, value))
		return true;
	*value = le32_to_cpu(READ_ONCE(*(__le32 *)p));
	return true;
}

bool board_table_read64(u64 pa, u64 *value)
{
	void *p = ram(pa, sizeof(u64));

	if (!p)
		return false;
	*value = le64_to_cpu(READ_ONCE(*(__le64 *)p));
	return true;
}

u64 board_mem_strays(bool write)
{
	return atomic64_read(&strays[write]);
}

u64 board_mem_last_stray(void)
{
	return READ_ONCE(last_stray);
}
