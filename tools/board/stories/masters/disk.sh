# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A file system works on a disk behind the IOMMU: disk:mmc, disk:nvme

# The driver's permanent mappings and the tables of its queues remain.
oracle_ignore '^nr_iommu_pages'
behind "$1"
mark 0 2
disk_round "$1" 2
check "the IOMMU has translated it" test "$(counter 0 walks)" -gt 0
sealed_off
record "disk_$1_mib" 2
