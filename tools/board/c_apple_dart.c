// SPDX-License-Identifier: GPL-2.0
/* The kernel's DART driver, unchanged. It can be built as a module as it is. */
#include "apple-dart.c"
