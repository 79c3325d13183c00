# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Stock masters work in the identity domain, in which the IOMMU translates nothing.

oracle_ignore '^nr_iommu_pages'
for name in dma0 dma1 mmc net0 net1; do
	wait_for "$name has its driver" 10 test -e "$(virt_bus $name)/driver"
	equal "the domain of $name" "$(cat "$(virt_bus $name)/iommu_group/type")" identity
done
mark 0 2
check "dmatest loads" load dmatest iterations=10 test_buf_size=16384
dmatest_run "a copy" "$(virt_channel dma0)" "$(virt_channel dma1)"
check "dmatest goes" unload dmatest
disk_round mmc 2
net_up
net_send at_home at_peer $here 1
net_send at_peer at_home $there 1
net_down
check "accesses that passed" test "$(report 0 passed)" -gt 0
equal "accesses that were translated" "$(counter 0 translated)" 0
