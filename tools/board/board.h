/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The UML board: what its parts offer each other.
 *
 * The board is one permanent module. It plays the hardware around an IOMMU:
 * registers, an interrupt controller, clocks and resets, DMA masters, and the
 * IOMMU itself, whose behaviour comes from the Rust crate `iommu_models`.
 */
#ifndef _IOMMU_BOARD_H
#define _IOMMU_BOARD_H

#include <linux/debugfs.h>
#include <linux/ioport.h>
#include <linux/types.h>

#define BOARD_NR_IOMMUS		4
/* As many as a devicetree of Apple's may name. */
#define BOARD_MAX_IOMMUS	32
#define BOARD_NR_ENGINES	8

/* Where the bus of the SoC lies in the guest's physical address space. */
#define BOARD_SOC_BASE		0x100000000ULL
#define BOARD_SOC_SIZE		0x10000000ULL
/* The QEMU board has what no chip has there: see tools/qemu/iommu-control.c. */
#define BOARD_CONTROL		0x0f000000
/* Where it ends when the devicetree is that of a real machine. */
#define BOARD_APPLE_END		0x4000000000ULL

/*
 * The same numbers stand in shim.rs. From the T8103 on, the IOMMUs are DARTs.
 * The last is any machine of Apple's: its devicetree says what there is.
 */
enum board_soc {
	BOARD_H6,
	BOARD_H616,
	BOARD_T8103,
	BOARD_T8103_USB4,
	BOARD_T6000,
	BOARD_T8112,
	BOARD_T6020,
	BOARD_APPLE = 100,
};

extern enum board_soc board_soc;

/* mmio.c */
struct board_window {
	u64 start;		/* address on the SoC's bus */
	u32 size;
	u32 (*read)(unsigned int index, u32 offset);
	void (*write)(unsigned int index, u32 offset, u32 value);
	unsigned int index;
};

int board_mmio_init(struct dentry *root);
int board_mmio_add(const struct board_window *window);
void board_mmio_show(struct seq_file *s);

/* intc.c */
int board_intc_init(void);
void board_intc_set(unsigned int hwirq, bool level);
void board_intc_deliver(void);
void board_intc_hold(bool on);
bool board_intc_held(void);
void board_intc_show(struct seq_file *s);
#define BOARD_SPI(n)		((n) + 32)
/* The line that an interrupt specifier of Apple's names, or -EINVAL. */
int board_intc_aic_line(const u32 *cells, unsigned int nr);

/* ccu.c */
int board_ccu_init(void);
int board_ccu_late(void);
void board_ccu_show(struct seq_file *s);
void board_ccu_fail(unsigned int clocks, unsigned int resets);
unsigned int board_ccu_fail_clocks(void);
unsigned int board_ccu_fail_resets(void);

/* power.c */
int board_power_init(void);
/* Which IOMMUs, one bit each, are without power in system sleep. */
void board_power_lose(unsigned int mask);

/* An IOMMU as it is built in. */
struct board_iommu {
	u64 start;		/* address on the SoC's bus */
	u32 size;
	unsigned int line;	/* of the interrupt controller */
	bool shared;		/* by another one */
	enum board_soc kind;
};

/* apple.c: the DARTs that the devicetree names; how many, or an error */
int board_apple_find(struct board_iommu *iommus, unsigned int max);

/* hw.c: the IOMMU models behind their locks */
int board_hw_init(struct dentry *root);
unsigned int board_hw_count(void);
/* The IOMMU whose registers start at a physical address, or -1. */
int board_hw_find(u64 reg);
void board_hw_set_clock(unsigned int iommu, bool on);
void board_hw_set_reset(unsigned int iommu, bool asserted);
void board_hw_set_power(unsigned int iommu, bool on);

/* mem.c */
u64 board_mem_last_stray(void);
u64 board_mem_strays(bool write);

/* master.c */
int board_master_init(struct dentry *root);

/* overlay.c */
int board_overlay_init(struct dentry *root);

/* debugfs.c */
struct dentry *board_debugfs_init(void);
void board_scanout_init(struct dentry *root);

/* devices.c */
struct device;
void board_devices_init(struct dentry *root);
/* A device of any bus that masters are on; the caller puts it. */
struct device *board_find_device(const char *name);

/* shadow.c */
#ifdef CONFIG_DMA_NEED_SYNC
int board_shadow_init(struct dentry *root);
bool board_shadow_read32(unsigned int iommu, u64 pa, u32 *value);
#else
static inline int board_shadow_init(struct dentry *root)
{
	return 0;
}

static inline bool board_shadow_read32(unsigned int iommu, u64 pa, u32 *value)
{
	return false;
}
#endif

#endif /* _IOMMU_BOARD_H */
