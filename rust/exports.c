// SPDX-License-Identifier: GPL-2.0
/*
 * Exports the Rust symbols of the base crate that driver modules reference. The
 * list is generated; the types are not known to C, nor do they matter.
 */

#include <linux/export.h>

#define EXPORT_RUST(symbol) extern int symbol; EXPORT_SYMBOL_GPL(symbol)

#include "exports.h"
