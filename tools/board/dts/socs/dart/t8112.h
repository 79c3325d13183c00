/* SPDX-License-Identifier: GPL-2.0 */
#define SOC_MODEL	"Modelled T8112 board"
#define SOC_BOARD	"iommu-board,t8112"
#define SOC_DART	"apple,t8110-dart"
