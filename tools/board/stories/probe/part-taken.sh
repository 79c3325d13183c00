# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# There is no child for the SMMU if another driver has made the memory controller an IOMMU,
# for which there is a line in the log, nor if the devicetree has a node for an SMMU.

again() {
	check "the memory controller goes" mc_unbind
	refute "so does the child" has_part
	check "the memory controller is bound" mc_bind
}

reload() {
	check "the driver goes" unload_driver
	check "the driver comes" load_driver
}

# refusals N: whether so many lines are in the log
refusals() { [ "$(log_since | grep -c "$mc: CONFIG_TEGRA_IOMMU_SMMU of the kernel serves this IOMMU: ")" = "$1" ]; }

hw_part
check "the instance is a child" part_works
check "no line is in the log" refusals 0
echo Y >/sys/module/board/parameters/mc_is_iommu
again
wait_for "a line" 5 refusals 1
refute "there is no child" has_part
reload
check "another line" refusals 2
refute "there is no child" has_part
echo N >/sys/module/board/parameters/mc_is_iommu
again
wait_for "there is a child" 5 part_works

check "overlay" overlay_apply instance
wait_for "the node has the driver" 5 bound "$(instance 30e0000)"
reload
wait_for "the node has the driver" 5 bound "$(instance 30e0000)"
refute "there is no child" has_part
check "overlay" overlay_remove all
reload
check "there is a child" part_works
check "no more lines" refusals 2
