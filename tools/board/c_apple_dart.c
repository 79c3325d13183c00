// SPDX-License-Identifier: GPL-2.0
/* The kernel's DART driver, verbatim. It is a module as it is. */
#include "apple-dart.c"
