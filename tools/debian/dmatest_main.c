// SPDX-License-Identifier: GPL-2.0
/* The kernel's dmatest, unchanged. */
#include <drivers/dma/dmatest.c>
