# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The devicetree reserves two regions for a master (memory-region, iommu-addresses). The
# buffer of the firmware is mapped at its physical address before the master's driver is
# bound, and no address of the other region is used.

behind dma0 dma1
# With any driver, of_iommu_get_resv_regions() leaks a reference to the master's node for each
# region, each time that the regions are read.
oracle_ignore "^ref_node_$(virt_node dma1)"
! $hw_keeps_tables || oracle_ignore '^nr_iommu_pages'
cat "$(virt_bus dma1)/iommu_group/reserved_regions" >/tmp/regions
while read -r region; do
	note "$region"
done </tmp/regions
equal "direct regions" "$(grep -c '^0x0000000050000000 0x00000000500fffff direct$' /tmp/regions)" 1
equal "reserved regions" "$(grep -c '^0x00000000f0000000 0x00000000f7ffffff reserved$' /tmp/regions)" 1
mark 0 2

# The master writes to the buffer, and reads from it.
dev=$(virt_node dma1)
channel=$(virt_channel dma1)
does @ take 0 "$dev" 0x1000 0x33
from=${client_said%% *}
does @ take 1 "$dev" 0x1000 0x44
to=${client_said%% *}
does @ copy "$channel" 0x500ff000 "$from" 0x1000
does @ copy "$channel" "$to" 0x500ff000 0x1000
does @ holds 1 0 0x1000 0x33
does @ give 0
does @ give 1

# The DMA API allocates all other addresses below 4 GiB from the top, outside the hole.
n=0
while [ $n -lt 4 ]; do
	does @ take $n "$dev" 0x400000 0x55
	at=${client_said%% *}
	note "4 MiB at $at"
	refute "it is in the region" test $((at + 0x3fffff)) -ge $((0xf0000000)) -a $((at)) -le $((0xf7ffffff))
	refute "it is in the buffer" test $((at + 0x3fffff)) -ge $((0x50000000)) -a $((at)) -le $((0x500fffff))
	n=$((n + 1))
done
while [ $n -gt 0 ]; do
	n=$((n - 1))
	does @ give $n
done
sealed_off
