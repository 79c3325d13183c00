/* SPDX-License-Identifier: GPL-2.0 */
#define SOC_MODEL	"Modelled T6000 board"
#define SOC_BOARD	"iommu-board,t6000"
#define SOC_DART	"apple,t6000-dart"
