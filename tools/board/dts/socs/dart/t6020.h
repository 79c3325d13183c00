/* SPDX-License-Identifier: GPL-2.0 */
#define SOC_MODEL	"Modelled T6020 board"
#define SOC_BOARD	"iommu-board,t6020"
#define SOC_DART	"apple,t6020-dart", "apple,t8110-dart"
