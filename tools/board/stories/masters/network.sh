# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two network cards behind the IOMMU are connected to each other: ping works, and a
# bulk transfer in each direction.

oracle_ignore '^nr_iommu_pages'
behind net0 net1
mark 0 2
net_up
check "ping" ping -c 3 -W 30 $there
net_send at_home at_peer $here 1
net_send at_peer at_home $there 1
net_down
check "the IOMMU has translated it" test "$(counter 0 walks)" -gt 0
sealed_off
record network_mib 2
