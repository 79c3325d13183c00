# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# There is no child for the SMMU if another driver has made the memory controller an IOMMU,
# for which there is a line in the log, nor if the devicetree has a node for an SMMU.

again() {
	check "the memory controller goes" mc_unbind
	refute "so does the child" has_part
	check "the memory controller is bound" mc_bind
}

lines() { log_since | grep -c "$mc: CONFIG_TEGRA_IOMMU_SMMU of the kernel serves this IOMMU: "; }

hw_part
check "the instance is a child" has_part
equal "lines" "$(lines)" 0
echo Y >/sys/module/board/parameters/mc_is_iommu
again
refute "there is no child" has_part
equal "lines" "$(lines)" 1
check "the driver goes" unload_driver
check "the driver comes" load_driver
refute "there is no child" has_part
equal "lines" "$(lines)" 2
echo N >/sys/module/board/parameters/mc_is_iommu
again
check "there is a child" has_part

check "overlay" overlay_apply instance
wait_for "the node has the driver" 5 bound "$(instance 30e0000)"
again
refute "there is no child" has_part
check "overlay" overlay_remove all
again
check "there is a child" has_part
equal "lines" "$(lines)" 2
oracle_ignore "^iommu0_"
