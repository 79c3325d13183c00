# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The SMMU is a part of the memory controller, to which the kernel's own driver is bound. Masters name
# the memory controller, as in upstream's devicetrees.

hw_part
check "the instance is a child" part_works
check "the memory controller has its driver" test -e "/sys/bus/platform/drivers/tegra-mc/$mc"
equal "instances" "$(ls /sys/class/iommu)" "$I"
M=$(first_master)
translated "$M"
equal "its IOMMU" "$(basename "$(readlink "/sys/bus/platform/devices/$M/iommu")")" "$I"
works "$M"
rmmod "$driver_module" 2>/tmp/why && fail "removed with masters"
check "the child is still there" part_works
