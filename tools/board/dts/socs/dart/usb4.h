/* SPDX-License-Identifier: GPL-2.0 */
#define SOC_MODEL	"Modelled T8103 board, USB4"
#define SOC_BOARD	"iommu-board,t8103-usb4"
#define SOC_DART	"apple,t8103-usb4-dart"
