// SPDX-License-Identifier: GPL-2.0
/*
 * Exports the Rust symbols of the base crate that driver modules reference. The
 * list is generated. The types are wrong, which does not matter for an export.
 */

#include <linux/export.h>

#define EXPORT_RUST(symbol) extern int symbol; EXPORT_SYMBOL_GPL(symbol)

#include "exports.h"
