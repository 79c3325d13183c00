/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The UML board: declarations shared by its files.
 *
 * The board is one module that cannot be unloaded. It models the hardware around
 * an IOMMU: registers, an interrupt controller, clocks and resets, DMA masters,
 * and the IOMMU itself, whose model is the Rust crate `iommu_models`.
 */
#ifndef _IOMMU_BOARD_H
#define _IOMMU_BOARD_H

#include <linux/debugfs.h>
#include <linux/ioport.h>
#include <linux/types.h>

#define BOARD_NR_IOMMUS		4
/* The most DARTs that the devicetree of an Apple machine may describe. */
#define BOARD_MAX_IOMMUS	32
#define BOARD_NR_ENGINES	8

/* The SoC's bus in the guest's physical address space. */
#ifdef CONFIG_ARM
#define BOARD_SOC_BASE		0x80000000ULL
#else
#define BOARD_SOC_BASE		0x100000000ULL
#endif
#define BOARD_SOC_SIZE		0x80000000ULL
/* The control device of the QEMU board, which no chip has: tools/qemu/iommu-control.c. */
#define BOARD_CONTROL		0x0f000000
/* The end of the bus if the devicetree is that of a real machine. */
#define BOARD_APPLE_END		0x4000000000ULL

/*
 * instances.rs has the same numbers. The SoCs from the T8103 to the T6020 have DARTs,
 * those from the T30 to the T210 are Tegras. The last one is any Apple machine: its
 * devicetree describes the DARTs.
 */
enum board_soc {
	BOARD_H6,
	BOARD_H616,
	BOARD_T8103,
	BOARD_T8103_USB4,
	BOARD_T6000,
	BOARD_T8112,
	BOARD_T6020,
	BOARD_T30,
	BOARD_T114,
	BOARD_T124,
	BOARD_T210,
	BOARD_APPLE = 100,
};

extern enum board_soc board_soc;

static inline bool board_is_tegra(void)
{
	return board_soc >= BOARD_T30 && board_soc <= BOARD_T210;
}

/* mmio.c */
struct board_window {
	u64 start;		/* address on the SoC's bus */
	u32 size;
	u32 (*read)(unsigned int index, u32 offset);
	void (*write)(unsigned int index, u32 offset, u32 value);
	unsigned int index;
};

int board_mmio_init(void);
int board_mmio_add(const struct board_window *window);

/* intc.c */
int board_intc_init(void);
void board_intc_set(unsigned int hwirq, bool level);
bool board_intc_level(unsigned int hwirq);
void board_intc_deliver(void);
void board_intc_hold(bool on);
bool board_intc_held(void);
void board_intc_show(struct seq_file *s);
#define BOARD_SPI(n)		((n) + 32)
/* Returns the line of an AIC interrupt specifier, or -EINVAL. */
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
void board_power_exit(void);
/* Selects the IOMMUs, one bit each, that lose power in system sleep. */
void board_power_lose(unsigned int mask);

/* The wiring of an IOMMU. */
struct board_iommu {
	u64 start;		/* address on the SoC's bus */
	u32 size;
	unsigned int line;	/* of the interrupt controller */
	bool shared;		/* the line, with another IOMMU */
	enum board_soc kind;
};

/* apple.c: finds the DARTs of the devicetree; returns their number or an error */
int board_apple_find(struct board_iommu *iommus, unsigned int max);

/* tegra.c */
/* Gives the IOMMUs the places that the SMMU has. */
void board_tegra_place(struct board_iommu *iommus);
/* Returns the number of the swgroup that an engine is wired to by default. */
u32 board_tegra_swgroup(unsigned int engine);
/* Registers the driver of the memory controllers. */
int board_tegra_init(void);

/* hw.c: the IOMMU models behind their locks */
int board_hw_init(struct dentry *root);
unsigned int board_hw_count(void);
void board_hw_show_misuse(struct seq_file *s);
/* Returns the index of the IOMMU whose registers start at this physical address, or -1. */
int board_hw_find(u64 reg);
void board_hw_set_clock(unsigned int iommu, bool on);
void board_hw_set_reset(unsigned int iommu, bool asserted);
void board_hw_set_power(unsigned int iommu, bool on);
/* Makes a burst of a master through a port of an IOMMU; returns enum board_dma_result. */
int board_port(u32 iommu, u32 port, u64 va, u8 *buf, size_t len, bool write);

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

/* poke.c */
void board_poke_init(struct dentry *root);

/* devices.c */
struct device;
void board_devices_init(struct dentry *root);
/* Finds a device on any bus that has masters. The caller puts it. */
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
