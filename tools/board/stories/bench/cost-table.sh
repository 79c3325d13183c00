# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Measures the callbacks of page tables in instructions, for the report. "make alternatives" boots it
# with the module.

oracle_off "this is not a test of what stays"
behind dma0
check "the cases run" load board_table_cost channel="$(virt_channel dma0)"
while read -r name size median total; do
	counted
	record "${name}_$size" "$median"
	record "${name}_${size}_total" "$total"
done <$DEBUGFS/board_cost
