# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The memory controller has a software node besides its node. A child for the SMMU would share it, and
# the driver core would remove it with the child. So there is no child, for which there is a line.
# A managed software node stays until its device is removed: the last story of a boot.

# The counts are also of the child, which is removed for good.
oracle_ignore "memory-controller|rust_tegra_smmu|slab_ours"

hw_part
check "the instance is a child" part_works
echo Y >/sys/module/board/parameters/mc_has_swnode
check "the memory controller goes" mc_unbind
check "the memory controller is bound" mc_bind
wait_for "a line" 5 log_has "$mc: has a software node, which a child for its IOMMU would share: no child"
refute "there is no child" has_part
check "the software node is there" test -e "/sys/bus/platform/devices/$mc/software_node"
check "the driver goes" unload_driver
check "the driver comes" load_driver
refute "there is no child" has_part
equal "lines" "$(log_count 'has a software node')" 2
check "the software node is still there" test -e "/sys/bus/platform/devices/$mc/software_node"
