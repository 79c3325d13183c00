/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For arch/um/kernel/stacktrace.c of the debug images.
 *
 * UML looks at each word of the stack for addresses of code, and a look at those
 * of modules takes an RCU read lock: with lockdep and two CPUs, eight system calls
 * of the host. KASAN keeps a trace of each allocation. But only addresses on a
 * frame are kept, for which the stack pointer is known.
 */
#include <linux/kernel.h>

#define __kernel_text_address(addr) \
	((unsigned long)sp == bp + sizeof(long) && __kernel_text_address(addr))
