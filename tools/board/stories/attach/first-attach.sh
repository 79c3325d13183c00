# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The first attach of each master fails, because the hardware does not complete its
# flush while the driver is probed. The probe must succeed all the same, or all masters
# would run untranslated. Each master is denied, with one line in the log.

hw_stick 0
mark 0
check "the driver is loaded" load_driver
wait_for "the instance is registered" 10 test -e /sys/class/iommu/1030f0000.iommu
wait_for "its masters are in a group" 10 test -e "$(virt_bus mmc)/iommu_group"
blocked=$(cat $DEBUGFS/rust_iommu/*.iommu/masters | grep -c ', blocked, ')
hw_unstick 0
masters=$(cat /sys/kernel/iommu_groups/*/devices/*/uevent | grep -c '^OF_FULLNAME=')
check "there are masters" test "$masters" -gt 1
equal "masters that are listed as blocked" "$blocked" "$masters"
equal "lines that say it" "$(log_count 'iommu: attach failed, all accesses are denied: the IOMMU does not invalidate its caches')" "$masters"
wait_for "a master's driver is bound" 10 test -e "$(virt_bus dma0)/driver"
equal "accesses that went out untranslated" "$(report 0 passed)" 0
oracle_off "the masters stay denied"
