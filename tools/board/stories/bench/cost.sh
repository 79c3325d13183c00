# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Measures the cost of calls in instructions, with this boot's driver, for the report, and counts
# their register accesses.

oracle_off "this is not a test of what stays"
behind dma0
check "the cases run" load board_cost channel="$(virt_channel dma0)"
while read -r name size median total; do
	counted
	record "${name}_$size" "$median"
	record "${name}_${size}_total" "$total"
done <$DEBUGFS/board_cost

# The register accesses to map a run by dma_map_single() and to unmap it.
accesses() { echo $(($(counter 0 mmio_reads) + $(counter 0 mmio_writes))); }
for size in 4096 65536 1048576 4194304; do
	before=$(accesses)
	does @ take 0 "$(virt_node dma0)" $size 0
	does @ give 0
	taken=$(($(accesses) - before))
	record mmio_$size $taken
	record mmio_${size}_total $taken
done
